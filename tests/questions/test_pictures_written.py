"""Pictures in exports: each format that can hold them brings them back, within bounds, and what it cannot is told."""

import base64
import io
import json
import re
import zipfile
from xml.etree import ElementTree

import pytest
from tests.kit.documents import picture
from tests.kit.exchange import codes, done, fields, read, read_all
from tests.kit.made_questions import QUESTIONS

from learning_service.domain.documents.rules import PNG
from learning_service.domain.questions.rules.exchange.enclosures import enclose
from learning_service.domain.questions.rules.exchange.formats import write_questions
from learning_service.domain.questions.rules.exchange.gift_lexer import LONGEST
from learning_service.domain.questions.rules.exchange.packing import PackedFile, Pictures
from learning_service.domain.questions.rules.types import Question

ONE, TWO = picture(), picture(color="#ff0000")
WITH_FILES = ["moodle-xml", "qti-2.1"]


def file_of(content: bytes, name: str | None = "a.png") -> PackedFile:
    """A file whose id comes from its content, as when it is read again."""
    return PackedFile(enclose("a", content).id, name, PNG, False, content)


def image(file: PackedFile) -> str:
    return f'<p>See <img src="document:{file.id}" alt="A"></p>'


def pictured(one: PackedFile, two: PackedFile) -> list[Question]:
    choices = [
        {"html": image(one), "is_correct": True, "feedback_html": image(two)},
        {"html": image(two)},
    ]
    sent = [
        {
            "type": "multiple_choice",
            "prompt_html": image(one),
            "explanation_html": image(two),
            "answers": choices,
        },
        {"type": "free_form", "prompt_html": image(one) + image(two), "rubric_html": image(two)},
        {"type": "true_false", "prompt_html": "<p>No picture</p>", "correct": True},
    ]
    return list(QUESTIONS.validate_json(json.dumps(sent)))


def pictures(*files: PackedFile, left: int = 1_000_000) -> Pictures:
    return Pictures({file.id: file for file in files}, left)


def written(questions: list[Question], form: str, given: Pictures) -> bytes:
    content = done(write_questions(questions, form, given))[0]
    return content if isinstance(content, bytes) else content.encode()


@pytest.mark.parametrize("form", WITH_FILES)
@pytest.mark.parametrize("name", ["a.png", "mañana & ½ <b>'?#%20.png", "..", None, "a:b.png"])
def test_pictures_come_back_with_their_questions(form: str, name: str | None) -> None:
    one, two = file_of(ONE, name), file_of(TWO, name)
    questions = pictured(one, two)
    entries = read(written(questions, form, pictures(one, two)))
    assert [(entry.status, entry.question) for entry in entries] == [("accepted", q) for q in questions]
    assert {file.content for entry in entries for file in entry.enclosures} == {ONE, TWO}
    assert {file.name.rpartition("/")[2] for entry in entries for file in entry.enclosures} == {
        one.place.rpartition("/")[2]
    }


def test_small_pictures_are_in_gift_as_their_own_addresses() -> None:
    one, two = file_of(ONE), file_of(TWO)
    questions = pictured(one, two)
    del questions[1].__dict__["rubric_html"]  # It has no place there.
    questions[1].__dict__["rubric_html"] = None
    text = written(questions, "gift", pictures(one, two))
    assert b"// not in GIFT" not in text
    assert [entry.question for entry in read(text)] == questions


def test_a_picture_that_is_too_large_for_gift_is_told() -> None:
    one, large = file_of(ONE), file_of(TWO + b"\0" * LONGEST)
    text = written(pictured(one, large), "gift", pictures(one, large)).decode()
    assert text.count("// not in GIFT: pictures") == 2
    assert base64.b64encode(ONE).decode()[:40] not in text, "a question has all of its pictures or none"


def test_moodle_finds_each_file_beside_the_text_that_shows_it() -> None:
    one, two = file_of(ONE, "one.png"), file_of(TWO, "two.png")
    root = ElementTree.fromstring(written(pictured(one, two), "moodle-xml", pictures(one, two)))
    shown = 0
    for part in root.iter():
        files = [(each.get("path"), each.get("name"), each.text) for each in part.findall("file")]
        text = part.findtext("text") or ""
        paths = re.findall(r'src="@@PLUGINFILE@@([^"]*)"', text)
        assert sorted(f"{path}{name}" for path, name, _ in files) == sorted(paths)
        assert all(base64.b64decode(content or "") in (ONE, TWO) for *_, content in files)
        shown += len(paths)
    assert shown == 8


def test_a_package_lists_its_pictures_once_each() -> None:
    one, two = file_of(ONE), file_of(TWO)
    data = written(pictured(one, two), "qti-2.1", pictures(one, two))
    assert data == written(pictured(one, two), "qti-2.1", pictures(one, two)), "the same makes the same"
    with zipfile.ZipFile(io.BytesIO(data)) as package:
        names = [name for name in package.namelist() if name.startswith("pictures/")]
        assert sorted(package.read(name) for name in names) == sorted([ONE, TWO])
        manifest = package.read("imsmanifest.xml").decode()
    assert [set(names) == set(re.findall(r'<file href="(pictures/[^"]*)"/>', manifest))] == [True]


@pytest.mark.parametrize(("form", "times"), [("moodle-xml", 5), ("qti-2.1", 5), ("gift", 5)])
def test_pictures_that_are_shown_again_and_again_do_not_fill_the_memory(form: str, times: int) -> None:
    one = file_of(ONE + b"\0" * 10_000)
    question = QUESTIONS.validate_json(
        json.dumps([{"type": "true_false", "prompt_html": image(one), "correct": True}])
    )
    questions = list(question) * 1000
    data = written(questions, form, pictures(one, left=times * len(one.content)))
    assert len(data) < 700_000
    entries = read_all(data)[1]
    assert sum(bool(entry.enclosures) for entry in entries) == times


def test_a_document_that_is_not_given_is_told() -> None:
    one, two = file_of(ONE), file_of(TWO)
    for form, said in (
        ("moodle-xml", "<!-- not in Moodle XML: pictures -->"),
        ("gift", "// not in GIFT: pictures"),
    ):
        assert written(pictured(one, two), form, pictures(one)).decode().count(said) == 2


OLD = """<quiz>
<question type="truefalse"><name><text>Old</text></name><questiontext format="{form}"><text>{text}</text>
</questiontext><image>pictures/sign one.png</image><image_base64>
{content}
</image_base64><answer fraction="100"><text>true</text></answer></question></quiz>"""


@pytest.mark.parametrize(
    ("form", "text", "prompt"),
    [
        ("html", "&lt;p&gt;A &amp;amp; B&lt;/p&gt;", "<p>A &amp; B</p>"),
        ("moodle_auto_format", "A &lt; B", "<p>A &lt; B</p>"),
        ("plain_text", "A &lt;b&gt;", "<p>A &lt;b&gt;</p>"),
    ],
)
def test_the_picture_of_moodle_1_9_stands_under_the_question(form: str, text: str, prompt: str) -> None:
    [entry] = read(OLD.format(form=form, text=text, content=base64.b64encode(ONE).decode()))
    [one] = entry.enclosures
    assert (one.content, one.name, codes(entry)) == (ONE, "sign one.png", [])
    assert fields(entry)["prompt_html"] == f'{prompt}<p><img src="document:{one.id}"></p>'


def test_a_picture_of_moodle_1_9_that_is_none_is_told() -> None:
    [entry] = read(OLD.format(form="html", text="A", content="%%%"))
    assert "no base64" in " ".join(message.detail for message in entry.messages)

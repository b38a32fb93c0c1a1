"""Questions in the files of other systems: read as those systems read them, and back as they were."""

import json
import time
import tracemalloc
from collections.abc import Callable, Iterable, Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.kit.drawn import some_of
from tests.kit.exchange import codes, fields, read, read_all, right
from tests.kit.made_questions import QUESTIONS, in_both, in_xml

from learning_service.domain.kernel.values import JsonObject
from learning_service.domain.questions.rules.exchange.formats import UnknownFormat
from learning_service.domain.questions.rules.exchange.gift_writing import write_gift
from learning_service.domain.questions.rules.exchange.moodle_writing import write_moodle
from learning_service.domain.questions.rules.types import Question

GIFT = r"""
// [id:1] a comment
$CATEGORY: $course$/top/Default

::Grant::Who's buried in Grant's tomb?{=Grant =no one#yes ~nobody#Really\: no}

Two right {
  ~%50%a
  ~%50%b
  ~%-50%c
  ~%-50%d #wrong
}

::T:: [html]<p>The sun \{rises\}</p> {TRUE#no#yes ####Because}

::F:: Grass is red. {F}

Jesus hails from {=Nazareth =%50%Israel} , they say.

When was Ulysses S. Grant born? {#1822:1}

What is pi? {#3.141..3.142}

Match {=cat -> cat food =dog -> dog food = -> fish}

Write {}

Just a description.

The end is {=missing

Which? {~%100%only ~%-100%other}

Several {=a =b ~c}
""".strip()


def test_gift_is_read_as_moodle_reads_it() -> None:
    entries = read(GIFT)
    assert [(e.line, e.type, e.status) for e in entries] == [
        (4, "multiple_choice", "refused"),
        (6, "multi_select", "accepted"),
        (13, "true_false", "warned"),
        (15, "true_false", "accepted"),
        (17, "short_answer", "warned"),
        (19, "numeric", "accepted"),
        (21, "numeric", "accepted"),
        (23, "matching", "accepted"),
        (25, "free_form", "accepted"),
        (27, None, "refused"),
        (29, None, "refused"),
        (31, "multi_select", "accepted"),
        (33, "multiple_choice", "refused"),
    ]
    assert [codes(e) for e in entries if e.status != "accepted"] == [
        ["several-right"],
        ["feedback"],
        ["part-of-points"],
        ["no-question"],
        ["braces"],
        ["several-right"],
    ]
    assert entries[0].name == "Grant"
    two = fields(entries[1])
    assert (two["prompt_html"], two["scoring"]) == ("<p>Two right</p>", "right_minus_wrong")
    assert right(entries[1]) == [("a", True), ("b", True), ("c", False), ("d", False)]
    assert two["answers"][3]["feedback_html"] == "<p>wrong</p>"
    sun = fields(entries[2])
    assert (sun["prompt_html"], sun["correct"], sun["explanation_html"]) == (
        "<p>The sun {rises}</p>",
        True,
        "Because",
    )
    assert fields(entries[4])["prompt_html"] == "<p>Jesus hails from _____ , they say.</p>"
    assert fields(entries[4])["accepted_answers"] == ["Nazareth"]
    assert (fields(entries[5])["answer"], fields(entries[5])["tolerance"]) == (1822, 1)
    assert (fields(entries[6])["answer"], fields(entries[6])["tolerance"]) == (3.1415, 0.0005)
    assert fields(entries[7])["pairs"] == [
        {"left": "cat", "right": "cat food"},
        {"left": "dog", "right": "dog food"},
    ]
    assert (fields(entries[7])["distractors"], fields(entries[7])["scoring"]) == (["fish"], "per_part")
    assert right(entries[11]) == [("only", True), ("other", False)]


@pytest.mark.parametrize(
    ("answers", "single", "found"),
    [
        ("=a ~b", True, [("a", True), ("b", False)]),
        ("~a =b", True, [("a", False), ("b", True)]),
        ("a ~=b", True, [("a", False), ("b", True)]),
        (r"=1 \= 1 ~\~b", True, [("1 = 1", True), ("~b", False)]),
        (r"=a\\b ~\q", True, [("a\\b", True), ("\\q", False)]),
        ("=%50%a ~b", True, [("%50%a", True), ("b", False)]),
        ("~%100%a ~b", False, [("a", True), ("b", False)]),
        ("~%33.33333%a ~%33.33333%b ~%33.33333%c ~d", False, [("a", True), ("b", True), ("c", True), ("d", False)]),
        ("=[html]<b>x</b> ~[plain]<b>", True, [("<b>x</b>", True), ("<b>", False)]),
        ("=a->b ~c", True, [("a->b", True), ("c", False)]),
    ],
)  # fmt: skip
def test_choices_of_gift(answers: str, single: bool, found: list[tuple[str, bool]]) -> None:
    [entry] = read(f"Q {{{answers}}}")
    assert entry.type == ("multiple_choice" if single else "multi_select")
    assert right(entry) == found


@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
def test_lines_end_in_whatever_way(ending: str) -> None:
    entries = read("a {T}\n\n\nb {F}\n// c\n\nd {=".replace("\n", ending))
    assert [(e.line, e.status) for e in entries] == [(1, "accepted"), (4, "accepted"), (7, "refused")]


AIKEN = """What is the correct answer?
A. Is it this one?
B) Maybe this one
ANSWER: B

Cut off
A. one
B. two

Next?
a. one
b. two
Answer: A

Letter?
A. one
B. two
ANSWER: C
"""


def test_aiken() -> None:
    form, entries = read_all(AIKEN.encode())
    assert form == "aiken"
    assert [(e.line, e.status, codes(e)) for e in entries] == [
        (1, "accepted", []),
        (6, "refused", ["no-answer"]),
        (10, "accepted", []),
        (15, "refused", ["no-right-answer"]),
    ]
    assert right(entries[0]) == [("Is it this one?", False), ("Maybe this one", True)]


XML = """<?xml version="1.0" encoding="UTF-8"?>
<quiz>
<question type="category"><category><text>$course$/top</text></category></question>
<question type="multichoice"><name><text>Caf\u00e9</text></name>
<questiontext format="html"><text><![CDATA[<p>One &amp; two</p>]]></text></questiontext>
<generalfeedback format="html"><text>Why</text></generalfeedback>
<defaultgrade>2.5</defaultgrade><single>true</single>
<answer fraction="100" format="html"><text><![CDATA[<p>a</p>]]></text>
<feedback format="html"><text>Yes</text></feedback></answer>
<answer fraction="0" format="html"><text>b</text><feedback><text></text></feedback></answer>
</question>
<question type="shortanswer"><questiontext><text>S</text></questiontext><usecase>1</usecase>
<answer fraction="100"><text>yes*</text></answer></question>
<question type="numerical"><questiontext><text>N</text></questiontext>
<answer fraction="100"><text>3.5</text><tolerance>0.1</tolerance></answer>
<units><unit><multiplier>1</multiplier><unit_name>kg</unit_name></unit></units></question>
<question type="cloze"><name><text>Gap</text></name><questiontext><text>{1:SA:=x}</text></questiontext></question>
<question type="essay"><questiontext><text>E</text>
<file name="a.png" encoding="base64">xx</file></questiontext></question>
<question type="truefalse"><questiontext><text>T</text></questiontext>
<answer fraction="0"><text>true</text></answer><answer fraction="100"><text>false</text></answer></question>
</quiz>"""


def test_moodle_xml() -> None:
    form, entries = read_all(XML.encode())
    assert form == "moodle-xml"
    assert [(e.line, e.type, e.status, codes(e)) for e in entries] == [
        (4, "multiple_choice", "accepted", []),
        (12, "short_answer", "accepted", []),
        (14, "numeric", "accepted", []),
        (17, None, "refused", ["not-known"]),
        (18, "free_form", "warned", ["pictures"]),
        (20, "true_false", "accepted", []),
    ]
    assert fields(entries[0]) == {
        "type": "multiple_choice",
        "prompt_html": "<p>One &amp; two</p>",
        "points": 2.5,
        "explanation_html": "Why",
        "answers": [{"html": "<p>a</p>", "is_correct": True, "feedback_html": "Yes"}, {"text": "b"}],
    }
    assert fields(entries[1])["case_sensitive"] is True
    assert fields(entries[2])["unit"] == "kg"
    assert fields(entries[5])["correct"] is False


@pytest.mark.parametrize(
    ("data", "name", "warned"),
    [
        ("é {T}".encode(), "é", False),
        (b"\xef\xbb\xbf" + "é {T}".encode(), "é", False),
        ("é {T}".encode("utf-16"), "é", False),
        ("é {T}\n".encode("utf-16-le"), "é", False),
        ("é {T}".encode("cp1252"), "é", True),
        (XML.encode("utf-16"), "Café", False),
        (XML.replace("UTF-8", "windows-1252").encode("cp1252"), "Café", False),
        (XML.encode("cp1252"), "Café", True),
    ],
)
def test_a_file_in_whatever_encoding(data: bytes, name: str, warned: bool) -> None:
    [first, *rest] = read(data)
    assert first.name == name
    assert ("guessed-encoding" in codes(first)) is warned
    assert all("guessed-encoding" not in codes(entry) for entry in rest)


BOMB = '<?xml version="1.0"?><!DOCTYPE q [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><quiz>&b;</quiz>'
EXTERNAL = '<!DOCTYPE q SYSTEM "file:///etc/passwd"><quiz><question type="essay"/></quiz>'


@pytest.mark.parametrize(
    ("data", "detail"),
    [
        (b"", "neither"),
        (b"\0" * 100, "neither"),
        (b"hello", "neither"),
        (b"PK\x03\x04", "damaged"),
        (BOMB.encode(), "document type"),
        (b"<quiz><question type='essay'>", "Line 1: "),
        (b"<quiz></quiz>", "no question"),
        (b"<html></html>", "neither Moodle's"),
        (b"<quiz>" + b"<a>" * 100_000, "inside each other"),
        (b"<quiz>&undefined;<question/></quiz>", "Line 1: "),
        (b"\xff\xd8\xff\xe0 {}", ""),
    ],
)
def test_what_is_no_file_of_questions_is_refused_with_its_reason(data: bytes, detail: str) -> None:
    if detail:
        with pytest.raises(UnknownFormat, match=detail):
            read_all(data)
    else:
        read_all(data)


def test_nothing_that_lies_elsewhere_is_fetched() -> None:
    assert [entry.type for entry in read(EXTERNAL)] == ["free_form"]
    entity = '<!DOCTYPE q [<!ENTITY x SYSTEM "file:///etc/passwd">]><quiz><question>&x;</question></quiz>'
    with pytest.raises(UnknownFormat, match="document type"):
        read(entity)


@pytest.mark.parametrize("part", [20, pytest.param(1, marks=pytest.mark.long)])
@pytest.mark.parametrize(
    ("head", "repeated", "times", "tail"),
    [
        (b"", b"{", 20_000_000, b""),
        (b"a{=", b"~x", 5_000_000, b"}"),
        (b"q{", b"~a", 90_000, b"}"),
        (b"q{", b"=a->b", 30_000, b"}"),
        (b"q{", b"#", 190_000, b"}"),
        (b"", b"\\", 190_000, b"{T}"),
        (b"", b"::", 90_000, b"{T}"),
        (b"", b"$CATEGORY: a\n\n", 100_000, b"q{T}"),
        (b"<quiz><question type='essay'><questiontext><text>", b"<", 1_000_000, b""),
        (b"", b"A. \n", 1_000_000, b"ANSWER: A"),
        (b"<quiz><question type='multichoice'>", b"<answer/>", 90_000, b"</question></quiz>"),
        (b"<quiz><question type='matching'>", b"<subquestion/>", 90_000, b"</question></quiz>"),
    ],
    ids=range(12),
)
def test_hostile_files_take_little_time_and_memory(
    head: bytes, repeated: bytes, times: int, tail: bytes, part: int
) -> None:
    """A twentieth of each in a twentieth of the time: what grows faster than the file shows in both."""
    data = head + repeated * (times // part) + tail
    # Watched, everything takes several times as long.
    tracemalloc.start()
    try:
        started = time.process_time()
        try:
            entries = read(data)
        except UnknownFormat:
            entries = []
        taken = time.process_time() - started
        assert tracemalloc.get_traced_memory()[1] < 200_000_000 / part + 4 * len(data)
    finally:
        tracemalloc.stop()
    assert taken < 120 / part
    assert len(entries) <= 20_000


LONG = 700_000


def test_a_tag_that_would_hold_the_interpreter_is_refused_and_long_texts_are_read() -> None:
    attributes = b" ".join(b'a%d="1"' % n for n in range(LONG // 8))
    for tag in (b"<quiz " + attributes + b"/>", b"<quiz><!--" + b"x" * LONG + b"--></quiz>"):
        with pytest.raises(UnknownFormat, match="a tag of more than"):
            read(tag)
    essay = (
        b'<quiz><question type="essay"><name><text>E</text></name><questiontext format="html"><text>'
        b"<![CDATA[<p>Why?</p>]]></text><file name='a.png' encoding='base64'>"
        + b"QUJD" * (LONG // 4)
        + b"</file></questiontext></question></quiz>"
    )
    (entry,) = read(essay)
    assert entry.name == "E"
    assert entry.status != "refused"


def comes_back(sent: list[JsonObject], write: Callable[[Iterable[Question]], Iterator[str]]) -> None:
    questions = QUESTIONS.validate_json(json.dumps(sent))
    entries = read("".join(write(questions)))
    assert [entry.status for entry in entries] == ["accepted"] * len(sent) or all(
        set(codes(entry)) <= {"not-publishable"} for entry in entries
    )
    assert [entry.question for entry in entries] == list(questions)


@given(st.lists(in_both, min_size=1, max_size=4))
@settings(max_examples=some_of(300), deadline=None)
def test_gift_that_was_written_is_read_as_it_was(sent: list[JsonObject]) -> None:
    comes_back(sent, write_gift)


@given(st.lists(in_xml, min_size=1, max_size=4))
@settings(max_examples=some_of(300), deadline=None)
def test_moodle_xml_that_was_written_is_read_as_it_was(sent: list[JsonObject]) -> None:
    comes_back(sent, write_moodle)


@given(st.text("{}=~#:\\->%[]/$ \nabT", max_size=80))
@settings(max_examples=some_of(500), deadline=None)
def test_whatever_stands_in_a_file_is_read_or_refused(text: str) -> None:
    try:
        entries = read(text)
    except UnknownFormat:
        return
    lines = text.count("\n") + 1
    assert all(1 <= entry.line <= lines and (entry.question is None or entry.type) for entry in entries)


def test_what_gift_cannot_hold_is_said_before_the_question() -> None:
    sent: list[JsonObject] = [
        {"type": "ordering", "prompt_html": "<p>O</p>", "items": ["a", "b"]},
        {"type": "true_false", "prompt_html": "<p>T</p>", "correct": True, "points": 2},
    ]
    written = "".join(write_gift(QUESTIONS.validate_json(json.dumps(sent))))
    assert "// Question 1 has nothing that GIFT can hold." in written
    assert "// not in GIFT: 2 points\n::Q2::" in written


def test_signs_that_no_text_has_are_told_and_the_rest_is_read() -> None:
    first, second = read(b"::A::Is\0 it? {T}\n\n::B::Ok {F}")
    assert (first.status, codes(first), second.status) == ("refused", ["not-allowed"], "accepted")
    with pytest.raises(UnknownFormat, match="Line 2: "):
        read(
            b"<quiz>\n<question type='essay'><questiontext><text>a\0b</text></questiontext></question></quiz>"
        )


def test_lines_may_end_in_several_ways_in_one_file() -> None:
    found = read(b"::A::One {T}\r\n\r\n::B::Two {F}\n\n::C::Three {T}\r\r::D::Four {F}")
    assert [(entry.line, entry.name) for entry in found] == [(1, "A"), (3, "B"), (5, "C"), (7, "D")]


def test_categories_however_deep_are_no_questions() -> None:
    deep = "a/" * 90_000
    category = f"<question type='category'><category><text>{deep}</text></category></question>"
    assert [entry.name for entry in read(f"$CATEGORY: {deep}\n\n::A::One {{T}}")] == ["A"]
    assert [entry.type for entry in read(f"<quiz>{category}<question type='essay'/></quiz>")] == ["free_form"]

"""Bundles: a course or a bank comes back whole elsewhere, with its files; whatever else is told."""

import io
import json
import zipfile
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.kit import documents as files
from tests.kit.drawn import some_of
from tests.kit.exchange import read_all
from tests.kit.made_questions import QUESTIONS, in_both, in_xml
from tests.kit.packed import packed
from tests.kit.quiz_taker import quiz, tree
from tests.kit.sending import send, settled
from tests.kit.world import Caller, Json, World, choice

from learning_service.domain.documents.rules import PNG
from learning_service.domain.kernel.values import JsonObject
from learning_service.domain.questions.rules.exchange.bundles import (
    MAX_COURSE,
    question_line,
    write_bundle,
)
from learning_service.domain.questions.rules.exchange.enclosures import content_id
from learning_service.domain.questions.rules.exchange.formats import UnknownFormat
from learning_service.domain.questions.rules.exchange.packing import PackedFile

pytestmark = pytest.mark.usefixtures("looks_here")

BANKS = "/api/question-banks/"
PICTURE = files.picture()


@given(st.lists(in_both | in_xml, min_size=1, max_size=5), st.booleans())
@settings(max_examples=some_of(100), deadline=None)
def test_questions_that_were_bundled_are_read_as_they_were(sent: list[JsonObject], shown: bool) -> None:
    questions = list(QUESTIONS.validate_json(json.dumps(sent)))
    tagged = [question.model_copy(update={"tags": ("a b", "c")}) for question in questions]
    form, entries = read_all(write_bundle("bank", "".join(map(question_line, tagged)), []))
    assert form == "bundle"
    assert [entry.question for entry in entries] == tagged
    assert [entry.line for entry in entries] == list(range(1, len(sent) + 1))


async def uploaded(world: World, content: bytes, name: str) -> str:
    document = await settled(world, (await send(world.admin, content, name)).json()["id"])
    found: str = document["id"]
    return found


async def draft_path(caller: Caller, title: str = "Empty") -> str:
    course = await caller.ok("POST", "/api/courses/", {"title": title, "scope": "national"})
    return f"/api/courses/{course['id']}/"


async def send_bundle(caller: Caller, path: str, content: bytes, query: str = "") -> httpx.Response:
    sent: httpx.Response = await caller("POST", f"{path}imports/{query}", files={"file": ("b.zip", content)})
    return sent


async def taken(caller: Caller, path: str, content: bytes, query: str = "") -> Json:
    sent = await send_bundle(caller, path, content, query)
    assert sent.status_code == 200, sent.text
    report: Json = sent.json()
    return report


async def exported(caller: Caller, path: str) -> bytes:
    answer = await caller("GET", f"{path}export/?format=bundle")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/zip"), answer.text
    content: bytes = answer.content
    return content


async def plain(caller: Caller, draft: Json | list[Json]) -> Any:
    """A tree with names of files for documents, and without keys."""
    names = {one["id"]: one["name"] for one in (await caller.ok("GET", "/api/documents/"))["items"]}
    text = json.dumps(draft)
    for id_, name in names.items():
        text = text.replace(id_, name)

    def without_keys(value: Any) -> Any:
        if isinstance(value, dict):
            return {name: without_keys(part) for name, part in value.items() if name != "key"}
        return [without_keys(part) for part in value] if isinstance(value, list) else value

    return without_keys(json.loads(text))


async def rich_course(world: World) -> tuple[str, str]:
    """A published course with files, skills, pools of its own and of a bank; its path, and the bank's."""
    image = f'<p><img src="document:{await uploaded(world, PICTURE, "a.png")}"></p>'
    made = await world.admin.ok("POST", BANKS, {"title": "Law", "scope": "national"})
    bank = f"{BANKS}{made['id']}/"
    for n in range(3):
        sent = {**choice(f"Banked {n}?"), "tags": ["t"], "explanation_html": image if n else None}
        await world.admin.ok("POST", f"{bank}questions/", sent)
    lesson = {
        "kind": "lesson",
        "title": "Read",
        "body_html": image,
        "document_url": f"document:{await uploaded(world, files.pdf(2), 'b.pdf')}",
    }
    paper = quiz(
        {**choice(), "prompt_html": image},
        {"type": "pool", "draw": 1, "questions": [choice("One?"), choice("Two?")]},
        {"type": "pool", "draw": 2, "bank_id": made["id"], "tag": "t"},
    )
    sent = tree(paper) | {
        "title": "Whole",
        "mastered_skills": [{"skill_id": "s", "name": "Skill"}],
        "language": "es",
    }
    sent["modules"] = [{"title": "First", "items": [lesson]}, *sent["modules"]]
    course = await world.course(sent)
    return f"/api/courses/{course['id']}/", bank


async def test_a_whole_course_comes_back_at_another_organization(world: World, other_world: World) -> None:
    path, _ = await rich_course(world)
    bundle = await exported(world.admin, f"{path}versions/1/")
    assert bundle == await exported(world.admin, f"{path}versions/1/"), "the same makes the same"
    there = await draft_path(other_world.admin)
    dry = await taken(other_world.admin, f"{there}draft/", bundle, "?dry_run=true")
    assert (dry["format"], dry["accepted"], [q["key"] for q in dry["questions"]]) == ("bundle", 6, [None] * 6)
    assert (await other_world.admin.ok("GET", f"{there}draft/"))["modules"] == []
    report = await taken(other_world.admin, f"{there}draft/", bundle)
    assert (report["accepted"], report["warned"], report["refused"], report["removed_html"]) == (6, 0, 0, [])
    expected = await plain(world.admin, await world.admin.ok("GET", f"{path}draft/"))
    pool = expected["modules"][1]["items"][0]["questions"][2]
    pool["bank_id"] = pool["tag"] = None
    pool["questions"] = await plain(world.admin, await banked(world.admin, path))
    found = await other_world.admin.ok("GET", f"{there}draft/")
    keys = [
        q["key"]
        for m in found["modules"]
        for i in m["items"]
        for a in i.get("questions", [])
        for q in a.get("questions", [a])
    ]
    assert keys == [q["key"] for q in report["questions"]]
    assert await plain(other_world.admin, found) == expected
    for document in (await other_world.admin.ok("GET", "/api/documents/"))["items"]:
        assert (await settled(other_world, document["id"]))["status"] == "ready"
    await other_world.admin.ok("POST", f"{there}publish/")
    again = await taken(
        other_world.admin, f"{there}draft/", await exported(other_world.admin, f"{there}versions/1/")
    )
    assert [q["messages"][0]["code"] for q in again["questions"]] == ["duplicate"] * 6


async def banked(caller: Caller, path: str) -> list[Json]:
    """What a bundle has of the last pool, as a tree has questions."""
    with zipfile.ZipFile(io.BytesIO(await exported(caller, f"{path}versions/1/"))) as bundle:
        course = json.loads(bundle.read("course.json"))
        ids = {one["id"]: one["name"] for one in json.loads(bundle.read("bundle.json"))["files"]}
    assert sorted(ids.values()) == ["a.png", "b.pdf"]
    found: list[Json] = course["modules"][1]["items"][0]["questions"][2]["questions"]
    assert [q["prompt_html"] for q in found] == [f"<p>Banked {n}?</p>" for n in range(3)]
    return found


async def test_a_bank_comes_back_with_tags_and_files(world: World, other_world: World) -> None:
    _, bank = await rich_course(world)
    bundle = await exported(world.admin, bank)
    made = await other_world.admin.ok("POST", BANKS, {"title": "Law", "scope": "national"})
    there = f"{BANKS}{made['id']}/"
    assert (await taken(other_world.admin, there, bundle))["accepted"] == 3
    lists = [
        (await c.ok("GET", f"{p}questions/"))["items"]
        for c, p in ((world.admin, bank), (other_world.admin, there))
    ]
    assert await plain(world.admin, lists[0]) == await plain(other_world.admin, lists[1])
    again = await taken(other_world.admin, there, bundle)
    assert (again["accepted"], again["warned"]) == (0, 3)
    draft = await draft_path(other_world.admin)
    assert (await taken(other_world.admin, f"{draft}draft/", bundle))["accepted"] == 3


async def test_only_who_may_grant_skills_brings_a_course_that_grants_some(world: World) -> None:
    path, _ = await rich_course(world)
    bundle = await exported(world.admin, f"{path}versions/1/")
    body = {"name": "Alpha & Co", "timezone": "UTC", "authoring_roles": ["national_admin", "chapter_admin"]}
    await world.directory.ok("PUT", f"/api/directory/organizations/{world.id}/", body)
    chair = world.call_as("chair", "chapter_admin:n1")
    made = await chair.ok("POST", "/api/courses/", {"title": "Own", "scope": "chapter", "scope_id": "n1"})
    there = f"/api/courses/{made['id']}/"
    refused = await send_bundle(chair, f"{there}draft/", bundle)
    assert (refused.status_code, refused.json()["code"]) == (403, "forbidden")
    assert (await chair.ok("GET", f"{there}draft/"))["modules"] == []


def manifest(**changes: Any) -> str:
    return json.dumps({"format": "learning-service", "version": 1, "kind": "bank", "files": [], **changes})


FILE = {"id": "00000000-0000-7000-8000-000000000000", "file": "files/a"}
LINE = '{"type": "true_false", "prompt_html": "<p>T</p>", "correct": true}\n'


@pytest.mark.parametrize(
    ("made", "detail"),
    [
        ({"bundle.json": "no"}, "bundle.json is no JSON"),
        ({"bundle.json": "[]"}, "bundle.json is not as it should be"),
        ({"bundle.json": manifest(version=2)}, "/version"),
        ({"bundle.json": manifest(kind="people")}, "/kind"),
        ({"bundle.json": manifest(more=1)}, "/more"),
        ({"bundle.json": manifest(files=[FILE]), "questions.jsonl": LINE}, "has no file 'files/a'"),
        ({"bundle.json": manifest(files=[FILE]), "files/a": "text", "questions.jsonl": LINE}, "another type"),
        ({"bundle.json": manifest(files=[{**FILE, "file": "../../a"}]), "questions.jsonl": LINE}, "has no file"),
        ({"bundle.json": manifest()}, "has no questions.jsonl"),
        ({"bundle.json": manifest(), "questions.jsonl": ""}, "no question"),
        ({"bundle.json": manifest(), "questions.jsonl": b"\xff"}, "not UTF-8"),
        ({"bundle.json": manifest(kind="course")}, "has no course.json"),
        ({"bundle.json": manifest(kind="course"), "course.json": "["}, "no JSON"),
        ({"bundle.json": manifest(kind="course"), "course.json": "[" * 100_000}, "no JSON"),
        ({"bundle.json": manifest(kind="course"), "course.json": " " * (MAX_COURSE + 1)}, "more than 8 MiB"),
    ],
)  # fmt: skip
def test_a_bundle_that_is_none_is_told(made: dict[str, str | bytes], detail: str) -> None:
    with pytest.raises(UnknownFormat, match=detail):
        read_all(packed(made))


def test_a_line_that_is_no_question_is_refused_by_itself() -> None:
    bad = [
        "no",
        "[]",
        "[" * 50_000,
        '{"type": "riddle"}',
        '{"points": NaN}',
        '{"type": 1}',
        "{}",
        '"\\ud800"',
    ]
    form, entries = read_all(
        packed({"bundle.json": manifest(), "questions.jsonl": LINE + "\n".join([*bad, "", LINE])})
    )
    assert (form, [entry.line for entry in entries]) == ("bundle", [*range(1, 10), 11])
    assert [entry.status for entry in entries] == ["accepted", *["refused"] * 8, "accepted"]


def test_files_are_known_by_what_is_in_them_and_how_they_are_shown() -> None:
    one, two = (
        PackedFile(content_id("0" * 64, hidden), "a", PNG, hidden, PICTURE) for hidden in (False, True)
    )
    line = LINE.replace("T</p>", f'<img src=\\"document:{one.id}\\"><img src=\\"document:{two.id}\\"></p>')
    _, [entry] = read_all(write_bundle("bank", line, [one, two]))
    assert [(file.content, file.hidden_slides) for file in entry.enclosures] == [
        (PICTURE, False),
        (PICTURE, True),
    ]
    assert len({file.id for file in entry.enclosures}) == 2


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        (lambda course: course.update(title=""), "/title"),
        (lambda course: course.update(image_url=f"document:{FILE['id']}"), "/file/image_url"),
        (lambda course: course["modules"][0].update(wrong=1), "/modules/0/wrong"),
        (
            lambda course: course["modules"][0]["items"][0]["questions"].append(
                {"type": "pool", "draw": 1, "bank_id": FILE["id"]}
            ),
            "/file/modules/0/items/0/questions/1/bank_id",
        ),
    ],
)
async def test_a_course_that_cannot_be_changes_nothing(
    world: World, change: Callable[[Json], None], pointer: str
) -> None:
    course: Json = tree(quiz(choice()))
    change(course)
    there = await draft_path(world.admin)
    bundle = packed({"bundle.json": manifest(kind="course"), "course.json": json.dumps(course)})
    for query in ("?dry_run=true", ""):
        refused = await send_bundle(world.admin, f"{there}draft/", bundle, query)
        assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, pointer)
    assert (await world.admin.ok("GET", f"{there}draft/"))["modules"] == []


async def test_what_could_not_come_in_again_is_not_bundled(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, bank = await rich_course(world)
    for module in ("routers.question_files", "api.question_files"):
        monkeypatch.setattr(f"learning_service.{module}.MAX_FILE", len(PICTURE) - 1)
    for where in (f"{path}versions/1/", bank):
        refused = await world.admin("GET", f"{where}export/?format=bundle")
        assert (refused.status_code, refused.json()["code"]) == (409, "bundle-too-large")

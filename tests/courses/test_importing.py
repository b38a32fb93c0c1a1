"""Questions of a file into a draft, and out of a version again, by the calls."""

import asyncio
import time
from typing import Any

import httpx
import pytest
from tests.kit.quiz_taker import quiz, tree
from tests.kit.world import Json, World, choice

GIFT = """// [id:1]
$CATEGORY: top

::One::Is it <script>alert(1)</script>so? {T}

::Two::Which? {=right ~wrong#Look again}

::Open::No end {=a

::One::Is it <script>alert(1)</script>so? {T}
"""


class Importer:
    """The draft of a course whose one quiz has a question."""

    def __init__(self, world: World, course: Json, quiz_key: str, module_key: str) -> None:
        self.world, self.quiz_key, self.module_key = world, quiz_key, module_key
        self.path = f"/api/courses/{course['id']}/"

    @classmethod
    async def of(cls, world: World, **changes: Any) -> "Importer":
        course = await world.course(tree(quiz(choice(), **changes)))
        shown = await world.admin.ok("GET", f"/api/courses/{course['id']}/draft/")
        [module] = shown["modules"]
        return cls(world, course, module["items"][0]["key"], module["key"])

    async def send(self, content: str | bytes, query: str = "", **more: Any) -> httpx.Response:
        response: httpx.Response = await self.world.admin(
            "POST",
            f"{self.path}draft/imports/{query}",
            files={"file": ("questions.bin", content)},
            **more,
        )
        return response

    async def ok(self, content: str | bytes, query: str = "") -> Json:
        response = await self.send(content, query)
        assert response.status_code == 200, response.text
        report: Json = response.json()
        return report

    async def draft(self) -> Json:
        shown: Json = await self.world.admin.ok("GET", f"{self.path}draft/")
        return shown

    async def questions(self) -> list[Json]:
        draft = await self.draft()
        return [q for m in draft["modules"] for item in m["items"] for q in item["questions"]]


async def test_the_good_ones_come_in_and_each_is_told(world: World) -> None:
    importer = await Importer.of(world)
    report = await importer.ok(GIFT, f"?quiz={importer.quiz_key}")
    assert (report["format"], report["accepted"], report["warned"], report["refused"]) == ("gift", 1, 2, 1)
    told = [
        (q["line"], q["name"], q["status"], q["type"], [m["code"] for m in q["messages"]])
        for q in report["questions"]
    ]
    assert told == [
        (4, "One", "warned", "true_false", ["removed-html"]),
        (6, "Two", "accepted", "multiple_choice", []),
        (8, "Open", "refused", None, ["braces"]),
        (10, "One", "warned", "true_false", ["removed-html", "duplicate"]),
    ]
    _, first, second = await importer.questions()
    assert [first["key"], second["key"], None, first["key"]] == [q["key"] for q in report["questions"]]
    assert first["prompt_html"] == "<p>Is it so?</p>"
    assert second["answers"][1]["feedback_html"] == "<p>Look again</p>"


async def test_the_same_file_twice_adds_nothing_wherever_it_is_sent(world: World) -> None:
    importer = await Importer.of(world)
    first = await importer.ok(GIFT, f"?quiz={importer.quiz_key}")
    before = await importer.world.admin("GET", f"{importer.path}draft/")
    for query in (f"?quiz={importer.quiz_key}", "", f"?module={importer.module_key}"):
        again = await importer.ok(GIFT, query)
        assert (again["accepted"], again["warned"], again["refused"]) == (0, 3, 1)
        assert [q["key"] for q in again["questions"]] == [q["key"] for q in first["questions"]]
    after = await importer.world.admin("GET", f"{importer.path}draft/")
    assert (after.headers["etag"], after.json()) == (before.headers["etag"], before.json())


async def test_a_dry_run_changes_nothing(world: World) -> None:
    importer = await Importer.of(world)
    before = await importer.draft()
    report = await importer.ok(GIFT, "?dry_run=true")
    assert (report["accepted"], [q["key"] for q in report["questions"]][:3]) == (1, [None] * 3)
    assert await importer.draft() == before


async def test_without_a_quiz_they_get_one(world: World) -> None:
    importer = await Importer.of(world)
    await importer.ok("a {T}", f"?module={importer.module_key}")
    await importer.ok("b {F}")
    draft = await importer.draft()
    assert [[item["title"] for item in m["items"]] for m in draft["modules"]] == [
        ["Check", "Imported questions"],
        ["Imported questions"],
    ]


NO_PLACES: list[tuple[str, str | None]] = [
    ("?quiz=no-such", "/quiz"),
    ("?module=no-such", "/module"),
    ("?module={module}&quiz=no-such", "/quiz"),
    ("?quiz=%00", None),
    ("?module=" + "x" * 65, None),
    ("?dry_run=perhaps", None),
    ("?quizz=1", None),
]


async def test_a_place_that_is_not_there_is_refused(world: World) -> None:
    importer = await Importer.of(world)
    before = await importer.draft()
    for query, pointer in NO_PLACES:
        refused = await importer.send("a {T}", query.format(module=importer.module_key))
        assert refused.status_code == 422, query
        if pointer is not None:
            assert refused.json()["errors"][0]["pointer"] == pointer, query
        assert await importer.draft() == before, query


NO_FILES: list[bytes] = [
    b"",
    b"\x00" * 50,
    b"no question",
    b"%PDF-1.7",
    b'<!DOCTYPE q [<!ENTITY a "b">]><quiz>&a;</quiz>',
    b"<quiz><question",
]


async def test_what_is_no_file_of_questions_is_told(world: World) -> None:
    importer = await Importer.of(world)
    for content in NO_FILES:
        refused = await importer.send(content)
        assert (refused.status_code, refused.json()["code"]) == (422, "unknown-format"), content
        assert refused.json()["errors"][0]["pointer"] == "/file", content


async def test_too_large_a_file_and_none(world: World) -> None:
    importer = await Importer.of(world)
    assert (await importer.send(b"{" * (20 * 1024 * 1024 + 1))).status_code == 413
    assert (await world.admin("POST", f"{importer.path}draft/imports/", {})).status_code == 415
    two = await world.admin(
        "POST", f"{importer.path}draft/imports/", files=[("file", ("a", b"a {T}"))] * 2
    )  # fmt: skip
    assert two.status_code == 422


async def test_a_key_answers_the_same_again(world: World) -> None:
    importer = await Importer.of(world)
    first = await importer.send("a {T}", headers={"Idempotency-Key": "one"})
    again = await importer.send("a {T}", headers={"Idempotency-Key": "one"})
    assert again.headers["idempotency-replayed"] == "true"
    assert again.json() == first.json()
    other = await importer.send("b {T}", headers={"Idempotency-Key": "one"})
    assert other.json()["code"] == "idempotency-key-reused"


async def test_two_at_once_add_each_question_once(world: World) -> None:
    importer = await Importer.of(world)
    reports = await asyncio.gather(
        *(importer.ok("a {T}\n\nb {F}", f"?quiz={importer.quiz_key}") for _ in range(4))
    )
    assert sorted(report["accepted"] for report in reports) == [0, 0, 0, 2]
    assert len(await importer.questions()) == 3


async def test_a_quiz_that_is_full_takes_no_more(world: World) -> None:
    importer = await Importer.of(world)
    content = "\n\n".join(f"Question {n} {{T}}" for n in range(1005))
    report = await importer.ok(content, f"?quiz={importer.quiz_key}")
    assert (report["accepted"], report["refused"]) == (999, 6)
    assert report["questions"][-1]["messages"][0]["code"] == "too-many"
    assert len(await importer.questions()) == 1000


@pytest.mark.parametrize(("format_", "kind"), [("gift", "text/plain"), ("moodle-xml", "application/xml")])
async def test_what_is_exported_comes_in_again_as_it_was(world: World, format_: str, kind: str) -> None:
    importer = await Importer.of(world)
    await importer.ok(
        GIFT + "\n\nHow many? {#3:1}\n\nMatch {=a->1 =b->2}\n\nWrite {}", f"?quiz={importer.quiz_key}"
    )
    await world.admin.ok("POST", f"{importer.path}publish/")
    exported = await world.admin("GET", f"{importer.path}versions/2/export/?format={format_}")
    assert exported.headers["content-type"].startswith(kind)
    again = await importer.ok(exported.content)
    assert [q["messages"][0]["code"] for q in again["questions"]] == ["duplicate"] * 6
    other = await Importer.of(world, title="Other")
    await other.ok(exported.content, f"?quiz={other.quiz_key}")

    def without_keys(questions: list[Json]) -> list[Json]:
        return [
            {**q, "key": None, "answers": [{**a, "key": None} for a in q.get("answers", [])]}
            for q in questions
        ]

    assert without_keys(await other.questions()) == without_keys(await importer.questions())


@pytest.mark.parametrize("query", ["", "?format=pdf", "?format=gift&x=1"])
async def test_a_file_of_no_known_format_is_not_exported(world: World, query: str) -> None:
    importer = await Importer.of(world)
    assert (await world.admin("GET", f"{importer.path}versions/1/export/{query}")).status_code == 422


async def test_strangers_and_learners_neither_send_nor_fetch(world: World) -> None:
    importer = await Importer.of(world)
    for caller, status in ((world.member("bob"), 403), (world.call_as("nobody"), 403)):
        sent = await caller("POST", f"{importer.path}draft/imports/", files={"file": ("a", b"a {T}")})
        fetched = await caller("GET", f"{importer.path}versions/1/export/?format=gift")
        assert (sent.status_code, fetched.status_code) == (status, status)


@pytest.mark.slow
async def test_a_thousand_questions_take_a_second(world: World) -> None:
    importer = await Importer.of(world)
    content = "\n\n".join(f"Which {n}? {{=right ~wrong ~other ~none}}" for n in range(999))
    started = time.process_time()
    assert (await importer.ok(content, f"?quiz={importer.quiz_key}"))["accepted"] == 999
    assert time.process_time() - started < 10


@pytest.mark.slow
async def test_ten_thousand_questions_come_into_a_bank_within_seconds(world: World) -> None:
    made = await world.admin.ok("POST", "/api/question-banks/", {"title": "Law", "scope": "national"})
    path = f"/api/question-banks/{made['id']}/imports/"
    content = "\n\n".join(
        f"Which {n}? {{=right ~wrong#No ~other ~none####Why}}" for n in range(10_000)
    ).encode()
    for accepted in (10_000, 0):
        started = time.process_time()
        report = await world.admin.ok("POST", path, files={"file": ("q.txt", content)})
        assert report["accepted"] == accepted
        assert time.process_time() - started < 15


GROUPED = "<questestinterop><assessment><section ident='root'>{}</section></assessment></questestinterop>".format(
    "<section ident='g'><selection_ordering><selection><selection_number>2</selection_number><selection_extension>"
    "<points_per_item>3</points_per_item></selection_extension></selection></selection_ordering>"
    + "".join(
        "<item><itemmetadata><qtimetadata><qtimetadatafield><fieldlabel>question_type</fieldlabel><fieldentry>"
        "essay_question</fieldentry></qtimetadatafield></qtimetadata></itemmetadata><presentation><material><mattext>"
        f"Essay {n}</mattext></material></presentation></item>"
        for n in range(3)
    )
    + "</section>"
)


async def test_a_group_of_canvas_becomes_a_pool_once_and_its_course_can_be_published(world: World) -> None:
    importer = await Importer.of(world)
    report = await importer.ok(GROUPED, f"?quiz={importer.quiz_key}")
    assert (report["accepted"], report["warned"]) == (3, 0)
    _, pool = await importer.questions()
    assert (pool["type"], pool["draw"], [q["points"] for q in pool["questions"]]) == ("pool", 2, [3, 3, 3])
    assert [q["key"] for q in pool["questions"]] == [q["key"] for q in report["questions"]]
    again = await importer.ok(GROUPED, f"?quiz={importer.quiz_key}")
    assert [q["messages"][0]["code"] for q in again["questions"]] == ["duplicate"] * 3
    assert len(await importer.questions()) == 2
    await world.admin.ok("POST", f"{importer.path}publish/")


async def test_a_bank_has_no_pools_and_says_so_of_a_group(world: World) -> None:
    made = await world.admin.ok("POST", "/api/question-banks/", {"title": "Law", "scope": "national"})
    sent = await world.admin(
        "POST", f"/api/question-banks/{made['id']}/imports/", files={"file": ("q.xml", GROUPED.encode())}
    )
    assert [[m["code"] for m in q["messages"]] for q in sent.json()["questions"]] == [["group"]] * 3

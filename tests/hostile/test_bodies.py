"""Bodies that are wrong in every way: each gets a 4xx problem document and changes nothing."""

import gzip
import json
import time
from dataclasses import dataclass
from typing import Any

import pytest
from tests.kit.direct import Database
from tests.kit.fields import refused
from tests.kit.learner import Learner, lesson, quiz, tree
from tests.kit.malformed import MALFORMED
from tests.kit.world import Caller, World

MIB = 1024 * 1024
MEMBER = {
    "chapter_id": "n1",
    "status": "active",
    "display_name": "Zed",
    "email": "z@example.org",
    "custom_fields": {},
}


@dataclass
class Targets:
    """Calls that take a body, each with who makes it."""

    world: World
    calls: dict[str, tuple[Caller, str, str, dict[str, str]]]

    async def send(self, name: str, content: bytes, **headers: str) -> Any:
        """Send these bytes as JSON unless told otherwise."""
        who, method, path, more = self.calls[name]
        sent = {"Content-Type": "application/json", **more, **headers}
        return await who(method, path, content=content, headers=sent)


@pytest.fixture
async def targets(world: World) -> Targets:
    at = await Learner.enter(world, tree(lesson(), quiz(questions=2)))
    attempt = (await at.start()).json()["attempt_id"]
    etag = (await world.admin("GET", f"/api/courses/{at.course}/draft/")).headers["etag"]
    return Targets(
        world,
        {
            "course": (world.admin, "POST", "/api/courses/", {}),
            "policy": (world.admin, "PATCH", f"/api/courses/{at.course}/", {}),
            "draft": (world.admin, "PUT", f"/api/courses/{at.course}/draft/", {"If-Match": etag}),
            "member": (world.directory, "PUT", "/api/directory/members/zed/", {}),
            "region": (world.directory, "PUT", "/api/directory/regions/zed/", {}),
            "submit": (at.call, "POST", at.path("Q", "submit"), {}),
            "save": (at.call, "PATCH", f"/api/attempts/{attempt}/", {}),
        },
    )


async def test_malformed_json_is_refused_everywhere(targets: Targets, database: Database) -> None:
    before = await database.counts()
    for name in targets.calls:
        for what, content in MALFORMED.items():
            try:
                refused(await targets.send(name, content), 422)
            except AssertionError as error:
                raise AssertionError(f"{name}: {what}: {error}") from error
    assert await database.counts() == before


async def test_other_content_types_are_refused(targets: Targets, database: Database) -> None:
    before = await database.counts()
    for name in targets.calls:
        for kind in (
            "text/plain",
            "application/xml",
            "application/x-www-form-urlencoded",
            "multipart/form-data; boundary=x",
            "application/json; charset=utf-16",
            "application/jsonx",
            "",
            "/",
            ";;;",
        ):
            refused(await targets.send(name, b"{}", **{"Content-Type": kind}), 415, "unsupported-media-type")
        for encoding in ("gzip", "br", "deflate"):
            squeezed = gzip.compress(b"{}")
            refused(await targets.send(name, squeezed, **{"Content-Encoding": encoding}), 415)
    assert await database.counts() == before


async def test_bodies_have_a_limit(targets: Targets, database: Database) -> None:
    before = await database.counts()
    for name in targets.calls:
        limit = 8 * MIB if name == "draft" else MIB
        over = b'{"x": "' + b"a" * (limit - 8) + b'"}'
        assert len(over) == limit + 1
        refused(await targets.send(name, over), 413, "body-too-large")
        refused(await targets.send(name, over[:-3] + b'"}'), 422)
        refused(await targets.send(name, over, **{"Content-Type": "text/plain"}), 413)
    assert await database.counts() == before


def each(name: str, *values: Any) -> list[dict[str, Any]]:
    """One wrong field for each value."""
    return [{name: value} for value in values]


COURSE = {"title": "T", "scope": "national"}
CADENCES = ("", "1Y", "P", "PT", "P0D", "P-1Y", "P1.5Y", "PT1H", "P1YT1H", "P999Y", "P1Y ", "p1y", 365, "P١Y")
WRONG_COURSES: list[dict[str, Any]] = [
    *each("title", "", " ", "\u200b", "\u202ex", "x" * 201, "a\nb", "a\x7fb", 7, None, [], {}),
    *each("scope", "National", "national ", "n\u0430tional", "", None, 1, ["national"]),
    *({"scope": "regional", "scope_id": unit} for unit in (None, "", "a b", "x" * 129, "north\n", 7)),
    *each("scope_id", "north", ""),
    *each("self_enrollment", 1, "true", None),
    *each("recertification_cadence", *CADENCES),
    {"scope": "regional"},
    {"archived": True},
    {"id": "x"},
    {"organization_id": "x"},
]


async def test_wrong_courses(world: World, database: Database) -> None:
    before = await database.counts()
    for wrong in WRONG_COURSES:
        answer = await world.admin("POST", "/api/courses/", {**COURSE, **wrong})
        try:
            refused(answer, 422)
        except AssertionError as error:
            raise AssertionError(f"{wrong}: {error}") from error
    assert await database.counts() == before


FREE: list[Any] = [None, [], "x", {"a": "b\x00"}, {"a\x00": 1}, {"big": 2**63}, {"deep": ["\u202e"]}]
LARGE: list[Any] = [{"large": "x" * 65_536}, {"large": ["é" * 1000] * 40}]
WRONG_MEMBERS: list[dict[str, Any]] = [
    *each("email", "", "x", "@x", "a@", "a b@c.de", "a@b\r\nBcc: c@d.ef", "a@b\n", "x" * 300 + "@b.de", 7),
    *each("custom_fields", *FREE, *LARGE),
    *each("status", "", "x" * 65, 7),
    *each("display_name", "Z" + "\u0301" * 9, "  ", ""),
    *each("locale", "e", "en; DROP"),
    *each("timezone", "Mars/Olympus", "../../etc/passwd", ""),
    *each("chapter_id", None, "nowhere"),
    {"user_id": "other"},
    {"erased_at": None},
]


async def test_wrong_members(world: World, database: Database) -> None:
    before = await database.counts()
    for wrong in WRONG_MEMBERS:
        answer = await world.directory("PUT", "/api/directory/members/zed/", {**MEMBER, **wrong})
        try:
            refused(answer, 422)
        except AssertionError as error:
            raise AssertionError(f"{str(wrong)[:200]}: {error}") from error
    raw = json.dumps(MEMBER).replace('"custom_fields": {}', '"custom_fields": {"a": %s}')
    for literal in ("1e999", "-1e999", "NaN", "9223372036854775808", "[" * 900 + "]" * 900):
        answer = await world.directory(
            "PUT",
            "/api/directory/members/zed/",
            content=(raw % literal).encode(),
            headers={"Content-Type": "application/json"},
        )
        refused(answer, 422)
    assert await database.counts() == before


async def test_free_json_comes_back_as_it_was(world: World) -> None:
    fields = {"year": 3, "gpa": 3.25, "ok": True, "none": None, "list": [1, "é", {"x": []}], "ключ": "值"}
    answer = await world.directory.ok(
        "PUT", "/api/directory/members/zed/", {**MEMBER, "custom_fields": fields}
    )
    assert answer["custom_fields"] == fields


QUESTION = {"type": "true_false", "prompt_html": "<p>x</p>", "correct": True}


def quiz_with(**changes: Any) -> dict[str, Any]:
    return tree(quiz() | changes)


WRONG_TREES: list[dict[str, Any]] = (
    [quiz_with(pass_score=value) for value in (-1, 101, "70", True, None, 1e-7, 100.0000001)]
    + [quiz_with(max_attempts=value) for value in (0, -1, 2**31, 10**9, 1.0, 1.5, "3", True)]
    + [quiz_with(time_limit_seconds=value) for value in (0, -5, 10 * 365 * 86400, 2**63, "60", 60.5)]
    + [quiz_with(questions=[QUESTION | {"points": p}]) for p in (-1, "1", True, None, 10_001, 1e-9, 1e300)]
    + [quiz_with(feedback=value) for value in ("always", None, "", "Never")]
    + [quiz_with(shuffle=1), quiz_with(required="yes"), quiz_with(kind="exam"), quiz_with(kind=None)]
    + [quiz_with(key=value) for value in ("never-had", "", "x" * 65, "a b", 7)]
    + [
        quiz_with(questions=[{"type": "essay", "prompt_html": "x"}]),
        quiz_with(questions=[{"prompt_html": "x"}]),
        quiz_with(questions=[QUESTION | {"prompt_html": "x" * 200_001}]),
        quiz_with(questions=[QUESTION] * 1001),
        quiz_with(
            questions=[
                {"type": "multiple_choice", "answers": [{"text": t, "is_correct": True} for t in ("a", "b")]}
            ]
        ),
        quiz_with(questions=[{"type": "multi_select", "scoring": "guess"}]),
        quiz_with(questions=[{"type": "short_answer", "review": "never"}]),
        quiz_with(questions=[{"type": "short_answer", "accepted_answers": [""]}]),
        tree(pass_score=101),
        tree(title=""),
        tree(description_html="\x00"),
        tree(mastered_skills=[{"skill_id": "a", "name": "A"}] * 2),
        tree(mastered_skills=[{"skill_id": "a b", "name": "A"}]),
        tree(assessment={"title": "F", "kind": "quiz"}),
        tree(assessment={"title": "F", "required": False}),
        tree(modules={}),
        tree(modules=[[]]),
    ]
    + [
        tree(lesson(**{name: url}))
        for name in ("video_url", "document_url", "image_url")
        for url in (
            "http://example.org/x",
            "https://169.254.169.254/latest",
            "https://user:pw@example.org/",
            "javascript:alert(1)",
            "file:///etc/passwd",
            "gopher://example.org/",
            "data:text/html,x",
            "//example.org/x",
            "https://example.org/\r\nX: y",
            "",
        )
    ]
)


async def test_wrong_trees(world: World, database: Database) -> None:
    course = await world.course(publish=False)
    path = f"/api/courses/{course['id']}/draft/"
    etag = (await world.admin("GET", path)).headers["etag"]
    before = await database.counts()
    for wrong in WRONG_TREES:
        answer = await world.admin("PUT", path, wrong, headers={"If-Match": etag})
        try:
            refused(answer, 422)
        except AssertionError as error:
            raise AssertionError(f"{str(wrong)[:300]}: {error}") from error
    assert await database.counts() == before
    assert (await world.admin("GET", path)).headers["etag"] == etag


async def test_numbers_written_as_text_never_pass(world: World) -> None:
    """Pydantic's strict decimal lets a string through; the contract does not."""
    course = await world.course(publish=False)
    path = f"/api/courses/{course['id']}/draft/"
    etag = (await world.admin("GET", path)).headers["etag"]
    for wrong in (tree(pass_score="70"), tree(quiz(pass_score="70"))):  # type: ignore[arg-type]
        [fault] = refused(await world.admin("PUT", path, wrong, headers={"If-Match": etag}), 422)["errors"]
        assert fault["pointer"].endswith("/pass_score")


async def test_calls_without_fields_take_no_others(world: World, database: Database) -> None:
    at = await Learner.enter(world, tree(lesson(), quiz()))
    before = await database.counts()
    for path in (
        f"/api/courses/{at.course}/enroll/",
        at.path("L", "complete"),
        at.path("Q", "attempts"),
    ):
        wrong: list[Any] = [{"user_id": "bob"}, {"user_id": None}, [], "x", 1]
        for body in wrong:
            refused(await at.call("POST", path, body), 422)
        null = await at.call("POST", path, content=b"null", headers={"Content-Type": "application/json"})
        refused(null, 422)
        refused(await at.call("POST", path, content=b"x", headers={"Content-Type": "text/plain"}), 415)
    assert await database.counts() == before
    for path in (at.path("Q", "attempts"), f"/api/courses/{at.course}/enroll/"):
        assert (await at.call("POST", path, {})).is_success


@pytest.mark.long
async def test_a_body_that_is_wrong_a_million_times_is_not_told_so_a_million_times(world: World) -> None:
    """Listing every fault took minutes, in which nobody else was served."""
    course = await world.course(publish=False)
    path = f"/api/courses/{course['id']}/draft/"
    etag = (await world.admin("GET", path)).headers["etag"]
    headers = {"If-Match": etag, "Content-Type": "application/json"}
    for length, expected in ((300, 100), (5000, 100), (100_000, 1), (1_000_000, 1), (4_000_000, 1)):
        content = b'{"title": "T", "modules": [' + b",".join([b"1"] * length) + b"]}"
        started = time.process_time()
        answer = await world.admin("PUT", path, content=content, headers=headers)
        assert len(refused(answer, 422)["errors"]) == expected
        assert time.process_time() - started < 5
    commas = {**tree(lesson()), "description_html": "<p>" + "," * 190_000 + "</p>"}
    commas["modules"] = [{"title": "M", "items": [lesson(body_html="," * 150_000)] * 4}]
    assert (await world.admin("PUT", path, commas, headers={"If-Match": etag})).status_code == 200

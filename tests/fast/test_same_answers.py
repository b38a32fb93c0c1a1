"""A hot path and its ordinary route give the same answer to the same call, and refusals come from the route."""

import asyncio
import uuid
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import event, text
from tests.kit.both_ways import compare, without_hot_paths
from tests.kit.learner import Learner, lesson, quiz, tree
from tests.kit.world import Caller, Json, World, right, small_tree

from learning_service.api.fast import HOT_PATHS
from learning_service.core.settings import Settings

# The organization's only course once more, fifty times: what the API would make in ten seconds.
FIFTY_MORE = (
    """
    INSERT INTO courses SELECT (jsonb_populate_record(c, jsonb_build_object(
        'id', md5(c.id::text || n)::uuid, 'published_version_id', NULL))).*
    FROM courses c, generate_series(1, 50) n WHERE c.organization_id = :o
    """,
    """
    INSERT INTO course_versions SELECT (jsonb_populate_record(v, jsonb_build_object(
        'id', c.id, 'course_id', c.id))).*
    FROM course_versions v JOIN courses c USING (organization_id)
    WHERE v.organization_id = :o AND v.published_at IS NOT NULL AND c.published_version_id IS NULL
    """,
    """
    UPDATE courses SET published_version_id = id
    WHERE organization_id = :o AND published_version_id IS NULL
    """,
)

# Into the window of its renewal.
A_YEAR_AGO = tuple(
    f"UPDATE {table} SET {day} = {day} - interval '350 days', expires_at = expires_at - interval '350 days'"
    " WHERE organization_id = :o"
    for table, day in (("course_completions", "completed_at"), ("certificates", "issued_at"))
)


@pytest.fixture(scope="module")
async def plain(settings: Settings) -> AsyncIterator[httpx.AsyncClient]:
    async with without_hot_paths(settings) as http:
        yield http


async def test_the_list_of_courses(world: World, plain: httpx.AsyncClient) -> None:
    await world.course(small_tree(pass_score=77.5))
    for scope, unit in (("regional", "north"), ("regional", "south"), ("chapter", "n1"), ("chapter", "s2")):
        await world.course(small_tree(title=f"Of {unit} “ä”"), scope=scope, scope_id=unit)
    await world.course(small_tree(title="Draft"), publish=False)
    for user, expected in (("ana", 3), ("cyd", 2), ("eve", 3)):
        answer = await compare(plain, world.member(user), "/api/courses/")
        assert len(answer.json()["items"]) == expected, user
    await compare(plain, world.call_as("ana", "chapter_admin:n1"), "/api/courses/")
    await compare(plain, world.admin, "/api/courses/")
    assert (await compare(plain, world.call_as("stranger"), "/api/courses/")).status_code == 403


async def test_a_list_of_more_than_a_page(world: World, plain: httpx.AsyncClient) -> None:
    await world.course(small_tree())
    async with world.worker.transaction(world.id) as session:
        for statement in FIFTY_MORE:
            await session.execute(text(statement), {"o": world.id})
    answer = await compare(plain, world.member(), "/api/courses/")
    assert len(answer.json()["items"]) == 50
    assert answer.json()["next_cursor"] is not None


async def test_modules_at_every_stage(world: World, plain: httpx.AsyncClient) -> None:
    items = (lesson("A"), quiz("Q", questions=2, max_attempts=3), lesson("B"))
    at = await Learner.enter(world, tree(*items), user="ana")
    path = f"/api/courses/{at.course}/modules/"
    await compare(plain, at.call, path)
    await at.call.ok("POST", at.path("A", "complete"))
    begun = await compare(plain, at.call, path)
    assert begun.json()["items"][0]["items"][0]["completed_at"] is not None
    await at.call.ok("POST", at.path("Q", "submit"), {"responses": []})
    tried = await compare(plain, at.call, path)
    assert [item.get("attempts_used") for item in tried.json()["items"][0]["items"]] == [None, 1, None]
    await compare(plain, world.member("bob"), path)
    await compare(plain, world.admin, path)
    assert (await compare(plain, world.call_as("stranger"), path)).status_code == 403
    unknown = f"/api/courses/{uuid.uuid4()}/modules/"
    assert (await compare(plain, world.member("bob"), unknown)).status_code == 404


async def test_modules_say_what_the_enrollment_came_to(world: World, plain: httpx.AsyncClient) -> None:
    at = await Learner.enter(
        world, tree(quiz("Q", max_attempts=2)), user="ana", recertification_cadence="P1Y"
    )
    path, once = f"/api/courses/{at.course}/modules/", at.path("Q", "submit")
    came_to = ("status", "completed_at", "score", "certificate_id")

    async def shown() -> Json:
        """The enrollment, by both lanes as in the list."""
        answer = await compare(plain, at.call, path)
        enrollment: Json = answer.json()["enrollment"]
        listed = (await at.call.ok("GET", "/api/users/enrollments/"))["items"]
        assert enrollment == next(e for e in listed if e["id"] == enrollment["id"])
        return enrollment

    assert [(await shown())[name] for name in came_to] == ["in_progress", None, None, None]
    await at.call.ok("POST", once, {"responses": []})
    await at.submit()
    [certificate] = (await at.call.ok("GET", "/api/users/certificates/"))["items"]
    first = await shown()
    assert (first["status"], first["score"], first["certificate_id"]) == ("completed", 100, certificate["id"])
    assert first["completed_at"] is not None
    new = await world.admin.ok(
        "POST",
        f"/api/certificates/{certificate['id']}/reissue/",
        {"recipient_name": "Ana B", "reason": "Married"},
    )
    assert (await shown())["certificate_id"] == new["id"]
    # A second enrollment of the course: the renewal that is open is where the member stands, until it fails.
    async with world.worker.transaction(None) as session:
        for statement in A_YEAR_AGO:
            await session.execute(text(statement), {"o": world.id})
    renewal = await at.call.ok("POST", f"/api/courses/{at.course}/enroll/")
    assert (await shown())["id"] == renewal["id"] != first["id"]
    await at.call.ok("POST", once, {"responses": []})
    await at.submit(correct=0)
    # It failed; what is still valid is.
    last = await shown()
    assert (last["id"], last["status"], last["certificate_id"]) == (first["id"], "completed", new["id"])
    await world.admin.ok("POST", f"/api/certificates/{new['id']}/revoke/", {"reason": "Fraud"})
    revoked = await shown()
    assert [revoked[name] for name in ("id", *came_to)] == [renewal["id"], "failed", None, None, None]


async def test_verification_in_every_state(world: World, plain: httpx.AsyncClient) -> None:
    simple = small_tree(
        assessment=None, modules=[{"title": "M", "items": [{"kind": "lesson", "title": "L"}]}]
    )
    course = await world.course(simple)
    ana = world.member()
    await ana.ok("POST", f"/api/courses/{course['id']}/enroll/")
    shown = await ana.ok("GET", f"/api/courses/{course['id']}/modules/")
    await ana.ok("POST", f"/api/lessons/{shown['items'][0]['items'][0]['id']}/complete/")
    [first] = (await ana.ok("GET", "/api/users/certificates/"))["items"]
    path = f"/api/certificates/{first['id']}"
    assert (await compare(plain, ana, f"{path}/verify/")).json()["status"] == "valid"
    new = await world.admin.ok("POST", f"{path}/reissue/", {"recipient_name": "Ana B", "reason": "Married"})
    superseded = (await compare(plain, ana, f"{path}/verify/")).json()
    assert (superseded["status"], superseded["superseded_by"]) == ("superseded", new["id"])
    await world.admin.ok("POST", f"/api/certificates/{new['id']}/revoke/", {"reason": "Wrong"})
    assert (await compare(plain, ana, f"/api/certificates/{new['id']}/verify/")).json()["status"] == "revoked"
    assert (await compare(plain, ana, f"/api/certificates/{uuid.uuid4()}/verify/")).status_code == 404


async def test_another_organizations_rows_stay_unseen(
    world: World, other_world: World, plain: httpx.AsyncClient
) -> None:
    course = await other_world.course()
    there = other_world.member()
    await there.ok("POST", f"/api/courses/{course['id']}/enroll/")
    path = f"/api/courses/{course['id']}/modules/"
    assert (await compare(plain, there, path)).status_code == 200
    assert (await compare(plain, world.member(), path)).status_code == 404
    assert (await compare(plain, world.member(), "/api/courses/")).json()["items"] == []


def test_every_hot_path_has_its_ordinary_route(app: FastAPI) -> None:
    routes = {(method, route["path"]) for route in _described(app) for method in route["methods"]}
    assert {(hot.method, hot.path) for hot in HOT_PATHS} <= routes


def _described(app: FastAPI) -> list[dict[str, Any]]:
    paths = app.openapi()["paths"]
    return [{"path": path, "methods": [name.upper() for name in calls]} for path, calls in paths.items()]


async def test_plain_calls_do_take_the_hot_path(app: FastAPI, world: World) -> None:
    """Seen by what they do not do: nothing goes through the engine."""
    ana = (await Learner.enter(world, tree(lesson(), quiz(questions=2)), user="ana")).call
    at = await Learner.enter(world, tree(lesson(), quiz(questions=2)), user="ana")
    submit = at.path("Q", "submit")
    await ana.ok("POST", submit, {"responses": []})
    given = await at.responses("Q", correct=0)
    paths = ("/api/courses/", f"/api/courses/{at.course}/modules/", "/api/users/enrollments/progress/")
    for path in paths:
        await ana.ok("GET", path)
    with _engine_statements(app) as statements:
        for path in paths:
            await ana.ok("GET", path)
        assert (await ana.ok("POST", submit, {"responses": given}))["number"] == 2
    assert statements == []
    with _engine_statements(app) as statements:
        await ana("POST", submit, {"responses": []}, headers={"Idempotency-Key": "k"})
    assert statements


@contextmanager
def _engine_statements(app: FastAPI) -> Iterator[list[str]]:
    statements: list[str] = []

    def note(_c: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        statements.append(statement)

    engine = app.state.context.engine.sync_engine
    event.listen(engine, "before_cursor_execute", note)
    try:
        yield statements
    finally:
        event.remove(engine, "before_cursor_execute", note)


TWO = quiz("Q", questions=2, max_attempts=3)
AT_ITS_END = {name: value for name, value in TWO.items() if name not in ("kind", "required")}


@pytest.mark.parametrize(
    "content", [tree(lesson(), TWO), tree(lesson(), assessment=AT_ITS_END)], ids=["quiz", "assessment"]
)
async def test_submissions_by_both_ways_are_stored_alike(
    app: FastAPI, world: World, plain: httpx.AsyncClient, content: Json
) -> None:
    at = await Learner.enter(world, content, user="ana")
    path = at.path("Q", "submit")
    questions = (await at.call.ok("GET", path.replace("submit/", "")))["questions"]
    body = {
        "responses": [right(questions[0], {"texts": ["right"]}), right(questions[1], {"texts": ["wrong"]})]
    }
    ordinary = Caller(plain, at.call.token, "ana")
    answers = []
    for caller in (at.call, ordinary):
        with _engine_statements(app) as statements:
            answers.append(await caller.ok("POST", path, body))
        assert statements == []
        await _a_minute_later(world)
    shown = [await at.call.ok("GET", f"/api/attempts/{answer['attempt_id']}/") for answer in answers]
    for number, (answer, stored) in enumerate(zip(answers, shown, strict=True), 1):
        assert (answer.pop("number"), stored.pop("number")) == (number, number)
        for document in (answer, stored):
            del document["attempt_id"]
        for name in ("started_at", "submitted_at", "server_time"):
            del stored[name]
    assert answers[0].pop("attempts_remaining") == answers[1].pop("attempts_remaining") + 1
    assert answers[0] == answers[1]
    assert shown[0] == shown[1]
    unfit = {"responses": [{"question_id": str(uuid.uuid4()), "answer_ids": []}]}
    refused = [await caller("POST", path, unfit) for caller in (at.call, ordinary)]
    assert [answer.status_code for answer in refused] == [422, 422]
    assert refused[0].json()["errors"] == refused[1].json()["errors"]
    await at.call.ok("POST", path, body)
    await _a_minute_later(world)
    for caller in (at.call, ordinary):
        assert (await caller("POST", path, body)).json()["code"] == "no-attempts-left"


async def _a_minute_later(world: World) -> None:
    """Make what was submitted so old that the same again is another attempt."""
    async with world.worker.transaction(world.id) as session:
        await session.execute(
            text("UPDATE quiz_attempts SET submitted_at = submitted_at - interval '2 minutes'")
        )


async def test_a_burst_of_submissions_uses_up_exactly_the_limit(world: World) -> None:
    at = await Learner.enter(world, tree(lesson(), quiz("Q", questions=2, max_attempts=3)), user="ana")
    first, second = [
        [[], [right(question, {"texts": ["right"]})], [right(question, {"texts": ["wrong"]})]]
        for question in await at.questions("Q")
    ]
    sent = [[*one, *other] for one in first for other in second]
    answers = await asyncio.gather(*(at.send("Q", given) for given in sent[:8]))
    assert sorted(answer.status_code for answer in answers) == [200] * 3 + [409] * 5
    assert sorted(a.json()["number"] for a in answers if a.is_success) == [1, 2, 3]

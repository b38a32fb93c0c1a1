"""A start by the hot path and one by its ordinary route are answered and stored alike."""

import asyncio
import uuid
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from tests.kit.both_ways import without_hot_paths
from tests.kit.direct import Database
from tests.kit.query_counts import counted
from tests.kit.quiz_taker import QuizTaker, quiz, quiz_taker, tree
from tests.kit.world import Caller, Json, World, choice

from learning_service.core.settings import Settings

POOL = {"type": "pool", "draw": 2, "questions": [choice(f"Pool {n}?") for n in range(6)]}
QUIZZES: dict[str, Json] = {
    "plain": quiz(choice("First?"), choice("Last?")),
    "shuffled": quiz(*(choice(f"{n}?") for n in range(5)), shuffle=True),
    "drawn": quiz(choice("First?"), POOL),
    "timed": quiz(choice("First?"), time_limit_seconds=600, max_attempts=None, shuffle=True),
}
AT_THE_END = {name: value for name, value in QUIZZES["timed"].items() if name != "kind"}
CONTENTS = {
    **{name: tree(one) for name, one in QUIZZES.items()},
    "assessment": tree(assessment=AT_THE_END),
}
STORED = """
SELECT (to_jsonb(a) - '{id,enrollment_id,user_id,started_at,deadline_at,layout}'::text[])
    || jsonb_build_object('laid', jsonb_array_length(a.layout), 'time', a.deadline_at - a.started_at,
        'progress', to_jsonb(p) - '{enrollment_id}'::text[], 'status', e.status, 'revision', e.revision,
        'begun', e.started_at = a.started_at)
FROM quiz_attempts a JOIN enrollments e ON e.id = a.enrollment_id
    JOIN quiz_progress p ON p.enrollment_id = e.id AND p.quiz_id = a.quiz_id
WHERE a.id = $1
"""


@pytest.fixture(scope="module")
async def plain(settings: Settings) -> AsyncIterator[httpx.AsyncClient]:
    async with without_hot_paths(settings) as http:
        yield http


async def warm(world: World, content: Json, name: str = "eve", course: Json | None = None) -> QuizTaker:
    """A learner through whom this process has seen the version."""
    one = await quiz_taker(world, content, name, course)
    await one.start()
    return one


@pytest.mark.parametrize("body", [None, {}])
@pytest.mark.parametrize("kind", CONTENTS)
async def test_a_start_is_answered_and_stored_alike(
    app: FastAPI, world: World, plain: httpx.AsyncClient, database: Database, kind: str, body: Json | None
) -> None:
    content = CONTENTS[kind]
    course = (await warm(world, content, "eve")).course
    told = []
    for user, client in (("ana", None), ("bob", plain)):
        one = await quiz_taker(world, content, user, course)
        caller = one.call if client is None else Caller(client, one.call.token, user)
        with counted(app) as statements:
            answer = await caller("POST", f"{one.path}attempts/", body)
        assert any("start_attempt_in" in told for told in statements) == (client is None)
        made = answer.json()
        again = await one.start()
        assert again["attempt_id"] == made["attempt_id"]
        assert again["questions"] == made["questions"], "what was shown is what is kept"
        # In any order, and of a pool any: so many, in the same form.
        form = sorted((len(q["answers"]), sorted(q), q["points"]) for q in made["questions"])
        told.append(
            (
                answer.status_code,
                sorted(made),
                made["number"],
                form,
                await database.value(STORED, uuid.UUID(made["attempt_id"])),
            )
        )
    assert told[0] == told[1]
    assert told[0][0] == 201


async def test_what_is_not_plain_is_left_to_the_route(app: FastAPI, world: World) -> None:
    content = tree(quiz(choice("First?"), POOL, max_attempts=2))
    ana = await warm(world, content)
    with counted(app) as statements:
        answer = await ana.call("POST", f"{ana.path}attempts/")
    assert answer.status_code == 200, "the one under way"
    await ana.submit(attempt_id=answer.json()["attempt_id"], responses=[])
    second = await ana.call("POST", f"{ana.path}attempts/")
    assert (second.status_code, second.json()["number"]) == (201, 2)
    first, later = ({q["id"] for q in shown["questions"][1:]} for shown in (answer.json(), second.json()))
    assert not first & later, "what an earlier attempt had is drawn last"
    await ana.submit(attempt_id=second.json()["attempt_id"], responses=[])
    third = await ana.call("POST", f"{ana.path}attempts/")
    assert third.json()["code"] == "no-attempts-left"
    assert not any("start_attempt_in" in told for told in statements)


async def test_a_guarded_course_is_begun_in_its_order(world: World) -> None:
    lesson = {"kind": "lesson", "title": "Read", "body_html": "<p>It.</p>"}
    content = tree(lesson, QUIZZES["plain"])
    course = await world.course(content, sequence="ordered")
    for user in ("ana", "bob"):
        one = await quiz_taker(world, content, user, course)
        answer = await one.call("POST", f"{one.path}attempts/")
        assert answer.json()["code"] == "items-missing"


async def test_a_key_and_a_body_are_the_routes(world: World) -> None:
    content = tree(QUIZZES["plain"])
    course = (await warm(world, content)).course
    ana = await quiz_taker(world, content, "ana", course)
    path = f"{ana.path}attempts/"
    assert (await ana.call("POST", path, {"more": 1})).status_code == 422
    keyed: dict[str, Any] = {"headers": {"Idempotency-Key": "k"}}
    first = await ana.call("POST", path, **keyed)
    again = await ana.call("POST", path, **keyed)
    assert (first.status_code, again.headers["idempotency-replayed"]) == (201, "true")
    assert again.json() == first.json()


async def test_who_may_start(world: World, other_world: World, plain: httpx.AsyncClient) -> None:
    ana = await warm(world, tree(QUIZZES["plain"]), "ana")
    path = f"{ana.path}attempts/"
    strangers = (world.member("bob"), world.admin, world.call_as("stranger"), other_world.member("ana"))
    for caller in strangers:
        hot = await caller("POST", path)
        ordinary = await Caller(plain, caller.token, caller.user)("POST", path)
        assert hot.status_code == ordinary.status_code in (403, 404)
        assert hot.json()["code"] == ordinary.json()["code"]


async def test_a_quiz_is_no_assessment(world: World, plain: httpx.AsyncClient) -> None:
    for content in (tree(QUIZZES["plain"]), tree(assessment=AT_THE_END)):
        course = (await warm(world, content)).course
        ana = await quiz_taker(world, content, "ana", course)
        other = "assessments" if "/quizzes/" in ana.path else "quizzes"
        for call, body in (("attempts", None), ("submit", {"responses": []})):
            for http in (ana.call.http, plain):
                caller = Caller(http, ana.call.token, "ana")
                answer = await caller("POST", f"/api/{other}/{ana.quiz_id}/{call}/", body)
                assert answer.status_code == 404


async def test_of_starts_at_the_same_time_one_makes_the_attempt(world: World) -> None:
    content = tree(QUIZZES["drawn"])
    course = (await warm(world, content)).course
    ana = await quiz_taker(world, content, "ana", course)
    answers = await asyncio.gather(*(ana.call("POST", f"{ana.path}attempts/") for _ in range(6)))
    assert sorted(answer.status_code for answer in answers) == [200] * 5 + [201]
    assert len({answer.json()["attempt_id"] for answer in answers}) == 1
    assert len({str(answer.json()["questions"]) for answer in answers}) == 1


async def test_a_correction_between_reading_and_writing_is_noticed(world: World, database: Database) -> None:
    ana = await warm(world, tree(QUIZZES["plain"]), "ana")
    await ana.submit(responses=[])
    starts = """SELECT start_attempt_in($1, jsonb_build_object('id', gen_random_uuid(), 'enrollment_id', e.id,
        'quiz_id', $2::uuid, 'user_id', 'ana', 'course_id', e.course_id, 'number', 2, 'started_at', now(),
        'sequence', -1, 'max_points', 2, 'correction', $3::int), e.revision - $4::int)
        FROM enrollments e WHERE e.organization_id = $1"""
    for correction, late, made in ((1, 0, False), (0, 1, False), (0, 0, True)):
        arguments = world.id, uuid.UUID(ana.quiz_id), correction, late
        assert await database.value(starts, *arguments) is made

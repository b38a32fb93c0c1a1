"""A save by the hot path and one by its ordinary route are answered and stored alike."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import text
from tests.kit.both_ways import normal, without_hot_paths
from tests.kit.direct import Database
from tests.kit.query_counts import counted
from tests.kit.quiz_taker import QuizTaker, quiz, quiz_taker, tree
from tests.kit.world import Caller, Json, World, choice, right

from learning_service.api.fast import papers
from learning_service.api.fast.save import _written
from learning_service.core.settings import Settings

RIGHT, WRONG = {"texts": ["right"]}, {"texts": ["wrong"]}
POOL = {"type": "pool", "draw": 2, "questions": [choice(f"Pool {n}?") for n in range(4)]}


@pytest.fixture(scope="module")
async def plain(settings: Settings) -> AsyncIterator[httpx.AsyncClient]:
    async with without_hot_paths(settings) as http:
        yield http


async def taker(world: World, user: str = "ana", course: Json | None = None, **changes: Any) -> QuizTaker:
    content = tree(quiz(choice("First?"), POOL, choice("Last?"), **changes))
    return await quiz_taker(world, content, user, course)


async def test_every_save_is_answered_and_stored_alike(world: World, plain: httpx.AsyncClient) -> None:
    ana = await taker(world)
    started = await ana.start()
    path = f"/api/attempts/{started['attempt_id']}/"
    first, second, third, last = started["questions"]
    gone = {"question_id": first["id"], "answer_ids": None}
    bodies: list[Any] = [
        {"responses": [right(first, RIGHT)]},
        {"responses": [right(first, WRONG), right(second, RIGHT), right(third, RIGHT)], "sequence": 3},
        {"responses": [right(last, RIGHT)], "sequence": 3},
        {"responses": [right(last, RIGHT)], "sequence": 2},
        {"responses": [gone], "sequence": 4},
        {"responses": []},
        {"responses": [right(last, WRONG)], "sequence": None},
        {"responses": [right(last, WRONG), right(last, RIGHT)]},
        {"responses": [{"question_id": first["id"], "text": "no choice"}]},
        {"responses": [{"question_id": started["attempt_id"], "answer_ids": []}]},
        {"responses": [{"question_id": first["id"], "answer_ids": [second["answers"][0]["id"]]}]},
        {"responses": [right(last, RIGHT)], "sequence": -1},
        {"responses": [right(last, RIGHT)], "more": 1},
        {},
        [],
    ]
    hot, ordinary = await _both(world, plain, ana, path, bodies)
    assert hot == ordinary
    assert {status for status, _, _ in hot} == {200, 422}


async def _both(
    world: World, plain: httpx.AsyncClient, ana: QuizTaker, path: str, bodies: list[Any]
) -> list[list[tuple[int, Any, Any]]]:
    """What both ways answer to the same saves, and what each leaves, from the same state at the start."""
    found = []
    empty = (await ana.call.ok("GET", path))["questions"]
    back = {"responses": [{"question_id": question["id"], "answer_ids": None} for question in empty]}
    for caller in (ana.call, Caller(plain, ana.call.token, "ana")):
        async with world.worker.transaction(world.id) as session:
            await session.execute(text("UPDATE quiz_attempts SET sequence = -1"))
        await ana.call.ok("PATCH", path, back)
        told = []
        for body in bodies:
            answer = await caller("PATCH", path, body)
            shown = normal(answer.json())
            for name in ("server_time", "request_id", "instance"):
                shown.pop(name, None)
            attempt = await ana.call.ok("GET", path)
            told.append((answer.status_code, shown, (attempt["sequence"], attempt["responses"])))
        found.append(told)
    return found


async def test_who_may_save(world: World, other_world: World, plain: httpx.AsyncClient) -> None:
    ana = await taker(world)
    bob = await taker(world, "bob", ana.course)
    started = await ana.start()
    await bob.start()
    path = f"/api/attempts/{started['attempt_id']}/"
    body: Json = {"responses": []}
    await ana.call.ok("PATCH", path, body)
    strangers = (bob.call, world.admin, world.call_as("stranger"), other_world.member("ana"))
    for caller in strangers:
        hot = await caller("PATCH", path, body)
        ordinary = await Caller(plain, caller.token, caller.user)("PATCH", path, body)
        assert hot.status_code == ordinary.status_code in (403, 404)
        assert hot.json()["code"] == ordinary.json()["code"]


async def test_what_is_over_takes_no_saves(world: World, database: Database) -> None:
    ana = await taker(world, time_limit_seconds=600)
    started = await ana.start()
    path = f"/api/attempts/{started['attempt_id']}/"
    body = {"responses": [right(started["questions"][0], RIGHT)]}
    attempt = f"WHERE id = '{started['attempt_id']}'"
    await ana.call.ok("PATCH", path, body)
    await database(f"UPDATE quiz_attempts SET deadline_at = now() - interval '20 seconds' {attempt}")
    assert (await ana.call.ok("PATCH", path, body))["saved"] == 1
    await database(f"UPDATE quiz_attempts SET deadline_at = now() - interval '31 seconds' {attempt}")
    assert (await ana.call("PATCH", path, body)).json()["code"] == "attempt-closed"
    assert (await ana.call.ok("GET", path))["status"] == "graded"


async def test_saves_at_the_same_time_all_stay(app: FastAPI, world: World) -> None:
    ana = await quiz_taker(world, tree(quiz(*(choice(f"{n}?") for n in range(12)))))
    started = await ana.start()
    path = f"/api/attempts/{started['attempt_id']}/"
    bodies = [{"responses": [right(question, RIGHT)]} for question in started["questions"]]
    await ana.call.ok("PATCH", path, bodies[0])
    with counted(app) as statements:
        await asyncio.gather(*(ana.call.ok("PATCH", path, body) for body in bodies))
    assert all("save_responses_" in statement for statement in statements)
    assert len(statements) == len(bodies)
    given = (await ana.call.ok("GET", path))["responses"]
    assert sorted(one["question_id"] for one in given) == sorted(q["id"] for q in started["questions"])


async def test_a_save_reads_no_paper_after_its_start(app: FastAPI, world: World) -> None:
    eve = await taker(world, "eve")
    await eve.start()
    takers = [await taker(world, user, eve.course) for user in ("ana", "bob")]
    for one in takers:
        started = await one.start()
        path = f"/api/attempts/{started['attempt_id']}/"
        with counted(app) as statements:
            for question in started["questions"]:
                await one.call.ok("PATCH", path, {"responses": [right(question, RIGHT)]})
        assert len(statements) == len(started["questions"])
        assert all("save_responses_" in statement for statement in statements)


async def test_a_paper_that_was_forgotten_is_read_again(
    app: FastAPI, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(papers, "MAX_PAPERS", 1)
    ana = await taker(world)
    bob = await taker(world, "bob", ana.course)
    paths = [f"/api/attempts/{(await one.start())['attempt_id']}/" for one in (ana, bob)]
    for again in (False, True):
        with counted(app) as statements:
            for one, path in zip((ana, bob), paths, strict=True):
                await one.call.ok("PATCH", path, {"responses": []})
        assert [("hot_own_paper" in told) for told in statements].count(True) == 2, again


async def test_much_is_weighed_by_the_route(world: World, database: Database) -> None:
    ana = await taker(world)
    started = await ana.start()
    saves = (
        "SELECT count(*) FROM save_responses_together_in("
        "$1, '{ana}', ARRAY[$2::uuid], ARRAY['{}'], ARRAY['{}'], '{NULL}', '30 s', $3)"
    )
    for most, saved in ((10, 0), (1000, 1)):
        assert await database.value(saves, world.id, started["attempt_id"], most) == saved


def answered(told: Json) -> list[Any]:
    """The questions of its responses, and what was chosen."""
    return [(one["question_id"], one["answer_ids"]) for one in told["responses"]]


async def test_saves_of_one_moment_are_written_together(app: FastAPI, world: World) -> None:
    eve = await taker(world, "eve")
    takers = [await taker(world, user, eve.course) for user in ("ana", "bob", "cyd", "dan")]
    started = [await one.start() for one in takers]
    bodies = [{"responses": [right(paper["questions"][0], RIGHT)], "sequence": 7} for paper in started]
    paths = [f"/api/attempts/{paper['attempt_id']}/" for paper in started]
    # Beside them what changes nothing: a save that comes twice, and one by another member.
    calls = [one.call("PATCH", path, body) for one, path, body in zip(takers, paths, bodies, strict=True)]
    twice = takers[1].call("PATCH", paths[1], bodies[1])
    foreign = takers[0].call("PATCH", paths[2], bodies[2])
    with counted(app) as statements:
        *saved, refused = await asyncio.gather(*calls, twice, foreign)
    assert [one.status_code for one in saved] == [200] * 5
    assert refused.status_code == 404
    assert [one.json()["sequence"] for one in saved] == [7] * 5
    assert sum("save_responses_" in statement for statement in statements) < len(calls)
    for one, path, body in zip(takers, paths, bodies, strict=True):
        kept = await one.call.ok("GET", path)
        assert (answered(kept), kept["sequence"]) == (answered(body), 7)


async def test_where_saves_are_many_one_waits_for_others(
    app: FastAPI, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    ana = await taker(world)
    bob = await taker(world, "bob", ana.course)
    papers = [(one, await one.start()) for one in (ana, bob)]
    # Forty times as long as it is, so that this test is not slower.
    monkeypatch.setattr(_written, "_gather", _written._gather * 40)
    monkeypatch.setattr(_written, "_began_at", float("-inf"))
    tasks = []
    with counted(app) as statements:
        for one, paper in (*papers, papers[0]):
            body = {"responses": [right(paper["questions"][0], RIGHT)]}
            call = one.call.ok("PATCH", f"/api/attempts/{paper['attempt_id']}/", body)
            tasks.append(asyncio.create_task(call))
            await asyncio.sleep(0.05)
        await asyncio.gather(*tasks)
    # The first one at once; the two that follow it so soon together.
    written = [one for one in statements if "save_responses_" in one]
    assert ["together" in one for one in written] == [False, True]


async def test_a_save_that_waits_for_its_enrollment_holds_up_no_other(app: FastAPI, world: World) -> None:
    ana = await taker(world)
    bob = await taker(world, "bob", ana.course)
    paths, bodies = [], []
    for one in (ana, bob):
        started = await one.start()
        paths.append(f"/api/attempts/{started['attempt_id']}/")
        bodies.append({"responses": [right(started["questions"][0], RIGHT)]})
    async with world.worker.transaction(world.id) as session:
        await session.execute(text("SELECT id FROM enrollments WHERE user_id = 'ana' FOR UPDATE"))
        with counted(app) as statements:
            waiting = asyncio.create_task(ana.call("PATCH", paths[0], bodies[0]))
            await asyncio.gather(*(bob.call.ok("PATCH", paths[1], bodies[1]) for _ in range(5)))
        # She waits where she began: her lock has not been given up for the ordinary route yet.
        assert not waiting.done()
        assert all("save_responses_" in statement for statement in statements)
    assert (await waiting).status_code == 200
    assert answered(await ana.call.ok("GET", paths[0])) == answered(bodies[0])


async def test_nobody_saves_by_the_lock_of_another_one(world: World, database: Database) -> None:
    ana = await taker(world)
    bob = await taker(world, "bob", ana.course)
    attempts = [(await one.start())["attempt_id"] for one in (ana, bob)]
    saves = (
        "SELECT array_agg(place) FROM save_responses_together_in($1, $2, $3::uuid[],"
        " ARRAY['{\"x\": 1}', '{\"y\": 2}', '{\"z\": 3}'], array_fill('{}'::text, '{3}'), '{1,1,1}', '30 s', 10000)"
    )
    given = ["ana", "bob", "ana"], [attempts[0], attempts[0], attempts[1]]
    assert await database.value(saves, world.id, *given) == [1]
    kept = await database.value("SELECT responses::text FROM quiz_attempts WHERE id = $1::uuid", attempts[0])
    assert kept == '{"x": 1}'


@pytest.mark.parametrize("sequence", [2**31 - 1, 2**31, 2**63])
async def test_what_a_save_brings_spoils_no_other(world: World, sequence: int) -> None:
    content = tree(quiz(choice("First?"), {"type": "free_form", "prompt_html": "<p>Why?</p>", "points": 1}))
    eve = await quiz_taker(world, content, "eve")
    await eve.start()
    takers = [await quiz_taker(world, {}, user, eve.course) for user in ("ana", "bob", "cyd", "dan")]
    started = [await one.start() for one in takers]
    paths = [f"/api/attempts/{paper['attempt_id']}/" for paper in started]

    def told(place: int, **response: Any) -> Json:
        return {"responses": [{"question_id": started[place]["questions"][1]["id"], **response}]}

    bodies = [
        told(0, text="plain"),
        {**told(1, text="late"), "sequence": sequence},
        told(2, text="a\0b"),
        told(3, text='{"}\'); \\ "'),
    ]
    answers = await asyncio.gather(
        *(one.call("PATCH", path, body) for one, path, body in zip(takers, paths, bodies, strict=True))
    )
    assert (answers[0].status_code, answers[3].status_code) == (200, 200)
    assert answers[1].status_code == (200 if sequence < 2**31 else 422)
    assert answers[2].status_code == 422
    kept = [(await one.call.ok("GET", path))["responses"] for one, path in zip(takers, paths, strict=True)]
    assert [[one.get("text") for one in said] for said in kept[::3]] == [["plain"], ['{"}\'); \\ "']]

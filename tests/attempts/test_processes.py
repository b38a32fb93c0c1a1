"""Attempts over two API processes, each with a connection pool, caches and limits of its own."""

import asyncio
import uuid
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from tests.attempts.races import race_for_the_last_attempt
from tests.kit import processes
from tests.kit.quiz_taker import quiz, quiz_taker, tree
from tests.kit.world import Caller, Json, World, choice, right

from learning_service.core.settings import Settings

Apis = tuple[httpx.AsyncClient, httpx.AsyncClient]
pytestmark = pytest.mark.timeout(900)


@pytest.fixture
async def apis(settings: Settings, tmp_path: Path) -> AsyncIterator[Apis]:
    """Clients of two API processes."""
    async with (
        processes.api(settings, tmp_path / "one") as (_, first),
        processes.api(settings, tmp_path / "two") as (_, second),
    ):
        yield first, second


@pytest.mark.long
async def test_the_last_attempt_has_one_winner(world: World, apis: Apis) -> None:
    await race_for_the_last_attempt(world, apis, 20)


@pytest.mark.slow
async def test_the_last_attempt_has_one_winner_two_hundred_times(world: World, apis: Apis) -> None:
    await race_for_the_last_attempt(world, apis, 200)


@pytest.mark.long
async def test_ten_submissions_of_one_attempt_have_one_result(world: World, apis: Apis) -> None:
    course = await world.course(tree(quiz(choice())))
    for n in range(10):
        await world.add_member(f"racer{n}")
        racer = await quiz_taker(world, {}, f"racer{n}", course)
        started = await racer.start()
        given = [right(started["questions"][0], {"texts": ["right"]})]
        body = {"attempt_id": started["attempt_id"], "responses": given}
        callers = [Caller(api, racer.call.token, racer.call.user) for api in apis]
        sent = await asyncio.gather(
            *(callers[k % 2]("POST", f"{racer.path}submit/", body) for k in range(10))
        )
        assert sorted(r.status_code for r in sent) == [200, *[409] * 9]
        assert len((await racer.call.ok("GET", "/api/users/certificates/"))["items"]) == 1


@pytest.mark.long
async def test_one_key_at_once_and_later_has_one_effect_and_one_answer(world: World, apis: Apis) -> None:
    callers = [Caller(api, world.admin.token, world.admin.user) for api in apis]
    for n in range(20):
        key = {"Idempotency-Key": uuid.uuid4().hex}
        body = {"title": f"Ethics {n}", "scope": "national"}
        at_once = await asyncio.gather(
            *(callers[k % 2]("POST", "/api/courses/", body, headers=key) for k in range(10))
        )
        later = [await caller("POST", "/api/courses/", body, headers=key) for caller in callers]
        assert {answer.status_code for answer in [*at_once, *later]} == {201}
        assert len({answer.content for answer in [*at_once, *later]}) == 1
        assert len((await world.admin.ok("GET", "/api/courses/?limit=200"))["items"]) == n + 1


def pooled(**changes: object) -> Json:
    questions = [choice(f"Which {n}?") for n in range(30)]
    return tree(quiz({"type": "pool", "draw": 10, "questions": questions}, max_attempts=None, **changes))


@pytest.mark.long
async def test_starts_at_once_have_one_draw_and_later_ones_prefer_what_was_not_seen(
    world: World, apis: Apis
) -> None:
    course = await world.course(pooled(shuffle=True))
    for n in range(5):
        await world.add_member(f"racer{n}")
        racer = await quiz_taker(world, {}, f"racer{n}", course)
        callers = [Caller(api, racer.call.token, racer.call.user) for api in apis]
        seen: set[str] = set()
        for _ in range(3):
            starts = await asyncio.gather(
                *(callers[k % 2].ok("POST", f"{racer.path}attempts/") for k in range(6))
            )
            drawn = {tuple(question["id"] for question in started["questions"]) for started in starts}
            assert len(drawn) == 1
            (ids,) = drawn
            assert (len(set(ids)), seen & set(ids)) == (10, set())
            seen |= set(ids)
            body = {"attempt_id": starts[0]["attempt_id"], "responses": []}
            await callers[n % 2].ok("POST", f"{racer.path}submit/", body)


@pytest.mark.long
async def test_what_was_drawn_stays_while_its_bank_changes_and_is_published_elsewhere(
    world: World, apis: Apis
) -> None:
    authors = [Caller(api, world.admin.token, world.admin.user) for api in apis]
    made = await world.admin.ok("POST", "/api/question-banks/", {"title": "Law", "scope": "national"})
    bank = f"/api/question-banks/{made['id']}/"
    for n in range(8):
        await world.admin.ok("POST", f"{bank}questions/", choice(f"Old {n}?"))
    keys = [one["key"] for one in (await world.admin.ok("GET", f"{bank}questions/"))["items"]]
    asked = {"type": "pool", "draw": 4, "bank_id": made["id"]}
    course = await world.course(tree(quiz(asked, max_attempts=None)))
    path = f"/api/courses/{course['id']}/"

    async def publish(title: str) -> None:
        read = await authors[1]("GET", f"{path}draft/")
        sent = read.json() | {"title": title}
        await authors[1].ok("PUT", f"{path}draft/", sent, headers={"If-Match": read.headers["etag"]})
        await authors[1].ok("POST", f"{path}publish/")

    async def edit(turn: int) -> None:
        for key in keys:
            await authors[0].ok("PUT", f"{bank}questions/{key}/", choice(f"New {turn} {key}?"))

    for turn in range(3):
        await world.add_member(f"racer{turn}")
        racer = await quiz_taker(world, {}, f"racer{turn}", course)
        learner = Caller(apis[0], racer.call.token, racer.call.user)
        started, *_ = await asyncio.gather(
            learner.ok("POST", f"{racer.path}attempts/"),
            publish(f"Edition {turn}"),
            edit(turn),
        )
        again = await Caller(apis[1], racer.call.token, racer.call.user).ok("POST", f"{racer.path}attempts/")
        assert again["questions"] == started["questions"]
        given = [right(question, {"texts": ["right"]}) for question in started["questions"]]
        body = {"attempt_id": started["attempt_id"], "responses": given}
        result = await learner.ok("POST", f"{racer.path}submit/", body)
        assert (result["score"], result["passed"]) == (100, True)
        number = (await world.admin.ok("GET", f"{path}versions/"))["items"][0]["number"]
        frozen = [await author("GET", f"{path}versions/{number}/export/?format=bundle") for author in authors]
        assert frozen[0].content == frozen[1].content


@pytest.mark.long
async def test_the_same_file_at_once_is_taken_once(world: World, apis: Apis) -> None:
    authors = [Caller(api, world.admin.token, world.admin.user) for api in apis]
    made = await world.admin.ok("POST", "/api/question-banks/", {"title": "Law", "scope": "national"})
    course = await world.course(pooled(), publish=False)
    text = "\n\n".join(f"Question {n} {{T}}" for n in range(50)).encode()
    for path in (f"/api/question-banks/{made['id']}/imports/", f"/api/courses/{course['id']}/draft/imports/"):
        reports = await asyncio.gather(
            *(authors[k % 2].ok("POST", path, files={"file": ("q.txt", text)}) for k in range(6))
        )
        assert sorted(report["accepted"] for report in reports) == [0] * 5 + [50]
        assert len({tuple(q["key"] for q in report["questions"]) for report in reports}) == 1

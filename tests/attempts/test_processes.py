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
from tests.kit.world import Caller, World, choice, right

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

"""A quiz may want some time between attempts."""

import asyncio

import pytest
from sqlalchemy import text
from tests.kit.quiz_taker import QuizTaker, quiz, quiz_taker, tree
from tests.kit.world import World

WRONG = {"texts": ["wrong"]}


async def taker(world: World, **changes: object) -> QuizTaker:
    return await quiz_taker(world, tree(quiz(retry_delay_seconds=3600, **changes)))


async def an_hour_passes(world: World, ana: QuizTaker) -> None:
    async with world.worker.transaction(world.id) as session:
        await session.execute(
            text(
                "UPDATE quiz_attempts SET submitted_at = submitted_at - interval '1 hour',"
                " started_at = started_at - interval '1 hour' WHERE enrollment_id = :id"
            ),
            {"id": ana.enrollment_id},
        )


async def test_the_next_attempt_begins_when_the_time_is_over(world: World) -> None:
    ana = await taker(world)
    await ana.answer(WRONG)
    early = await ana.call("POST", f"{ana.path}attempts/")
    assert (early.status_code, early.json()["code"]) == (409, "retry-later")
    assert 3590 <= int(early.headers["retry-after"]) <= 3600
    unstarted = await ana.submit(responses=[])
    assert (unstarted.status_code, unstarted.json()["code"]) == (409, "retry-later")
    assert int(unstarted.headers["retry-after"]) > 3500
    await an_hour_passes(world, ana)
    assert (await ana.answer(WRONG))["number"] == 2


async def test_an_attempt_under_way_goes_on(world: World) -> None:
    ana = await taker(world)
    await ana.answer(WRONG)
    await an_hour_passes(world, ana)
    started = await ana.start()
    assert (await ana.start())["attempt_id"] == started["attempt_id"]
    assert (await ana.submit(responses=[])).status_code == 200


async def test_who_has_no_attempts_left_is_told_that(world: World) -> None:
    ana = await taker(world, max_attempts=1)
    await ana.answer(WRONG)
    refused = await ana.call("POST", f"{ana.path}attempts/")
    assert refused.json()["code"] == "no-attempts-left"


async def test_of_many_at_once_none_slips_through(world: World) -> None:
    ana = await taker(world, max_attempts=None)
    await ana.answer(WRONG)
    answers = await asyncio.gather(*(ana.call("POST", f"{ana.path}attempts/") for _ in range(5)))
    assert {answer.status_code for answer in answers} == {409}


async def test_a_submission_sent_twice_is_known_again(world: World) -> None:
    ana = await taker(world)
    first, again = [(await ana.submit(responses=[])).json() for _ in range(2)]
    assert first["attempt_id"] == again["attempt_id"]


@pytest.mark.parametrize("seconds", [0, -1, 2_592_001, 1.5, "60"])
async def test_a_delay_that_is_none_is_refused(world: World, seconds: object) -> None:
    course = await world.course(publish=False)
    path = f"/api/courses/{course['id']}/draft/"
    tag = (await world.admin("GET", path)).headers["etag"]
    sent = tree(quiz(retry_delay_seconds=seconds))
    refused = await world.admin("PUT", path, sent, headers={"If-Match": tag})
    assert refused.status_code == 422
    assert refused.json()["errors"][0]["pointer"].endswith("/items/0/retry_delay_seconds")

"""Scheduled jobs: once for each period, however many workers look, and once after downtime."""

import asyncio
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
from tests.jobs.conftest import Desk

from learning_service.context import Context
from learning_service.domain.jobs.outbox import Job
from learning_service.domain.jobs.schedules import enqueue_scheduled, period_of
from learning_service.worker.relay import start_scheduled

NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
EVERY = {"hourly": timedelta(hours=1), "daily": timedelta(days=1)}


async def start(context: Context, at: datetime) -> list[str]:
    """What is queued as of `at`."""
    async with context.transaction(None, at=at) as session:
        return await enqueue_scheduled(session, EVERY)


async def finish_all(desk: Desk) -> None:
    await desk.sql("UPDATE outbox SET status = 'done', finished_at = clock_timestamp()")


@pytest.mark.parametrize(
    ("every", "begins"),
    [
        (timedelta(seconds=15), "2026-03-01T12:34:45Z"),
        (timedelta(hours=1), "2026-03-01T12:00:00Z"),
        (timedelta(days=1), "2026-03-01T00:00:00Z"),
    ],
)
def test_periods_begin_at_round_times(every: timedelta, begins: str) -> None:
    instant = datetime(2026, 3, 1, 12, 34, 56, 789, tzinfo=UTC)
    assert period_of(instant, every) == datetime.fromisoformat(begins)
    assert period_of(period_of(instant, every), every) == period_of(instant, every)


async def test_four_workers_at_once_start_each_period_once(desk: Desk, context: Context) -> None:
    for hour in range(3):
        started = await asyncio.gather(*(start(context, NOON + timedelta(hours=hour)) for _ in range(4)))
        expected = {"hourly": 1, "daily": 1} if hour == 0 else {"hourly": 1}
        assert Counter(name for names in started for name in names) == expected
        await finish_all(desk)
    assert Counter(await desk.rows("job")) == {("hourly",): 3, ("daily",): 1}


async def test_a_period_is_not_started_again_and_time_that_runs_back_starts_nothing(
    desk: Desk, context: Context
) -> None:
    assert sorted(await start(context, NOON)) == ["daily", "hourly"]
    await finish_all(desk)
    assert await start(context, NOON + timedelta(minutes=59)) == []
    assert await start(context, NOON - timedelta(hours=5)) == []


async def test_after_downtime_what_was_missed_runs_once(desk: Desk, context: Context) -> None:
    await start(context, NOON)
    await finish_all(desk)
    assert sorted(await start(context, NOON + timedelta(days=9, minutes=7))) == ["daily", "hourly"]
    await finish_all(desk)
    assert await start(context, NOON + timedelta(days=9, minutes=8)) == []


async def test_runs_of_one_job_do_not_overlap_and_the_next_comes_when_the_last_is_over(
    desk: Desk, context: Context
) -> None:
    await start(context, NOON)
    assert await start(context, NOON + timedelta(hours=1)) == []
    await finish_all(desk)
    assert await start(context, NOON + timedelta(hours=1)) == ["hourly"]


async def test_a_run_is_a_job_with_its_retries(desk: Desk, context: Context) -> None:
    moments: list[datetime] = []

    async def work(context: Context, job: Job) -> None:
        moments.append(job.as_of)
        if len(moments) == 1:
            raise RuntimeError("first time")

    every = {"work": timedelta(days=1)}
    assert await start_scheduled(context, every) == ["work"]
    assert await start_scheduled(context, every) == []
    runner = desk.runner(work)
    await runner.run_until_idle()
    assert await desk.rows() == [("queued", 1, 1, "RuntimeError: first time")]
    await desk.sql("UPDATE outbox SET run_at = clock_timestamp()")
    await runner.run_until_idle()
    assert len(moments) == 2
    assert await desk.rows() == [("done", 2, 1, None)]

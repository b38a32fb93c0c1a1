"""What becomes of jobs that work, fail, hang, lose their lease or cannot be read."""

import asyncio
import time
from collections import Counter
from datetime import timedelta

import asyncpg
import pytest
from sqlalchemy.exc import SQLAlchemyError
from tests.jobs.conftest import Desk
from tests.kit.running import Runner
from tests.kit.waiting import until

from learning_service.context import Context, open_context
from learning_service.core.settings import Settings
from learning_service.domain.jobs.outbox import Job, enqueue_named
from learning_service.domain.jobs.payloads import Unworkable
from learning_service.worker.durable import Durable, finishing, retry_after


async def nothing(context: Context, job: Job) -> None:
    """A job that leaves nothing to commit."""


async def with_effect(context: Context, job: Job) -> None:
    """A job whose effect is a row of its own."""
    async with finishing(context, job) as session:
        await enqueue_named(session, "effect", job.arguments, organization_id="org")


async def test_more_jobs_than_hands_are_all_done_and_what_they_enqueue_too(desk: Desk) -> None:
    async def spread(context: Context, job: Job) -> None:
        if job.arguments["n"] == 0:
            await desk.add(count=5, n=1)

    await desk.add(count=70)
    await desk.runner(spread).run_until_idle()
    assert Counter(await desk.rows("status, attempt")) == {("done", 1): 75}


async def test_effects_and_end_are_committed_together(desk: Desk) -> None:
    await desk.add(count=30)
    await desk.runner(with_effect).run_until_idle()
    assert Counter(await desk.rows("job, status")) == {("work", "done"): 30, ("effect", "queued"): 30}


async def test_a_failure_is_tried_again_later_and_is_dead_after_the_last_try(desk: Desk) -> None:
    async def fail(context: Context, job: Job) -> None:
        raise RuntimeError(f"no luck \x00 {job.failures}")

    await desk.add()
    for failures in (1, 2):
        await desk.runner(fail).run_until_idle()
        assert await desk.rows() == [("queued", failures, failures, f"RuntimeError: no luck  {failures - 1}")]
        assert await desk.rows("run_at > clock_timestamp() + interval '0.9 seconds'") == [(True,)]
        await desk.sql("UPDATE outbox SET run_at = clock_timestamp()")
    await desk.runner(fail).run_until_idle()
    assert await desk.rows() == [("dead", 3, 3, "RuntimeError: no luck  2")]


async def test_unworkable_is_dead_at_once(desk: Desk) -> None:
    async def refuse(context: Context, job: Job) -> None:
        raise Unworkable("no such certificate")

    await desk.add()
    await desk.runner(refuse).run_until_idle()
    assert await desk.rows() == [("dead", 1, 1, "Unworkable: no such certificate")]


async def test_kinds_it_does_not_know_stay_for_a_newer_worker(desk: Desk) -> None:
    await desk.add("novelty", count=50)
    await desk.add()
    await desk.runner(nothing).run_until_idle()
    assert Counter(await desk.rows("job, status, attempt")) == {
        ("novelty", "queued", 0): 50,
        ("work", "done", 1): 1,
    }
    await desk.runner(nothing, novelty=nothing).run_until_idle()
    assert Counter(await desk.rows("status")) == {("done",): 51}


async def test_rows_that_cannot_be_read_are_buried_and_block_nobody(desk: Desk) -> None:
    await desk.add(count=30)
    poison = {
        "a number longer than Python reads": "arguments = ('{\"n\":' || repeat('1', 5000) || '}')::jsonb",
        "a depth that Python does not follow": "arguments = (repeat('[', 3000) || repeat(']', 3000))::jsonb",
        "a time beyond Python's": "as_of = '20000-01-01'",
        "no further attempt to count": "attempt = 2147483647",
    }
    for n, change in enumerate(poison.values()):
        await desk.sql(f"UPDATE outbox SET {change} WHERE (arguments->>'n')::numeric = :n", n=3 * n)
    await desk.runner(nothing).run_until_idle()
    assert Counter(await desk.rows("status, error IS NULL")) == {("done", True): 26, ("dead", False): 4}


async def test_a_lost_lease_rolls_the_effect_back(desk: Desk) -> None:
    runs = []

    async def slow(context: Context, job: Job) -> None:
        runs.append(job.attempt)
        if job.attempt == 1:
            # What a stopped process or a blocked event loop amounts to: no sign of life, and another takes over.
            await desk.sql("UPDATE outbox SET run_at = clock_timestamp() - interval '1 second'")
            await desk.runner(slow).run_until_idle()
        await with_effect(context, job)

    await desk.add()
    await desk.runner(slow).run_until_idle()
    assert runs == [1, 2]
    assert Counter(await desk.rows("job, status, attempt")) == {
        ("work", "done", 2): 1,
        ("effect", "queued", 0): 1,
    }


async def test_a_blocked_event_loop_loses_the_job_and_nothing_happens_twice(
    desk: Desk, job_settings: Settings
) -> None:
    blocked = []

    async def block(context: Context, job: Job) -> None:
        if job.attempt == 1:
            blocked.append(job.id)
            await desk.sql("UPDATE outbox SET run_at = clock_timestamp() - interval '1 second'")
            time.sleep(0.3)  # noqa: ASYNC251 - that is the fault
            async with open_context(job_settings, "learning_worker") as other:
                await Runner(other, functions={"work": with_effect}).run_until_idle()
        await with_effect(context, job)

    await desk.add()
    await desk.runner(block).run_until_idle()
    assert len(blocked) == 1
    assert Counter(await desk.rows("job, status")) == {("work", "done"): 1, ("effect", "queued"): 1}


@pytest.mark.long
async def test_heartbeats_keep_a_job_that_takes_longer_than_its_lease(desk: Desk) -> None:
    async def patient(context: Context, job: Job) -> None:
        await asyncio.sleep(3)

    await desk.add(count=3)
    runner, other = desk.runner(patient), desk.runner(patient)
    runner.durable._lease = timedelta(seconds=2)
    runner.durable.start()
    await runner.drain()
    await asyncio.sleep(2.5)
    assert await other.drain() == 0
    await runner.stop()
    await runner.durable.stop()
    assert await desk.rows() == [("done", 1, 0, None)] * 3


async def test_a_job_that_hangs_is_ended(desk: Desk, context: Context, job_settings: Settings) -> None:
    async def hang(context: Context, job: Job) -> None:
        await asyncio.Event().wait()

    await desk.add()
    runner = desk.runner(hang)
    runner.durable._settings = job_settings.model_copy(update={"job_timeout_seconds": 0.1})
    await runner.run_until_idle()
    assert await desk.rows() == [("queued", 1, 1, "TimeoutError: ")]


async def test_what_does_not_finish_in_time_is_given_back(desk: Desk) -> None:
    async def endless(context: Context, job: Job) -> None:
        await asyncio.Event().wait()

    await desk.add(count=5)
    runner = desk.runner(endless)
    await runner.drain()

    async def are_leased() -> bool:
        return await desk.rows() == [("leased", 1, 0, None)] * 5

    await until(are_leased)
    await runner.cancel()
    assert await desk.rows() == [("queued", 1, 0, None)] * 5
    await desk.runner(nothing).run_until_idle()
    assert await desk.rows() == [("done", 2, 0, None)] * 5


async def test_a_job_that_has_few_hands_leaves_the_others_to_the_rest(desk: Desk, context: Context) -> None:
    """As with receivers of webhooks that are slow: what has no hand is left as it was, and comes again."""
    begun, go_on = [], asyncio.Event()

    async def slow(context: Context, job: Job) -> None:
        begun.append(job.id)
        await go_on.wait()

    await desk.add("slow", count=5)
    await desk.add(count=5)
    runner = desk.runner(nothing, slow=slow)
    runner.durable = Durable(context, runner.durable.functions, limits={"slow": 2})
    await runner.drain()

    async def others_are_done() -> bool:
        return Counter(await desk.rows("job, status"))["work", "done"] == 5

    await until(others_are_done)
    assert len(begun) == 2
    assert Counter(await desk.rows("job, status, attempt")) == {
        ("work", "done", 1): 5,
        ("slow", "leased", 1): 2,
        ("slow", "queued", 0): 3,
    }
    go_on.set()
    await runner.run_until_idle()
    assert Counter(await desk.rows("job, status"))["slow", "done"] == 5


async def end_all_connections(settings: Settings) -> None:
    """What a database that restarts does to its clients."""
    connection = await asyncpg.connect(settings.database_url.replace("+asyncpg", ""))
    await connection.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE pid <> pg_backend_pid() AND datname = current_database()"
    )
    await connection.close()


async def test_a_database_that_is_away_for_a_moment_costs_no_second_run(
    desk: Desk, job_settings: Settings
) -> None:
    runs = []

    async def work(context: Context, job: Job) -> None:
        runs.append(job.id)
        await end_all_connections(job_settings)

    await desk.add()
    runner = desk.runner(work)
    await runner.drain()

    async def is_done() -> bool:
        return await statuses(desk) == ["done"]

    await until(is_done)
    await runner.stop()
    assert len(runs) == 1


async def statuses(desk: Desk) -> list[str]:
    """As the database says once it answers again."""
    try:
        return [status for (status,) in await desk.rows("status")]
    except SQLAlchemyError:
        return []


def test_waits_double_up_to_ten_minutes() -> None:
    for failures, seconds in ((1, 2), (2, 4), (5, 32), (12, 600), (10_000, 600)):
        assert 0.75 * seconds <= retry_after(failures).total_seconds() <= 1.25 * seconds

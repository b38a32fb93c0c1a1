"""arq between the rows and their runs: what it is told, what it may lose or double, and jobs from outside."""

import asyncio
import json
import os
import signal
import sys
import time
import uuid
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from arq.connections import ArqRedis
from pydantic import SecretStr
from redis.asyncio import ConnectionPool
from sqlalchemy import text
from tests.jobs.conftest import Desk
from tests.kit.earned import earn
from tests.kit.processes import ROOT, environment
from tests.kit.proxy import Mishap, Proxy
from tests.kit.running import Runner
from tests.kit.waiting import until
from tests.kit.world import World

from learning_service.context import Context, open_context
from learning_service.core.loading import load
from learning_service.core.queue import MARK_SECONDS, SERVED_BY, arq_id, deserialize, row_of, serialize
from learning_service.core.settings import Settings
from learning_service.domain.jobs.outbox import Job, enqueue_named
from learning_service.domain.jobs.paused_jobs import halt_job, resume_job
from learning_service.domain.kernel.clock import now
from learning_service.worker import catalog
from learning_service.worker.foreign import take_in
from learning_service.worker.process import functions_of
from learning_service.worker.relay import relay_jobs

QUEUE = "learning:jobs"
WORKER = (sys.executable, "-m", "tests.faults.chaotic_worker")


@pytest.fixture
async def own_settings(job_settings: Settings) -> AsyncIterator[Settings]:
    """Settings of a Redis database that no other test uses."""
    url = urlsplit(job_settings.redis_url.get_secret_value())._replace(path="/7").geturl()
    made = job_settings.model_copy(update={"redis_url": SecretStr(url)})
    redis = redis_of(made)
    await redis.flushdb()
    yield made
    await redis.flushdb()
    await redis.aclose(close_connection_pool=True)


@pytest.fixture
async def context(own_settings: Settings) -> AsyncIterator[Context]:
    """A worker's clients on it."""
    async with open_context(own_settings, "learning_worker") as made:
        yield made


@pytest.fixture
async def redis(own_settings: Settings) -> AsyncIterator[ArqRedis]:
    """As another service has it."""
    made = redis_of(own_settings)
    yield made
    await made.aclose(close_connection_pool=True)


def redis_of(settings: Settings) -> ArqRedis:
    pool = ConnectionPool.from_url(settings.redis_url.get_secret_value())
    return ArqRedis(pool, job_serializer=serialize, job_deserializer=deserialize)


async def held(redis: ArqRedis) -> list[tuple[str, str, Any]]:
    """What arq has: id, function, arguments."""
    jobs = await redis.queued_jobs(queue_name=QUEUE)
    return sorted((str(job.job_id), job.function, job.kwargs) for job in jobs)


async def relay(context: Context, redis: ArqRedis) -> None:
    await relay_jobs(context, redis, ["jobs"], ["work", "halted"])


async def nothing(context: Context, job: Job) -> None:
    """A job that leaves nothing to commit."""


async def test_after_the_commit_arq_has_the_rows_that_are_due(desk: Desk, redis: ArqRedis) -> None:
    async with desk.context.transaction(None) as session:
        await enqueue_named(session, "work", {"n": 1}, organization_id="org", unique_key="one")
        await enqueue_named(session, "work", {"n": 2}, organization_id="org", unique_key="one")
        later = now(session) + timedelta(minutes=1)
        await enqueue_named(session, "work", {"n": 3}, organization_id="org", run_at=later)
        await session.flush()
        assert await held(redis) == [], "not before the commit"
    rows = await desk.rows("id, (arguments->>'n')::int")
    assert await held(redis) == [(f"{id_}:0", "work", {"n": 1}) for id_, n in rows if n == 1]


async def test_what_is_rolled_back_is_not_handed_over(desk: Desk, redis: ArqRedis) -> None:
    async def fail() -> None:
        async with desk.context.transaction(None) as session:
            await enqueue_named(session, "work", {}, organization_id="org")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await fail()
    assert await held(redis) == []


async def test_the_relay_brings_what_redis_forgot_and_what_fell_due_and_nothing_twice(
    desk: Desk, context: Context, redis: ArqRedis
) -> None:
    await desk.add(count=600)
    await redis.flushdb()
    await relay(context, redis)
    assert len(await held(redis)) == 600
    await relay(context, redis)
    assert len(await held(redis)) == 600
    async with context.transaction(None) as session:
        await enqueue_named(
            session, "work", {"later": 1}, organization_id="o", run_at=now(session) + timedelta(hours=1)
        )
    await relay(context, redis)
    assert len(await held(redis)) == 600
    await desk.sql("UPDATE outbox SET run_at = clock_timestamp() WHERE arguments ? 'later'")
    await relay(context, redis)
    assert len(await held(redis)) == 601


async def test_a_halted_job_waits_and_an_ended_lease_comes_back_under_the_next_number(
    desk: Desk, context: Context, redis: ArqRedis
) -> None:
    async with context.transaction(None) as session:
        await halt_job(session, "halted")
        await enqueue_named(session, "halted", {}, organization_id="o")
    await desk.add()
    await desk.claim(lease=timedelta(seconds=-1))
    await redis.flushdb()
    await relay(context, redis)
    [(_, leased)] = [row for row in await desk.rows("job, id") if row[0] == "work"]
    assert [id_ for id_, _, _ in await held(redis)] == [f"{leased}:1"]
    async with context.transaction(None) as session:
        await resume_job(session, "halted")
    await relay(context, redis)
    assert Counter(name for _, name, _ in await held(redis)) == {"work": 1, "halted": 1}


async def test_a_mark_of_a_worker_that_was_killed_does_not_hold_a_job_up(
    desk: Desk, context: Context, redis: ArqRedis
) -> None:
    """It had picked the job, and not yet claimed the row: arq would wait for its mark, a minute."""
    await desk.add()
    [(job_id, _, _)] = await held(redis)
    mark = f"arq:in-progress:{job_id}"
    await redis.psetex(mark, 57_000, b"1")
    await relay(context, redis)
    assert await redis.exists(mark), "it may be on its way to a claim"
    await desk.sql("UPDATE outbox SET run_at = run_at - interval '3 seconds'")
    await redis.psetex(mark, MARK_SECONDS * 1000, b"1")
    await relay(context, redis)
    assert await redis.exists(mark), "the row waited for long, but a worker has just picked it"
    await redis.psetex(mark, 57_000, b"1")
    await relay(context, redis)
    assert not await redis.exists(mark)


async def test_arguments_that_cannot_be_read_hold_up_no_hand_over(
    desk: Desk, context: Context, redis: ArqRedis
) -> None:
    await desk.add(count=3)
    await desk.sql(
        "UPDATE outbox SET arguments = ('{\"n\":' || repeat('1', 5000) || '}')::jsonb"
        " WHERE arguments->>'n' = '1'"
    )
    await redis.flushdb()
    await relay(context, redis)
    arguments = [json.dumps(given) for _, _, given in await held(redis)]
    assert sorted(arguments) == ['{"n": 0}', '{"n": 2}', "{}"]


async def test_a_redis_that_is_away_or_hangs_delays_no_commit_for_long(
    own_settings: Settings,
) -> None:
    proxy = Proxy(int(urlsplit(own_settings.redis_url.get_secret_value()).port or 0))
    await proxy.start()
    url = urlsplit(own_settings.redis_url.get_secret_value())
    behind = url._replace(netloc=url.netloc.replace(str(url.port), str(proxy.port))).geturl()
    try:
        async with open_context(
            own_settings.model_copy(update={"redis_url": SecretStr(behind)}), "learning_worker"
        ) as context:
            desk = Desk(context)
            await desk.add()
            for mishap in (Mishap("blackhole"), Mishap("refuse")):
                await asyncio.sleep(1.1)
                async with proxy.suffering(mishap):
                    proxy.reset_all()
                    # A quarter of a second, and what a busy machine takes.
                    async with asyncio.timeout(10):
                        await desk.add()
            assert len(await desk.rows()) == 3
    finally:
        await proxy.stop()


def test_arqs_id_is_the_row_and_the_number_of_its_last_claim() -> None:
    row = uuid.uuid4()
    assert row_of(arq_id(row, 7)) == (row, 7)
    for foreign in (
        uuid.uuid4().hex,
        str(row),
        f"{row}:",
        f"{row}:x",
        f"{row}:07",
        f"{row.hex}:7",
        "",
        "a:1",
    ):
        assert row_of(foreign) is None


def test_the_catalog_names_what_there_is() -> None:
    for queue, jobs in catalog.JOBS.items():
        assert set(functions_of([queue])) == set(catalog.names_of([queue]))
        assert all(callable(load(place)) for place in jobs.values())
    for scheduled in catalog.SCHEDULED.values():
        assert scheduled.rehearsal is None or callable(load(scheduled.rehearsal))
    assert set(SERVED_BY) <= set(catalog.JOBS)


def command_of(pid: int) -> str:
    return Path(f"/proc/{pid}/cmdline").read_text()


@asynccontextmanager
async def worker(settings: Settings, *command: str) -> AsyncIterator["asyncio.subprocess.Process"]:
    """A worker process."""
    process = await asyncio.create_subprocess_exec(
        *command, cwd=ROOT, env={**environment(settings), "PYTHONPATH": str(ROOT)}
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


@pytest.mark.long
@pytest.mark.timeout(180)
async def test_a_worker_outlives_redis_and_goes_on_when_it_is_back(
    desk: Desk, own_settings: Settings
) -> None:
    url = urlsplit(own_settings.redis_url.get_secret_value())
    proxy = Proxy(int(url.port or 0))
    await proxy.start()
    behind = url._replace(netloc=url.netloc.replace(str(url.port), str(proxy.port))).geturl()
    through = own_settings.model_copy(update={"redis_url": SecretStr(behind), "log_level": "warning"})

    async def all_done() -> bool:
        rows = Counter(await desk.rows("job, status"))
        return rows["work", "done"] == rows["effect", "queued"] and not rows["work", "queued"]

    async def is_done() -> bool:
        return await all_done() and not Counter(await desk.rows("status"))[("leased",)]

    try:
        async with worker(through, *WORKER) as process:
            await desk.add(count=20)
            await until(is_done)
            for mishap in (Mishap("refuse"), Mishap("blackhole")):
                async with proxy.suffering(mishap):
                    proxy.reset_all()
                    await desk.add(count=20)
                    await asyncio.sleep(4)
                begun = time.monotonic()
                await until(is_done)
                took = time.monotonic() - begun
                print(f"{mishap.kind}: {took:.1f} s")
                assert process.returncode is None
                assert took < 10, "5 seconds on a machine that has nothing else to do"
            async with proxy.suffering(Mishap("refuse")):
                proxy.reset_all()
                await asyncio.sleep(1)
                process.send_signal(signal.SIGTERM)
                async with asyncio.timeout(30):
                    await process.wait()
    finally:
        await proxy.stop()


@pytest.mark.long
@pytest.mark.timeout(180)
async def test_arqs_own_command_runs_and_checks_a_worker(own_settings: Settings) -> None:
    arq = os.path.join(os.path.dirname(sys.executable), "arq")
    place = "learning_service.worker.settings.WorkerSettings"

    async def check() -> tuple[int, float]:
        before = os.times()
        process = await asyncio.create_subprocess_exec(
            arq, "--check", place, env=environment(own_settings), stdout=asyncio.subprocess.DEVNULL
        )
        code = await process.wait()
        after = os.times()
        used = after.children_user + after.children_system - before.children_user - before.children_system
        return code, used

    assert (await check())[0] == 1
    async with worker(own_settings, arq, place) as process:

        async def lives() -> bool:
            return (await check())[0] == 0

        await until(lives)
        assert (await check())[1] < 1, "it loads too much"
        process.send_signal(signal.SIGTERM)
        assert await process.wait() == 0
        assert (await check())[0] == 1


@pytest.mark.long
@pytest.mark.timeout(180)
async def test_a_killed_workers_jobs_are_done_by_the_next(desk: Desk, own_settings: Settings) -> None:
    own_settings = own_settings.model_copy(update={"job_lease_seconds": 2})
    async with worker(own_settings, *WORKER) as process:
        await desk.add("dawdle", count=10)

        async def are_leased() -> bool:
            return bool(Counter(await desk.rows("status"))[("leased",)])

        await until(are_leased)
        process.kill()
        await process.wait()
    async with worker(own_settings, *WORKER):

        async def are_done() -> bool:
            return Counter(await desk.rows("job, status"))["dawdle", "done"] == 10

        await until(are_done)
    assert Counter(await desk.rows("job, status"))["effect", "queued"] == 10


@pytest.mark.parametrize("by_name", [False, True])
async def test_a_job_from_another_service_gets_one_row_and_runs_like_any_other(
    world: World, by_name: bool
) -> None:
    earned = await earn(world)
    await world.run_jobs()
    select = text("SELECT completion_id FROM certificates WHERE id = :id")
    async with world.worker.transaction(None) as session:
        completion = str((await session.execute(select, {"id": earned.id})).scalar_one())
        await halt_job(session, "generate_certificates")
    args, kwargs = ((), {"completion_id": completion}) if by_name else ((completion,), {})
    for _ in range(2):
        await take_in(world.worker, "generate_certificates", "theirs", args, kwargs)
    await world.run_jobs()

    async def mine() -> list[tuple[Any, ...]]:
        rows = await Desk(world.worker).rows("unique_key, organization_id, status, attempt")
        return [row[1:] for row in rows if row[0] == "arq:generate_certificates:theirs"]

    assert await mine() == [(world.id, "queued", 0)], "halted"
    async with world.worker.transaction(None) as session:
        await resume_job(session, "generate_certificates")
    await world.run_jobs()
    assert await mine() == [(world.id, "done", 1)]


async def test_a_call_for_what_is_not_there_ends_where_operators_look(desk: Desk, context: Context) -> None:
    await take_in(context, "generate_certificates", "x", (str(uuid.uuid4()),), {})
    await Runner(context).run_until_idle()
    [(status, error)] = await desk.rows("status, error")
    assert status == "dead"
    assert "there is no certificate" in error


WRONG_CALLS: list[tuple[str, tuple[Any, ...], dict[str, Any]]] = [
    ("generate_certificates", (), {}),
    ("generate_certificates", ("no-id",), {}),
    ("generate_certificates", (5,), {}),
    ("generate_certificates", (None,), {}),
    ("generate_certificates", (["x"],), {}),
    ("generate_certificates", (str(uuid.uuid4()), "more"), {}),
    ("generate_certificates", (), {"completion": str(uuid.uuid4())}),
    ("generate_certificates", (str(uuid.uuid4()),), {"completion_id": str(uuid.uuid4())}),
    ("purge", ("now",), {}),
    ("erase_files", (), {"keys": ["certificates/x.pdf"]}),
    ("deliver_webhooks", (str(uuid.uuid4()),), {}),
]


async def test_a_wrong_call_writes_nothing(desk: Desk, context: Context) -> None:
    for name, args, kwargs in WRONG_CALLS:
        await take_in(context, name, "x", args, kwargs)
        assert await desk.rows() == [], (name, args, kwargs)


async def test_a_scheduled_job_may_be_called_too(desk: Desk, context: Context) -> None:
    await take_in(context, "send_course_reminders", "x" * 500, (), {})
    await Runner(context).run_until_idle()
    assert await desk.rows("job, organization_id, status") == [("send_course_reminders", "", "done")]


@pytest.mark.long
@pytest.mark.timeout(180)
async def test_another_service_calls_through_arq(desk: Desk, own_settings: Settings, redis: ArqRedis) -> None:
    await redis.enqueue_job("generate_certificates", str(uuid.uuid4()), _queue_name=QUEUE)
    await redis.enqueue_job("generate_certificates", completion_id=str(uuid.uuid4()), _queue_name=QUEUE)
    async with worker(own_settings, sys.executable, "-m", "learning_service.cli.app", "worker") as running:

        async def are_dead() -> bool:
            return Counter(await desk.rows("job, status"))["generate_certificates", "dead"] == 2

        await until(are_dead)
        # What the command line was made of is gone.
        assert "learning_service.cli" not in command_of(running.pid)

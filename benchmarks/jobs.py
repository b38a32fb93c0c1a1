"""Jobs: from the commit to the start at idle, no-op jobs per second of one worker, and what an idle worker costs.

Starts the service's own worker with one more job, which does nothing; then a worker of arq alone, with the same
settings and the same job. Prints one line of JSON. Enqueueing is part of no figure.
"""

import asyncio
import json
import os
import subprocess
import sys
from pathlib import Path

from arq.connections import ArqRedis
from benchmarks.results import Mark, Result, Row
from benchmarks.stage import Stage
from redis.asyncio import ConnectionPool
from sqlalchemy import text

from learning_service.context import Context, open_context
from learning_service.core.queue import deserialize, serialize
from learning_service.core.settings import Settings
from learning_service.domain.jobs.outbox import enqueue_named

SINGLE, BATCH, IDLE_SECONDS = 100, 3000, 10
WAITS = text(
    "SELECT extract(epoch FROM started_at - created_at)::float8 * 1000 FROM outbox"
    " WHERE status = 'done' AND job = 'nothing' ORDER BY 1"
)
RATE = text(
    "SELECT count(*) / extract(epoch FROM max(finished_at) - min(started_at))::float8 FROM outbox"
    " WHERE created_at > :since AND status = 'done' AND job = 'nothing'"
)
LEFT = text("SELECT count(*) FROM outbox WHERE status <> 'done' AND job = 'nothing'")


ALONE, NOTHING = "bench:alone", "nothing"
"""The key at which the worker of arq alone leaves its figure, and the name of the job."""


def plain_redis() -> ArqRedis:
    """arq's own client, with our serializer."""
    pool = ConnectionPool.from_url(Settings().redis_url.get_secret_value())
    return ArqRedis(pool, job_serializer=serialize, job_deserializer=deserialize)


async def measure_alone() -> float:
    """Jobs a second of arq alone: queued first, then a worker is started."""
    redis = plain_redis()
    for start in range(0, BATCH, 100):
        jobs = (redis.enqueue_job(NOTHING, _queue_name=f"{ALONE}:queue") for _ in range(start, start + 100))
        await asyncio.gather(*jobs)
    worker = await asyncio.create_subprocess_exec(sys.executable, "-m", "benchmarks.job_workers", "alone")
    try:
        async with asyncio.timeout(120):
            while (rate := await redis.get(ALONE)) is None:  # noqa: ASYNC110 - another process sets it
                await asyncio.sleep(0.1)
    finally:
        worker.terminate()
        await worker.wait()
        await redis.aclose(close_connection_pool=True)
    return float(rate)


async def measure(worker: "subprocess.Popen[bytes]") -> dict[str, float]:
    """Drive the worker and read the figures off the rows."""
    async with open_context(Settings(), "learning_worker") as context:
        await _enqueue(context, 1)
        await _until_done(context)
        for n in range(SINGLE):
            await _enqueue(context, 1)
            # Not in step with the worker's polling.
            await asyncio.sleep(0.1 + 0.05 * (n * 0.618 % 1))
        await _until_done(context)
        async with context.transaction(None) as session:
            waits = list((await session.execute(WAITS)).scalars())
        before = _cpu_seconds(worker.pid)
        await asyncio.sleep(IDLE_SECONDS)
        idle = (_cpu_seconds(worker.pid) - before) / IDLE_SECONDS * 100
        async with context.transaction(None) as session:
            since = (await session.execute(text("SELECT clock_timestamp()"))).scalar_one()
        await _enqueue(context, BATCH)
        await _until_done(context)
        async with context.transaction(None) as session:
            rate = (await session.execute(RATE, {"since": since})).scalar_one()
    return {
        "start_p95_ms": waits[int(len(waits) * 0.95)],
        "idle_cpu_percent": idle,
        "noop_jobs_per_second": rate,
    }


async def _enqueue(context: Context, count: int) -> None:
    async with context.transaction(None) as session:
        for _ in range(count):
            await enqueue_named(session, NOTHING, {}, organization_id="bench")


async def _until_done(context: Context) -> None:
    async with asyncio.timeout(120):
        while True:
            async with context.transaction(None) as session:
                if not (await session.execute(LEFT)).scalar_one():
                    return
            await asyncio.sleep(0.2)


def _cpu_seconds(pid: int) -> float:
    user, system = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[11:13]
    return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


def rows(stage: Stage) -> list[Row]:
    """The marks of jobs."""
    found = stage.figures("benchmarks.jobs", "jobs")
    return [
        Row(
            Result("jobs: start", found["start_p95_ms"], "ms from commit to start, p95"),
            ours=Mark(80, at_most=True),
        ),
        Row(Result("jobs: idle", found["idle_cpu_percent"], "% CPU of a worker"), ours=Mark(2, at_most=True)),
        Row(
            Result(
                "jobs",
                found["noop_jobs_per_second"],
                "jobs a second of a worker",
                limit=found["alone"],
                ratio=found["noop_jobs_per_second"] / found["alone"],
            ),
            ours=Mark(500),
            ratio=Mark(0.5),
            remark="the limit: arq alone, the same no-op jobs",
        ),
    ]


def main() -> None:
    """Measure both."""
    worker = subprocess.Popen([sys.executable, "-m", "benchmarks.job_workers", "ours"])
    try:
        found = asyncio.run(measure(worker))
    finally:
        worker.terminate()
        worker.wait(30)
    print(json.dumps({**found, "alone": asyncio.run(measure_alone())}))


if __name__ == "__main__":
    main()

"""Jobs: from the commit to the start at idle, no-op jobs per second of one worker, and what an idle worker costs.

Starts a worker process that knows one job, which does nothing. Prints one line of JSON. Enqueueing is part of no
figure.
"""

import asyncio
import json
import os
import subprocess
import sys
from pathlib import Path

from benchmarks.results import Mark, Result, Row
from benchmarks.stage import Stage
from sqlalchemy import text

from learning_service.context import Context, open_context
from learning_service.core.settings import Settings
from learning_service.domain.jobs.outbox import Job, enqueue_job
from learning_service.worker.app import run_worker

SINGLE, BATCH, IDLE_SECONDS = 100, 3000, 10
WAITS = text(
    "SELECT extract(epoch FROM started_at - created_at)::float8 * 1000 FROM outbox WHERE status = 'done' ORDER BY 1"
)
RATE = text(
    "SELECT count(*) / extract(epoch FROM max(finished_at) - min(started_at))::float8 FROM outbox"
    " WHERE created_at > :since AND status = 'done'"
)
LEFT = text("SELECT count(*) FROM outbox WHERE status <> 'done'")


async def nothing(context: Context, job: Job) -> None:
    """A job that does nothing."""


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
            await enqueue_job(session, "nothing", {}, organization_id="bench")


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
        Row(Result("jobs", found["noop_jobs_per_second"], "jobs a second of a worker"), ours=Mark(500)),
    ]


def main() -> None:
    """Measure, or be the worker that is measured."""
    if sys.argv[1:] == ["worker"]:
        run_worker(Settings(), "jobs", {"nothing": nothing}, {})
        return
    worker = subprocess.Popen([sys.executable, "-m", "benchmarks.jobs", "worker"])
    try:
        print(json.dumps(asyncio.run(measure(worker))))
    finally:
        worker.terminate()
        worker.wait(30)


if __name__ == "__main__":
    main()

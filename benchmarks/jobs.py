"""Jobs: from the commit to the start at idle, no-op jobs per second of one worker, and what an idle worker costs.

    python -m benchmarks.jobs

Starts PostgreSQL, Redis and S3 of its own and a worker process that knows one job, which does nothing. Prints one
line of JSON. Enqueueing is part of no figure. The goals are in the output beside the figures.
"""

import asyncio
import json
import os
import statistics
import subprocess
import sys
from pathlib import Path

from sqlalchemy import text

from learning_service.context import Context, open_context
from learning_service.devstack.parts import start_throwaway_parts
from learning_service.domain.outbox import Job, enqueue_job
from learning_service.settings import Settings
from learning_service.worker import run_worker

ROOT = Path(__file__).resolve().parents[1]
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


async def measure(worker: "subprocess.Popen[bytes]") -> dict[str, object]:
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
        before = _cpu_seconds(worker.pid)
        await _enqueue(context, BATCH)
        await _until_done(context)
        busy = _cpu_seconds(worker.pid) - before
        async with context.transaction(None) as session:
            rate = (await session.execute(RATE, {"since": since})).scalar_one()
    return {
        "start_p50_ms": round(statistics.median(waits), 1),
        "start_p95_ms": round(waits[int(len(waits) * 0.95)], 1),
        "start_p95_goal_ms": 80,
        "idle_cpu_percent": round(idle, 2),
        "idle_cpu_goal_percent": 2,
        "noop_jobs_per_second": round(rate),
        "noop_goal_per_second": 500,
        "noop_cpu_us_per_job": round(busy / BATCH * 1e6),
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


def main() -> None:
    """Measure, or be the worker that is measured."""
    if sys.argv[1:] == ["worker"]:
        run_worker(Settings(), "jobs", {"nothing": nothing}, {})
        return
    parts = start_throwaway_parts()
    try:
        os.environ.update({**parts.environment(), "ENVIRONMENT": "development", "LOG_LEVEL": "error"})
        subprocess.run(
            [sys.executable, "-m", "alembic", "upgrade", "head"], cwd=ROOT, check=True, capture_output=True
        )
        worker = subprocess.Popen([sys.executable, "-m", "benchmarks.jobs", "worker"], cwd=ROOT)
        try:
            print(json.dumps(asyncio.run(measure(worker))))
        finally:
            worker.terminate()
            worker.wait(30)
    finally:
        parts.stop()


if __name__ == "__main__":
    main()

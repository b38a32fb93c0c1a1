"""`python -m benchmarks.job_workers ours|alone`: the service's worker, or one of arq alone with the same settings.

Both know one job more, which does nothing.
"""

import sys
import time
from typing import Any

from arq import func
from benchmarks.jobs import ALONE, BATCH, NOTHING, plain_redis

from learning_service.context import Context
from learning_service.domain.jobs.outbox import Job
from learning_service.worker.process import functions_of
from learning_service.worker.settings import WorkerSettings, function, run, settings


async def nothing(context: Context, job: Job) -> None:
    """A job that does nothing."""


async def nothing_alone(ctx: dict[str, Any]) -> None:
    """The same of arq alone; the last of a batch tells how many there were a second."""
    started: list[float] = ctx["started"]
    started.append(time.perf_counter())
    if len(started) == BATCH:
        await ctx["redis"].set(ALONE, BATCH / (started[-1] - started[0]))


def ours() -> None:
    """All that the service's worker does, and this job."""
    queues = ("jobs", "webhooks")
    run(
        WorkerSettings,
        functions=[*WorkerSettings.functions, function(NOTHING)],
        ctx={"queues": queues, "jobs": {**functions_of(queues), NOTHING: nothing}},
    )


def alone() -> None:
    """This job, and nothing else."""
    run(
        WorkerSettings,
        functions=[func(nothing_alone, name=NOTHING)],
        cron_jobs=[],
        queue_name=f"{ALONE}:queue",
        redis_pool=plain_redis(),
        max_jobs=settings.job_concurrency,
        on_startup=None,
        on_shutdown=None,
        ctx={"started": []},
    )


if __name__ == "__main__":
    {"ours": ours, "alone": alone}[sys.argv[1]]()

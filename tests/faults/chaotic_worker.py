"""The product's worker with jobs of the tests' own."""

import asyncio

from sqlalchemy import text

from learning_service.context import Context
from learning_service.domain.jobs.outbox import Job, enqueue_named
from learning_service.domain.jobs.payloads import Unworkable
from learning_service.domain.kernel.base import new_id
from learning_service.worker.durable import finishing
from learning_service.worker.settings import WorkerSettings, function, relay, run

NOTE = text(
    "INSERT INTO outbox (id, organization_id, queue, job, arguments, as_of, status, attempt, run_at, created_at)"
    " VALUES (:id, 'org', 'jobs', 'run', jsonb_build_object('n', CAST(:n AS integer)),"
    " now(), 'queued', 0, now(), now())"
)


async def leave_effect(context: Context, job: Job) -> None:
    """Notes the run outside its final write, then leaves a row as its effect, together with its end.

    The effect is a job that no worker knows, under no unique key: were it made twice, there would be two.
    """
    async with context.transaction(job.organization_id) as session:
        await session.execute(NOTE, {"id": new_id(), "n": job.arguments["n"]})
    async with finishing(context, job) as session:
        await enqueue_named(session, "effect", {"n": job.arguments["n"]}, organization_id="org")


async def dawdle(context: Context, job: Job) -> None:
    """The same, slowly."""
    await asyncio.sleep(1)
    await leave_effect(context, job)


async def poison(context: Context, job: Job) -> None:
    """Can never be done: half know it at once, half fail at each try."""
    if job.arguments["n"] % 2:
        raise Unworkable(f"poison {job.arguments['n']}")
    raise RuntimeError(f"poison {job.arguments['n']}")


def main() -> None:
    """Run these jobs and no others."""
    jobs = {"work": leave_effect, "dawdle": dawdle, "poison": poison}
    run(
        WorkerSettings,
        functions=[function(name) for name in jobs],
        cron_jobs=[relay("jobs")],
        ctx={"queues": ("jobs",), "jobs": jobs},
    )


if __name__ == "__main__":
    main()

"""Changing many enrollments in the background."""

from learning_service.context import Context
from learning_service.core.database import DRIVER_ERRORS
from learning_service.domain.completion.actions.enrollment_runs import fail_run, step_enrollments
from learning_service.domain.completion.actions.marking import with_marks
from learning_service.domain.jobs.outbox import Job, Unworkable
from learning_service.worker.durable import describe, finishing

TRIES = 5
"""How often a step may fail before its run is given up."""


async def change_enrollments(context: Context, job: Job) -> None:
    """Go through a run's enrollments, a bounded transaction at a time; killed, it goes on where it stopped.

    A database that is away is no fault of the run and does not count.
    """
    run_id, more = job.id_argument("run_id"), True

    async def step() -> bool:
        async with context.transaction(job.organization_id) as session:
            pace = context.settings.mails_per_second
            return await step_enrollments(session, run_id, mails_per_second=pace)

    try:
        while more:
            more = await with_marks(step)
    except (OSError, *DRIVER_ERRORS):
        raise
    except Exception as error:
        if job.failures + 1 < TRIES:
            raise
        async with context.transaction(job.organization_id) as session:
            await fail_run(session, run_id)
        raise Unworkable(f"a step failed {TRIES} times: {describe(error)}") from error
    async with finishing(context, job):
        pass

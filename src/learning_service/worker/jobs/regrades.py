"""Grading a version's attempts anew in the background."""

import time
import uuid
from functools import partial

from learning_service.context import Context
from learning_service.core.database import DRIVER_ERRORS
from learning_service.domain.completion.actions.marking import with_marks
from learning_service.domain.completion.actions.regrading import (
    end_step,
    fail_regrade,
    regrade_one,
    step_regrade,
)
from learning_service.domain.completion.rules import pace
from learning_service.domain.jobs.outbox import Job
from learning_service.domain.jobs.payloads import Regrade, Unworkable
from learning_service.worker.durable import describe, finishing

TRIES = 5
"""How often a step may fail before its run is given up."""


async def regrade(context: Context, job: Job) -> None:
    """Go through a version's enrollments, a bounded transaction at a time; killed, it goes on where it stopped.

    A database that is away is no fault of the run and does not count.
    """
    try:
        size: int | None = pace.FIRST
        while size is not None:
            size = await _step(context, job, size)
    except (OSError, *DRIVER_ERRORS):
        raise
    except Exception as error:
        if job.failures + 1 < TRIES:
            raise
        async with context.transaction(job.organization_id) as session:
            await fail_regrade(session, Regrade.read(job.arguments).regrade_id)
        raise Unworkable(f"a step failed {TRIES} times: {describe(error)}") from error
    async with finishing(context, job):
        pass


async def _step(context: Context, job: Job, size: int) -> int | None:
    """Do the next enrollments; how many to do after them, None where there are no more."""
    regrade_id = Regrade.read(job.arguments).regrade_id
    begun = time.perf_counter()
    async with context.transaction(job.organization_id) as session:
        step = await step_regrade(session, regrade_id, size)
    seconds = time.perf_counter() - begun
    if step is None:
        return None
    for enrollment_id in step.apart:
        await with_marks(partial(_one, context, job, enrollment_id))
    if step.apart:
        async with context.transaction(job.organization_id) as session:
            await end_step(session, regrade_id, step)
    return pace.next_size(size, seconds)


async def _one(context: Context, job: Job, enrollment_id: uuid.UUID) -> None:
    async with context.transaction(job.organization_id) as session:
        await regrade_one(session, Regrade.read(job.arguments).regrade_id, enrollment_id)

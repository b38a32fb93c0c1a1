"""Changes of many enrollments, imports of many rows, and moves to another version."""

import time
import uuid
from collections.abc import Awaitable, Callable
from datetime import datetime
from functools import partial

from sqlalchemy.ext.asyncio import AsyncSession

from learning_service.context import Context
from learning_service.core.database import DRIVER_ERRORS
from learning_service.domain.completion.actions.enrollment_runs import fail_run, step_enrollments
from learning_service.domain.completion.actions.imports import fail_import, step_import
from learning_service.domain.completion.actions.marking import with_marks
from learning_service.domain.completion.actions.program_entries import open_steps
from learning_service.domain.completion.actions.version_migrations import (
    CHUNK,
    fail_migration,
    move_ready,
    ready_moves,
    step_migration,
)
from learning_service.domain.completion.rules.pace import FIRST, next_size
from learning_service.domain.jobs.outbox import Job
from learning_service.domain.jobs.payloads import (
    ChangeEnrollments,
    ImportRows,
    MoveEnrollments,
    OpenSteps,
    Unworkable,
)
from learning_service.worker.durable import describe, finishing

TRIES = 5
"""How often a step may fail before its run is given up."""
Step = Callable[[AsyncSession, uuid.UUID], Awaitable[bool]]
GiveUp = Callable[[AsyncSession, uuid.UUID], Awaitable[None]]


async def change_enrollments(context: Context, job: Job) -> None:
    """Go through a run's enrollments."""
    pace = context.settings.mails_per_second

    async def step(session: AsyncSession, run_id: uuid.UUID) -> bool:
        return await step_enrollments(session, run_id, mails_per_second=pace)

    await _go_through(context, job, ChangeEnrollments.read(job.arguments).run_id, step, fail_run)


async def import_rows(context: Context, job: Job) -> None:
    """Go through the rows of a file."""
    await _go_through(context, job, ImportRows.read(job.arguments).run_id, step_import, fail_import)


async def open_next_steps(context: Context, job: Job) -> None:
    """Take enrollments in programs further by the courses that their members have completed."""
    told = OpenSteps.read(job.arguments)
    async with finishing(context, job) as session:
        assert job.organization_id is not None
        await open_steps(session, job.organization_id, told.enrollment_ids)


async def move_enrollments(context: Context, job: Job) -> None:
    """Go through the open enrollments that move to another version, as many at once as take little time."""
    size, run_id = FIRST, MoveEnrollments.read(job.arguments).run_id

    async def step(session: AsyncSession, run_id: uuid.UUID) -> bool:
        nonlocal size
        begun = time.perf_counter()
        more = await step_migration(session, run_id, size)
        size = next_size(size, time.perf_counter() - begun, CHUNK)
        return more

    await _go_through(context, job, run_id, step, fail_migration)


async def move_waiting_enrollments(context: Context, at: datetime | None) -> None:
    """Move those that waited for the end of an attempt, as of `at` (None: now)."""
    async with context.transaction(None, at=at) as session:
        ready = await ready_moves(session)
    for organization_id, enrollment_id in ready:
        await with_marks(partial(_move, context, organization_id, enrollment_id, at))


async def _move(
    context: Context, organization_id: str, enrollment_id: uuid.UUID, at: datetime | None
) -> None:
    async with context.transaction(organization_id, at=at) as session:
        await move_ready(session, enrollment_id)


async def _go_through(context: Context, job: Job, run_id: uuid.UUID, step: Step, give_up: GiveUp) -> None:
    """Take a run's steps, a bounded transaction each; killed, it goes on where it stopped.

    A database that is away is no fault of the run and does not count.
    """
    more = True

    async def go_on() -> bool:
        async with context.transaction(job.organization_id) as session:
            return await step(session, run_id)

    try:
        while more:
            more = await with_marks(go_on)
    except (OSError, *DRIVER_ERRORS):
        raise
    except Exception as error:
        if job.failures + 1 < TRIES:
            raise
        async with context.transaction(job.organization_id) as session:
            await give_up(session, run_id)
        raise Unworkable(f"a step failed {TRIES} times: {describe(error)}") from error
    async with finishing(context, job):
        pass

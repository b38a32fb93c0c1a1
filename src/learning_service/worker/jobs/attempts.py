"""Closing attempts whose time ran out unnoticed, and grading responses that read alike."""

import asyncio
import uuid
from datetime import datetime, timedelta

import structlog

from learning_service.context import Context
from learning_service.core.database import DRIVER_ERRORS
from learning_service.domain.attempts.actions.attempts import GRACE
from learning_service.domain.attempts.actions.overdue_attempts import overdue_attempts, set_attempt_apart
from learning_service.domain.completion.actions.group_grades import step_group
from learning_service.domain.completion.actions.marking import with_marks
from learning_service.domain.completion.actions.submissions import close_if_overdue
from learning_service.domain.jobs.outbox import Job
from learning_service.domain.jobs.payloads import CloseAttempt, GradeGroup, Unworkable
from learning_service.domain.kernel.clock import now
from learning_service.worker.durable import describe, finishing

log = structlog.get_logger()

BATCH = 200
IN_FLIGHT = timedelta(seconds=2)
"""The sweeper leaves this much after the grace to submissions that arrived in time and are still being judged."""
TRIES = 3
"""How often closing an attempt may fail, the sweeper's own try included, before it is set aside."""
SECONDS = 30.0
"""How long closing one attempt may take."""


async def close_overdue_attempts(context: Context, at: datetime | None) -> None:
    """Close and grade every attempt that is overdue as of `at` (None: now), each in its own transaction.

    Runs of several workers, and touches of learners, may meet at an attempt: the first closes it. One that
    cannot be closed gets a job of its own and stops no other.
    """
    after: tuple[datetime, uuid.UUID] | None = None
    while True:
        async with context.transaction(None, at=at) as session:
            before = now(session) - GRACE - (IN_FLIGHT if at is None else timedelta(0))
            found = await overdue_attempts(session, before, after=after, limit=BATCH)
        for deadline_at, attempt_id, organization_id in found:
            after = deadline_at, attempt_id
            try:
                await _close(context, organization_id, attempt_id, at)
            except Exception as error:
                log.warning("attempt_not_closed", attempt_id=str(attempt_id), error=type(error).__name__)
                async with context.transaction(organization_id, at=at) as session:
                    await set_attempt_apart(session, organization_id, attempt_id)
        if len(found) < BATCH:
            break


async def close_attempt(context: Context, job: Job) -> None:
    """Try once more to close an attempt that could not be closed; after `TRIES` it is set aside.

    A database that is away is no fault of the attempt and does not count.
    """
    attempt_id = CloseAttempt.read(job.arguments).attempt_id
    try:
        await _close(context, job.organization_id, attempt_id, job.as_of)
    except (OSError, *DRIVER_ERRORS):
        raise
    except Exception as error:
        if job.failures + 2 < TRIES:
            raise
        log.error("attempt_set_aside", attempt_id=str(attempt_id), exc_info=error)
        raise Unworkable(f"closing failed {TRIES} times: {describe(error)}") from error
    async with finishing(context, job):
        pass


async def grade_group(context: Context, job: Job) -> None:
    """Give the waiting responses of a group the group's grade, a bounded transaction at a time."""
    group_id, more = GradeGroup.read(job.arguments).group_id, True

    async def step() -> bool:
        async with context.transaction(job.organization_id) as session:
            return await step_group(session, job.organization_id, group_id)

    while more:
        more = await with_marks(step)
    async with finishing(context, job):
        pass


async def _close(context: Context, organization_id: str, attempt_id: uuid.UUID, at: datetime | None) -> None:
    async def close() -> None:
        async with context.transaction(organization_id, at=at) as session:
            await close_if_overdue(session, organization_id, attempt_id)

    async with asyncio.timeout(SECONDS):
        await with_marks(close)

"""Closing attempts whose time ran out without anybody looking."""

import uuid
from datetime import datetime, timedelta

import structlog

from learning_service.context import Context
from learning_service.domain.attempts.actions import GRACE
from learning_service.domain.attempts.under_way import overdue_attempts
from learning_service.domain.clock import now
from learning_service.domain.outcomes.actions.closing import close_if_overdue

log = structlog.get_logger()

BATCH = 200
IN_FLIGHT = timedelta(seconds=2)
"""The sweeper leaves this much after the grace to submissions that arrived in time and are still being judged."""


async def close_overdue_attempts(context: Context, at: datetime | None) -> None:
    """Close and grade every attempt that is overdue as of `at` (None: now), each in its own transaction.

    Runs of several workers, and touches of learners, may meet at an attempt: the first closes it. One that
    cannot be closed stops no other; what went wrong is raised at the end.
    """
    after: tuple[datetime, uuid.UUID] | None = None
    accidents: list[Exception] = []
    while True:
        async with context.transaction(None, at=at) as session:
            before = now(session) - GRACE - (IN_FLIGHT if at is None else timedelta(0))
            found = await overdue_attempts(session, before, after=after, limit=BATCH)
        for deadline_at, attempt_id, organization_id in found:
            after = deadline_at, attempt_id
            try:
                async with context.transaction(organization_id, at=at) as session:
                    await close_if_overdue(session, organization_id, attempt_id)
            except Exception as error:
                log.warning("attempt_not_closed", attempt_id=str(attempt_id), error=type(error).__name__)
                accidents.append(error)
        if len(found) < BATCH:
            break
    if accidents:
        raise ExceptionGroup("attempts that could not be closed", accidents)

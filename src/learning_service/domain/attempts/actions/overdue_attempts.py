"""Attempts under way: of some enrollments, and those whose time ran out unnoticed."""

import uuid
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import delete, exists, func, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from learning_service.domain.attempts.models import QuizAttempt
from learning_service.domain.attempts.queries.positions import AttemptRow
from learning_service.domain.directory.models import Member
from learning_service.domain.jobs.outbox import OutboxRow, enqueue_job
from learning_service.domain.jobs.payloads import CloseAttempt

CLOSING = "close_attempt:"
"""With the attempt's id, the unique key of its job."""


async def overdue_attempts(
    session: AsyncSession, before: datetime, *, after: tuple[datetime, uuid.UUID] | None, limit: int
) -> Sequence[tuple[datetime, uuid.UUID, str]]:
    """Attempts under way whose deadline lies before a moment, in the order of deadlines, then ids.

    Deadline, id and organization of each; of every organization that the session's role sees. Those that have a job
    of their own are left to it, dead or alive.
    """
    apart = exists().where(
        OutboxRow.unique_key == func.concat(CLOSING, QuizAttempt.id), OutboxRow.status != "done"
    )
    statement = (
        select(QuizAttempt.deadline_at, QuizAttempt.id, QuizAttempt.organization_id)
        .join(
            Member,
            (Member.organization_id == QuizAttempt.organization_id)
            & (Member.user_id == QuizAttempt.user_id)
            & Member.erased_at.is_(None),
        )
        .where(QuizAttempt.status == "in_progress", QuizAttempt.deadline_at < before, ~apart)
        .order_by(QuizAttempt.deadline_at, QuizAttempt.id)
        .limit(limit)
    )
    if after is not None:
        statement = statement.where(tuple_(QuizAttempt.deadline_at, QuizAttempt.id) > tuple_(*after))
    rows: Sequence[Any] = (await session.execute(statement)).all()
    return [(row[0], row[1], row[2]) for row in rows]


async def set_attempt_apart(session: AsyncSession, organization_id: str, attempt_id: uuid.UUID) -> None:
    """Give an attempt that could not be closed a job of its own, so that nothing else waits for it."""
    done = (OutboxRow.unique_key == f"{CLOSING}{attempt_id}", OutboxRow.status == "done")
    await session.execute(delete(OutboxRow).where(*done))
    await enqueue_job(
        session,
        CloseAttempt(attempt_id=attempt_id),
        organization_id=organization_id,
        unique_key=f"{CLOSING}{attempt_id}",
    )


async def attempts_under_way(
    session: AsyncSession, organization_id: str, enrollment_ids: Sequence[uuid.UUID]
) -> Sequence[AttemptRow]:
    """All attempts of these enrollments that are not closed, each enrollment's together."""
    rows = await session.execute(
        select(*(getattr(QuizAttempt, name) for name in AttemptRow.__slots__))
        .where(
            QuizAttempt.organization_id == organization_id,
            QuizAttempt.enrollment_id == func.any(list(enrollment_ids)),
            QuizAttempt.status == "in_progress",
        )
        .order_by(QuizAttempt.enrollment_id, QuizAttempt.id)
    )
    return [AttemptRow(*row) for row in rows]

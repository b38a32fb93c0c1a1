"""Attempts under way: of one enrollment, and those whose time ran out while nobody looked."""

import uuid
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from learning_service.domain.attempts.models import QuizAttempt
from learning_service.domain.attempts.queries import AttemptRow
from learning_service.domain.directory.models import Member


async def overdue_attempts(
    session: AsyncSession, before: datetime, *, after: tuple[datetime, uuid.UUID] | None, limit: int
) -> Sequence[tuple[datetime, uuid.UUID, str]]:
    """Attempts under way whose deadline lies before a moment, in the order of deadlines, then ids.

    Deadline, id and organization of each; of every organization that the session's role sees.
    """
    statement = (
        select(QuizAttempt.deadline_at, QuizAttempt.id, QuizAttempt.organization_id)
        .join(
            Member,
            (Member.organization_id == QuizAttempt.organization_id)
            & (Member.user_id == QuizAttempt.user_id)
            & Member.erased_at.is_(None),
        )
        .where(QuizAttempt.status == "in_progress", QuizAttempt.deadline_at < before)
        .order_by(QuizAttempt.deadline_at, QuizAttempt.id)
        .limit(limit)
    )
    if after is not None:
        statement = statement.where(tuple_(QuizAttempt.deadline_at, QuizAttempt.id) > tuple_(*after))
    rows: Sequence[Any] = (await session.execute(statement)).all()
    return [(row[0], row[1], row[2]) for row in rows]


async def attempts_under_way(session: AsyncSession, enrollment_id: uuid.UUID) -> Sequence[AttemptRow]:
    """All attempts of an enrollment that are not closed."""
    rows = await session.execute(
        select(*(getattr(QuizAttempt, name) for name in AttemptRow.__slots__)).where(
            QuizAttempt.enrollment_id == enrollment_id, QuizAttempt.status == "in_progress"
        )
    )
    return [AttemptRow(*row) for row in rows]

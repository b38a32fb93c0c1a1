"""A submission sent twice: a client that did not get the reply sends it again, and names no attempt."""

import uuid
from datetime import timedelta
from typing import Any

from sqlalchemy import Select, or_, select, true
from sqlalchemy.ext.asyncio import AsyncSession

from learning_service.domain.attempts.models import QuizAttempt
from learning_service.domain.attempts.queries.positions import Position
from learning_service.domain.enrollments.models import Enrollment
from learning_service.domain.kernel.clock import now
from learning_service.domain.kernel.planning import FENCE

WITHIN = timedelta(minutes=1)
"""How long after it closed an attempt a submission is known again."""


def closed_just_now(
    organization_id: Any, user_id: Any, course_id: Any, quiz_id: Any, digest: Any, instant: Any
) -> Select[*tuple[Any, ...]]:
    """The learner's attempts at a quiz that a submission with this digest has closed just now: id, time, enrollment.

    Each of the learner's enrollments is asked for itself, whatever the planner knows of other learners' attempts.
    """
    closed = (
        select(QuizAttempt.id, QuizAttempt.submitted_at)
        .where(
            QuizAttempt.enrollment_id == Enrollment.id,
            QuizAttempt.quiz_id == quiz_id,
            QuizAttempt.closed_with == digest,
            QuizAttempt.submitted_at > instant - WITHIN,
        )
        .offset(FENCE)
        .lateral("closed")
    )
    return (
        select(closed.c.id, closed.c.submitted_at, Enrollment.id.label("enrollment_id"))
        .join(closed, true())
        .where(
            Enrollment.organization_id == organization_id,
            Enrollment.user_id == user_id,
            Enrollment.course_id == course_id,
        )
    )


async def repeated_attempt(
    session: AsyncSession, position: Position, quiz_id: uuid.UUID, digest: str
) -> uuid.UUID | None:
    """The learner's attempt that this very submission has closed just now.

    It may be one of another enrollment: where none is open, which that attempt has ended; else, where it was under
    way when this enrollment was made, so that the submission meant it.
    """
    statement = closed_just_now(
        position.organization_id, position.user_id, position.course_id, quiz_id, digest, now(session)
    )
    found = statement.selected_columns
    if position.is_open:
        here = found.enrollment_id == position.enrollment_id
        statement = statement.where(or_(here, found.submitted_at > position.assigned_at))
    newest = statement.order_by(found.submitted_at.desc(), found.id.desc()).limit(1)
    attempt_id: uuid.UUID | None = await session.scalar(newest)
    return attempt_id

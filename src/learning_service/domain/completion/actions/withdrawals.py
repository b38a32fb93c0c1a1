"""Closing enrollments without an outcome: by an administrator, or by the service. History stays."""

import uuid
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Protocol

from sqlalchemy import func, update
from sqlalchemy.ext.asyncio import AsyncSession

from learning_service.domain.attempts.actions.overdue_attempts import attempts_under_way
from learning_service.domain.attempts.models import QuizAttempt
from learning_service.domain.attempts.queries.positions import (
    AttemptRow,
    Position,
    find_position,
    version_of,
)
from learning_service.domain.completion.actions.closing import grade_submission
from learning_service.domain.completion.actions.marking import marks_of, require_marks
from learning_service.domain.courses.queries.compiled import CompiledVersion
from learning_service.domain.enrollments.models import Enrollment
from learning_service.domain.enrollments.queries.standing import WITHDRAWN
from learning_service.domain.kernel.clock import now
from learning_service.domain.kernel.errors import NotFound
from learning_service.domain.questions.rules.responses import load_responses
from learning_service.domain.records.audit import record_audit


class Held(Protocol):
    """An enrollment whose row is locked."""

    @property
    def id(self) -> uuid.UUID: ...
    @property
    def user_id(self) -> str: ...
    @property
    def course_id(self) -> uuid.UUID: ...


async def withdraw(
    session: AsyncSession, organization_id: str, held: Sequence[Held], *, because: str, actor_id: str
) -> None:
    """Close enrollments with everything under way in them. Raises Unmarked.

    In three statements, whatever their number; an attempt under way takes up to three more.
    """
    if not held:
        return
    ids = [one.id for one in held]
    await _close_attempts(session, organization_id, ids)
    await session.execute(
        update(Enrollment)
        .where(Enrollment.organization_id == organization_id, Enrollment.id == func.any(ids))
        .values(
            status=WITHDRAWN,
            withdrawn_at=now(session),
            withdrawn_because=because,
            revision=Enrollment.revision + 1,
        )
    )
    for one in held:
        record_audit(
            session,
            "enrollment.withdrawn",
            organization_id=organization_id,
            actor_id=actor_id,
            subject=("enrollment", one.id),
            user_id=one.user_id,
            course_id=one.course_id,
            enrollment_id=one.id,
            details={"course_id": str(one.course_id), "because": because},
        )
    await session.flush()


async def _close_attempts(session: AsyncSession, organization_id: str, ids: Sequence[uuid.UUID]) -> None:
    attempts = await attempts_under_way(session, organization_id, ids)
    places = {key: await _place(session, organization_id, key) for key in {a.enrollment_id for a in attempts}}
    papers = []
    for attempt in attempts:
        position, version = places[attempt.enrollment_id]
        paper = version.quizzes[attempt.quiz_id].paper(attempt.layout)
        papers.append((position, version, attempt, paper, load_responses(attempt.responses)))
    if papers:
        # All at once: a call that learned of them one after the other would be given up after a few.
        require_marks(session, papers[0][0], ((paper, given) for *_, paper, given in papers))
    for position, version, attempt, paper, given in papers:
        marks = marks_of(position, paper, given, now(session))
        graded = grade_submission(position, version, paper, attempt, given, now(session), marks).attempt
        await _close(session, graded, paper.correction)


async def _place(
    session: AsyncSession, organization_id: str, enrollment_id: uuid.UUID
) -> tuple[Position, CompiledVersion]:
    position = await find_position(
        session, organization_id, "enrollment", enrollment_id, user_id=None, lock=True
    )
    if position is None:
        raise NotFound
    return position, await version_of(session, position)


async def _close(session: AsyncSession, graded: AttemptRow, correction: int) -> None:
    # It counts nowhere, so nothing of it waits for a person.
    closed = replace(graded, status="graded", pending_points=Decimal(0), passed=bool(graded.passed))
    names = ("status", "submitted_at", "marks", "points", "pending_points", "max_points", "passed")
    await session.execute(
        update(QuizAttempt)
        .where(QuizAttempt.id == closed.id)
        .values({name: getattr(closed, name) for name in names} | {"correction": correction})
    )

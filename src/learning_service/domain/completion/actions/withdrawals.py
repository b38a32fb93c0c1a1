"""Withdrawing an enrollment: closed without an outcome, by an administrator or by the service. History stays."""

from dataclasses import replace
from decimal import Decimal

from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession

from learning_service.domain.attempts.actions.overdue_attempts import attempts_under_way
from learning_service.domain.attempts.models import QuizAttempt
from learning_service.domain.attempts.queries.positions import Position, version_of
from learning_service.domain.completion.actions.marking import marks_of, require_marks
from learning_service.domain.completion.actions.submissions import grade_submission
from learning_service.domain.enrollments.models import Enrollment
from learning_service.domain.enrollments.queries.standing import WITHDRAWN
from learning_service.domain.kernel.clock import now
from learning_service.domain.questions.rules.responses import load_responses
from learning_service.domain.records.audit import record_audit


async def withdraw(session: AsyncSession, position: Position, *, because: str, actor_id: str) -> None:
    """Close the enrollment with everything under way in it. The position must be locked. Raises Unmarked."""
    await _close_attempts(session, position)
    await session.execute(
        update(Enrollment)
        .where(Enrollment.id == position.enrollment_id)
        .values(
            status=WITHDRAWN,
            withdrawn_at=now(session),
            withdrawn_because=because,
            revision=Enrollment.revision + 1,
        )
    )
    record_audit(
        session,
        "enrollment.withdrawn",
        organization_id=position.organization_id,
        actor_id=actor_id,
        subject=("enrollment", position.enrollment_id),
        user_id=position.user_id,
        course_id=position.course_id,
        enrollment_id=position.enrollment_id,
        details={"course_id": str(position.course_id), "because": because},
    )
    await session.flush()


async def _close_attempts(session: AsyncSession, position: Position) -> None:
    version = await version_of(session, position)
    attempts = [
        (attempt, version.quizzes[attempt.quiz_id].paper(attempt.layout), load_responses(attempt.responses))
        for attempt in await attempts_under_way(session, position.enrollment_id)
    ]
    require_marks(session, position, ((quiz, given) for _, quiz, given in attempts))
    for attempt, quiz, given in attempts:
        marks = marks_of(position, quiz, given, now(session))
        graded = grade_submission(position, version, quiz, attempt, given, now(session), marks).attempt
        # It counts nowhere, so nothing of it waits for a person.
        closed = replace(graded, status="graded", pending_points=Decimal(0), passed=bool(graded.passed))
        names = ("status", "submitted_at", "marks", "points", "pending_points", "max_points", "passed")
        await session.execute(
            update(QuizAttempt)
            .where(QuizAttempt.id == attempt.id)
            .values({name: getattr(closed, name) for name in names} | {"correction": quiz.correction})
        )

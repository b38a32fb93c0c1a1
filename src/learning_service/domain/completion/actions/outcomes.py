"""From a position to its outcome: completed or failed, with everything that follows, in one transaction."""

from decimal import Decimal

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from learning_service.domain.attempts.queries.positions import Position
from learning_service.domain.completion.actions.completing import (
    Outcome,
    audit_end,
    complete_enrollment,
    end_enrollments,
    tell_of_completion,
)
from learning_service.domain.completion.actions.doubts import settle_doubts
from learning_service.domain.courses.queries.compiled import CompiledVersion
from learning_service.domain.enrollments.models import CourseCompletion, Enrollment
from learning_service.domain.enrollments.rules import awaits_review, decide
from learning_service.domain.records.events import append_event


async def settle(
    session: AsyncSession, position: Position, version: CompiledVersion, *, actor_id: str | None = None
) -> Outcome | None:
    """Complete or fail the enrollment if its position decides that; None while it goes on, or has ended.

    The score of a completion follows here. The position must be locked and read, or changed, in this transaction.
    `actor`: who brought it about, by default the learner.
    """
    decision = decide(version.shape, position.standing())
    if decision.status == "completed" and not position.is_withdrawn:
        position = await settle_doubts(session, position, version)
        decision = decide(version.shape, position.standing())
    if position.status == "completed":
        if decision.status == "completed" and decision.score is not None:
            await _follow(session, position, decision.score)
        return None
    if not position.is_open:
        return None
    match decision.status:
        case "completed":
            return await complete_enrollment(
                session, position, version, decision.score, actor_id or position.user_id
            )
        case "failed":
            return await _fail(session, position, actor_id or position.user_id)
        case _:
            if awaits_review(version.shape, position.standing()):
                await _await(session, position)
            return None


async def reopen_enrollment(
    session: AsyncSession, position: Position, version: CompiledVersion, actor_id: str
) -> None:
    """Let a failed enrollment go on. The position must be locked."""
    waits = awaits_review(version.shape, position.standing())
    await session.execute(
        update(Enrollment)
        .where(Enrollment.id == position.enrollment_id)
        .values(status="in_progress", ended_at=None, awaiting_review=waits)
    )
    audit_end(session, position, "enrollment.reopened", None, actor_id)
    await session.flush()


async def _follow(session: AsyncSession, position: Position, score: Decimal) -> None:
    """Bring the completion's score to what the facts say now; one that counts no more keeps what it had."""
    completion = await session.scalar(
        select(CourseCompletion)
        .where(
            CourseCompletion.enrollment_id == position.enrollment_id,
            CourseCompletion.voided_at.is_(None),
            CourseCompletion.score.is_distinct_from(score),
        )
        .execution_options(populate_existing=True)
    )
    if completion is None:
        return
    completion.score = score
    tell_of_completion(session, "learning.completion.updated", completion)
    await session.flush()


async def _await(session: AsyncSession, position: Position) -> None:
    """Note that everything is handed in; where that was noted already, nothing is written."""
    await session.execute(
        update(Enrollment)
        .where(Enrollment.id == position.enrollment_id, ~Enrollment.awaiting_review)
        .values(awaiting_review=True)
    )


async def _fail(session: AsyncSession, position: Position, actor_id: str) -> Outcome:
    await end_enrollments(session, [position.enrollment_id], "failed")
    append_event(
        session,
        "learning.course.failed",
        organization_id=position.organization_id,
        user_id=position.user_id,
        enrollment_id=position.enrollment_id,
        course_id=position.course_id,
    )
    audit_end(session, position, "enrollment.failed", None, actor_id)
    await session.flush()
    return Outcome("failed", None, None)

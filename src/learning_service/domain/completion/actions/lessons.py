"""Completing a lesson, and what follows from it."""

import uuid
from dataclasses import replace

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from learning_service.domain.attempts.actions.attempts import touch_enrollment
from learning_service.domain.attempts.actions.beginning import refuse_unready
from learning_service.domain.attempts.queries.positions import Position
from learning_service.domain.completion.actions.outcomes import settle
from learning_service.domain.courses.queries.compiled import CompiledVersion
from learning_service.domain.enrollments.models import LessonProgress
from learning_service.domain.kernel.clock import now


async def complete_lesson(
    session: AsyncSession, position: Position, version: CompiledVersion, lesson_id: uuid.UUID
) -> Position:
    """Note the lesson as completed; the position after it. Doing so twice changes nothing.

    The position must be locked. Raises EnrollmentWithdrawn, PrerequisitesMissing, ItemsMissing.
    """
    if lesson_id in position.lessons:
        return position
    await refuse_unready(session, position, version, lesson_id)
    await session.execute(
        insert(LessonProgress).values(
            enrollment_id=position.enrollment_id,
            lesson_id=lesson_id,
            organization_id=position.organization_id,
            completed_at=now(session),
        )
    )
    await touch_enrollment(session, position)
    after = replace(
        position,
        status="in_progress" if position.status == "assigned" else position.status,
        lessons={**position.lessons, lesson_id: now(session)},
    )
    outcome = await settle(session, after, version)
    return replace(after, status=outcome.status) if outcome is not None else after

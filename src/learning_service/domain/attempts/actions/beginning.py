"""Whether an item may be begun: after other courses, and after the items before it."""

import uuid
from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from learning_service.domain.attempts.queries.order import items_before
from learning_service.domain.attempts.queries.positions import Position
from learning_service.domain.courses.models import Course
from learning_service.domain.courses.queries.compiled import CompiledLesson, CompiledQuiz, CompiledVersion
from learning_service.domain.enrollments.actions import EnrollmentWithdrawn
from learning_service.domain.enrollments.queries.prerequisites import require_prerequisites
from learning_service.domain.kernel.errors import Conflict


class ItemsMissing(Conflict):
    """The course is taken in its order, and something before this item is not done."""

    code = "items-missing"

    def __init__(self, missing: Sequence[CompiledLesson | CompiledQuiz]) -> None:
        titles = ", ".join(f"“{item.title}”" for item in missing)
        super().__init__(f"This course is taken in its order: first complete {titles}.")
        self.facts = {
            "missing": [
                {
                    "kind": item.kind,
                    "id": str(item.id),
                    "title": item.title,
                }
                for item in missing
            ]
        }


def refuse_withdrawn(position: Position) -> None:
    """Raises EnrollmentWithdrawn where the enrollment is closed for learning."""
    if position.is_withdrawn:
        raise EnrollmentWithdrawn


async def refuse_unready(
    session: AsyncSession, position: Position, version: CompiledVersion, item_id: uuid.UUID
) -> None:
    """Raises what stands in the way of beginning an item now. The position must be locked.

    What an assigned course asks for is judged when its first item is begun, and not again later: a course that
    expires meanwhile stops no learner. Raises EnrollmentWithdrawn, PrerequisitesMissing, ItemsMissing.
    """
    refuse_withdrawn(position)
    if not position.guarded:
        return
    if position.status == "assigned":
        await require_prerequisites(session, position.organization_id, position.user_id, position.course_id)
    missing = items_before(version, position.standing(), item_id)
    if missing and await _is_ordered(session, position):
        raise ItemsMissing(missing)


async def _is_ordered(session: AsyncSession, position: Position) -> bool:
    sequence = await session.scalar(
        select(Course.sequence).where(
            Course.organization_id == position.organization_id, Course.id == position.course_id
        )
    )
    return sequence == "ordered"

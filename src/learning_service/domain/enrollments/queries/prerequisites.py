"""What a member has yet to complete before a course may be begun."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from sqlalchemy import ARRAY, DateTime, Uuid, and_, bindparam, exists, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from learning_service.domain.courses.models import Course, CourseVersion
from learning_service.domain.enrollments.models import CourseCompletion
from learning_service.domain.enrollments.queries.standing import is_valid
from learning_service.domain.evidence.queries import is_proven
from learning_service.domain.exemptions.queries import is_exempt
from learning_service.domain.kernel.clock import now
from learning_service.domain.kernel.errors import Conflict
from learning_service.domain.kernel.reads import ORGANIZATION_ID, USER_ID, Kept, fetch, kept

_Asked = aliased(Course, name="asked")


@dataclass(frozen=True, slots=True)
class MissingCourse:
    """A course that a member has yet to complete."""

    course_id: uuid.UUID
    title: str


class PrerequisitesMissing(Conflict):
    """The course asks for others first, and the member has not completed all of them."""

    code = "prerequisites-missing"

    def __init__(self, missing: Sequence[MissingCourse]) -> None:
        titles = ", ".join(f"“{one.title}”" for one in missing)
        super().__init__(f"First complete {titles}.")
        self.facts = {"missing": [{"course_id": str(one.course_id), "title": one.title} for one in missing]}


async def missing_prerequisites(
    session: AsyncSession, organization_id: str, user_id: str, course_ids: Sequence[uuid.UUID]
) -> Mapping[uuid.UUID, Sequence[MissingCourse]]:
    """For each of these courses what it asks for and the member has not met; one statement.

    Met is what the member has a valid completion of, or is exempt from, or whose requirement evidence shows.

    An archived course is not asked for: no member could enter it any more. Index: `ix_course_completions_member`.
    """
    if not course_ids:
        return {}
    given = {
        "organization_id": organization_id,
        "user_id": user_id,
        "courses": list(course_ids),
        "instant": now(session),
    }
    rows = await fetch(session, _missing(), given)
    missing: dict[uuid.UUID, list[MissingCourse]] = {course_id: [] for course_id in course_ids}
    for course_id, asked_id, title in rows:
        missing[course_id].append(MissingCourse(asked_id, title))
    return missing


@cache
def _missing() -> Kept:
    instant = bindparam("instant", type_=DateTime(timezone=True))
    courses = bindparam("courses", type_=ARRAY(Uuid()))
    completed = exists().where(
        CourseCompletion.organization_id == ORGANIZATION_ID,
        CourseCompletion.user_id == USER_ID,
        CourseCompletion.course_id == _Asked.id,
        is_valid(CourseCompletion, instant),
    )
    met = or_(
        completed,
        is_exempt(ORGANIZATION_ID, USER_ID, _Asked.id, instant),
        is_proven(ORGANIZATION_ID, USER_ID, _Asked.linked_compliance_requirement, instant),
    )
    return kept(
        select(Course.id, _Asked.id, CourseVersion.title)
        .join(
            _Asked,
            and_(_Asked.organization_id == ORGANIZATION_ID, _Asked.id == func.any(Course.prerequisites)),
        )
        .join(CourseVersion, CourseVersion.id == _Asked.published_version_id)
        .where(
            Course.organization_id == ORGANIZATION_ID,
            Course.id == func.any(courses),
            _Asked.archived_at.is_(None),
            ~met,
        )
        .order_by(Course.id, func.array_position(Course.prerequisites, _Asked.id))
    )


async def require_prerequisites(
    session: AsyncSession, organization_id: str, user_id: str, course_id: uuid.UUID
) -> None:
    """Raises PrerequisitesMissing, which names what the member has yet to complete."""
    missing = (await missing_prerequisites(session, organization_id, user_id, [course_id]))[course_id]
    if missing:
        raise PrerequisitesMissing(missing)

"""Which courses may be asked for before another one."""

import uuid
from collections.abc import Sequence

from sqlalchemy import ColumnElement, and_, false, func, or_, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from learning_service.domain.courses.models import Course
from learning_service.domain.courses.rules.access import Scope
from learning_service.domain.courses.rules.programs import COURSE
from learning_service.domain.kernel.errors import Fault, Invalid
from learning_service.domain.kernel.pointers import pointer

# Two changes at once could make a circle that neither of them sees.
_ONE_AT_A_TIME = text(
    "SELECT pg_advisory_xact_lock(hashtextextended('prerequisites of ' || :organization, 0))"
)


async def require_prerequisites(
    session: AsyncSession,
    organization_id: str,
    scope: Scope,
    wanted: Sequence[uuid.UUID],
    *,
    course_id: uuid.UUID | None = None,
) -> None:
    """Raises Invalid unless a course of that scope may ask for these courses first.

    Each is published and for all members whom the course is for, and none needs the course itself.
    """
    if not wanted:
        return
    await session.execute(_ONE_AT_A_TIME, {"organization": organization_id})
    known = await covered_courses(session, organization_id, scope, wanted)
    asking = [*wanted, course_id] if course_id is not None else list(wanted)
    needs = await needs_among(session, organization_id, asking)
    circular = {course_id, *(one for one, asked in needs if asked == course_id)}
    faults = []
    for at, one in enumerate(wanted):
        if one not in known and one != course_id:
            detail = "is not a published course for all members whom this course is for"
            faults.append(Fault(pointer("prerequisites", at), detail, "not-known"))
        elif one in circular:
            faults.append(Fault(pointer("prerequisites", at), "needs this course itself", "conflicting"))
    if faults:
        raise Invalid(faults)


async def covered_courses(
    session: AsyncSession,
    organization_id: str,
    scope: Scope,
    wanted: Sequence[uuid.UUID],
    *,
    open_: bool = False,
) -> set[uuid.UUID]:
    """Those of the ids that are published courses for every member of the scope; `open_`: and not archived."""
    statement = select(Course.id).where(
        Course.organization_id == organization_id,
        Course.id == func.any(list(wanted)),
        Course.kind == COURSE,
        Course.published_version_id.is_not(None),
        _covers(scope),
    )
    if open_:
        statement = statement.where(Course.archived_at.is_(None))
    return set(await session.scalars(statement))


def _covers(scope: Scope) -> ColumnElement[bool]:
    """Whether a course reaches every member of the scope."""
    regional = and_(Course.scope == "regional", Course.scope_id.in_(sorted(scope.regions)))
    own = (
        and_(Course.scope == "chapter", Course.scope_id == scope.unit) if scope.kind == "chapter" else false()
    )
    return or_(Course.scope == "national", regional, own)


async def needs_among(
    session: AsyncSession, organization_id: str, courses: Sequence[uuid.UUID]
) -> set[tuple[uuid.UUID, uuid.UUID]]:
    """Which of these courses ask for which others of them, themselves or through courses in between."""
    own = Course.organization_id == organization_id
    asked = func.unnest(Course.prerequisites).label("asked")
    start = select(Course.id.label("root"), asked).where(own, Course.id == func.any(list(courses)))
    needs = start.cte("needs", recursive=True)
    further = select(needs.c.root, asked).join(Course, and_(own, Course.id == needs.c.asked))
    needs = needs.union(further)
    found = await session.execute(
        select(needs.c.root, needs.c.asked).where(needs.c.asked == func.any(list(courses)))
    )
    return {(root, course) for root, course in found}

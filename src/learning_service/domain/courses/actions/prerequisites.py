"""Which courses may be asked for before another one."""

import uuid
from collections.abc import Sequence

from sqlalchemy import ColumnElement, and_, false, func, or_, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from learning_service.domain.courses.models import Course
from learning_service.domain.courses.rules.access import Scope
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
    usable = await session.scalars(
        select(Course.id).where(
            Course.organization_id == organization_id,
            Course.id == func.any(list(wanted)),
            Course.published_version_id.is_not(None),
            _covers(scope),
        )
    )
    known, circular = set(usable), set[uuid.UUID]()
    if course_id is not None:
        circular = await _that_need(session, organization_id, course_id, wanted)
    faults = []
    for at, one in enumerate(wanted):
        if one not in known and one != course_id:
            detail = "is not a published course for all members whom this course is for"
            faults.append(Fault(pointer("prerequisites", at), detail, "not-known"))
        elif one in circular:
            faults.append(Fault(pointer("prerequisites", at), "needs this course itself", "conflicting"))
    if faults:
        raise Invalid(faults)


def _covers(scope: Scope) -> ColumnElement[bool]:
    """Whether a course reaches every member of the scope."""
    regional = and_(Course.scope == "regional", Course.scope_id.in_(sorted(scope.regions)))
    own = (
        and_(Course.scope == "chapter", Course.scope_id == scope.unit) if scope.kind == "chapter" else false()
    )
    return or_(Course.scope == "national", regional, own)


async def _that_need(
    session: AsyncSession, organization_id: str, course_id: uuid.UUID, wanted: Sequence[uuid.UUID]
) -> set[uuid.UUID]:
    """Those of the courses wanted that ask for this one, themselves or through others; and this one itself."""
    own = Course.organization_id == organization_id
    start = select(Course.id.label("root"), Course.id.label("id")).where(
        own, Course.id == func.any(list(wanted))
    )
    needs = start.cte("needs", recursive=True)
    further = select(needs.c.root, func.unnest(Course.prerequisites)).join(
        Course, and_(own, Course.id == needs.c.id)
    )
    needs = needs.union(further)
    found = await session.scalars(select(needs.c.root).where(needs.c.id == course_id).distinct())
    return set(found)

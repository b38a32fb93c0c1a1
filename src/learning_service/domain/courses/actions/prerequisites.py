"""Which courses may be asked for before another one."""

import uuid
from collections.abc import Sequence

from sqlalchemy import UUID, ColumnElement, and_, cast, false, func, or_, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from learning_service.domain.courses.models import Course, CourseVersion
from learning_service.domain.courses.rules.access import Scope
from learning_service.domain.courses.rules.programs import COURSE, PROGRAM, ProgramContent
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

    Each is published and for all members whom the course is for, and none needs the course itself. No published
    program has one in a later step than the course.
    """
    if not wanted:
        return
    await hold_prerequisites(session, organization_id)
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
    if course_id is not None and not faults:
        faults = await _later_in_programs(session, organization_id, wanted, course_id)
    if faults:
        raise Invalid(faults)


async def hold_prerequisites(session: AsyncSession, organization_id: str) -> None:
    """Until the transaction ends nobody else changes what a course asks for first, or a program's order."""
    await session.execute(_ONE_AT_A_TIME, {"organization": organization_id})


async def _later_in_programs(
    session: AsyncSession, organization_id: str, wanted: Sequence[uuid.UUID], course_id: uuid.UUID
) -> list[Fault]:
    """Those of the wanted that a published program has in a later step than the course, or than one that needs it.

    What they need themselves counts as well. Programs refuse the same when their steps are written.
    """
    own = Course.organization_id == organization_id
    asking = select(cast(course_id, UUID).label("course")).cte("asking", recursive=True)
    asking = asking.union(
        select(Course.id).join(asking, and_(own, asking.c.course == func.any(Course.prerequisites)))
    )
    before = set(await session.scalars(select(asking.c.course)))
    rows = await session.execute(
        select(CourseVersion.title, CourseVersion.program)
        .join(
            Course,
            and_(
                Course.organization_id == CourseVersion.organization_id,
                Course.published_version_id == CourseVersion.id,
            ),
        )
        .where(
            own,
            Course.kind == PROGRAM,
            CourseVersion.program.regexp_match("|".join(sorted(map(str, before)))),
        )
        .order_by(CourseVersion.title)
    )
    programs = [
        (title, {course: n for n, step in enumerate(content.steps) for course in step.courses})
        for title, content in ((row.title, ProgramContent.model_validate_json(row.program)) for row in rows)
    ]
    known = {*wanted, *(course for _, places in programs for course in places)}
    needs = await needs_among(session, organization_id, sorted(known))
    faults = []
    for at, one in enumerate(wanted):
        for title, places in programs:
            first = min(n for course, n in places.items() if course in before)
            if any(n > first and (course == one or (one, course) in needs) for course, n in places.items()):
                detail = f"comes in a later step of the program “{title}” than this course"
                faults.append(Fault(pointer("prerequisites", at), detail, "conflicting"))
                break
    return faults


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

"""Whom an assignment finds, and how each of them stands with the course; the same for previews and for writing."""

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    CTE,
    ColumnElement,
    FromClause,
    Integer,
    Text,
    and_,
    bindparam,
    case,
    cast,
    exists,
    false,
    func,
    literal,
    null,
    or_,
    select,
    text,
    true,
)
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.ext.asyncio import AsyncSession

from learning_service.domain.assignments.queries.spared import REMOVED, spares_members, why_spared
from learning_service.domain.courses.models import Course, CourseVersion
from learning_service.domain.courses.rules.programs import ProgramContent
from learning_service.domain.directory.models import Member, Organization
from learning_service.domain.directory.queries.audience import Condition, audience_of, within
from learning_service.domain.directory.rules.audience import AudienceFilter
from learning_service.domain.directory.rules.reach import Reach, reach_of_course
from learning_service.domain.enrollments.models import CourseCompletion, Enrollment
from learning_service.domain.enrollments.queries.standing import COMPLETED_ELSEWHERE, OPEN, decided_order
from learning_service.domain.kernel.clock import now

SAMPLE = 10


@dataclass(frozen=True, slots=True)
class CourseToAssign:
    """What an assignment needs of a course. Without a version, or archived, it cannot be entered."""

    id: uuid.UUID
    organization_id: str
    version_id: uuid.UUID | None
    reach: Reach
    archived: bool
    timezone: str
    linked_compliance_requirement: str | None
    kind: str
    """`course` or `program`."""
    program: ProgramContent | None
    """Of a published program: what its version holds."""
    spares_members: bool
    """Whether assigning it may pass over members who are exempt, have evidence, or whose enrollment was removed."""

    @property
    def is_open(self) -> bool:
        """Whether members may enter: published and not archived."""
        return self.version_id is not None and not self.archived


@dataclass(frozen=True, slots=True)
class Preview:
    """What an assignment would do."""

    matches: int
    would_assign: int
    already_enrolled: int
    sample: list[str]


async def course_to_assign(
    session: AsyncSession, organization_id: str, course_id: uuid.UUID
) -> CourseToAssign | None:
    """The course as it is now, or None."""
    row = (
        await session.execute(
            select(Course, Organization.timezone, CourseVersion.program, spares_members(Course, now(session)))
            .join(Organization, Organization.id == Course.organization_id)
            .outerjoin(
                CourseVersion,
                and_(
                    CourseVersion.organization_id == Course.organization_id,
                    CourseVersion.id == Course.published_version_id,
                ),
            )
            .where(Course.organization_id == organization_id, Course.id == course_id)
            .execution_options(populate_existing=True)
        )
    ).first()
    if row is None:
        return None
    course, timezone, program, spares = row
    return CourseToAssign(
        id=course.id,
        organization_id=organization_id,
        version_id=course.published_version_id,
        reach=reach_of_course(course.scope, course.scope_id),
        archived=course.archived_at is not None,
        timezone=timezone,
        linked_compliance_requirement=course.linked_compliance_requirement,
        kind=course.kind,
        program=None if program is None else ProgramContent.model_validate_json(program),
        spares_members=spares,
    )


def meant_by(course: CourseToAssign, audience: AudienceFilter, reach: Reach) -> Condition:
    """Members of the audience within a reach and within the course's own."""
    organization_id = course.organization_id
    return and_(
        audience_of(organization_id, audience),
        within(organization_id, reach),
        within(organization_id, course.reach),
    )


def candidates(
    course: CourseToAssign,
    who: Condition,
    instant: datetime,
    *,
    paged: bool = False,
    walk: bool = False,
    settled: Callable[[Any], ColumnElement[bool]] | None = None,
) -> CTE:
    """The members meant: `user_id`, `newest` (the status of their open enrollment, else of the one decided last),
    and, unless that is open, whether they have a completion that is valid (`done`). `spared` says why they are passed
    over all the same, or is NULL.

    `paged`: only as many of them, by id, as the statement's parameter `limit` says, after its parameter `after`.
    `walk`: for pages of an audience, see `_walked`. `settled`: what must hold of an open enrollment for the column of
    that name, which is False where it is not known.
    All is read in one snapshot, so a member who completes the course meanwhile is either enrolled or done, never
    neither.
    """
    meant = select(Member.user_id).where(Member.organization_id == course.organization_id, who)
    if paged:
        meant = meant.where(Member.user_id > bindparam("after")).order_by(Member.user_id)
        meant = meant.limit(bindparam("limit", type_=Integer))
    members = meant.cte("members_meant").prefix_with("MATERIALIZED", dialect="postgresql")
    if walk:
        last, on = _walked(course, members)
        newest = case((_is_clear(last), last.c.status), else_=_standing(course, members).scalar_subquery())
    else:
        last, on = _standing(course, members, *_SHOWN).lateral("last"), true()
        newest = last.c.status
    valid = exists().where(
        *_at_course(CourseCompletion, course),
        CourseCompletion.user_id == members.c.user_id,
        CourseCompletion.voided_at.is_(None),
        or_(CourseCompletion.expires_at.is_(None), CourseCompletion.expires_at > instant),
    )
    # A member who was never enrolled has completed nothing, and one who is enrolled is passed over whatever they have
    # completed: for them the second look is saved, which is a third of a run that finds nothing to do.
    done = case((_is_clear(last), false()), else_=valid.correlate(members))
    known = false() if settled is None else case((last.c.status.in_(OPEN), settled(last.c)), else_=false())
    spared = _spared(course, members, instant)
    shown = {"newest": newest, "done": done, "settled": known, "spared": spared}
    return (
        select(members.c.user_id, *(column.label(name) for name, column in shown.items()))
        .outerjoin_from(members, last, on)
        .cte("found")
        .prefix_with("MATERIALIZED", dialect="postgresql")
    )


def _spared(course: CourseToAssign, members: CTE, instant: datetime) -> ColumnElement[Any]:
    if not course.spares_members:
        return cast(null(), Text)
    return why_spared(course, members.c.user_id, instant)


_SHOWN = tuple(getattr(Enrollment, name) for name in ("id", "due_at", "source", "cause_id", "rule_id"))


def _is_clear(last: FromClause) -> ColumnElement[bool]:
    """Whether this enrollment, or that there is none, says how the member stands without a look at any other."""
    return or_(last.c.status.is_(None), last.c.status.in_(OPEN))


def _standing(course: CourseToAssign, members: CTE, *shown: Any) -> Any:
    """The enrollment in which a member stands: its status, and these columns.

    What the service withdrew because something else was completed counts as never begun: NULL.
    """
    status = case((Enrollment.withdrawn_because == COMPLETED_ELSEWHERE, null()), else_=Enrollment.status)
    return (
        select(status.label("status"), *shown)
        .where(*_at_course(Enrollment, course), Enrollment.user_id == members.c.user_id)
        .order_by(*decided_order(Enrollment))
        .limit(1)
        .correlate(members)
    )


def _walked(course: CourseToAssign, members: CTE) -> tuple[FromClause, ColumnElement[bool]]:
    """Each member's newest enrollment by one walk along the index from the first of them to the last, and what joins
    it; `WALKING` comes before it.

    Half the time of looking up each (the row `assign: again`), for a page that is read along the members' key anyway.
    """
    first, last = (select(end(members.c.user_id)).scalar_subquery() for end in (func.min, func.max))
    newest = (
        select(Enrollment.user_id, Enrollment.status, *_SHOWN)
        .where(*_at_course(Enrollment, course), Enrollment.user_id.between(first, last))
        .ext(distinct_on(Enrollment.user_id))
        .order_by(Enrollment.user_id.desc(), Enrollment.id.desc())
        .subquery("newest")
    )
    return newest, newest.c.user_id == members.c.user_id


# Statistics may be from before a large load. A planner who goes by them would sort all members for each page, and
# compare each of them with each enrollment. What such a plan must do all the same makes it dear, but not long enough
# for compiling it to be worth while.
WALKING = text(
    "SELECT set_config('enable_sort', 'off', true), set_config('enable_nestloop', 'off', true),"
    " set_config('enable_seqscan', 'off', true), set_config('jit', 'off', true)"
)


def _at_course(table: Any, course: CourseToAssign) -> tuple[ColumnElement[bool], ...]:
    return (table.organization_id == course.organization_id, table.course_id == course.id)


def is_free(found: CTE, *, again: bool, renew: bool = False) -> ColumnElement[bool]:
    """Whether a candidate gets an enrollment: never had one, or the completion is no longer valid. None is exempt or
    has evidence that counts.

    `again`: also after a failure, be it that of a renewal while the completion to be renewed is still valid, and
    after an enrollment was removed. `renew`: also while the completion is still valid.
    """
    if again:
        ended = and_(found.c.newest.not_in(OPEN), or_(~found.c.done, found.c.newest == "failed"))
        wanted = func.coalesce(found.c.spared, REMOVED) == REMOVED
    else:
        ended = and_(found.c.newest == "completed", or_(~found.c.done, literal(renew)))
        wanted = found.c.spared.is_(None)
    return and_(wanted, or_(found.c.newest.is_(None), ended))


async def preview_assignment(
    session: AsyncSession, course: CourseToAssign, who: Condition, *, late: Condition
) -> Preview:
    """What assigning the course to these members would do now; changes nothing. Who is `late` is not assigned it."""
    found = candidates(course, who, now(session))
    free = and_(is_free(found, again=False), found.c.user_id.not_in(select(Member.user_id).where(late)))
    sample = (
        select(found.c.user_id).where(free).order_by(found.c.user_id).limit(SAMPLE).correlate(None)
    ).subquery()
    row = (
        await session.execute(
            select(
                func.count(),
                func.count().filter(free),
                func.count().filter(found.c.newest.in_(OPEN)),
                select(func.coalesce(func.array_agg(sample.c.user_id), [])).scalar_subquery(),
            ).select_from(found)
        )
    ).one()
    matches, would_assign, already, users = row
    return Preview(
        matches, would_assign if course.is_open else 0, already, list(users) if course.is_open else []
    )


async def count_members(session: AsyncSession, who: Condition, *, most: int) -> int:
    """How many members are meant; `most` + 1 when there are more."""
    some = select(Member.user_id).where(who).limit(most + 1).subquery()
    return await session.scalar(select(func.count()).select_from(some)) or 0

"""Enrollments as administrators look for them: by member, place, course, state and words."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any, Literal, TypeAlias

from sqlalchemy import (
    ColumnElement,
    DateTime,
    Integer,
    Text,
    Uuid,
    and_,
    bindparam,
    case,
    cast,
    false,
    func,
    literal,
    literal_column,
    null,
    or_,
    select,
    true,
    tuple_,
    type_coerce,
)
from sqlalchemy.ext.asyncio import AsyncSession

from learning_service.domain.accommodations.queries import accommodations_of
from learning_service.domain.attempts.queries.progress import lessons_done, quizzes_of
from learning_service.domain.attempts.queries.standings import read_standing
from learning_service.domain.courses.models import CourseText
from learning_service.domain.directory.models import Chapter, Member
from learning_service.domain.directory.queries.audience import is_within, within
from learning_service.domain.directory.queries.found_members import FOUND, lives_within
from learning_service.domain.directory.queries.search import matches, patterns_of
from learning_service.domain.directory.rules.reach import Reach, reach_of
from learning_service.domain.enrollments.models import Enrollment
from learning_service.domain.enrollments.queries.enrollments import (
    EnrollmentView,
    enrollment_views,
    is_overdue,
    shown_status,
)
from learning_service.domain.enrollments.queries.standing import OPEN, WITHDRAWN
from learning_service.domain.enrollments.rules import Standing
from learning_service.domain.kernel.clock import now
from learning_service.domain.kernel.paging import PageRequest
from learning_service.domain.kernel.planning import FENCE, IN_ORDER, looked_up, plan_afresh
from learning_service.domain.kernel.principal import Principal

EnrollmentSort: TypeAlias = Literal["due_at", "-assigned_at", "display_name"]
_TIME = DateTime(timezone=True)
_NEVER = literal_column("'infinity'::timestamptz", _TIME)
"""When an enrollment without a due time is due: after all others."""


@dataclass(frozen=True, slots=True)
class EnrollmentFilter:
    """Which enrollments are wanted, and in which order; None: whatever, and the newest first."""

    user_id: str | None = None
    course_id: uuid.UUID | None = None
    chapter_id: str | None = None
    region_id: str | None = None
    status: str | None = None
    typed: str | None = None
    overdue: bool | None = None
    awaiting_review: bool | None = None
    due_before: datetime | None = None
    withdrawn: bool = False
    """Those that were withdrawn, in place of all others."""
    sort: str | None = None
    count: bool = False
    """How many there are on all pages is wanted too."""


@dataclass(frozen=True, slots=True)
class FoundEnrollment:
    """An enrollment as an administrator sees it, and its place in the list."""

    enrollment: EnrollmentView
    version_id: uuid.UUID
    standing: Standing
    display_name: str
    chapter_name: str
    key: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class FoundEnrollments:
    """A page of enrollments, and one more than it holds; `total` where it was wanted."""

    rows: Sequence[FoundEnrollment]
    total: int | None


def key_parts(sort: str | None) -> int:
    """How many parts the sort key of the list has."""
    return {None: 1, "display_name": 3}.get(sort, 2)


async def list_enrollments(
    session: AsyncSession, caller: Principal, page: PageRequest, wanted: EnrollmentFilter
) -> FoundEnrollments:
    """Enrollments of the caller's members; one more than the page holds.

    Which they are is found first, and what is shown of them is read for no others. The newest are found by the
    primary key or `ix_enrollments_course`, those of one member or chapter by `ix_enrollments_member`, those in order
    by `ix_enrollments_due_order` and `ix_enrollments_assigned`, members in order by `ix_members_name`.
    """
    patterns = await patterns_of(session, wanted.typed)
    if not patterns:
        await plan_afresh(session)
    reach = reach_of(caller, chapters=True)
    scope = _scope(session, caller, wanted, patterns)
    found, order = _found(caller, reach, wanted, scope, page.after)
    ordered = [key.desc() if _descends(wanted) else key.asc() for key in order]
    keys = [cast(key, Text).label(f"key_{n}") for n, key in enumerate(order)]
    numbered = found.add_columns(*keys, func.row_number().over(order_by=ordered).label("place"))
    ids = (
        numbered.order_by(*ordered)
        .limit(page.limit + 1)
        .cte("page")
        .prefix_with("MATERIALIZED", dialect="postgresql")
    )
    total = _total(caller, reach, wanted, scope) if wanted.count else cast(null(), Integer)
    counted = select(total.label("total")).cte("counted")
    shown = _shown().where(Enrollment.id == ids.c.id).offset(FENCE).lateral("shown")
    rows = (
        await session.execute(
            select(counted.c.total, ids.c.id, *(ids.c[key.name] for key in keys), *shown.c)
            .select_from(counted.outerjoin(ids.join(shown, true()), true()))
            .order_by(ids.c.place),
            {"instant": now(session)},
        )
    ).all()
    return FoundEnrollments(
        rows=[_read(row[2:], len(keys)) for row in rows if row[1] is not None], total=rows[0][0]
    )


async def find_ids(
    session: AsyncSession,
    caller: Principal,
    wanted: EnrollmentFilter,
    *,
    after: uuid.UUID | None,
    limit: int,
) -> Sequence[uuid.UUID]:
    """Ids of the enrollments wanted, newest first, those after one. Found as `list_enrollments` does."""
    patterns = await patterns_of(session, wanted.typed)
    await plan_afresh(session)
    scope = _scope(session, caller, wanted, patterns)
    last = None if after is None else (str(after),)
    found, [newest] = _found(caller, reach_of(caller, chapters=True), wanted, scope, last)
    return (await session.scalars(found.order_by(newest.desc()).limit(limit))).all()


async def count_found(session: AsyncSession, caller: Principal, wanted: EnrollmentFilter) -> int:
    """How many enrollments are wanted."""
    scope = _scope(session, caller, wanted, await patterns_of(session, wanted.typed))
    return await session.scalar(select(_total(caller, reach_of(caller, chapters=True), wanted, scope))) or 0


async def find_enrollment(session: AsyncSession, enrollment_id: uuid.UUID) -> FoundEnrollment:
    """One enrollment, which the caller has already been allowed to see."""
    rows = await session.execute(_shown().where(Enrollment.id == enrollment_id), {"instant": now(session)})
    return _read(rows.one(), 0)


def _read(row: Sequence[Any], keys: int) -> FoundEnrollment:
    *view, version_id, lessons, quizzes, needed, display_name, chapter_name = row[keys:]
    return FoundEnrollment(
        enrollment=EnrollmentView(*view),
        version_id=version_id,
        standing=read_standing(lessons, quizzes, needed),
        display_name=display_name,
        chapter_name=chapter_name,
        key=tuple(row[:keys]),
    )


@cache
def _shown() -> Any:
    """What is shown of an enrollment; parameter `instant`. To put it together took a third of a list's time."""
    who = looked_up(
        Member,
        "who",
        Member.organization_id == Enrollment.organization_id,
        Member.user_id == Enrollment.user_id,
    )
    place = looked_up(
        Chapter, "place", Chapter.organization_id == who.organization_id, Chapter.id == who.chapter_id
    )
    needed = accommodations_of(Enrollment)
    standing = (Enrollment.version_id, lessons_done(Enrollment), quizzes_of(Enrollment), needed)
    statement = enrollment_views(bindparam("instant", type_=_TIME), *standing, who.display_name, place.name)
    return statement.join(who, true()).join(place, true())


def _scope(
    session: AsyncSession, caller: Principal, wanted: EnrollmentFilter, patterns: Sequence[str]
) -> list[ColumnElement[bool]]:
    """The conditions that an enrollment meets by itself."""
    withdrawn = Enrollment.status == WITHDRAWN
    scope = [
        Enrollment.organization_id == caller.organization_id,
        withdrawn if wanted.withdrawn else ~withdrawn,
    ]
    if wanted.course_id is not None:
        scope.append(Enrollment.course_id == wanted.course_id)
    if wanted.status is not None:
        scope.append(shown_status() == wanted.status)
    if wanted.overdue is not None:
        overdue = is_overdue(now(session))
        scope.append(overdue if wanted.overdue else ~overdue)
    if wanted.awaiting_review is not None:
        waits = and_(Enrollment.status.in_(OPEN), Enrollment.awaiting_review)
        scope.append(waits if wanted.awaiting_review else ~waits)
    if wanted.due_before is not None:
        scope.append(Enrollment.due_at < wanted.due_before)
    scope += [_has_word(caller.organization_id, pattern) for pattern in patterns]
    return scope


def _has_word(organization_id: str, pattern: str) -> ColumnElement[bool]:
    """Whether a word is in the member's name or address, or in the course's title."""
    if not pattern:
        return false()
    members = select(FOUND.c.user_id).where(
        FOUND.c.organization_id == organization_id, matches(FOUND.c.search_text, [pattern])
    )
    courses = select(CourseText.course_id).where(
        CourseText.organization_id == organization_id, matches(literal(" ") + CourseText.title, [pattern])
    )
    return or_(Enrollment.user_id.in_(members), Enrollment.course_id.in_(courses))


def _found(
    caller: Principal,
    reach: Reach,
    wanted: EnrollmentFilter,
    scope: list[ColumnElement[bool]],
    after: Sequence[str] | None,
) -> tuple[Any, Sequence[ColumnElement[Any]]]:
    """Ids of the enrollments wanted that come after that one, and what they are ordered by."""
    if wanted.sort == "display_name":
        return _by_name(caller, reach, wanted, scope, after)
    order = _order(wanted)
    scope = [*scope, *_beyond(after, order, descends=_descends(wanted))]
    if wanted.user_id is None and wanted.chapter_id is None and (reach.national or reach.regions):
        return _of_many(caller, reach, wanted, scope)
    few = func.array(_members(caller, reach, wanted).scalar_subquery())
    return select(Enrollment.id).where(*scope, Enrollment.user_id == func.any(few)), order


def _descends(wanted: EnrollmentFilter) -> bool:
    return wanted.sort in (None, "-assigned_at")


def _beyond(
    after: Sequence[str] | None, keys: Sequence[ColumnElement[Any]], *, descends: bool = False
) -> list[ColumnElement[bool]]:
    """That a row comes after the last one of the page before. It stands where an index is read by these keys."""
    if after is None:
        return []
    last = tuple_(*(cast(literal(part, Text), key.type) for part, key in zip(after, keys, strict=True)))
    return [tuple_(*keys) < last if descends else tuple_(*keys) > last]


def _order(wanted: EnrollmentFilter) -> list[ColumnElement[Any]]:
    newest = type_coerce(Enrollment.id, Uuid())
    if wanted.sort is None:
        return [newest]
    # As `ix_enrollments_due_order` has it: behind row-level security a COALESCE is no condition of an index.
    due_at = case((Enrollment.due_at.is_(None), _NEVER), else_=Enrollment.due_at)
    return [due_at if wanted.sort == "due_at" else type_coerce(Enrollment.assigned_at, _TIME), newest]


def _of_many(
    caller: Principal, reach: Reach, wanted: EnrollmentFilter, scope: list[ColumnElement[bool]]
) -> tuple[Any, Sequence[ColumnElement[Any]]]:
    """Enrollments in their order, each looked at until the page is full."""
    order = _order(wanted)
    ordered = [key.asc() if wanted.sort == "due_at" else key.desc() for key in order]
    keys = [key.label(f"order_{n}") for n, key in enumerate(order)]
    in_order = (
        select(Enrollment.id, Enrollment.user_id, *keys)
        .where(*scope)
        .order_by(*ordered)
        .limit(IN_ORDER)
        .subquery("in_order")
    )
    found = select(in_order.c.id).where(is_within(caller.organization_id, in_order.c.user_id, reach))
    if wanted.region_id is not None:
        region = Reach(regions=frozenset({wanted.region_id}))
        found = found.where(is_within(caller.organization_id, in_order.c.user_id, region))
    return found, [in_order.c[key.name] for key in keys]


def _by_name(
    caller: Principal,
    reach: Reach,
    wanted: EnrollmentFilter,
    scope: list[ColumnElement[bool]],
    after: Sequence[str] | None,
) -> tuple[Any, Sequence[ColumnElement[Any]]]:
    """Members by name, each with their enrollments, until the page is full."""
    who = [
        FOUND.c.organization_id == caller.organization_id,
        lives_within(FOUND.c.chapter_id, caller.organization_id, reach),
    ]
    if wanted.user_id is not None:
        who.append(FOUND.c.user_id == wanted.user_id)
    if wanted.chapter_id is not None:
        who.append(FOUND.c.chapter_id == wanted.chapter_id)
    if wanted.region_id is not None:
        region = Reach(regions=frozenset({wanted.region_id}))
        who.append(lives_within(FOUND.c.chapter_id, caller.organization_id, region))
    own = select(Enrollment.id).where(*scope, Enrollment.user_id == FOUND.c.user_id)
    theirs = own.offset(FENCE).lateral("theirs")
    name = [type_coerce(FOUND.c.search_text, Text), type_coerce(FOUND.c.user_id, Text)]
    keys = [*name, theirs.c.id]
    if after is not None:
        # Members of earlier pages are not even read; the last one's enrollments may go on.
        who.append(tuple_(*name) >= tuple_(*(literal(part, Text) for part in after[:2])))
    found = select(theirs.c.id).select_from(FOUND).join(theirs, true()).where(*who, *_beyond(after, keys))
    return found, keys


def _members(caller: Principal, reach: Reach, wanted: EnrollmentFilter) -> Any:
    """Ids of the members meant. Where they are few, named by ids they are looked for in one pass."""
    who = [Member.organization_id == caller.organization_id, Member.erased_at.is_(None)]
    who.append(within(caller.organization_id, reach))
    if wanted.user_id is not None:
        who.append(Member.user_id == wanted.user_id)
    if wanted.chapter_id is not None:
        who.append(Member.chapter_id == wanted.chapter_id)
    if wanted.region_id is not None:
        who.append(within(caller.organization_id, Reach(regions=frozenset({wanted.region_id}))))
    return select(Member.user_id).where(*who)


def _total(
    caller: Principal, reach: Reach, wanted: EnrollmentFilter, scope: list[ColumnElement[bool]]
) -> Any:
    """How many enrollments there are on all pages."""
    members = _members(caller, reach, wanted)
    everybody = select(func.count()).select_from(Enrollment).where(*scope, Enrollment.user_id.in_(members))
    return everybody.scalar_subquery()

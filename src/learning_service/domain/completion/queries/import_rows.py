"""How the rows of an import stand with the facts: which can be done, and what keeps the others back."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import ARRAY, ColumnElement, Integer, Text, Uuid, and_, cast, exists, func, select, true
from sqlalchemy.ext.asyncio import AsyncSession

from learning_service.domain.completion.rules.importing import ImportKind, RejectedRow, RowCode, WantedRow
from learning_service.domain.courses.models import Course
from learning_service.domain.courses.rules.access import Place, Scope, may_assign, reaches
from learning_service.domain.courses.rules.programs import COURSE
from learning_service.domain.directory.models import Chapter, Member, Organization
from learning_service.domain.directory.rules.reach import Reach, reach_of
from learning_service.domain.enrollments.models import CourseCompletion, Enrollment
from learning_service.domain.enrollments.queries.standing import OPEN, decided_order, is_valid
from learning_service.domain.kernel.clock import now
from learning_service.domain.kernel.days import local_day
from learning_service.domain.kernel.planning import plan_afresh
from learning_service.domain.kernel.principal import Principal

DETAILS: Mapping[str, str] = {
    "unknown-course": "There is no such course within your reach.",
    "unknown-member": "There is no such member within your reach and the course's.",
    "not-published": "The course is not open: it is a draft or has been archived.",
    "wrong-time": "The due time has passed, or the day has yet to come.",
    "forbidden": "You cannot do this to yourself; ask another administrator.",
    "completed": "The member has a valid completion of the course.",
    "failed": "You have failed the course; another administrator may assign it anew.",
    "not-enrolled": "The member has no open enrollment in the course.",
    "nothing-to-do": "The enrollment is due later already; an extension never makes that earlier.",
}


@dataclass(frozen=True, slots=True)
class _Course:
    scope: Scope
    is_published: bool
    is_archived: bool


@dataclass(frozen=True, slots=True)
class _Standing:
    """The member's open enrollment of the course, else the one decided last."""

    status: str | None
    due_at: datetime | None
    completed: bool


async def judge_rows(
    session: AsyncSession, kind: ImportKind, rows: Sequence[WantedRow], caller: Principal
) -> tuple[list[WantedRow], list[RejectedRow]]:
    """The rows that can be done now, and why the others cannot. In at most four statements, whatever the rows.

    Members and standings are looked up by key: `pk_members`, `ix_enrollments_member`, `ix_course_completions_member`.
    """
    await plan_afresh(session)
    courses = await _courses(session, caller, rows)
    places = await _places(session, caller, rows)
    standings = [] if kind == "completions" else await _standings(session, caller, rows)
    timezone = await session.scalar(
        select(Organization.timezone).where(Organization.id == caller.organization_id)
    )
    today = local_day(now(session), timezone or "UTC")
    good: list[WantedRow] = []
    bad: list[RejectedRow] = []
    for n, row in enumerate(rows):
        code = (
            _of_units(kind, row, courses.get(row.course_id), places.get(row.user_id), caller)
            or _of_time(row, now(session), today)
            or (_of_standing(kind, row, standings[n], caller) if standings else None)
        )
        if code is None:
            good.append(row)
        else:
            bad.append(RejectedRow(row.line, code, DETAILS[code]))
    return good, bad


def _of_units(
    kind: ImportKind, row: WantedRow, course: _Course | None, place: Place | None, caller: Principal
) -> RowCode | None:
    if course is None:
        return "unknown-course"
    reach = reach_of(caller)
    if (
        place is None
        or not _is_in(reach, place)
        or not (kind == "extensions" or reaches(course.scope, place))
    ):
        return "unknown-member"
    if kind == "assignments" and (course.is_archived or not course.is_published):
        return "not-published"
    if kind == "completions" and not course.is_published:
        return "not-published"
    if kind != "assignments" and row.user_id == caller.user_id:
        return "forbidden"
    return None


def _of_time(row: WantedRow, instant: datetime, today: date) -> RowCode | None:
    late = row.due_at is not None and row.due_at <= instant
    early = row.completed_on is not None and row.completed_on > today
    return "wrong-time" if late or early else None


def _of_standing(kind: ImportKind, row: WantedRow, standing: _Standing, caller: Principal) -> RowCode | None:
    is_open = standing.status in OPEN
    if kind == "extensions":
        if not is_open:
            return "not-enrolled"
        earlier = standing.due_at is not None and row.due_at is not None and standing.due_at > row.due_at
        return "nothing-to-do" if earlier else None
    if is_open or standing.status is None:
        return None
    if standing.completed and standing.status != "failed":
        return "completed"
    # A member who starts anew has all attempts again.
    return "failed" if standing.status != "completed" and row.user_id == caller.user_id else None


def _is_in(reach: Reach, place: Place) -> bool:
    return reach.national or place.region in reach.regions


async def _courses(
    session: AsyncSession, caller: Principal, rows: Sequence[WantedRow]
) -> Mapping[uuid.UUID, _Course]:
    """The courses for members whom the caller administers."""
    found = await session.execute(
        select(
            Course.id,
            Course.scope,
            Course.scope_id,
            Chapter.region_id,
            Course.published_version_id.is_not(None),
            Course.archived_at.is_not(None),
        )
        .outerjoin(
            Chapter,
            and_(
                Chapter.organization_id == Course.organization_id,
                Chapter.id == Course.scope_id,
                Course.scope == "chapter",
            ),
        )
        .where(
            Course.organization_id == caller.organization_id,
            Course.kind == COURSE,
            Course.id == func.any(list({row.course_id for row in rows})),
        )
    )
    courses = {row[0]: _Course(Scope(*row[1:4]), row[4], row[5]) for row in found}
    return {key: one for key, one in courses.items() if may_assign(caller, one.scope, ())}


async def _places(session: AsyncSession, caller: Principal, rows: Sequence[WantedRow]) -> Mapping[str, Place]:
    found = await session.execute(
        select(Member.user_id, Chapter.id, Chapter.region_id)
        .join(
            Chapter,
            and_(Chapter.organization_id == Member.organization_id, Chapter.id == Member.chapter_id),
        )
        .where(
            Member.organization_id == caller.organization_id,
            Member.erased_at.is_(None),
            Member.user_id == func.any(list({row.user_id for row in rows})),
        )
    )
    return {user_id: Place(chapter, region) for user_id, chapter, region in found}


async def _standings(session: AsyncSession, caller: Principal, rows: Sequence[WantedRow]) -> list[_Standing]:
    """Of each row, in their order."""
    wanted = (
        func.unnest(
            cast([row.user_id for row in rows], ARRAY(Text)),
            cast([row.course_id for row in rows], ARRAY(Uuid)),
            cast(list(range(len(rows))), ARRAY(Integer)),
        )
        .table_valued("user_id", "course_id", "n")
        .render_derived(with_types=False)
    )

    def of(table: type[Enrollment] | type[CourseCompletion]) -> tuple[ColumnElement[bool], ...]:
        return (
            table.organization_id == caller.organization_id,
            table.user_id == wanted.c.user_id,
            table.course_id == wanted.c.course_id,
        )

    last = (
        select(Enrollment.status, Enrollment.due_at)
        .where(*of(Enrollment))
        .order_by(*decided_order(Enrollment))
        .limit(1)
        .lateral("last")
    )
    completed = exists().where(*of(CourseCompletion), is_valid(CourseCompletion, now(session)))
    found = await session.execute(
        select(last.c.status, last.c.due_at, completed)
        .select_from(wanted)
        .outerjoin(last, true())
        .order_by(wanted.c.n)
    )
    return [_Standing(*row) for row in found]

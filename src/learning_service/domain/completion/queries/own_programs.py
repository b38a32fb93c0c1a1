"""The caller's programs, with their steps and how far each course is."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import ARRAY, Uuid, and_, any_, bindparam, func, select, true
from sqlalchemy.ext.asyncio import AsyncSession

from learning_service.domain.certificates.models import Certificate
from learning_service.domain.completion.queries.excuses import excuses_of
from learning_service.domain.completion.queries.program_ways import GOES_ON, renewed_at
from learning_service.domain.completion.rules.programs import (
    Counted,
    Done,
    Excuse,
    Excused,
    counts,
    done_of,
    excused_from,
    is_step_done,
    path_of,
)
from learning_service.domain.courses.models import Course, CourseVersion
from learning_service.domain.courses.rules.programs import PROGRAM, Need, ProgramContent, Step
from learning_service.domain.enrollments.models import CourseCompletion, Enrollment
from learning_service.domain.enrollments.queries.enrollments import is_overdue
from learning_service.domain.enrollments.queries.standing import OPEN, WITHDRAWN, standing_in
from learning_service.domain.enrollments.rules import renewal_opens
from learning_service.domain.kernel.clock import now
from learning_service.domain.kernel.paging import PageRequest
from learning_service.domain.kernel.principal import Principal
from learning_service.domain.kernel.reads import (
    INSTANT,
    LIMIT,
    ORGANIZATION_ID,
    ROW_ID,
    USER_ID,
    Kept,
    fetch,
    kept,
)
from learning_service.domain.organizations.models import OrganizationSettings
from learning_service.domain.organizations.rules import DEFAULT_RECERTIFICATION_WINDOW_DAYS


@dataclass(frozen=True, slots=True)
class StepCourse:
    """A course of a step, and where the member stands there. `status` None: never enrolled."""

    course_id: uuid.UUID
    title: str
    done: bool
    excused: Excused | None
    """Why it is done without having been completed."""
    status: str | None


@dataclass(frozen=True, slots=True)
class OwnStep:
    """A step of a member's program."""

    courses: Sequence[StepCourse]
    need: Need
    done: bool
    open: bool
    """Whether its courses may be taken now."""


@dataclass(frozen=True, slots=True)
class OwnProgram:
    """A program in which a member is enrolled."""

    enrollment_id: uuid.UUID
    program_id: uuid.UUID
    title: str
    version: int
    status: str
    percent: int
    assigned_at: datetime
    due_at: datetime | None
    overdue: bool
    completed_at: datetime | None
    renewal: bool
    expires_at: datetime | None
    renewal_opens_at: datetime | None
    """From when on the member can renew it."""
    certificate_id: uuid.UUID | None
    ordered: bool
    steps: Sequence[OwnStep]


@dataclass(frozen=True, slots=True)
class _Course:
    title: str
    status: str | None
    archived: bool
    completed: Sequence[Counted]


async def list_own_programs(
    session: AsyncSession, caller: Principal, page: PageRequest
) -> Sequence[OwnProgram]:
    """The caller's programs, newest first; one more than the page holds. Three statements.

    Indexes: `ix_enrollments_member`, `ix_course_completions_member`.
    """
    given = {**_own_values(session, caller), "limit": page.limit + 1}
    if page.after is not None:
        given["after"] = uuid.UUID(page.after[0])
    return await _views(session, caller, await fetch(session, _listed(after=page.after is not None), given))


async def own_program(session: AsyncSession, caller: Principal, program_id: uuid.UUID) -> OwnProgram:
    """The caller's newest enrollment in a program, which there is."""
    given = {**_own_values(session, caller), "row_id": program_id, "limit": 1}
    return (await _views(session, caller, await fetch(session, _newest(), given)))[0]


def _own_values(session: AsyncSession, caller: Principal) -> dict[str, Any]:
    return {
        "organization_id": caller.organization_id,
        "user_id": caller.user_id,
        "instant": now(session),
    }


@cache
def _listed(*, after: bool) -> Kept:
    statement = _programs()
    if after:
        statement = statement.where(Enrollment.id < bindparam("after", type_=Uuid()))
    return kept(statement.order_by(Enrollment.id.desc()).limit(LIMIT))


@cache
def _newest() -> Kept:
    return kept(_programs().where(Enrollment.course_id == ROW_ID).order_by(Enrollment.id.desc()).limit(LIMIT))


async def _views(session: AsyncSession, caller: Principal, found: Sequence[Any]) -> Sequence[OwnProgram]:
    rows = [(row, ProgramContent.model_validate_json(row.program)) for row in found]
    wanted = {course for _, content in rows for step in content.steps for course in step.courses}
    courses = await _courses(session, caller, sorted(wanted)) if wanted else {}
    excuses = await excuses_of(session, caller.organization_id, [caller.user_id], wanted) if wanted else ()
    return [_own(row, content, courses, excuses) for row, content in rows]


def _programs() -> Any:
    current = and_(Certificate.completion_id == CourseCompletion.id, Certificate.reissued_as.is_(None))
    return (
        select(
            Enrollment.id,
            Enrollment.course_id,
            CourseVersion.title,
            CourseVersion.number,
            Enrollment.status,
            Enrollment.assigned_at,
            Enrollment.due_at,
            is_overdue(INSTANT).label("overdue"),
            CourseCompletion.completed_at,
            CourseCompletion.expires_at,
            _window().label("window"),
            renewed_at().label("renews"),
            Certificate.id.label("certificate_id"),
            CourseVersion.program,
        )
        .join(
            Course,
            and_(Course.organization_id == Enrollment.organization_id, Course.id == Enrollment.course_id),
        )
        .join(
            CourseVersion,
            and_(
                CourseVersion.organization_id == Enrollment.organization_id,
                CourseVersion.id == Enrollment.version_id,
            ),
        )
        .outerjoin(
            CourseCompletion,
            and_(
                CourseCompletion.organization_id == Enrollment.organization_id,
                CourseCompletion.enrollment_id == Enrollment.id,
            ),
        )
        .outerjoin(Certificate, current)
        .where(
            Enrollment.organization_id == ORGANIZATION_ID,
            Enrollment.user_id == USER_ID,
            Enrollment.status != WITHDRAWN,
            Course.kind == PROGRAM,
        )
    )


def _window() -> Any:
    """So many days before a completion ends it may be renewed."""
    days = select(OrganizationSettings.recertification_window_days).where(
        OrganizationSettings.organization_id == ORGANIZATION_ID
    )
    return func.coalesce(days.scalar_subquery(), DEFAULT_RECERTIFICATION_WINDOW_DAYS)


async def _courses(
    session: AsyncSession, caller: Principal, wanted: Sequence[uuid.UUID]
) -> Mapping[uuid.UUID, _Course]:
    given = {**_own_values(session, caller), "courses": wanted}
    return {
        course_id: _Course(
            title,
            None if status == WITHDRAWN else status,
            archived,
            [Counted(*times) for times in zip(completed_at or (), expires_at or (), strict=True)],
        )
        for course_id, title, status, archived, completed_at, expires_at in await fetch(
            session, _standings(), given
        )
    }


@cache
def _standings() -> Kept:
    standing = standing_in(ORGANIZATION_ID, USER_ID, Course.id, INSTANT)
    completions = (
        select(
            func.array_agg(CourseCompletion.completed_at).label("completed_at"),
            func.array_agg(CourseCompletion.expires_at).label("expires_at"),
        )
        .where(
            CourseCompletion.organization_id == ORGANIZATION_ID,
            CourseCompletion.user_id == USER_ID,
            CourseCompletion.course_id == Course.id,
            CourseCompletion.voided_at.is_(None),
        )
        .lateral("completions")
    )
    return kept(
        select(
            Course.id,
            CourseVersion.title,
            standing.c.status,
            Course.archived_at.is_not(None),
            completions.c.completed_at,
            completions.c.expires_at,
        )
        .join(
            CourseVersion,
            and_(
                CourseVersion.organization_id == Course.organization_id,
                CourseVersion.id == Course.published_version_id,
            ),
        )
        .outerjoin(standing, true())
        .join(completions, true())
        .where(
            Course.organization_id == ORGANIZATION_ID,
            Course.id == any_(bindparam("courses", type_=ARRAY(Uuid()))),
        )
    )


def _own(
    row: Any, content: ProgramContent, courses: Mapping[uuid.UUID, _Course], excuses: Sequence[Excuse]
) -> OwnProgram:
    done = done_of(
        {
            course_id
            for course_id, course in courses.items()
            if counts(course.completed, row.assigned_at, row.renews)
        },
        excused_from(excuses, row.assigned_at),
        {
            course_id
            for course_id, course in courses.items()
            if course.archived and course.status not in GOES_ON
        },
    )
    path, is_open = path_of(content, done), row.status in OPEN
    completed = row.status == "completed"
    begun = any(
        course in done.completed or courses[course].status == "in_progress"
        for step in content.steps
        for course in step.courses
    )
    return OwnProgram(
        enrollment_id=row.id,
        program_id=row.course_id,
        title=row.title,
        version=row.number,
        status="in_progress" if row.status == "assigned" and begun else row.status,
        percent=100 if completed else path.percent,
        assigned_at=row.assigned_at,
        due_at=row.due_at,
        overdue=row.overdue,
        completed_at=row.completed_at,
        renewal=row.renews is not None,
        expires_at=row.expires_at,
        renewal_opens_at=None
        if row.expires_at is None
        else renewal_opens(row.completed_at, row.expires_at, row.window),
        certificate_id=row.certificate_id,
        ordered=content.ordered,
        steps=[
            _step(step, done, courses, open_=is_open and any(course in path.next for course in step.courses))
            for step in content.steps
        ],
    )


def _step(step: Step, done: Done, courses: Mapping[uuid.UUID, _Course], *, open_: bool) -> OwnStep:
    return OwnStep(
        courses=[
            StepCourse(
                course_id=course,
                title=courses[course].title,
                done=course in done.courses,
                excused=None if course in done.completed else done.excused.get(course),
                status=courses[course].status,
            )
            for course in step.courses
        ],
        need=step.need,
        done=is_step_done(step, done),
        open=open_,
    )

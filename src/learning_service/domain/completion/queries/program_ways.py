"""Enrollments in programs, and what of each is done."""

import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, case, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from learning_service.domain.completion.queries.excuses import excuses_of
from learning_service.domain.completion.rules.programs import (
    Counted,
    Done,
    Excuse,
    counts,
    done_of,
    excused_from,
    path_of,
)
from learning_service.domain.courses.models import Course, CourseVersion
from learning_service.domain.courses.rules.programs import PROGRAM, ProgramContent
from learning_service.domain.enrollments.models import CourseCompletion, Enrollment
from learning_service.domain.enrollments.queries.standing import OPEN
from learning_service.domain.kernel.tenant import own_key

GOES_ON = (*OPEN, "failed")
"""Standings in a course that may still end in its completion, also when it was archived meanwhile."""
_Before = aliased(CourseCompletion, name="before")


@dataclass(frozen=True, slots=True)
class OnTheWay:
    """An enrollment in a program."""

    enrollment_id: uuid.UUID
    organization_id: str
    user_id: str
    program_id: uuid.UUID
    version_id: uuid.UUID
    assigned_at: datetime
    renews: datetime | None
    """When the program was completed that this enrollment renews as a whole; None: it renews nothing."""
    content: ProgramContent


def renewed_at() -> ColumnElement[datetime | None]:
    """When the program of an enrollment was last completed before it, where that is to be renewed; else NULL.

    A revoked completion is none to be renewed, but what it was made of does not count again. Index:
    `ix_course_completions_member`.
    """
    lapses = func.bool_or(_Before.voided_at.is_(None) & _Before.expires_at.is_not(None))
    return (
        select(case((lapses, func.max(_Before.completed_at))))
        .where(
            _Before.organization_id == Enrollment.organization_id,
            _Before.user_id == Enrollment.user_id,
            _Before.course_id == Enrollment.course_id,
            _Before.enrollment_id != Enrollment.id,
            _Before.completed_at <= Enrollment.assigned_at,
        )
        .correlate(Enrollment)
        .scalar_subquery()
    )


def ways_of(organization_id: str) -> Any:
    """A select of enrollments in programs of an organization, for `read_way`."""
    return (
        select(
            Enrollment.id,
            Enrollment.organization_id,
            Enrollment.user_id,
            Enrollment.course_id,
            Enrollment.version_id,
            Enrollment.assigned_at,
            renewed_at().label("renews"),
            CourseVersion.program,
        )
        .join(
            Course,
            (Course.organization_id == Enrollment.organization_id) & (Course.id == Enrollment.course_id),
        )
        .join(
            CourseVersion,
            (CourseVersion.organization_id == Enrollment.organization_id)
            & (CourseVersion.id == Enrollment.version_id),
        )
        .where(Enrollment.organization_id == organization_id, Course.kind == PROGRAM)
    )


def read_way(row: Any) -> OnTheWay:
    """One of them."""
    return OnTheWay(
        enrollment_id=row.id,
        organization_id=row.organization_id,
        user_id=row.user_id,
        program_id=row.course_id,
        version_id=row.version_id,
        assigned_at=row.assigned_at,
        renews=row.renews,
        content=ProgramContent.model_validate_json(row.program),
    )


async def done_courses(session: AsyncSession, ways: Sequence[OnTheWay]) -> Mapping[uuid.UUID, Done]:
    """For each, which courses of the program are done, as `counts` and `excused_from` say.

    One that expires meanwhile stays done; one that is revoked does not, nor one whose exemption has ended. Three
    statements. Indexes: `ix_course_completions_member`, `ix_enrollments_member`.
    """
    courses = {course for one in ways for step in one.content.steps for course in step.courses}
    if not courses:
        return {}
    rows = await session.execute(
        select(
            CourseCompletion.user_id,
            CourseCompletion.course_id,
            CourseCompletion.completed_at,
            CourseCompletion.expires_at,
        ).where(
            CourseCompletion.organization_id == ways[0].organization_id,
            CourseCompletion.user_id == func.any([one.user_id for one in ways]),
            CourseCompletion.course_id == func.any(list(courses)),
            CourseCompletion.voided_at.is_(None),
        )
    )
    completed: dict[str, list[tuple[uuid.UUID, Counted]]] = {}
    for user_id, course_id, completed_at, expires_at in rows:
        completed.setdefault(user_id, []).append((course_id, Counted(completed_at, expires_at)))
    excuses: dict[str, list[Excuse]] = {}
    for excuse in await excuses_of(session, ways[0].organization_id, {one.user_id for one in ways}, courses):
        excuses.setdefault(excuse.user_id, []).append(excuse)
    archived = await _archived(session, ways[0].organization_id, {one.user_id for one in ways}, courses)
    return {
        one.enrollment_id: _done(one, completed.get(one.user_id, ()), excuses.get(one.user_id, ()), archived)
        for one in ways
    }


async def _archived(
    session: AsyncSession, organization_id: str, user_ids: Collection[str], courses: Collection[uuid.UUID]
) -> Mapping[uuid.UUID, Collection[str]]:
    """Those of the courses that are archived, each with the members among these who are inside and go on.

    One statement, two where there are any.
    """
    archived = await session.scalars(
        select(Course.id).where(
            Course.organization_id == organization_id,
            Course.id == func.any(list(courses)),
            Course.archived_at.is_not(None),
        )
    )
    inside: dict[uuid.UUID, set[str]] = {course_id: set() for course_id in archived}
    if inside:
        rows = await session.execute(
            select(Enrollment.course_id, Enrollment.user_id).where(
                Enrollment.organization_id == organization_id,
                Enrollment.user_id == func.any(sorted(user_ids)),
                Enrollment.course_id == func.any(list(inside)),
                Enrollment.status.in_(GOES_ON),
            )
        )
        for course_id, user_id in rows:
            inside[course_id].add(user_id)
    return inside


def _done(
    way: OnTheWay,
    completed: Collection[tuple[uuid.UUID, Counted]],
    excuses: Collection[Excuse],
    archived: Mapping[uuid.UUID, Collection[str]],
) -> Done:
    """What of these members' completions and excuses counts for an enrollment: that of its own courses."""
    own = {course for step in way.content.steps for course in step.courses}
    return done_of(
        own
        & {
            course_id
            for course_id, completion in completed
            if counts([completion], way.assigned_at, way.renews)
        },
        excused_from([one for one in excuses if one.course_id in own], way.assigned_at),
        {course for course in own if course in archived and way.user_id not in archived[course]},
    )


async def program_percents(
    session: AsyncSession, enrollment_ids: Sequence[uuid.UUID]
) -> Mapping[uuid.UUID, int]:
    """How far these enrollments in programs are: four statements, one where there are no such."""
    if not enrollment_ids:
        return {}
    organization_id, _ = own_key(session, enrollment_ids[0])
    rows = await session.execute(
        ways_of(organization_id).where(Enrollment.id == func.any(list(enrollment_ids)))
    )
    ways = [read_way(row) for row in rows]
    done = await done_courses(session, ways)
    return {one.enrollment_id: path_of(one.content, done[one.enrollment_id]).percent for one in ways}

"""Enrollments in programs, and what of each is done."""

import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from learning_service.domain.completion.rules.programs import path_of
from learning_service.domain.courses.models import Course, CourseVersion
from learning_service.domain.courses.rules.programs import PROGRAM, ProgramContent
from learning_service.domain.enrollments.models import CourseCompletion, Enrollment
from learning_service.domain.kernel.tenant import own_key


@dataclass(frozen=True, slots=True)
class OnTheWay:
    """An enrollment in a program."""

    enrollment_id: uuid.UUID
    organization_id: str
    user_id: str
    program_id: uuid.UUID
    version_id: uuid.UUID
    assigned_at: datetime
    content: ProgramContent


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
        content=ProgramContent.model_validate_json(row.program),
    )


async def done_courses(
    session: AsyncSession, ways: Sequence[OnTheWay]
) -> Mapping[uuid.UUID, Collection[uuid.UUID]]:
    """For each, which courses of the program are done: completed since it began, or still valid then.

    One that expires meanwhile stays done; one that is revoked does not. Index: `ix_course_completions_member`.
    """
    courses = {course for one in ways for step in one.content.steps for course in step.courses}
    if not courses:
        return {}
    rows = await session.execute(
        select(CourseCompletion.user_id, CourseCompletion.course_id, CourseCompletion.expires_at).where(
            CourseCompletion.organization_id == ways[0].organization_id,
            CourseCompletion.user_id == func.any([one.user_id for one in ways]),
            CourseCompletion.course_id == func.any(list(courses)),
            CourseCompletion.voided_at.is_(None),
        )
    )
    completed: dict[str, list[tuple[uuid.UUID, datetime | None]]] = {}
    for user_id, course_id, expires_at in rows:
        completed.setdefault(user_id, []).append((course_id, expires_at))
    return {
        one.enrollment_id: {
            course_id
            for course_id, expires_at in completed.get(one.user_id, ())
            if expires_at is None or expires_at > one.assigned_at
        }
        for one in ways
    }


async def program_percents(
    session: AsyncSession, enrollment_ids: Sequence[uuid.UUID]
) -> Mapping[uuid.UUID, int]:
    """How far these enrollments in programs are: two statements, none where there are no such."""
    if not enrollment_ids:
        return {}
    organization_id, _ = own_key(session, enrollment_ids[0])
    rows = await session.execute(
        ways_of(organization_id).where(Enrollment.id == func.any(list(enrollment_ids)))
    )
    ways = [read_way(row) for row in rows]
    done = await done_courses(session, ways)
    return {one.enrollment_id: path_of(one.content, done[one.enrollment_id]).percent for one in ways}

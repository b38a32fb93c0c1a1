"""Where a member stands in a course, and which enrollment a call means: decided here, for one member and for many.

The open enrollment, else a valid completion, else the one decided last: never simply the newest row.
"""

import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, FromClause, and_, case, exists, func, or_, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from learning_service.domain.courses.models import Course
from learning_service.domain.directory.models import Member
from learning_service.domain.enrollments.models import CourseCompletion, Enrollment
from learning_service.domain.kernel.planning import FENCE, of_many

OPEN = ("assigned", "in_progress")
WITHDRAWN = "withdrawn"
BY_ADMINISTRATOR = "administrator"
COMPLETED_ELSEWHERE = "completed-elsewhere"
LEFT_AUDIENCE = "left-audience"

_EACH = "FROM unnest(CAST(:courses AS text[])) AS course"
_ENTER = text(f"SELECT count(pg_advisory_xact_lock_shared(hashtextextended(course, 0))) {_EACH}")
_CLOSE = text(f"SELECT count(pg_advisory_xact_lock(hashtextextended(course, 0))) {_EACH}")
_TRY_TO_ENTER = text(
    """WITH held AS MATERIALIZED (
    SELECT id FROM enrollments WHERE organization_id = :organization_id AND user_id = ANY(:users)
        AND course_id = ANY(CAST(:courses AS uuid[])) AND status IN ('assigned', 'in_progress')
    FOR KEY SHARE SKIP LOCKED
)
SELECT (SELECT count(*) FROM held) = (
    SELECT count(*) FROM enrollments WHERE organization_id = :organization_id AND user_id = ANY(:users)
        AND course_id = ANY(CAST(:courses AS uuid[])) AND status IN ('assigned', 'in_progress')
) AND (SELECT bool_and(pg_try_advisory_xact_lock_shared(hashtextextended(course, 0)))
    FROM unnest(CAST(:courses AS text[])) AS course)"""
)
_TRY = text("SELECT pg_try_advisory_xact_lock(hashtextextended(:course, 0))")


async def hold_entrance(session: AsyncSession, *course_ids: uuid.UUID, alone: bool = False) -> None:
    """Hold courses' entrances until the transaction ends: before anything is read of where members stand there.

    Code that may enroll a member anew holds it shared. Code that lets a failed enrollment go on, or completes it
    after all, holds it `alone`, so that no member is enrolled anew in that very moment. Always in one order, so that
    none wait in a circle.
    """
    await session.execute(_CLOSE if alone else _ENTER, {"courses": sorted(map(str, course_ids))})


async def try_entrance(session: AsyncSession, course_id: uuid.UUID) -> bool:
    """Hold a course's entrance alone where that can be had at once.

    For who holds open enrollments: who holds an entrance may be waiting for one of those.
    """
    return bool(await session.scalar(_TRY, {"course": str(course_id)}))


async def try_to_enter(
    session: AsyncSession, organization_id: str, courses: Collection[uuid.UUID], user_ids: Collection[str]
) -> bool:
    """Hold courses' entrances, and these members' open enrollments there, where all can be had at once.

    For who enrolls members and holds rows already: who holds an entrance alone may be waiting for one of those.
    """
    parameters = {
        "organization_id": organization_id,
        "users": sorted(user_ids),
        "courses": sorted(map(str, courses)),
    }
    return bool(await session.scalar(_TRY_TO_ENTER, parameters))


def in_lock_order(statement: Any) -> Any:
    """Enrollments, perhaps of several courses, in the order in which their rows are locked: those in programs last.

    Who completes a course holds that enrollment, and then those in the programs that it is of.
    """
    kind = select(Course.kind).where(
        of_many(Course.organization_id, Enrollment.organization_id), Course.id == Enrollment.course_id
    )
    return statement.order_by(kind.offset(FENCE).scalar_subquery(), Enrollment.id)


@dataclass(frozen=True, slots=True)
class HeldEnrollment:
    """An enrollment whose row is locked."""

    id: uuid.UUID
    user_id: str
    course_id: uuid.UUID
    status: str
    source: str


async def hold_rows(
    session: AsyncSession, organization_id: str, ids: Sequence[uuid.UUID]
) -> Sequence[HeldEnrollment]:
    """These enrollments as they are now, but for those of erased members; locked."""
    wanted = select(*(getattr(Enrollment, name) for name in HeldEnrollment.__slots__)).where(
        Enrollment.organization_id == organization_id,
        Enrollment.id == func.any(list(ids)),
        exists().where(
            Member.organization_id == organization_id,
            Member.user_id == Enrollment.user_id,
            Member.erased_at.is_(None),
        ),
    )
    rows = await session.execute(in_lock_order(wanted).with_for_update(of=Enrollment))
    return [HeldEnrollment(*row) for row in rows]


def is_valid(completion: Any, instant: Any) -> ColumnElement[bool]:
    """Whether a completion counts at that instant: not revoked, not expired."""
    return and_(
        completion.voided_at.is_(None),
        or_(completion.expires_at.is_(None), completion.expires_at > instant),
    )


def has_valid_completion(enrollment: Any, instant: Any) -> ColumnElement[bool]:
    """Whether an enrollment's own completion counts; the look at it is saved where there can be none."""
    valid = exists().where(
        CourseCompletion.enrollment_id == enrollment.id, is_valid(CourseCompletion, instant)
    )
    return case((enrollment.status == "completed", valid), else_=False)


def decided_at(enrollment: Any) -> ColumnElement[datetime]:
    """When the status of an enrollment that is not open last changed."""
    return func.coalesce(enrollment.withdrawn_at, enrollment.ended_at)


def standing_order(enrollment: Any, instant: Any) -> tuple[ColumnElement[Any], ...]:
    """The order of one member's enrollments of a course in which the first is where the member stands.

    What the service withdrew because another enrollment was completed comes after everything else.
    """
    return _order(enrollment, (has_valid_completion(enrollment, instant), 2))


def decided_order(enrollment: Any) -> tuple[ColumnElement[Any], ...]:
    """The same where a valid completion does not go before what was decided later, such as a failed renewal."""
    return _order(enrollment)


def _order(enrollment: Any, *next_: tuple[ColumnElement[bool], int]) -> tuple[ColumnElement[Any], ...]:
    rank = case(
        (enrollment.status.in_(OPEN), 3),
        *next_,
        (enrollment.withdrawn_because == COMPLETED_ELSEWHERE, 0),
        else_=1,
    )
    return rank.desc(), decided_at(enrollment).desc().nulls_last(), enrollment.id.desc()


def standing_in(
    organization_id: Any, user_id: Any, course_id: Any, instant: Any, *, name: str = "standing"
) -> FromClause:
    """Where each of some members stands, to be joined to what the columns come from.

    No row for a member who has never enrolled. The columns: `enrollment_id`, `status`, `source`, `due_at`, and
    `valid`: whether it is a completion that counts.
    """
    return (
        select(
            Enrollment.id.label("enrollment_id"),
            Enrollment.status,
            Enrollment.source,
            Enrollment.due_at,
            has_valid_completion(Enrollment, instant).label("valid"),
        )
        .where(
            Enrollment.organization_id == organization_id,
            Enrollment.user_id == user_id,
            Enrollment.course_id == course_id,
        )
        .order_by(*standing_order(Enrollment, instant))
        .limit(1)
        .lateral(name)
    )

"""Entering a course."""

import uuid
from collections.abc import Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from learning_service.domain.courses.models import Course
from learning_service.domain.courses.queries.access import CourseAccess
from learning_service.domain.enrollments.models import CourseCompletion, Enrollment
from learning_service.domain.enrollments.queries.enrollments import (
    EnrollmentView,
    get_enrollment,
    last_completion,
    own_enrollments,
)
from learning_service.domain.enrollments.queries.prerequisites import require_prerequisites
from learning_service.domain.enrollments.queries.standing import (
    COMPLETED_ELSEWHERE,
    OPEN,
    WITHDRAWN,
    decided_at,
    hold_entrance,
    standing_order,
)
from learning_service.domain.enrollments.rules import renewal_opens
from learning_service.domain.kernel.base import new_id
from learning_service.domain.kernel.clock import now
from learning_service.domain.kernel.errors import Conflict, Forbidden, NotAMember, NotFound
from learning_service.domain.kernel.principal import Principal
from learning_service.domain.organizations.queries import organization_settings
from learning_service.domain.records.audit import record_act


class NotPublished(Conflict):
    """The course cannot be entered now."""

    code = "not-published"


class EnrollmentFailed(Conflict):
    """The last enrollment failed; an administrator can grant more attempts or assign anew."""

    code = "enrollment-failed"


class EnrollmentWithdrawn(Conflict):
    """An administrator has withdrawn the enrollment; only an explicit assignment starts anew."""

    code = "withdrawn"

    def __init__(self) -> None:
        super().__init__("An administrator has withdrawn this enrollment.")


class AlreadyCompleted(Conflict):
    """The member has completed the course, and it is too early to renew."""

    code = "already-completed"


async def enroll(
    session: AsyncSession, access: CourseAccess, *, actor: Principal
) -> tuple[EnrollmentView, bool]:
    """Enroll the caller; the open enrollment and False when there is one already.

    Two at once make one. Raises NotAMember, NotFound, Forbidden where the course is by assignment only,
    NotPublished, AlreadyCompleted, EnrollmentWithdrawn, EnrollmentFailed, PrerequisitesMissing, judged in this order.
    """
    if not access.is_member:
        raise NotAMember
    await hold_entrance(session, access.view.id)
    history = await _history(session, access, actor)
    if history and history[0].status in OPEN:
        return await get_enrollment(session, history[0].id), False
    _check_entrance(access)
    done = await _completion_to_renew(session, access, actor)
    _check_ending(history)
    if access.view.prerequisites:
        await require_prerequisites(session, actor.organization_id, actor.user_id, access.view.id)
    if done is not None:
        await _hold(session, done)
    return await _insert(session, access, actor, done)


async def _history(session: AsyncSession, access: CourseAccess, actor: Principal) -> Sequence[Any]:
    """The caller's enrollments in the course; the first is where they stand."""
    rows: Any = await session.execute(
        select(
            Enrollment.id,
            Enrollment.status,
            Enrollment.withdrawn_because,
            decided_at(Enrollment).label("decided_at"),
        )
        .where(own_enrollments(actor), Enrollment.course_id == access.view.id)
        .order_by(*standing_order(Enrollment, now(session)))
    )
    found: Sequence[Any] = rows.all()
    return found


def _check_entrance(access: CourseAccess) -> None:
    if not access.reaches_member and not access.may_author:
        raise NotFound
    if not access.view.self_enrollment:
        raise Forbidden("Members cannot enroll in this course themselves; it is assigned.")
    if not access.is_open:
        raise NotPublished("The course is not open: it is a draft or has been archived.")
    if not access.reaches_member:
        raise Forbidden("The course is for members of another region or chapter.")


def _check_ending(history: Sequence[Any]) -> None:
    """Raises for a member whose last enrollment was withdrawn or failed, also where an older completion counts."""
    ended = [row for row in history if row.withdrawn_because != COMPLETED_ELSEWHERE]
    last = max(ended, key=lambda row: (row.decided_at, row.id), default=None)
    if last is not None and last.status == WITHDRAWN:
        raise EnrollmentWithdrawn
    if last is not None and last.status == "failed":
        raise EnrollmentFailed("Your last enrollment failed. Ask an administrator for another attempt.")


async def _completion_to_renew(
    session: AsyncSession, access: CourseAccess, actor: Principal
) -> CourseCompletion | None:
    """What enrolling now renews, lapsed or about to; None: nothing. Raises AlreadyCompleted while it is too early."""
    done = await last_completion(
        session,
        organization_id=actor.organization_id,
        user_id=actor.user_id,
        course_id=access.view.id,
    )
    if done is None:
        return None
    settings = await organization_settings(session, actor.organization_id)
    window = settings.recertification_window_days
    if done.expires_at is None or now(session) < renewal_opens(done.completed_at, done.expires_at, window):
        raise AlreadyCompleted("You have completed this course, and it is too early to renew it.")
    return done


async def _hold(session: AsyncSession, renewed: CourseCompletion) -> None:
    """Hold what is renewed, after its course and before the new enrollment, as the job that opens renewals does."""
    organization_id = renewed.organization_id
    course = select(Course.id).where(
        Course.organization_id == organization_id, Course.id == renewed.course_id
    )
    await session.execute(course.with_for_update(key_share=True, read=True))
    own = select(CourseCompletion.id).where(
        CourseCompletion.organization_id == organization_id, CourseCompletion.id == renewed.id
    )
    await session.execute(own.with_for_update())


async def _insert(
    session: AsyncSession, access: CourseAccess, actor: Principal, renewed: CourseCompletion | None
) -> tuple[EnrollmentView, bool]:
    source = "self" if renewed is None else "recertification"
    instant = now(session)
    made: uuid.UUID | None = await session.scalar(
        insert(Enrollment)
        .values(
            id=new_id(),
            organization_id=actor.organization_id,
            user_id=actor.user_id,
            course_id=access.view.id,
            version_id=access.published_version_id,
            status="in_progress",
            source=source,
            assigned_at=instant,
            due_at=None if renewed is None else renewed.expires_at,
            started_at=instant,
            cause_kind="person",
            cause_id=actor.user_id,
        )
        .on_conflict_do_nothing()
        .returning(Enrollment.id)
    )
    if made is None:
        other = await session.scalar(
            select(Enrollment.id).where(
                own_enrollments(actor),
                Enrollment.course_id == access.view.id,
                Enrollment.status.in_(OPEN),
            )
        )
        if other is None:
            raise Conflict("Your enrollment changed meanwhile; try again.")
        return await get_enrollment(session, other), False
    if renewed is not None:
        renewed.renewal_opened_at = instant
    record_act(
        session,
        actor,
        "enrollment.created",
        ("enrollment", made),
        user_id=actor.user_id,
        course_id=access.view.id,
        enrollment_id=made,
        details={"course_id": str(access.view.id), "source": source},
    )
    await session.flush()
    return await get_enrollment(session, made), True

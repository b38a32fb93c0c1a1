"""From a position to its outcome: completed or failed, with everything that follows, in one transaction."""

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from learning_service.domain.attempts.queries import Position
from learning_service.domain.audit import record_audit
from learning_service.domain.base import new_id
from learning_service.domain.certificates.actions import issue_certificate
from learning_service.domain.certificates.models import Certificate
from learning_service.domain.clock import now
from learning_service.domain.compliance.actions import add_skills, recompute_compliance
from learning_service.domain.courses.models import Course
from learning_service.domain.courses.queries.compiled import CompiledVersion
from learning_service.domain.directory.models import Member, Organization
from learning_service.domain.enrollments.models import CourseCompletion, Enrollment
from learning_service.domain.enrollments.queries import last_completion
from learning_service.domain.enrollments.rules import decide, expiry
from learning_service.domain.events import append_event
from learning_service.domain.grading.actions import resolve_lost_passes
from learning_service.domain.organizations.queries import organization_settings


@dataclass(frozen=True, slots=True)
class Outcome:
    """How an enrollment ended. A completion has its certificate, whose PDF is still to be made."""

    status: str
    completion: CourseCompletion | None
    certificate: Certificate | None


async def settle(
    session: AsyncSession, position: Position, version: CompiledVersion, *, actor: str | None = None
) -> Outcome | None:
    """Complete or fail the enrollment if its position decides that; None while it goes on, or has ended.

    A completion whose score waited for answers gets it here, once. The position must be locked and read, or
    changed, in this transaction. `actor`: who brought it about, by default the learner.
    """
    decision = decide(version.shape, position.standing())
    if position.status == "completed":
        if decision.status == "completed":
            await _finish_completion(session, position, decision.score)
        return None
    if not position.is_open:
        return None
    match decision.status:
        case "completed":
            return await complete_enrollment(
                session, position, version, decision.score, actor or position.user_id
            )
        case "failed":
            return await _fail(session, position, actor or position.user_id)
        case _:
            return None


async def reopen_enrollment(session: AsyncSession, position: Position, actor: str) -> None:
    """Let a failed enrollment go on. The position must be locked."""
    await session.execute(
        update(Enrollment)
        .where(Enrollment.id == position.enrollment_id)
        .values(status="in_progress", ended_at=None)
        .execution_options(synchronize_session=False)
    )
    _audit(session, position, "enrollment.reopened", None, actor)
    await session.flush()


async def _finish_completion(session: AsyncSession, position: Position, score: Decimal | None) -> None:
    """Write the score that waited for a person, and forget doubts that no longer hold."""
    if score is not None:
        await session.execute(
            update(CourseCompletion)
            .where(CourseCompletion.enrollment_id == position.enrollment_id, CourseCompletion.score.is_(None))
            .values(score=score)
            .execution_options(synchronize_session=False)
        )
    await resolve_lost_passes(session, position.enrollment_id)


async def _end(session: AsyncSession, position: Position, status: str) -> None:
    await session.execute(
        update(Enrollment)
        .where(Enrollment.id == position.enrollment_id)
        .values(status=status, ended_at=now(session))
        .execution_options(synchronize_session=False)
    )


async def _fail(session: AsyncSession, position: Position, actor: str) -> Outcome:
    await _end(session, position, "failed")
    append_event(
        session,
        "learning.course.failed",
        organization_id=position.organization_id,
        user_id=position.user_id,
        enrollment_id=position.enrollment_id,
        course_id=position.course_id,
    )
    _audit(session, position, "enrollment.failed", None, actor)
    await session.flush()
    return Outcome("failed", None, None)


async def complete_enrollment(
    session: AsyncSession, position: Position, version: CompiledVersion, score: Decimal | None, actor: str
) -> Outcome:
    """Complete the enrollment, with everything that follows. The position must be locked."""
    course, organization, member = await _cast(session, position)
    previous = await last_completion(
        session,
        organization_id=position.organization_id,
        user_id=position.user_id,
        course_id=position.course_id,
    )
    completion = CourseCompletion(
        id=new_id(),
        organization_id=position.organization_id,
        enrollment_id=position.enrollment_id,
        user_id=position.user_id,
        course_id=position.course_id,
        version_id=version.id,
        requirement_id=course.linked_compliance_requirement,
        score=score,
        completed_at=now(session),
        expires_at=await _expiry(session, course, organization, previous),
    )
    session.add(completion)
    await _end(session, position, "completed")
    await session.flush()
    certificate = await issue_certificate(
        session, completion, organization=organization, member=member, course_title=version.title
    )
    _announce(session, position, completion)
    if completion.requirement_id is not None:
        await recompute_compliance(session, completion, announce=True)
    await add_skills(session, completion, version.skills)
    _audit(session, position, "enrollment.completed", completion.id, actor)
    await resolve_lost_passes(session, position.enrollment_id)
    await session.flush()
    return Outcome("completed", completion, certificate)


async def _cast(session: AsyncSession, position: Position) -> tuple[Course, Organization, Member]:
    row = await session.execute(
        select(Course, Organization, Member)
        .join(Organization, Organization.id == Course.organization_id)
        .join(Member, Member.organization_id == Course.organization_id)
        .where(Course.id == position.course_id, Member.user_id == position.user_id)
    )
    course, organization, member = row.one()
    return course, organization, member


async def _expiry(
    session: AsyncSession, course: Course, organization: Organization, previous: CourseCompletion | None
) -> datetime | None:
    """Renewed inside its window, a completion counts from the old expiry; later, from its own time."""
    completed_at, renewing_from = now(session), None
    if previous is not None and previous.expires_at is not None:
        settings = await organization_settings(session, organization.id)
        opens = previous.expires_at - timedelta(days=settings.recertification_window_days)
        if opens <= completed_at <= previous.expires_at:
            renewing_from = previous.expires_at
    return expiry(completed_at, course.recertification_cadence, organization.timezone, renewing_from)


def _announce(session: AsyncSession, position: Position, completion: CourseCompletion) -> None:
    append_event(
        session,
        "learning.course.completed",
        organization_id=position.organization_id,
        user_id=position.user_id,
        enrollment_id=position.enrollment_id,
        course_id=position.course_id,
        completion_id=completion.id,
        completed_at=completion.completed_at,
        expires_at=completion.expires_at,
        score=None if completion.score is None else float(completion.score),
    )


def _audit(
    session: AsyncSession, position: Position, action: str, completion_id: uuid.UUID | None, actor: str
) -> None:
    details = {"course_id": str(position.course_id)}
    if completion_id is not None:
        details["completion_id"] = str(completion_id)
    record_audit(
        session,
        action,
        organization_id=position.organization_id,
        actor=actor,
        subject=("enrollment", position.enrollment_id),
        details=details,
    )

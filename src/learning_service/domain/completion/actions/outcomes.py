"""From a position to its outcome: completed or failed, with everything that follows, in one transaction."""

import uuid
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from learning_service.domain.attempts.models import QuizAttempt
from learning_service.domain.attempts.queries.positions import Position, find_position, version_of
from learning_service.domain.certificates.actions.certificates import issue_certificate
from learning_service.domain.certificates.models import Certificate
from learning_service.domain.completion.actions.doubts import settle_doubts
from learning_service.domain.completion.actions.programs import finished_programs
from learning_service.domain.completion.queries.program_ways import OnTheWay
from learning_service.domain.compliance.actions import add_skills, recompute_compliance
from learning_service.domain.courses.models import Course
from learning_service.domain.courses.queries.compiled import CompiledVersion
from learning_service.domain.directory.models import Member, Organization
from learning_service.domain.enrollments.models import CourseCompletion, Enrollment
from learning_service.domain.enrollments.queries.enrollments import last_completion
from learning_service.domain.enrollments.rules import (
    Try,
    awaits_review,
    completed_since,
    decide,
    expiry,
    expiry_after,
)
from learning_service.domain.grading.actions import attach_lost_passes
from learning_service.domain.kernel.base import new_id
from learning_service.domain.kernel.clock import now
from learning_service.domain.organizations.queries import organization_settings
from learning_service.domain.questions.rules.scores import exact_score
from learning_service.domain.records.audit import SYSTEM_ACTOR, AuditAction, record_audit
from learning_service.domain.records.events import append_event


@dataclass(frozen=True, slots=True)
class Outcome:
    """How an enrollment ended. A completion has its certificate, whose PDF is still to be made."""

    status: str
    completion: CourseCompletion | None
    certificate: Certificate | None


async def settle(
    session: AsyncSession, position: Position, version: CompiledVersion, *, actor_id: str | None = None
) -> Outcome | None:
    """Complete or fail the enrollment if its position decides that; None while it goes on, or has ended.

    The score of a completion follows here. The position must be locked and read, or changed, in this transaction.
    `actor`: who brought it about, by default the learner.
    """
    decision = decide(version.shape, position.standing())
    if decision.status == "completed" and not position.is_withdrawn:
        position = await settle_doubts(session, position, version)
        decision = decide(version.shape, position.standing())
    if position.status == "completed":
        if decision.status == "completed" and decision.score is not None:
            await _follow(session, position, decision.score)
        return None
    if not position.is_open:
        return None
    match decision.status:
        case "completed":
            return await complete_enrollment(
                session, position, version, decision.score, actor_id or position.user_id
            )
        case "failed":
            return await _fail(session, position, actor_id or position.user_id)
        case _:
            if awaits_review(version.shape, position.standing()):
                await _await(session, position)
            return None


async def reopen_enrollment(
    session: AsyncSession, position: Position, version: CompiledVersion, actor_id: str
) -> None:
    """Let a failed enrollment go on. The position must be locked."""
    waits = awaits_review(version.shape, position.standing())
    await session.execute(
        update(Enrollment)
        .where(Enrollment.id == position.enrollment_id)
        .values(status="in_progress", ended_at=None, awaiting_review=waits)
    )
    _audit(session, position, "enrollment.reopened", None, actor_id)
    await session.flush()


async def _follow(session: AsyncSession, position: Position, score: Decimal) -> None:
    """Bring the completion's score to what the facts say now; one that counts no more keeps what it had."""
    completion = await session.scalar(
        select(CourseCompletion)
        .where(
            CourseCompletion.enrollment_id == position.enrollment_id,
            CourseCompletion.voided_at.is_(None),
            CourseCompletion.score.is_distinct_from(score),
        )
        .execution_options(populate_existing=True)
    )
    if completion is None:
        return
    completion.score = score
    tell_of_completion(session, "learning.completion.updated", position, completion)
    await session.flush()


async def _await(session: AsyncSession, position: Position) -> None:
    """Note that everything is handed in; where that was noted already, nothing is written."""
    await session.execute(
        update(Enrollment)
        .where(Enrollment.id == position.enrollment_id, ~Enrollment.awaiting_review)
        .values(awaiting_review=True)
    )


async def _end(session: AsyncSession, position: Position, status: str) -> None:
    await session.execute(
        update(Enrollment)
        .where(Enrollment.id == position.enrollment_id)
        .values(status=status, ended_at=now(session), awaiting_review=False)
    )


async def _fail(session: AsyncSession, position: Position, actor_id: str) -> Outcome:
    await _end(session, position, "failed")
    append_event(
        session,
        "learning.course.failed",
        organization_id=position.organization_id,
        user_id=position.user_id,
        enrollment_id=position.enrollment_id,
        course_id=position.course_id,
    )
    _audit(session, position, "enrollment.failed", None, actor_id)
    await session.flush()
    return Outcome("failed", None, None)


async def complete_enrollment(
    session: AsyncSession,
    position: Position,
    version: CompiledVersion,
    score: Decimal | None,
    actor_id: str,
    *,
    certified: bool = True,
) -> Outcome:
    """Complete the enrollment, with everything that follows. The position must be locked.

    `certified`: whether there is a certificate.
    """
    course, organization, member = await _cast(session, position)
    completed_at = await _learners_moment(session, position, version)
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
        completed_at=completed_at,
        expires_at=await _expiry(session, course, organization, previous, completed_at),
    )
    session.add(completion)
    await _end(session, position, "completed")
    await session.flush()
    certificate = None
    if certified:
        certificate = await issue_certificate(
            session, completion, organization=organization, member=member, course_title=version.title
        )
    tell_of_completion(session, "learning.course.completed", position, completion)
    if completion.requirement_id is not None:
        await recompute_compliance(session, completion, announce=True)
    await add_skills(session, [(completion, version.skills)])
    _audit(session, position, "enrollment.completed", completion.id, actor_id)
    await attach_lost_passes(session, position.enrollment_id, completion.id)
    await session.flush()
    await _go_on_in_programs(session, position)
    return Outcome("completed", completion, certificate)


async def _go_on_in_programs(session: AsyncSession, position: Position) -> None:
    for program in await finished_programs(session, position):
        await complete_program(session, program)


async def complete_program(session: AsyncSession, program: OnTheWay) -> None:
    """Complete an enrollment in a program whose steps are done, as a course is completed, without a score."""
    position = await find_position(
        session, program.organization_id, "enrollment", program.enrollment_id, user_id=None, lock=True
    )
    if position is None or not position.is_open:
        return
    version = await version_of(session, position)
    await complete_enrollment(
        session, position, version, None, SYSTEM_ACTOR, certified=program.content.certificate
    )


async def _learners_moment(session: AsyncSession, position: Position, version: CompiledVersion) -> datetime:
    """When the learner had done all that was needed, no matter when it was graded."""
    a = QuizAttempt
    rows = await session.execute(
        select(a.quiz_id, a.submitted_at, a.points, a.max_points).where(
            a.enrollment_id == position.enrollment_id,
            a.points.is_not(None),
        )
    )
    tries = [
        Try(quiz_id, at, exact_score(points, most)) for quiz_id, at, points, most in rows if at is not None
    ]
    since = completed_since(version.shape, position.lessons, tries)
    # A pass that is held no longer comes from any attempt.
    last = max((*position.lessons.values(), *(one.submitted_at for one in tries)), default=now(session))
    return min(since or last, now(session))


async def _cast(session: AsyncSession, position: Position) -> tuple[Course, Organization, Member]:
    row = await session.execute(
        select(Course, Organization, Member)
        .join(Organization, Organization.id == Course.organization_id)
        .join(Member, Member.organization_id == Course.organization_id)
        .where(Course.id == position.course_id, Member.user_id == position.user_id)
        # Policy that is given to what was completed waits for this completion, or this one for the policy.
        .with_for_update(key_share=True, read=True, of=Course)
        .execution_options(populate_existing=True)
    )
    course, organization, member = row.one()
    return course, organization, member


async def _expiry(
    session: AsyncSession,
    course: Course,
    organization: Organization,
    previous: CourseCompletion | None,
    completed_at: datetime,
) -> datetime | None:
    zone, cadence = organization.timezone, course.recertification_cadence
    if previous is None or previous.expires_at is None:
        return expiry(completed_at, cadence, zone)
    settings = await organization_settings(session, organization.id)
    return expiry_after(
        completed_at,
        cadence,
        zone,
        previous=(previous.completed_at, previous.expires_at),
        window_days=settings.recertification_window_days,
    )


def tell_of_completion(
    session: AsyncSession, event: str, position: Position, completion: CourseCompletion
) -> None:
    """Append an event about a completion."""
    append_event(
        session,
        event,
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
    session: AsyncSession,
    position: Position,
    action: AuditAction,
    completion_id: uuid.UUID | None,
    actor_id: str,
) -> None:
    details = {"course_id": str(position.course_id)}
    if completion_id is not None:
        details["completion_id"] = str(completion_id)
    record_audit(
        session,
        action,
        organization_id=position.organization_id,
        actor_id=actor_id,
        subject=("enrollment", position.enrollment_id),
        user_id=position.user_id,
        course_id=position.course_id,
        enrollment_id=position.enrollment_id,
        details=details,
    )

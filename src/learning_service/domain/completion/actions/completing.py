"""Completing enrollments, with everything that follows: few statements for all of them, in one transaction."""

import uuid
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from learning_service.domain.attempts.models import QuizAttempt
from learning_service.domain.attempts.queries.positions import Position, find_position, version_of
from learning_service.domain.certificates.actions.certificates import Named, issue_certificates
from learning_service.domain.certificates.models import Certificate
from learning_service.domain.completion.actions.programs import Finished, finished_programs
from learning_service.domain.compliance.actions import add_skills, recompute_statuses
from learning_service.domain.courses.models import Course
from learning_service.domain.courses.queries.compiled import CompiledVersion
from learning_service.domain.directory.models import Member, Organization
from learning_service.domain.enrollments.models import CourseCompletion, Enrollment
from learning_service.domain.enrollments.queries.enrollments import last_completions
from learning_service.domain.enrollments.rules import Try, completed_since, expiry, expiry_after
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


@dataclass(frozen=True, slots=True)
class _Cast:
    """Whom and what completions are about."""

    course: Course
    organization: Organization
    members: Mapping[str, Member]


async def complete_enrollment(
    session: AsyncSession,
    position: Position,
    version: CompiledVersion,
    score: Decimal | None,
    actor_id: str,
    *,
    certified: bool = True,
    skilled: bool = True,
) -> Outcome:
    """Complete the enrollment, with everything that follows. The position must be locked.

    `certified`: whether there is a certificate. `skilled`: whether it proves the version's skills.
    """
    [outcome] = await complete_enrollments(
        session, [(position, score)], version, actor_id, certified=certified, skilled=skilled
    )
    return outcome


async def complete_enrollments(
    session: AsyncSession,
    scored: Sequence[tuple[Position, Decimal | None]],
    version: CompiledVersion,
    actor_id: str,
    *,
    certified: bool = True,
    skilled: bool = True,
) -> Sequence[Outcome]:
    """The same for several enrollments in a version, each of another member, and with its score."""
    if not scored:
        return []
    positions = [position for position, _ in scored]
    found = await _cast(session, positions)
    made = await _completions(session, scored, version, found)
    session.add_all(made)
    await end_enrollments(session, [one.enrollment_id for one in made], "completed")
    await session.flush()
    certificates: Sequence[Certificate | None] = [None] * len(made)
    if certified:
        named = [Named(one, found.members[one.user_id], version.title) for one in made]
        certificates = await issue_certificates(session, named, organization=found.organization)
    for one in made:
        tell_of_completion(session, "learning.course.completed", one)
    await recompute_statuses(session, made, announce=True)
    if skilled:
        await add_skills(session, [(one, version.skills) for one in made])
    for position, one in zip(positions, made, strict=True):
        audit_end(session, position, "enrollment.completed", one.id, actor_id)
    await attach_lost_passes(session, {one.enrollment_id: one.id for one in made})
    await session.flush()
    completed = {(one.user_id, one.course_id) for one in made}
    await advance_programs(session, positions[0].organization_id, completed)
    return [
        Outcome("completed", one, certificate) for one, certificate in zip(made, certificates, strict=True)
    ]


async def advance_programs(
    session: AsyncSession, organization_id: str, completed: Collection[tuple[str, uuid.UUID]]
) -> None:
    """Take members further in their programs by what they have completed, and complete those that are done."""
    for program in await finished_programs(session, organization_id, completed):
        await complete_program(session, program)


async def complete_program(session: AsyncSession, program: Finished) -> None:
    """Complete an enrollment in a program whose steps are done, as a course is completed, without a score.

    Who did no course of it, but is exempt or has evidence, has learned nothing here: there is no certificate, and no
    skill is proved.
    """
    way, earned = program.way, program.earned
    position = await find_position(
        session, way.organization_id, "enrollment", way.enrollment_id, user_id=None, lock=True
    )
    if position is None or not position.is_open:
        return
    version = await version_of(session, position)
    certified = way.content.certificate and earned
    await complete_enrollment(
        session, position, version, None, SYSTEM_ACTOR, certified=certified, skilled=earned
    )


async def _cast(session: AsyncSession, positions: Sequence[Position]) -> _Cast:
    users = [one.user_id for one in positions]
    rows = await session.execute(
        select(Course, Organization, Member)
        .join(Organization, Organization.id == Course.organization_id)
        .join(Member, Member.organization_id == Course.organization_id)
        .where(Course.id == positions[0].course_id, Member.user_id == func.any(users))
        # Policy that is given to what was completed waits for this completion, or this one for the policy.
        .with_for_update(key_share=True, read=True, of=Course)
        .execution_options(populate_existing=True)
    )
    found = rows.all()
    course, organization, _ = found[0]
    return _Cast(course, organization, {member.user_id: member for _, _, member in found})


async def _completions(
    session: AsyncSession,
    scored: Sequence[tuple[Position, Decimal | None]],
    version: CompiledVersion,
    found: _Cast,
) -> Sequence[CourseCompletion]:
    moments = await _learners_moments(session, [position for position, _ in scored], version)
    pairs = {(position.user_id, position.course_id) for position, _ in scored}
    before = await last_completions(session, found.organization.id, pairs)
    renews = any(one.expires_at is not None for one in before.values())
    window = (
        (await organization_settings(session, found.organization.id)).recertification_window_days
        if renews
        else 0
    )
    return [
        CourseCompletion(
            id=new_id(),
            organization_id=position.organization_id,
            enrollment_id=position.enrollment_id,
            user_id=position.user_id,
            course_id=position.course_id,
            version_id=version.id,
            requirement_id=found.course.linked_compliance_requirement,
            score=score,
            completed_at=moment,
            expires_at=_expiry(found, before.get((position.user_id, position.course_id)), moment, window),
        )
        for (position, score), moment in zip(scored, moments, strict=True)
    ]


async def _learners_moments(
    session: AsyncSession, positions: Sequence[Position], version: CompiledVersion
) -> Sequence[datetime]:
    """When each learner had done all that was needed, no matter when it was graded."""
    a, tries = QuizAttempt, defaultdict[uuid.UUID, list[Try]](list)
    rows = await session.execute(
        select(a.enrollment_id, a.quiz_id, a.submitted_at, a.points, a.max_points).where(
            a.organization_id == positions[0].organization_id,
            a.enrollment_id == func.any([one.enrollment_id for one in positions]),
            a.points.is_not(None),
        )
    )
    for enrollment_id, quiz_id, at, points, most in rows:
        if at is not None:
            tries[enrollment_id].append(Try(quiz_id, at, exact_score(points, most)))
    return [_moment(session, one, version, tries[one.enrollment_id]) for one in positions]


def _moment(
    session: AsyncSession, position: Position, version: CompiledVersion, tries: Sequence[Try]
) -> datetime:
    tries = [*tries, *_kept(position)]
    since = completed_since(version.shape, position.lessons, tries)
    # A pass that is held no longer comes from any attempt.
    last = max((*position.lessons.values(), *(one.submitted_at for one in tries)), default=now(session))
    return min(since or last, now(session))


def _kept(position: Position) -> Iterator[Try]:
    """Results of an earlier enrollment that this one renews; their attempts are not its own."""
    for quiz_id, one in position.quizzes.items():
        at, best, most = one.passed_at, one.best_points, one.max_points
        if at is not None and best is not None and most is not None and position.is_of_before(at):
            yield Try(quiz_id, at, exact_score(best, most))


def _expiry(
    found: _Cast, previous: CourseCompletion | None, completed_at: datetime, window_days: int
) -> datetime | None:
    zone, cadence = found.organization.timezone, found.course.recertification_cadence
    if previous is None or previous.expires_at is None:
        return expiry(completed_at, cadence, zone)
    return expiry_after(
        completed_at,
        cadence,
        zone,
        previous=(previous.completed_at, previous.expires_at),
        window_days=window_days,
    )


async def end_enrollments(session: AsyncSession, ids: Sequence[uuid.UUID], status: str) -> None:
    """Give enrollments the status in which they end."""
    await session.execute(
        update(Enrollment)
        .where(Enrollment.id == func.any(list(ids)))
        .values(status=status, ended_at=now(session), awaiting_review=False)
    )


def tell_of_completion(session: AsyncSession, event: str, completion: CourseCompletion) -> None:
    """Append an event about a completion."""
    append_event(
        session,
        event,
        organization_id=completion.organization_id,
        user_id=completion.user_id,
        enrollment_id=completion.enrollment_id,
        course_id=completion.course_id,
        completion_id=completion.id,
        completed_at=completion.completed_at,
        expires_at=completion.expires_at,
        score=None if completion.score is None else float(completion.score),
    )


def audit_end(
    session: AsyncSession,
    position: Position,
    action: AuditAction,
    completion_id: uuid.UUID | None,
    actor_id: str,
) -> None:
    """Note how an enrollment ended, or that it goes on."""
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

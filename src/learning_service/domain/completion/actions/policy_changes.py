"""Giving a course's new requirement or cadence to what was completed before it had one."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import and_, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from learning_service.domain.certificates.actions.pdfs import keep_former_pdfs
from learning_service.domain.certificates.models import Certificate
from learning_service.domain.certificates.rules.certificates import generation_key
from learning_service.domain.completion.actions.completing import tell_of_completion
from learning_service.domain.compliance.actions import recompute_statuses
from learning_service.domain.courses.actions.courses import require_policy, update_course
from learning_service.domain.courses.models import Course
from learning_service.domain.courses.queries.access import CourseAccess
from learning_service.domain.courses.rules.policy import CoursePolicyChangeIn
from learning_service.domain.directory.models import Member, Organization
from learning_service.domain.enrollments.models import CourseCompletion
from learning_service.domain.enrollments.rules import expiry_after
from learning_service.domain.jobs.outbox import enqueue_job
from learning_service.domain.jobs.payloads import ApplyPolicy, GenerateCertificates
from learning_service.domain.jobs.requeueing import requeue_jobs
from learning_service.domain.kernel.principal import Principal
from learning_service.domain.organizations.queries import organization_settings
from learning_service.domain.records.audit import record_act

"""The job that goes on where one transaction would have to change too much."""
BATCH = 1_000
_Previous = aliased(CourseCompletion, name="previous")


@dataclass(frozen=True, slots=True)
class Gift:
    """What completions of a course are given that have none; None gives nothing."""

    organization_id: str
    course_id: uuid.UUID
    requirement_id: str | None
    cadence: str | None


async def apply_policy(
    session: AsyncSession,
    access: CourseAccess,
    policy: CoursePolicyChangeIn,
    *,
    actor: Principal,
    dry_run: bool,
) -> int:
    """Change a course's policy, and give what it names to completions that have none; how many those are.

    Revoked ones and those of erased people stay as they are. A dry run only counts. Raises what `update_course` does.
    """
    gift = Gift(
        actor.organization_id,
        access.view.id,
        policy.linked_compliance_requirement,
        policy.recertification_cadence,
    )
    await require_policy(session, access, policy, actor=actor)
    if dry_run:
        return await _count(session, gift)
    # Completions under way have the old policy, and we wait for them; later ones have the new policy.
    await session.execute(select(Course.id).where(Course.id == gift.course_id).with_for_update())
    await update_course(session, access, policy, actor=actor)
    affected = await _count(session, gift)
    if affected:
        record_act(
            session,
            actor,
            "course.policy_applied",
            ("course", gift.course_id),
            course_id=gift.course_id,
            details={"fields": sorted(policy.changes()), "affected": affected},
        )
        await give_policy(session, gift)
    if affected > BATCH:
        told = ApplyPolicy(course_id=gift.course_id, requirement_id=gift.requirement_id, cadence=gift.cadence)
        await enqueue_job(session, told, organization_id=gift.organization_id)
    return affected


async def give_policy(session: AsyncSession, gift: Gift) -> bool:
    """Give it to at most `BATCH` completions, with all that follows; whether there were any."""
    chosen = (await session.scalars(_lacking(gift, CourseCompletion.id).limit(BATCH))).all()
    if not chosen:
        return False
    certificates, completions = await _hold(session, gift, chosen)
    if gift.requirement_id is not None:
        for one in completions:
            one.requirement_id = one.requirement_id or gift.requirement_id
    expiries = await _give_expiries(session, gift, completions)
    changed = [one for one in certificates if one.completion_id in expiries]
    await _remake(session, gift.organization_id, changed, expiries)
    await session.flush()
    await recompute_statuses(session, completions)
    return True


async def _count(session: AsyncSession, gift: Gift) -> int:
    return await session.scalar(_lacking(gift, func.count())) or 0


def _lacking(gift: Gift, what: Any) -> Any:
    """Of the valid completions that lack something of it. Through certificates, which are found by course."""
    return (
        select(what)
        .select_from(Certificate)
        .join(CourseCompletion, CourseCompletion.id == Certificate.completion_id)
        .join(
            Member,
            and_(
                Member.organization_id == CourseCompletion.organization_id,
                Member.user_id == CourseCompletion.user_id,
                Member.erased_at.is_(None),
            ),
        )
        .where(
            Certificate.organization_id == gift.organization_id,
            Certificate.course_id == gift.course_id,
            Certificate.reissued_as.is_(None),
            _lacks(gift),
        )
    )


def _lacks(gift: Gift) -> Any:
    wanted = []
    if gift.requirement_id is not None:
        wanted.append(CourseCompletion.requirement_id.is_(None))
    if gift.cadence is not None:
        wanted.append(CourseCompletion.expires_at.is_(None))
    return and_(CourseCompletion.voided_at.is_(None), or_(False, *wanted))


async def _hold(
    session: AsyncSession, gift: Gift, chosen: Sequence[uuid.UUID]
) -> tuple[Sequence[Certificate], Sequence[CourseCompletion]]:
    """Members, certificates and completions, locked in the order in which erasures and revocations lock them.

    A completion that was revoked or given something meanwhile, or whose member is being erased, is left out.
    """
    members = await session.scalars(
        select(Member.user_id)
        .where(
            Member.organization_id == gift.organization_id,
            Member.user_id.in_(select(CourseCompletion.user_id).where(CourseCompletion.id.in_(chosen))),
            Member.erased_at.is_(None),
        )
        .order_by(Member.user_id)
        .with_for_update(key_share=True, read=True)
    )
    user_ids = members.all()
    certificates = await session.scalars(
        select(Certificate)
        .where(Certificate.completion_id.in_(chosen))
        .order_by(Certificate.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    held = certificates.all()
    completions = await session.scalars(
        select(CourseCompletion)
        .where(CourseCompletion.id.in_(chosen), CourseCompletion.user_id.in_(user_ids), _lacks(gift))
        .order_by(CourseCompletion.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return held, completions.all()


async def _give_expiries(
    session: AsyncSession, gift: Gift, completions: Sequence[CourseCompletion]
) -> Mapping[uuid.UUID, datetime]:
    """Let those without an expiry expire as if the course had always had the cadence; when, by completion."""
    if gift.cadence is None:
        return {}
    organization = await session.get_one(Organization, gift.organization_id)
    settings = await organization_settings(session, gift.organization_id)
    lacking = [one for one in completions if one.expires_at is None]
    previous = await _previous(session, lacking)
    given: dict[uuid.UUID, datetime] = {}
    for one in lacking:
        one.expires_at = expiry_after(
            one.completed_at,
            gift.cadence,
            organization.timezone,
            previous=previous.get(one.id),
            window_days=settings.recertification_window_days,
        )
        assert one.expires_at is not None
        given[one.id] = one.expires_at
        tell_of_completion(session, "learning.completion.updated", one)
    return given


async def _previous(
    session: AsyncSession, completions: Sequence[CourseCompletion]
) -> Mapping[uuid.UUID, tuple[datetime, datetime]]:
    """Of each completion that followed one with an expiry: when that was completed and expired."""
    rows = await session.execute(
        select(CourseCompletion.id, _Previous.completed_at, _Previous.expires_at)
        .join(
            _Previous,
            and_(
                _Previous.organization_id == CourseCompletion.organization_id,
                _Previous.user_id == CourseCompletion.user_id,
                _Previous.course_id == CourseCompletion.course_id,
                _Previous.completed_at < CourseCompletion.completed_at,
                _Previous.expires_at.is_not(None),
                _Previous.voided_at.is_(None),
            ),
        )
        .where(CourseCompletion.id.in_([one.id for one in completions]))
        .order_by(_Previous.expires_at)
    )
    return {key: (completed, expires) for key, completed, expires in rows if expires is not None}


async def _remake(
    session: AsyncSession,
    organization_id: str,
    certificates: Sequence[Certificate],
    expiries: Mapping[uuid.UUID, datetime],
) -> None:
    """Bring certificates, with those that they took the place of, and their PDFs to the new expiries."""
    wanted: dict[str, GenerateCertificates] = {}
    await keep_former_pdfs(session, [one.id for one in certificates])
    for one in certificates:
        wanted[generation_key(one.id)] = GenerateCertificates(certificate_id=one.id)
        if one.marked_as is not None:
            wanted[f"{generation_key(one.id)}:{one.marked_as}"] = GenerateCertificates.read(
                {"certificate_id": one.id, "mark": one.marked_as}
            )
        one.expires_at = expiries[one.completion_id]
        one.pdf_sha256 = one.pdf_ready_at = one.pdf_drift = one.marked_sha256 = one.marked_as = None
    await session.flush()
    await requeue_jobs(session, wanted, organization_id=organization_id)

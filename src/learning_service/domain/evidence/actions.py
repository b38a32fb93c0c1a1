"""Sending evidence and deciding it."""

import uuid

from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from learning_service.domain.directory.models import ComplianceRequirement
from learning_service.domain.directory.queries.members import get_organization
from learning_service.domain.directory.rules.reach import Reach, reach_of, refuse_own
from learning_service.domain.evidence.models import Evidence
from learning_service.domain.evidence.queries import EvidenceView, access_evidence, named_document
from learning_service.domain.evidence.rules import (
    MOST_WAITING,
    AlreadyDecided,
    DecisionIn,
    EvidenceIn,
    TooMuchWaiting,
)
from learning_service.domain.jobs.outbox import enqueue_job
from learning_service.domain.jobs.payloads import PlanMailOfEvidence
from learning_service.domain.kernel.base import new_id
from learning_service.domain.kernel.clock import now
from learning_service.domain.kernel.days import end_of_day, local_day, noon_of_day
from learning_service.domain.kernel.errors import Invalid, NotFound
from learning_service.domain.kernel.principal import Principal
from learning_service.domain.records.audit import AuditAction, record_act
from learning_service.domain.records.events import append_event

_ONE_AT_A_TIME = text("SELECT pg_advisory_xact_lock(hashtextextended('evidence ' || :whose, 0))")
_EVERYWHERE = Reach(national=True)


async def send_evidence(session: AsyncSession, new: EvidenceIn, *, actor: Principal) -> EvidenceView:
    """Keep what the actor, a member, shows for a requirement, to be decided by an administrator.

    Raises Invalid, TooMuchWaiting.
    """
    organization_id = actor.organization_id
    requirement = await session.get(ComplianceRequirement, (organization_id, new.requirement_id))
    if requirement is None or requirement.closed_at is not None:
        raise Invalid.at("/requirement_id", "is not a requirement of this organization", "not-known")
    zone = await _timezone(session, organization_id)
    instant = now(session)
    if new.completed_on > local_day(instant, zone):
        raise Invalid.at("/completed_on", "is in the future", "wrong-time")
    await _refuse_beyond_limit(session, new.requirement_id, actor)
    document = await named_document(session, new.document, user_id=actor.user_id, actor=actor)
    evidence = Evidence(
        id=new_id(),
        organization_id=organization_id,
        user_id=actor.user_id,
        requirement_id=new.requirement_id,
        completed_on=new.completed_on,
        completed_at=min(noon_of_day(new.completed_on, zone), instant),
        note=new.note,
        document_id=None if document is None else document.id,
        status="pending",
        sent_at=instant,
    )
    session.add(evidence)
    await session.flush()
    _record(session, evidence, "evidence.sent", actor)
    return await access_evidence(session, organization_id, _EVERYWHERE, evidence.id)


async def _refuse_beyond_limit(session: AsyncSession, requirement_id: str, actor: Principal) -> None:
    # One after the other, so that each counts those before it.
    await session.execute(_ONE_AT_A_TIME, {"whose": f"{actor.organization_id} {actor.user_id}"})
    waiting = await session.scalar(
        select(func.count()).where(
            Evidence.organization_id == actor.organization_id,
            Evidence.user_id == actor.user_id,
            Evidence.requirement_id == requirement_id,
            Evidence.status == "pending",
        )
    )
    if (waiting or 0) >= MOST_WAITING:
        raise TooMuchWaiting


async def decide_evidence(
    session: AsyncSession, evidence_id: uuid.UUID, decision: DecisionIn, *, actor: Principal
) -> EvidenceView:
    """Approve or reject what a member whom the actor administers has sent; an approval may be taken back.

    Raises NotFound for evidence beyond the actor's reach, Forbidden for the actor's own, Invalid, AlreadyDecided.
    """
    reach = reach_of(actor)
    view = await access_evidence(session, actor.organization_id, reach, evidence_id)
    refuse_own(view.user_id, actor)
    evidence: Evidence = await session.get_one(
        Evidence, (actor.organization_id, evidence_id), with_for_update=True, populate_existing=True
    )
    if evidence.status == "rejected" or (evidence.status == "approved" and decision.decision == "approve"):
        raise AlreadyDecided
    if decision.decision == "approve":
        await _approve(session, evidence, decision)
    else:
        await _reject(session, evidence)
    evidence.reason = decision.reason
    evidence.decided_at, evidence.decided_by = now(session), actor.user_id
    await session.flush()
    action: AuditAction = "evidence.approved" if evidence.status == "approved" else "evidence.rejected"
    _record(session, evidence, action, actor)
    told = PlanMailOfEvidence(evidence_id=evidence.id)
    await enqueue_job(session, told, organization_id=evidence.organization_id)
    return await access_evidence(session, actor.organization_id, reach, evidence_id)


async def _approve(session: AsyncSession, evidence: Evidence, decision: DecisionIn) -> None:
    if decision.expires_on is not None:
        zone = await _timezone(session, evidence.organization_id)
        evidence.expires_on = decision.expires_on
        evidence.expires_at = end_of_day(decision.expires_on, zone)
        if evidence.expires_at <= now(session):
            raise Invalid.at("/expires_on", "is in the past", "wrong-time")
    evidence.status, evidence.approved_at = "approved", now(session)
    _tell(session, "learning.compliance.completed", evidence)


async def _reject(session: AsyncSession, evidence: Evidence) -> None:
    if evidence.status == "approved":
        evidence.taken_back_at = now(session)
        _tell(session, "learning.compliance.revoked", evidence)
    evidence.status = "rejected"


async def _timezone(session: AsyncSession, organization_id: str) -> str:
    organization = await get_organization(session, organization_id)
    if organization is None:
        raise NotFound
    return organization.timezone


def _tell(session: AsyncSession, event: str, evidence: Evidence) -> None:
    append_event(
        session,
        event,
        organization_id=evidence.organization_id,
        user_id=evidence.user_id,
        requirement_id=evidence.requirement_id,
        evidence_id=evidence.id,
        completed_at=evidence.completed_at,
        expires_at=evidence.expires_at,
    )


def _record(session: AsyncSession, evidence: Evidence, action: AuditAction, actor: Principal) -> None:
    record_act(
        session,
        actor,
        action,
        ("evidence", evidence.id),
        user_id=evidence.user_id,
        details={"requirement_id": evidence.requirement_id},
    )

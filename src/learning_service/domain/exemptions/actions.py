"""Granting exemptions and taking them back."""

import uuid

from sqlalchemy import update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from learning_service.domain.courses.queries.access import access_course
from learning_service.domain.directory.models import ComplianceRequirement
from learning_service.domain.directory.queries.found_members import find_member
from learning_service.domain.directory.queries.members import get_organization
from learning_service.domain.directory.rules.reach import reach_of, refuse_own
from learning_service.domain.evidence.queries import named_document
from learning_service.domain.exemptions.models import Exemption, RemovedAssignment
from learning_service.domain.exemptions.queries import ExemptionView, access_exemption
from learning_service.domain.exemptions.rules import ExemptionIn
from learning_service.domain.kernel.base import new_id
from learning_service.domain.kernel.clock import now
from learning_service.domain.kernel.days import end_of_day
from learning_service.domain.kernel.errors import Invalid, NotAMember, NotFound
from learning_service.domain.kernel.principal import Principal
from learning_service.domain.records.audit import AuditAction, record_act
from learning_service.domain.records.events import append_event


async def grant_exemption(session: AsyncSession, new: ExemptionIn, *, actor: Principal) -> ExemptionView:
    """Exempt a member whom the actor administers from a requirement or a course.

    Raises NotFound for a member beyond the actor's reach, Forbidden for the actor's own, Invalid.
    """
    reach = reach_of(actor, chapters=True)
    if await find_member(session, actor.organization_id, new.user_id, reach) is None:
        raise NotFound
    refuse_own(new.user_id, actor)
    await _check_subject(session, new, actor)
    document = await named_document(session, new.document, user_id=new.user_id, actor=actor)
    organization = await get_organization(session, actor.organization_id)
    if organization is None:
        raise NotFound
    day = new.expires_on
    expires_at = None if day is None else end_of_day(day, organization.timezone)
    if expires_at is not None and expires_at <= now(session):
        raise Invalid.at("/expires_on", "is in the past", "wrong-time")
    exemption = Exemption(
        id=new_id(),
        organization_id=actor.organization_id,
        user_id=new.user_id,
        requirement_id=new.requirement_id,
        course_id=new.course_id,
        reason=new.reason,
        document_id=None if document is None else document.id,
        expires_on=day,
        expires_at=expires_at,
        granted_by=actor.user_id,
        granted_at=now(session),
    )
    session.add(exemption)
    await session.flush()
    view = await access_exemption(session, actor.organization_id, reach, exemption.id)
    _record(session, view, "exemption.granted", "learning.compliance.exempted", actor)
    return view


async def end_exemption(session: AsyncSession, exemption_id: uuid.UUID, *, actor: Principal) -> ExemptionView:
    """Take an exemption back from now on; as it was. Raises NotFound, Forbidden for the actor's own."""
    reach = reach_of(actor, chapters=True)
    view = await access_exemption(session, actor.organization_id, reach, exemption_id)
    refuse_own(view.user_id, actor)
    ended = await session.scalar(
        update(Exemption)
        .where(
            Exemption.organization_id == actor.organization_id,
            Exemption.id == exemption_id,
            Exemption.ended_at.is_(None),
        )
        .values(ended_at=now(session), ended_by=actor.user_id)
        .returning(Exemption.id)
    )
    if ended is None:
        raise NotFound
    _record(session, view, "exemption.ended", "learning.compliance.exemption_ended", actor)
    return view


async def note_removal(
    session: AsyncSession, *, organization_id: str, course_id: uuid.UUID, user_id: str
) -> None:
    """Note that the member's enrollment in the course was removed: rules do not make it again."""
    statement = insert(RemovedAssignment).values(
        organization_id=organization_id, course_id=course_id, user_id=user_id, removed_at=now(session)
    )
    await session.execute(
        statement.on_conflict_do_update(
            index_elements=["organization_id", "course_id", "user_id"],
            set_={"removed_at": statement.excluded.removed_at},
        )
    )


async def _check_subject(session: AsyncSession, new: ExemptionIn, actor: Principal) -> None:
    if new.requirement_id is not None:
        found = await session.get(
            ComplianceRequirement, (actor.organization_id, new.requirement_id), populate_existing=True
        )
        if found is None or found.closed_at is not None:
            raise Invalid.at("/requirement_id", "is not a requirement of this organization", "not-known")
    if new.course_id is not None:
        try:
            access = await access_course(session, actor, new.course_id)
        except (NotFound, NotAMember):
            access = None
        if access is None or access.published_version_id is None:
            raise Invalid.at("/course_id", "is not a published course that you know", "not-known")


def _record(
    session: AsyncSession, view: ExemptionView, action: AuditAction, event: str, actor: Principal
) -> None:
    record_act(
        session,
        actor,
        action,
        ("exemption", view.id),
        user_id=view.user_id,
        course_id=view.course_id,
        details={} if view.requirement_id is None else {"requirement_id": view.requirement_id},
    )
    append_event(
        session,
        event,
        organization_id=actor.organization_id,
        user_id=view.user_id,
        exemption_id=view.id,
        requirement_id=view.requirement_id,
        course_id=view.course_id,
        expires_at=view.expires_at,
    )

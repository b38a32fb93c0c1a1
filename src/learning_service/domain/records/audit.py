"""The audit trail: who did what to which thing, when, and which fields. Append-only, without personal data."""

import uuid
from datetime import datetime
from typing import Literal, TypeAlias, get_args

from sqlalchemy import ColumnElement, Index, func
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from learning_service.domain.kernel.base import Base, new_id
from learning_service.domain.kernel.clock import now
from learning_service.domain.kernel.principal import Principal
from learning_service.domain.kernel.values import JsonObject

AuditAction: TypeAlias = Literal[
    "accommodations.ended",
    "accommodations.granted",
    "assignment_rule.created",
    "assignment_rule.deleted",
    "assignment_rule.fired",
    "assignment_rule.updated",
    "assignment_run.started",
    "assignment_run.undone",
    "attestation.signed",
    "certificate.characters_replaced",
    "certificate.pdf_drifted",
    "certificate.reissued",
    "certificate.revoked",
    "chapter.closed",
    "chapter.created",
    "chapter.updated",
    "compliance_requirement.closed",
    "compliance_requirement.created",
    "compliance_requirement.rights_changed",
    "compliance_requirement.updated",
    "course.archived",
    "course.assigned",
    "course.created",
    "course.deleted",
    "course.draft_discarded",
    "course.draft_saved",
    "course.duplicated",
    "course.grader_designated",
    "course.grader_dismissed",
    "course.policy_applied",
    "course.published",
    "course.unarchived",
    "course.updated",
    "document.retried",
    "document.uploaded",
    "enrollment.attempts_granted",
    "enrollment.changed",
    "enrollment.completed",
    "enrollment.created",
    "enrollment.failed",
    "enrollment.paused",
    "enrollment.reminded",
    "enrollment.moved",
    "enrollment.removed",
    "enrollment.reopened",
    "enrollment.resumed",
    "enrollment.withdrawn",
    "evidence.approved",
    "evidence.rejected",
    "evidence.sent",
    "exemption.ended",
    "exemption.granted",
    "member.created",
    "member.erased",
    "member.updated",
    "members.changed",
    "members.pushed",
    "membership_events.received",
    "migration.finished",
    "migration.started",
    "organization.created",
    "organization.settings_changed",
    "organization.updated",
    "pass.kept",
    "pass.lost",
    "pass.revoked",
    "program.created",
    "program.deleted",
    "program.published",
    "program.updated",
    "question_bank.created",
    "question_bank.deleted",
    "question_bank.imported",
    "question_bank.question_deleted",
    "question_bank.question_saved",
    "question_bank.updated",
    "region.closed",
    "region.created",
    "region.updated",
    "regrade.applied",
    "regrade.finished",
    "renewals.opened",
    "response.corrected",
    "response.graded",
    "response.overridden",
    "webhook.created",
    "webhook.deleted",
    "webhook.delivery_replayed",
    "webhook.disabled",
    "webhook.enabled",
    "webhook.secret_rotated",
]
"""All that is recorded: `noun.verb`."""
AUDIT_ACTIONS: tuple[str, ...] = get_args(AuditAction)
SYSTEM_ACTOR = "system"
"""Who acts where no person and no other service does."""


class AuditEntry(Base):
    """One action. The database refuses to change or delete it."""

    __tablename__ = "audit_entries"
    __table_args__ = (
        Index("ix_audit_entries_subject", "organization_id", "subject_kind", "subject_id", "id"),
    )

    organization_id: Mapped[str] = mapped_column(primary_key=True)
    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    at: Mapped[datetime]
    actor: Mapped[str]
    """A user or service id, or `SYSTEM_ACTOR`; not a foreign key, so that it outlives the account."""
    action: Mapped[str]
    subject_kind: Mapped[str]
    subject_id: Mapped[str]
    details: Mapped[JsonObject]
    """`user_id`, `course_id` and `enrollment_id` say whom and what it concerns, where it is one; the rest differs."""


def whom() -> ColumnElement[str]:
    """The person whom an entry concerns; where it is none, the thing. An expression on `AuditEntry`."""
    return func.coalesce(AuditEntry.details["user_id"].astext, AuditEntry.subject_id)


def record_act(
    session: AsyncSession,
    actor: Principal,
    action: AuditAction,
    subject: tuple[str, object],
    *,
    user_id: str | None = None,
    course_id: uuid.UUID | None = None,
    enrollment_id: uuid.UUID | None = None,
    details: JsonObject | None = None,
) -> None:
    """Add an entry of what a caller did in their organization: `record_audit` says what each part means."""
    record_audit(
        session,
        action,
        organization_id=actor.organization_id,
        actor_id=actor.user_id,
        subject=subject,
        user_id=user_id,
        course_id=course_id,
        enrollment_id=enrollment_id,
        details=details,
    )


def record_audit(
    session: AsyncSession,
    action: AuditAction,
    *,
    organization_id: str,
    actor_id: str,
    subject: tuple[str, object],
    user_id: str | None = None,
    course_id: uuid.UUID | None = None,
    enrollment_id: uuid.UUID | None = None,
    details: JsonObject | None = None,
) -> None:
    """Add an entry to the session's transaction.

    `subject` is a kind and an id; `user_id`, `course_id` and `enrollment_id` say whom and what it concerns, where it
    is one person or course; `details` holds ids, numbers and names of fields, never names of people, addresses or
    responses, so that erasure leaves the trail whole.
    """
    kind, subject_id = subject
    concerns = {"user_id": user_id, "course_id": course_id, "enrollment_id": enrollment_id}
    session.add(
        AuditEntry(
            id=new_id(),
            organization_id=organization_id,
            at=now(session),
            actor=actor_id,
            action=action,
            subject_kind=kind,
            subject_id=str(subject_id),
            details={**(details or {}), **{name: str(value) for name, value in concerns.items() if value}},
        )
    )

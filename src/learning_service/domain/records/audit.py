"""The audit trail: who did what to which thing, when, and which fields. Append-only, without personal data."""

import uuid
from datetime import datetime

from sqlalchemy import Index
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from learning_service.domain.kernel.base import Base, new_id
from learning_service.domain.kernel.clock import now
from learning_service.domain.kernel.values import JsonObject


class AuditEntry(Base):
    """One action. The database refuses to change or delete it."""

    __tablename__ = "audit_entries"
    __table_args__ = (
        Index("ix_audit_entries_subject", "organization_id", "subject_kind", "subject_id", "id"),
        Index("ix_audit_entries_time", "organization_id", "id"),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    organization_id: Mapped[str]
    at: Mapped[datetime]
    actor: Mapped[str]
    """A user or service id, or `system`; not a foreign key, so that it outlives the account."""
    action: Mapped[str]
    subject_kind: Mapped[str]
    subject_id: Mapped[str]
    details: Mapped[JsonObject]


def record_audit(
    session: AsyncSession,
    action: str,
    *,
    organization_id: str,
    actor: str,
    subject: tuple[str, object],
    details: JsonObject | None = None,
) -> None:
    """Add an entry to the session's transaction.

    `action` is `noun.verb` (`course.published`); `subject` is a kind and an id; `details` holds ids, numbers and
    names of fields, never names of people, addresses or responses, so that erasure leaves the trail whole.
    """
    kind, subject_id = subject
    session.add(
        AuditEntry(
            id=new_id(),
            organization_id=organization_id,
            at=now(session),
            actor=actor,
            action=action,
            subject_kind=kind,
            subject_id=str(subject_id),
            details=dict(details or {}),
        )
    )

"""The table of evidence."""

import uuid
from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from learning_service.domain.kernel.base import Base, new_id


class Evidence(Base):
    """What a member sent to show that they met a requirement elsewhere. The row stays, whatever is decided.

    Approved, it counts as a completion of its own kind, from the approval until it expires or is taken back.
    """

    __tablename__ = "evidence"
    __table_args__ = (
        ForeignKeyConstraint(["organization_id", "user_id"], ["members.organization_id", "members.user_id"]),
        ForeignKeyConstraint(
            ["organization_id", "requirement_id"],
            ["compliance_requirements.organization_id", "compliance_requirements.id"],
        ),
        CheckConstraint("status IN ('pending', 'approved', 'rejected')", name="status"),
        CheckConstraint("(status = 'pending') = (decided_at IS NULL)", name="decided"),
        CheckConstraint(
            "(status = 'approved') = (approved_at IS NOT NULL AND taken_back_at IS NULL)", name="approved"
        ),
        Index("ix_evidence_member", "organization_id", "user_id", "requirement_id"),
        Index("ix_evidence_pending", "organization_id", "id", postgresql_where=text("status = 'pending'")),
        Index(
            "ix_evidence_document",
            "organization_id",
            "document_id",
            postgresql_where=text("document_id IS NOT NULL"),
        ),
        Index(
            "ix_evidence_expiry",
            "expires_at",
            postgresql_where=text("status = 'approved' AND announced_expiry IS DISTINCT FROM expires_at"),
        ),
    )

    organization_id: Mapped[str] = mapped_column(primary_key=True)
    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    user_id: Mapped[str]
    requirement_id: Mapped[str]
    completed_on: Mapped[date]
    completed_at: Mapped[datetime]
    """Noon of that day where the organization is."""
    note: Mapped[str | None]
    """Free text about a person, as `reason` is: never in the audit trail, and gone with the member's data."""
    document_id: Mapped[uuid.UUID | None]
    """No foreign key: some time after a rejection the file goes and this row stays."""
    status: Mapped[str]
    sent_at: Mapped[datetime]
    reason: Mapped[str | None]
    expires_on: Mapped[date | None]
    expires_at: Mapped[datetime | None]
    """The end of that day where the organization is."""
    announced_expiry: Mapped[datetime | None]
    """The expiry that an event announced."""
    decided_at: Mapped[datetime | None]
    """When it was last decided."""
    decided_by: Mapped[str | None]
    approved_at: Mapped[datetime | None]
    """From when on it counts; kept when the approval is taken back."""
    taken_back_at: Mapped[datetime | None]
    """When an approval became a rejection."""

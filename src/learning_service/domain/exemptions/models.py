"""Tables of exemptions, and of assignments that were taken back."""

import uuid
from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from learning_service.domain.kernel.base import Base, new_id, reference


class Exemption(Base):
    """A member need not meet a requirement, or do a course, from its grant to its end. The row stays."""

    __tablename__ = "exemptions"
    __table_args__ = (
        reference("course_id", "courses", ondelete="CASCADE"),
        ForeignKeyConstraint(["organization_id", "user_id"], ["members.organization_id", "members.user_id"]),
        ForeignKeyConstraint(
            ["organization_id", "requirement_id"],
            ["compliance_requirements.organization_id", "compliance_requirements.id"],
        ),
        CheckConstraint("(requirement_id IS NULL) <> (course_id IS NULL)", name="subject"),
        CheckConstraint("(ended_at IS NULL) = (ended_by IS NULL)", name="ended"),
        Index("ix_exemptions_member", "organization_id", "user_id"),
        Index(
            "ix_exemptions_requirement",
            "organization_id",
            "requirement_id",
            "user_id",
            postgresql_where=text("ended_at IS NULL"),
        ),
        Index(
            "ix_exemptions_course",
            "organization_id",
            "course_id",
            "user_id",
            postgresql_where=text("ended_at IS NULL"),
        ),
        Index(
            "ix_exemptions_end",
            "organization_id",
            "expires_at",
            postgresql_where=text("ended_at IS NULL AND settled_at IS NULL AND expires_at IS NOT NULL"),
        ),
        Index(
            "ix_exemptions_document",
            "organization_id",
            "document_id",
            postgresql_where=text("document_id IS NOT NULL"),
        ),
    )

    organization_id: Mapped[str] = mapped_column(primary_key=True)
    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    user_id: Mapped[str]
    requirement_id: Mapped[str | None]
    course_id: Mapped[uuid.UUID | None]
    reason: Mapped[str | None]
    """Free text about a person: never in the audit trail, and gone with the member's personal data."""
    document_id: Mapped[uuid.UUID | None]
    """The file that says why. No foreign key: some time after the end the file goes and this row stays."""
    expires_on: Mapped[date | None]
    expires_at: Mapped[datetime | None]
    """The end of that day where the organization is."""
    settled_at: Mapped[datetime | None]
    """When the member's programs were looked at again after that end."""
    granted_by: Mapped[str]
    granted_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    """When it was taken back."""
    ended_by: Mapped[str | None]


class RemovedAssignment(Base):
    """An administrator removed the member's enrollment: rules do not make it again."""

    __tablename__ = "removed_assignments"
    __table_args__ = (
        reference("course_id", "courses", ondelete="CASCADE"),
        ForeignKeyConstraint(["organization_id", "user_id"], ["members.organization_id", "members.user_id"]),
    )

    organization_id: Mapped[str] = mapped_column(primary_key=True)
    course_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    user_id: Mapped[str] = mapped_column(primary_key=True)
    removed_at: Mapped[datetime]
    """An enrollment that was made later, by hand or by the member, is as any other."""

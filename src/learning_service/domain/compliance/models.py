"""Tables of compliance and skills: summaries recomputed from completions, never set by hand."""

import uuid
from datetime import datetime

from sqlalchemy import ForeignKeyConstraint, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from learning_service.domain.kernel.base import Base, reference


class ChapterComplianceStatus(Base):
    """What a member has shown for a requirement: the best of all valid completions of linked courses.

    It belongs to member and requirement; the chapter is read through the member, so that a transfer writes
    nothing. Expiry is decided at each read.
    """

    __tablename__ = "chapter_compliance_statuses"
    __table_args__ = (
        reference("completion_id", "course_completions"),
        ForeignKeyConstraint(["organization_id", "user_id"], ["members.organization_id", "members.user_id"]),
        ForeignKeyConstraint(
            ["organization_id", "requirement_id"],
            ["compliance_requirements.organization_id", "compliance_requirements.id"],
        ),
        Index("ix_chapter_compliance_statuses_requirement", "organization_id", "requirement_id", "user_id"),
        Index(
            "ix_chapter_compliance_statuses_expiry",
            "expires_at",
            postgresql_where=text("expires_at IS NOT NULL AND announced_expiry IS DISTINCT FROM expires_at"),
        ),
    )

    organization_id: Mapped[str] = mapped_column(primary_key=True)
    user_id: Mapped[str] = mapped_column(primary_key=True)
    requirement_id: Mapped[str] = mapped_column(primary_key=True)
    completion_id: Mapped[uuid.UUID]
    completed_at: Mapped[datetime]
    expires_at: Mapped[datetime | None]
    announced_expiry: Mapped[datetime | None]
    """The expiry that the last event announced; each is announced once."""


class MemberSkill(Base):
    """A skill that a member has, with the completion it first came from. It stays."""

    __tablename__ = "member_skills"
    __table_args__ = (
        reference("course_id", "courses"),
        reference("completion_id", "course_completions"),
        ForeignKeyConstraint(["organization_id", "user_id"], ["members.organization_id", "members.user_id"]),
    )

    organization_id: Mapped[str] = mapped_column(primary_key=True)
    user_id: Mapped[str] = mapped_column(primary_key=True)
    skill_id: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    acquired_at: Mapped[datetime]
    course_id: Mapped[uuid.UUID]
    completion_id: Mapped[uuid.UUID]


class ErasedDuty(Base):
    """A requirement that a person who was erased had to meet, and when: what it followed from is gone."""

    __tablename__ = "erased_duties"
    __table_args__ = (
        ForeignKeyConstraint(["organization_id", "user_id"], ["members.organization_id", "members.user_id"]),
    )

    organization_id: Mapped[str] = mapped_column(primary_key=True)
    user_id: Mapped[str] = mapped_column(primary_key=True)
    """The id of the records that are left."""
    requirement_id: Mapped[str] = mapped_column(primary_key=True)
    since: Mapped[datetime] = mapped_column(primary_key=True)
    until: Mapped[datetime]

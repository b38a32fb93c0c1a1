"""Tables of learning: who is enrolled in which version, what they finished, and completions."""

import uuid
from datetime import datetime
from decimal import Decimal

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from learning_service.domain.kernel.base import Base, new_id, reference


class Enrollment(Base):
    """A member on one version of a course, from assignment or enrollment to its end. Never reset."""

    __tablename__ = "enrollments"
    __table_args__ = (
        reference("course_id", "courses"),
        reference("version_id", "course_versions"),
        ForeignKeyConstraint(["organization_id", "user_id"], ["members.organization_id", "members.user_id"]),
        CheckConstraint(
            "status IN ('assigned', 'in_progress', 'completed', 'failed', 'withdrawn')", name="status"
        ),
        CheckConstraint(
            "(status = 'withdrawn') = (withdrawn_at IS NOT NULL AND withdrawn_because IS NOT NULL)",
            name="withdrawn",
        ),
        CheckConstraint(
            "source IN ('self', 'admin', 'rule', 'recertification', 'imported', 'program')", name="source"
        ),
        Index(
            "uq_enrollments_open",
            "organization_id",
            "user_id",
            "course_id",
            unique=True,
            postgresql_where=text("status IN ('assigned', 'in_progress')"),
        ),
        # With the course, so that no planner is ever tempted to go through all of the course for one member.
        Index("ix_enrollments_member", "organization_id", "user_id", "course_id", "id"),
        Index("ix_enrollments_course", "organization_id", "course_id", "id"),
        Index(
            "ix_enrollments_due_order",
            "organization_id",
            # In lines, as PostgreSQL tells it: a comparison of model and schema compares texts.
            text("(\nCASE\n    WHEN due_at IS NULL THEN 'infinity'::timestamptz\n    ELSE due_at\nEND)"),
            "id",
        ),
        Index("ix_enrollments_assigned", "organization_id", "assigned_at", "id"),
        Index(
            "ix_enrollments_due",
            "due_at",
            postgresql_where=text("status IN ('assigned', 'in_progress') AND due_at IS NOT NULL"),
        ),
    )

    organization_id: Mapped[str] = mapped_column(primary_key=True)
    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    user_id: Mapped[str]
    course_id: Mapped[uuid.UUID]
    version_id: Mapped[uuid.UUID]
    status: Mapped[str]
    source: Mapped[str]
    assigned_at: Mapped[datetime]
    due_at: Mapped[datetime | None]
    started_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    """When it was completed or failed."""
    withdrawn_at: Mapped[datetime | None]
    withdrawn_because: Mapped[str | None]
    """`administrator`, or `completed-elsewhere`: the service did, because an older one was completed after all;
    `left-audience`: the rule that made it no longer means the member."""
    extra_time_seconds: Mapped[int] = mapped_column(server_default="0")
    """Added to every time limit of this enrollment."""
    revision: Mapped[int] = mapped_column(server_default="0")
    """Grows with every change of what the enrollment's state follows from; see `attempts.queries`."""
    awaiting_review: Mapped[bool] = mapped_column(server_default="false")
    """Open, and everything is handed in: what still decides waits for a grader."""
    cause_kind: Mapped[str]
    """What made it: `person`, `rule`, `event`, `completion`, `program`."""
    cause_id: Mapped[str]
    """Which one: a user, a rule, our id of the membership event (else who wrote the member), a completion."""
    rule_id: Mapped[uuid.UUID | None]
    """The assignment rule that made it, whatever set the rule off."""
    run_id: Mapped[uuid.UUID | None]
    """The run that made it."""


class EnrollmentSource(Base):
    """What assigned an enrollment again while it was open. The first source is in the enrollment itself."""

    __tablename__ = "enrollment_sources"
    __table_args__ = (
        reference("enrollment_id", "enrollments", ondelete="CASCADE"),
        CheckConstraint("source IN ('admin', 'rule', 'program')", name="source"),
    )

    organization_id: Mapped[str] = mapped_column(primary_key=True)
    enrollment_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    source: Mapped[str]
    cause_kind: Mapped[str]
    cause_id: Mapped[str]
    rule_id: Mapped[uuid.UUID | None]
    run_id: Mapped[uuid.UUID | None]
    due_at: Mapped[datetime | None]
    """The due time that it set."""
    due_before: Mapped[datetime | None]
    """The enrollment's due time until then."""
    assigned_at: Mapped[datetime]


class LessonProgress(Base):
    """A lesson that an enrollment has completed."""

    __tablename__ = "lesson_progress"
    # Deleting a lesson of a draft looks for what refers to it.
    __table_args__ = (
        reference("enrollment_id", "enrollments", ondelete="CASCADE"),
        reference("lesson_id", "lessons"),
        Index("ix_lesson_progress_lesson_id", "lesson_id"),
    )

    organization_id: Mapped[str] = mapped_column(primary_key=True)
    enrollment_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    lesson_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    completed_at: Mapped[datetime]


class AttestationSignature(Base):
    """A text that a member has signed. Of an erased person the name is gone, and what was signed is kept."""

    __tablename__ = "attestation_signatures"
    __table_args__ = (
        reference("enrollment_id", "enrollments", ondelete="CASCADE"),
        Index("ix_attestation_signatures_member", "organization_id", "user_id", "course_id"),
        Index(
            "ix_attestation_signatures_newest",
            "organization_id",
            "signed_at",
            "enrollment_id",
            "key",
            "text_hash",
        ),
    )

    organization_id: Mapped[str] = mapped_column(primary_key=True)
    enrollment_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    """The attestation's key, which is the same in every version of the course."""
    text_hash: Mapped[str] = mapped_column(primary_key=True)
    """SHA-256 of the text as its author's tree has it, in hexadecimal."""
    user_id: Mapped[str]
    course_id: Mapped[uuid.UUID]
    typed_name: Mapped[str | None]
    """As the member typed it."""
    signed_at: Mapped[datetime]


class CourseCompletion(Base):
    """The fact that an enrollment was completed, with the requirement and expiry it was made with."""

    __tablename__ = "course_completions"
    __table_args__ = (
        reference("enrollment_id", "enrollments"),
        reference("course_id", "courses"),
        reference("version_id", "course_versions"),
        UniqueConstraint("organization_id", "enrollment_id"),
        CheckConstraint("score >= 0 AND score <= 100", name="score"),
        Index("ix_course_completions_member", "organization_id", "user_id", "course_id", "id"),
        Index(
            "ix_course_completions_requirement",
            "organization_id",
            "user_id",
            "requirement_id",
            postgresql_where=text("requirement_id IS NOT NULL"),
        ),
        Index(
            "ix_course_completions_renewal",
            "expires_at",
            postgresql_where=text(
                "expires_at IS NOT NULL AND voided_at IS NULL AND renewal_opened_at IS NULL"
            ),
        ),
    )

    organization_id: Mapped[str] = mapped_column(primary_key=True)
    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    enrollment_id: Mapped[uuid.UUID]
    user_id: Mapped[str]
    course_id: Mapped[uuid.UUID]
    version_id: Mapped[uuid.UUID]
    requirement_id: Mapped[str | None]
    score: Mapped[Decimal | None]
    """Percent; None where nothing was scored, or while responses are still pending."""
    completed_at: Mapped[datetime]
    expires_at: Mapped[datetime | None]
    renewal_opened_at: Mapped[datetime | None]
    """When an enrollment was opened to renew it; once."""
    voided_at: Mapped[datetime | None]
    """When its certificate was revoked; it no longer counts for compliance."""

"""Tables of manual grading: the history of grades, and passes that a correction has put in doubt."""

import uuid
from datetime import datetime
from decimal import Decimal

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from learning_service.domain.kernel.base import Base, new_id


class ResponseGrade(Base):
    """One judgement of one response. Append-only: a correction is one more row."""

    __tablename__ = "response_grades"
    __table_args__ = (
        CheckConstraint("points >= 0 AND points <= 1000000", name="points"),
        Index("ix_response_grades_response_id", "response_id", "id"),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    organization_id: Mapped[str]
    response_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("pending_responses.id", ondelete="CASCADE"))
    points: Mapped[Decimal]
    feedback_html: Mapped[str | None]
    """Text to a person: the one column that erasure may empty."""
    graded_by: Mapped[str]
    graded_at: Mapped[datetime]
    is_correction: Mapped[bool]


class LostPass(Base):
    """A pass that a correction has put in doubt. What it led to stays until a person decides."""

    __tablename__ = "lost_passes"
    __table_args__ = (
        Index(
            "uq_lost_passes_open",
            "enrollment_id",
            "quiz_id",
            unique=True,
            postgresql_where=text("resolved_at IS NULL"),
        ),
        CheckConstraint("decision IN ('keep', 'revoke')", name="decision"),
        Index("ix_lost_passes_list", "organization_id", "id", postgresql_where=text("resolved_at IS NULL")),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    organization_id: Mapped[str]
    enrollment_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("enrollments.id", ondelete="CASCADE"))
    completion_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("course_completions.id"))
    """The completion that the pass had led to; None when the enrollment was still going on."""
    quiz_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("quizzes.id"))
    response_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("pending_responses.id", ondelete="CASCADE"))
    user_id: Mapped[str]
    course_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("courses.id"))
    corrected_by: Mapped[str]
    found_at: Mapped[datetime]
    resolved_at: Mapped[datetime | None]
    """When a person decided, or a later correction or attempt gave the pass back."""
    decision: Mapped[str | None]
    """What a person decided; None where the pass came back by itself."""
    decided_by: Mapped[str | None]
    reason: Mapped[str | None]
    """Why it was decided so. Free text about a person, gone with their data."""

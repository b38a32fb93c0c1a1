"""Tables of grading: the history of grades, passes that a correction has put in doubt, and statistics."""

import uuid
from datetime import datetime
from decimal import Decimal

from sqlalchemy import CheckConstraint, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from learning_service.domain.kernel.base import Base, new_id, reference
from learning_service.domain.kernel.values import JsonObject


class ResponseGrade(Base):
    """One judgement of one response. Append-only: a correction is one more row."""

    __tablename__ = "response_grades"
    __table_args__ = (
        reference("response_id", "pending_responses", ondelete="CASCADE"),
        CheckConstraint("points >= 0 AND points <= 1000000", name="points"),
    )

    organization_id: Mapped[str] = mapped_column(primary_key=True)
    response_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    points: Mapped[Decimal]
    feedback_html: Mapped[str | None]
    """Text to a person: erasure may empty it, as it may empty `reason`."""
    reason: Mapped[str | None]
    """Why a person overrode a mark; None for an answer that waited for a person."""
    graded_by: Mapped[str]
    graded_at: Mapped[datetime]
    is_correction: Mapped[bool]


class GroupGrade(Base):
    """One grade for all responses to a question that read alike, those to come included."""

    __tablename__ = "group_grades"
    __table_args__ = (
        reference("question_id", "questions"),
        CheckConstraint("points >= 0 AND points <= 1000000", name="points"),
        # Deleting rows of a draft looks for what refers to them.
        Index("ix_group_grades_question_id", "question_id"),
    )

    organization_id: Mapped[str] = mapped_column(primary_key=True)
    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    """The group's."""
    question_id: Mapped[uuid.UUID]
    points: Mapped[Decimal]
    feedback_html: Mapped[str | None]
    graded_by: Mapped[str]
    graded_at: Mapped[datetime]


class LostPass(Base):
    """A pass that a correction has put in doubt. What it led to stays until a person decides."""

    __tablename__ = "lost_passes"
    __table_args__ = (
        reference("enrollment_id", "enrollments", ondelete="CASCADE"),
        reference("completion_id", "course_completions"),
        reference("quiz_id", "quizzes"),
        reference("response_id", "pending_responses", ondelete="CASCADE"),
        reference("course_id", "courses"),
        Index(
            "uq_lost_passes_open",
            "organization_id",
            "enrollment_id",
            "quiz_id",
            unique=True,
            postgresql_where=text("resolved_at IS NULL"),
        ),
        CheckConstraint("decision IN ('keep', 'revoke')", name="decision"),
        Index("ix_lost_passes_list", "organization_id", "id", postgresql_where=text("resolved_at IS NULL")),
    )

    organization_id: Mapped[str] = mapped_column(primary_key=True)
    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    enrollment_id: Mapped[uuid.UUID]
    completion_id: Mapped[uuid.UUID | None]
    """The completion that the pass had led to; None when the enrollment was still going on."""
    quiz_id: Mapped[uuid.UUID]
    response_id: Mapped[uuid.UUID | None]
    """The response whose grade was corrected; None for a regrade."""
    user_id: Mapped[str]
    course_id: Mapped[uuid.UUID]
    corrected_by: Mapped[str]
    found_at: Mapped[datetime]
    resolved_at: Mapped[datetime | None]
    """When a person decided, or a later correction or attempt gave the pass back."""
    decision: Mapped[str | None]
    """What a person decided; None where the pass came back by itself."""
    decided_by: Mapped[str | None]
    reason: Mapped[str | None]
    """Why it was decided so. Free text about a person, gone with their data."""


class KeptStatistics(Base):
    """A large quiz's statistics as they were when they were last made. They hold no personal data."""

    __tablename__ = "kept_statistics"
    __table_args__ = (reference("quiz_id", "quizzes"),)

    organization_id: Mapped[str] = mapped_column(primary_key=True)
    quiz_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    made_at: Mapped[datetime]
    statistics: Mapped[JsonObject]

"""Tables of attempts. An attempt is made at its start and closed by the server."""

import uuid
from datetime import datetime
from decimal import Decimal
from typing import TypeAlias

from sqlalchemy import CheckConstraint, Index, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from learning_service.domain.kernel.base import Base, new_id, reference
from learning_service.domain.kernel.values import JsonObject

Layout: TypeAlias = list[tuple[str, list[str]]]
"""The order in which an attempt shows its questions by id, and the choices of each."""


class QuizProgress(Base):
    """How an enrollment stands with one quiz: the counter that holds the attempt limit, and the best result."""

    __tablename__ = "quiz_progress"
    __table_args__ = (
        reference("enrollment_id", "enrollments", ondelete="CASCADE"),
        reference("quiz_id", "quizzes"),
        CheckConstraint("attempts_used >= 0", name="attempts_made"),
        CheckConstraint("best_points >= 0 AND best_points <= possible_points", name="best_points"),
        CheckConstraint("possible_points <= max_points AND max_points <= 1000000000", name="possible_points"),
        CheckConstraint("held_points >= 0 AND held_points <= best_points", name="held_points"),
        # Deleting rows of a draft looks for what refers to them.
        Index("ix_quiz_progress_quiz_id", "quiz_id"),
    )

    organization_id: Mapped[str] = mapped_column(primary_key=True)
    enrollment_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    quiz_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    attempts_used: Mapped[int]
    attempts_allowed: Mapped[int | None]
    """The version's limit and what an admin granted on top; None: no limit."""
    best_points: Mapped[Decimal | None]
    """The most that any closed attempt has for sure, or `held_points`; None before the first."""
    possible_points: Mapped[Decimal | None]
    """The most that any closed attempt can come to, with full marks for all that waits."""
    max_points: Mapped[Decimal | None]
    held_points: Mapped[Decimal | None]
    """What was the best before a correction would have lost a pass: it counts until a person decides."""
    passed_at: Mapped[datetime | None]
    """When an attempt first passed."""


class QuizAttempt(Base):
    """One try at a quiz. Responses, marks and the order of questions are documents on the row."""

    __tablename__ = "quiz_attempts"
    __table_args__ = (
        reference("enrollment_id", "enrollments"),
        reference("quiz_id", "quizzes"),
        UniqueConstraint("organization_id", "enrollment_id", "quiz_id", "number"),
        CheckConstraint("status IN ('in_progress', 'pending_review', 'graded')", name="status"),
        CheckConstraint("points >= 0 AND points + pending_points <= max_points", name="points"),
        CheckConstraint("pending_points >= 0 AND pending_points <= max_points", name="pending_points"),
        CheckConstraint("max_points > 0 AND max_points <= 1000000000", name="max_points"),
        Index(
            "uq_quiz_attempts_open",
            "organization_id",
            "enrollment_id",
            "quiz_id",
            unique=True,
            postgresql_where=text("status = 'in_progress'"),
        ),
        # Finds the repetition of a submission, and by its beginning whatever refers to a quiz.
        Index("ix_quiz_attempts_closed_with", "quiz_id", "enrollment_id", "closed_with"),
        # With its second condition only who looks for deadlines can use it: a learner's own attempt is not looked for
        # among all that are under way, however few those were when the plan was made.
        Index(
            "ix_quiz_attempts_due",
            "deadline_at",
            postgresql_where=text("status = 'in_progress' AND deadline_at IS NOT NULL"),
        ),
    )

    organization_id: Mapped[str] = mapped_column(primary_key=True)
    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    enrollment_id: Mapped[uuid.UUID]
    quiz_id: Mapped[uuid.UUID]
    user_id: Mapped[str]
    number: Mapped[int]
    status: Mapped[str]
    started_at: Mapped[datetime]
    deadline_at: Mapped[datetime | None]
    submitted_at: Mapped[datetime | None]
    sequence: Mapped[int]
    """The highest save number that the client has sent."""
    layout: Mapped[Layout | None] = mapped_column(JSONB(none_as_null=True))
    """`[[question id, [answer ids]], …]` as shown; None: the version's own order."""
    responses: Mapped[JsonObject]
    """What was given, by question id."""
    marks: Mapped[JsonObject | None] = mapped_column(JSONB(none_as_null=True))
    """By question id: points (None while pending), correct, feedback."""
    max_points: Mapped[Decimal]
    points: Mapped[Decimal | None]
    """Points awarded so far; None until submitted."""
    pending_points: Mapped[Decimal | None]
    """What the responses that wait for a person could still add; None until submitted."""
    passed: Mapped[bool | None]
    """None until decided."""
    closed_with: Mapped[str | None]
    """Digest of the submission that closed it; None where none did. Gone with the member's personal data."""
    correction: Mapped[int] = mapped_column(server_default=text("0"))
    """After how many corrections of the version the keys were those that its marks are by."""


class AssessmentResult(Base):
    """The result of a submitted attempt at the final assessment."""

    __tablename__ = "assessment_results"
    __table_args__ = (
        reference("attempt_id", "quiz_attempts", ondelete="CASCADE"),
        reference("enrollment_id", "enrollments"),
        reference("assessment_id", "assessments"),
        CheckConstraint("points >= 0 AND points <= max_points", name="points"),
        CheckConstraint("max_points > 0 AND max_points <= 1000000000", name="max_points"),
        Index("ix_assessment_results_enrollment_id", "enrollment_id"),
        Index("ix_assessment_results_assessment_id", "assessment_id"),
    )

    organization_id: Mapped[str] = mapped_column(primary_key=True)
    attempt_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    enrollment_id: Mapped[uuid.UUID]
    assessment_id: Mapped[uuid.UUID]
    user_id: Mapped[str]
    submitted_at: Mapped[datetime]
    points: Mapped[Decimal]
    max_points: Mapped[Decimal]
    passed: Mapped[bool | None]


class PendingResponse(Base):
    """A response that waits for a person to grade it, or did."""

    __tablename__ = "pending_responses"
    __table_args__ = (
        reference("attempt_id", "quiz_attempts", ondelete="CASCADE"),
        reference("question_id", "questions"),
        reference("course_id", "courses"),
        UniqueConstraint("organization_id", "attempt_id", "question_id"),
        Index("ix_pending_responses_question_id", "question_id"),
        CheckConstraint("points >= 0 AND points <= max_points", name="points"),
        Index(
            "ix_pending_responses_queue",
            "organization_id",
            "submitted_at",
            "id",
            postgresql_where=text("graded_at IS NULL"),
        ),
        Index(
            "ix_pending_responses_groups",
            "group_id",
            postgresql_where=text("group_id IS NOT NULL"),
        ),
    )

    organization_id: Mapped[str] = mapped_column(primary_key=True)
    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    attempt_id: Mapped[uuid.UUID]
    question_id: Mapped[uuid.UUID]
    course_id: Mapped[uuid.UUID]
    user_id: Mapped[str]
    text: Mapped[str]
    max_points: Mapped[Decimal]
    submitted_at: Mapped[datetime]
    points: Mapped[Decimal | None]
    """What a person gave; None while it waits."""
    feedback_html: Mapped[str | None]
    """What the grader wrote to the learner, sanitized."""
    graded_at: Mapped[datetime | None]
    graded_by: Mapped[str | None]
    claimed_by: Mapped[str | None]
    claimed_until: Mapped[datetime | None]
    """Until then only `claimed_by` grades it."""
    group_id: Mapped[uuid.UUID | None]
    """The same for all responses to the question that read alike; None for what no person has to read."""
    normal: Mapped[str | None]
    """How the text begins once it is normalized."""


class EnrollmentGrant(Base):
    """What an administrator gave an enrollment beyond its version's rules, or that it was withdrawn, and why."""

    __tablename__ = "enrollment_grants"
    __table_args__ = (
        reference("enrollment_id", "enrollments", ondelete="CASCADE"),
        reference("quiz_id", "quizzes"),
        CheckConstraint("kind IN ('attempts', 'extra_time', 'due_at', 'withdrawal')", name="kind"),
        CheckConstraint("(kind = 'attempts') = (quiz_id IS NOT NULL)", name="quiz_id"),
    )

    organization_id: Mapped[str] = mapped_column(primary_key=True)
    enrollment_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    kind: Mapped[str]
    quiz_id: Mapped[uuid.UUID | None]
    amount: Mapped[int | None]
    """Attempts added, or the extra time in seconds as it is from then on."""
    due_at: Mapped[datetime | None]
    reason: Mapped[str | None]
    """Free text about a person: never in the audit trail, and gone with the member's personal data."""
    granted_by: Mapped[str]
    granted_at: Mapped[datetime]

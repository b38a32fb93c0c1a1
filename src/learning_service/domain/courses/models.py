"""Tables of courses: identity and policy in `Course`; everything read, graded or printed in a `CourseVersion`.

Every content row names its version, so that one trigger can keep published versions unchangeable.
"""

import uuid
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    UniqueConstraint,
    Uuid,
    false,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, TSVECTOR
from sqlalchemy.orm import Mapped, mapped_column

from learning_service.domain.kernel.base import Base, new_id, reference

PERCENT = "{0} >= 0 AND {0} <= 100"


class Course(Base):
    """Identity and policy of a course."""

    __tablename__ = "courses"
    __table_args__ = (
        reference(
            "published_version_id", "course_versions", use_alter=True, name="fk_courses_published_version_id"
        ),
        CheckConstraint("scope IN ('national', 'regional', 'chapter')", name="scope"),
        CheckConstraint("(scope = 'national') = (scope_id IS NULL)", name="scope_id"),
        CheckConstraint("kind IN ('course', 'program')", name="kind"),
        CheckConstraint("sequence IN ('free', 'ordered')", name="sequence"),
        CheckConstraint("recertification IN ('full', 'delta')", name="recertification"),
        ForeignKeyConstraint(
            ["organization_id", "linked_compliance_requirement"],
            ["compliance_requirements.organization_id", "compliance_requirements.id"],
        ),
        Index(
            "ix_courses_requirement",
            "organization_id",
            "linked_compliance_requirement",
            postgresql_where=text("linked_compliance_requirement IS NOT NULL"),
        ),
    )

    organization_id: Mapped[str] = mapped_column(ForeignKey("organizations.id"), primary_key=True)
    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    kind: Mapped[str] = mapped_column(server_default="course")
    """`program`: its versions have no content of their own, but courses to be completed; see `rules.programs`."""
    scope: Mapped[str]
    scope_id: Mapped[str | None]
    self_enrollment: Mapped[bool]
    recertification_cadence: Mapped[str | None]
    """ISO 8601 duration; None: a completion never expires."""
    linked_compliance_requirement: Mapped[str | None]
    category: Mapped[str | None]
    prerequisites: Mapped[list[uuid.UUID]] = mapped_column(ARRAY(Uuid), server_default="{}")
    """Published courses, which are never deleted, that a member must have completed to begin this one."""
    sequence: Mapped[str] = mapped_column(server_default="free")
    """`ordered`: each item waits for the required ones before it."""
    recertification: Mapped[str] = mapped_column(server_default="full")
    """`delta`: a renewal asks only for what changed since the version last passed."""
    published_version_id: Mapped[uuid.UUID | None]
    archived_at: Mapped[datetime | None]
    created_by: Mapped[str]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]


class CourseVersion(Base):
    """One edition of a course. A draft has no `published_at`; there is at most one draft."""

    __tablename__ = "course_versions"
    __table_args__ = (
        reference("course_id", "courses"),
        UniqueConstraint("organization_id", "course_id", "number"),
        Index(
            "uq_course_versions_draft",
            "organization_id",
            "course_id",
            unique=True,
            postgresql_where=text("published_at IS NULL"),
        ),
        CheckConstraint(PERCENT.format("pass_score"), name="pass_score"),
    )

    organization_id: Mapped[str] = mapped_column(primary_key=True)
    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    course_id: Mapped[uuid.UUID]
    number: Mapped[int]
    title: Mapped[str]
    description_html: Mapped[str]
    image_url: Mapped[str | None]
    language: Mapped[str | None]
    """The language that it is written in, as a tag such as `es-MX`."""
    estimated_minutes: Mapped[int | None]
    credit_hours: Mapped[Decimal | None]
    pass_score: Mapped[Decimal]
    etag: Mapped[str]
    """Changes with every change of the draft."""
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    published_at: Mapped[datetime | None]
    published_by: Mapped[str | None]
    note: Mapped[str | None]
    invites: Mapped[bool] = mapped_column(server_default=false())
    """Whether learners who are under way at an older one may move to it."""
    program: Mapped[str | None]
    """Of a program: its `ProgramContent` as JSON; of a course: None."""


class CourseText(Base):
    """What searching looks at of a course: its published version's words, before that its draft's."""

    __tablename__ = "course_texts"
    __table_args__ = (
        reference("course_id", "courses", ondelete="CASCADE"),
        Index("ix_course_texts_words", "organization_id", "words", postgresql_using="gin"),
        Index("ix_course_texts_title", "organization_id", "title", "course_id"),
    )

    organization_id: Mapped[str] = mapped_column(primary_key=True)
    course_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    configuration: Mapped[str]
    """PostgreSQL's name of the language whose word forms are known; `simple`: of none."""
    title: Mapped[str]
    """Without accents, in lower case."""
    words: Mapped[Any] = mapped_column(TSVECTOR)


class CourseWord(Base):
    """A word of some course of the organization, by which what is misspelt is found."""

    __tablename__ = "course_words"
    organization_id: Mapped[str] = mapped_column(ForeignKey("organizations.id"), primary_key=True)
    word: Mapped[str] = mapped_column(primary_key=True)


class ContentKey(Base):
    """A key that this course has given to a module, item, question or answer, in whatever version."""

    __tablename__ = "content_keys"
    __table_args__ = (reference("course_id", "courses"),)

    organization_id: Mapped[str] = mapped_column(primary_key=True)
    course_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    kind: Mapped[str]


class MasteredSkill(Base):
    """A skill that completing the version adds to a member."""

    __tablename__ = "mastered_skills"
    __table_args__ = (reference("version_id", "course_versions"),)

    organization_id: Mapped[str] = mapped_column(primary_key=True)
    version_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    skill_id: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    position: Mapped[int]


class CourseModule(Base):
    """A chapter of a version's content."""

    __tablename__ = "course_modules"
    __table_args__ = (
        reference("version_id", "course_versions"),
        UniqueConstraint("organization_id", "version_id", "key"),
    )

    organization_id: Mapped[str] = mapped_column(primary_key=True)
    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    version_id: Mapped[uuid.UUID]
    key: Mapped[str]
    position: Mapped[int]
    title: Mapped[str]


class Lesson(Base):
    """Something to read or watch, or an attestation: a text to be signed."""

    __tablename__ = "lessons"
    __table_args__ = (
        reference("version_id", "course_versions"),
        reference("module_id", "course_modules", ondelete="CASCADE"),
        UniqueConstraint("organization_id", "version_id", "key"),
        Index("ix_lessons_module_id", "module_id"),
        CheckConstraint("kind IN ('lesson', 'attestation')", name="kind"),
    )

    organization_id: Mapped[str] = mapped_column(primary_key=True)
    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    version_id: Mapped[uuid.UUID]
    module_id: Mapped[uuid.UUID]
    key: Mapped[str]
    """Names the lesson within its course, the same in every version; made where it is left out."""
    position: Mapped[int]
    title: Mapped[str]
    required: Mapped[bool]
    kind: Mapped[str] = mapped_column(server_default="lesson")
    body_html: Mapped[str]
    """Of an attestation: what is signed."""
    video_url: Mapped[str | None]
    document_url: Mapped[str | None]
    image_url: Mapped[str | None]


class Quiz(Base):
    """Questions with a pass score: an item of a module, or the final assessment (see `Assessment`)."""

    __tablename__ = "quizzes"
    __table_args__: Any = (
        reference("version_id", "course_versions"),
        reference("module_id", "course_modules", ondelete="CASCADE"),
        UniqueConstraint("organization_id", "version_id", "key"),
        Index("ix_quizzes_module_id", "module_id"),
        Index(
            "uq_quizzes_assessment",
            "organization_id",
            "version_id",
            unique=True,
            postgresql_where=text("kind = 'assessment'"),
        ),
        CheckConstraint("(kind = 'quiz') = (module_id IS NOT NULL)", name="module_id"),
        CheckConstraint(PERCENT.format("pass_score"), name="pass_score"),
    )
    __mapper_args__ = {"polymorphic_on": "kind", "polymorphic_identity": "quiz"}

    organization_id: Mapped[str] = mapped_column(primary_key=True)
    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    version_id: Mapped[uuid.UUID]
    kind: Mapped[str]
    module_id: Mapped[uuid.UUID | None]
    key: Mapped[str]
    """Names the quiz within its course, the same in every version; made where it is left out."""
    position: Mapped[int]
    title: Mapped[str]
    required: Mapped[bool]
    pass_score: Mapped[Decimal]
    max_attempts: Mapped[int | None]
    time_limit_seconds: Mapped[int | None]
    retry_delay_seconds: Mapped[int | None]
    shuffle: Mapped[bool]
    feedback: Mapped[str]
    """When learners see which answers are right."""


class Assessment(Quiz):
    """The final assessment of a version; at most one. Its submitted attempts have an `AssessmentResult`."""

    __tablename__ = "assessments"
    __table_args__ = (reference("id", "quizzes", ondelete="CASCADE"),)
    __mapper_args__ = {"polymorphic_identity": "assessment"}

    organization_id: Mapped[str] = mapped_column(primary_key=True)
    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)


class Question(Base):
    """A question of a quiz, its key included. What a type does not use is None."""

    __tablename__ = "questions"
    __table_args__ = (
        reference("version_id", "course_versions"),
        reference("quiz_id", "quizzes", ondelete="CASCADE"),
        UniqueConstraint("organization_id", "version_id", "key"),
        Index("ix_questions_quiz_id", "quiz_id"),
        Index(
            "ix_questions_bank_id",
            "organization_id",
            "bank_id",
            postgresql_where=text("bank_id IS NOT NULL"),
        ),
        CheckConstraint("points >= 0 AND points <= 1000000", name="points"),
    )

    organization_id: Mapped[str] = mapped_column(primary_key=True)
    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    version_id: Mapped[uuid.UUID]
    quiz_id: Mapped[uuid.UUID]
    key: Mapped[str]
    pool: Mapped[str | None]
    """The key of the pool that it is drawn from; None: it is in every attempt."""
    position: Mapped[int]
    type: Mapped[str]
    """`pool`: the row is no question, but a place for some that are drawn."""
    draw: Mapped[int | None]
    """Of a pool: how many of its questions an attempt gets."""
    bank_id: Mapped[uuid.UUID | None]
    """Of a pool: the bank that a draft draws from; the bank may be gone once it is published."""
    tag: Mapped[str | None]
    tags: Mapped[list[Any] | None] = mapped_column(JSONB(none_as_null=True))
    prompt_html: Mapped[str]
    points: Mapped[Decimal]
    explanation_html: Mapped[str | None]
    correct: Mapped[bool | None]
    scoring: Mapped[str | None]
    accepted_answers: Mapped[list[Any] | None] = mapped_column(JSONB(none_as_null=True))
    case_sensitive: Mapped[bool | None]
    review: Mapped[str | None]
    ignore_accents: Mapped[bool | None]
    ignore_punctuation: Mapped[bool | None]
    rubric_html: Mapped[str | None]
    answer: Mapped[Decimal | None]
    tolerance: Mapped[Decimal | None]
    tolerance_percent: Mapped[Decimal | None]
    unit: Mapped[str | None]
    pairs: Mapped[list[Any] | None] = mapped_column(JSONB(none_as_null=True))
    distractors: Mapped[list[Any] | None] = mapped_column(JSONB(none_as_null=True))
    items: Mapped[list[Any] | None] = mapped_column(JSONB(none_as_null=True))


class QuizAnswer(Base):
    """A choice of a choice question."""

    __tablename__ = "quiz_answers"
    __table_args__ = (
        reference("version_id", "course_versions"),
        reference("question_id", "questions", ondelete="CASCADE"),
        UniqueConstraint("organization_id", "version_id", "key"),
        Index("ix_quiz_answers_question_id", "question_id"),
    )

    organization_id: Mapped[str] = mapped_column(primary_key=True)
    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    version_id: Mapped[uuid.UUID]
    question_id: Mapped[uuid.UUID]
    key: Mapped[str]
    position: Mapped[int]
    text: Mapped[str]
    """The words alone where there is `html`."""
    html: Mapped[str | None]
    is_correct: Mapped[bool]
    feedback_html: Mapped[str | None]
    pinned: Mapped[bool] = mapped_column(server_default=false())


class DocumentReference(Base):
    """A version shows a document. Written with the draft, so that it says the same as the content does."""

    __tablename__ = "document_references"
    __table_args__ = (
        reference("version_id", "course_versions"),
        ForeignKeyConstraint(
            ["organization_id", "document_id"],
            ["documents.organization_id", "documents.id"],
            name="fk_document_references_document",
        ),
        Index("ix_document_references_document", "organization_id", "document_id"),
    )

    organization_id: Mapped[str] = mapped_column(primary_key=True)
    version_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    document_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)


class CourseGrader(Base):
    """A person who may grade this course in addition to the organization's graders."""

    __tablename__ = "course_graders"
    __table_args__ = (
        reference("course_id", "courses"),
        Index("ix_course_graders_user", "organization_id", "user_id"),
    )

    organization_id: Mapped[str] = mapped_column(primary_key=True)
    course_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    user_id: Mapped[str] = mapped_column(primary_key=True)
    designated_at: Mapped[datetime]


class VersionCorrection(Base):
    """What was corrected of a published version's keys and points. The version's own rows stay as they are."""

    __tablename__ = "version_corrections"
    __table_args__ = (
        reference("version_id", "course_versions"),
        CheckConstraint("policy IN ('either', 'new_only', 'full_credit', 'drop')", name="policy"),
    )

    organization_id: Mapped[str] = mapped_column(primary_key=True)
    version_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    """From 1. Each is laid over those before it."""
    policy: Mapped[str]
    changes: Mapped[list[Any]] = mapped_column(JSONB)
    note: Mapped[str]
    corrected_by: Mapped[str]
    corrected_at: Mapped[datetime]

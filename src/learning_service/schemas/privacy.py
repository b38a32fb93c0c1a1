"""A member's own data as one document. A section here has its reader in `domain.privacy.queries.SECTIONS`."""

from datetime import datetime
from typing import Any
from uuid import UUID

from learning_service.domain.directory.rules.facts import Office
from learning_service.schemas.common import Answer, Number
from learning_service.schemas.compliance import SkillAnswer
from learning_service.schemas.enrollments import EnrollmentAnswer, ProgressAnswer


class Profile(Answer):
    """What the membership service told us."""

    chapter_id: str
    status: str
    display_name: str | None
    email: str | None
    custom_fields: dict[str, Any]
    locale: str | None
    timezone: str | None
    offices: list[Office]
    created_at: datetime
    updated_at: datetime


class LessonDone(Answer):
    """A lesson completed."""

    lesson_id: UUID
    completed_at: datetime


class ExportedGrant(Answer):
    """What an administrator gave beyond the course's rules, and why."""

    kind: str
    quiz_id: UUID | None
    amount: int | None
    due_at: datetime | None
    reason: str | None
    granted_at: datetime


class ExportedSource(Answer):
    """What assigned an enrollment again while it was open: the due time that it asked for."""

    source: str
    due_at: datetime | None
    assigned_at: datetime


class ExportedEnrollment(EnrollmentAnswer):
    """An enrollment and how far it is."""

    started_at: datetime | None
    ended_at: datetime | None
    extra_time_seconds: int
    progress: ProgressAnswer
    lessons: list[LessonDone]
    grants: list[ExportedGrant]
    assigned_again: list[ExportedSource]


class ExportedResponse(Answer):
    """A response as given, with its mark as far as released."""

    question_id: UUID
    points_awarded: Number | None
    correct: bool | None
    feedback: str | None
    answer_ids: list[UUID] | None = None
    value: bool | None = None
    text: str | None = None


class ExportedGrade(Answer):
    """A grader's judgement of a response; a correction is one more, and what it corrected stays."""

    question_id: UUID
    points: Number
    feedback: str | None
    correction: bool
    graded_at: datetime


class ExportedAttempt(Answer):
    """An attempt with its responses."""

    attempt_id: UUID
    enrollment_id: UUID
    quiz_id: UUID
    quiz_title: str
    number: int
    status: str
    started_at: datetime
    deadline_at: datetime | None
    submitted_at: datetime | None
    points: Number | None
    max_points: Number
    score: Number | None
    passed: bool | None
    responses: list[ExportedResponse]
    grades: list[ExportedGrade]


class ExportedCompletion(Answer):
    """A course completed."""

    id: UUID
    enrollment_id: UUID
    course_id: UUID
    requirement_id: str | None
    score: Number | None
    completed_at: datetime
    expires_at: datetime | None
    voided_at: datetime | None


class ExportedCertificate(Answer):
    """A certificate as issued."""

    id: UUID
    completion_id: UUID
    course_id: UUID
    course_title: str
    recipient_name: str | None
    issuer_name: str
    issued_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None
    verification_url: str


class ExportedCompliance(Answer):
    """A requirement met."""

    requirement_id: str
    completion_id: UUID
    completed_at: datetime
    expires_at: datetime | None


class GraderOf(Answer):
    """A course that the member may grade."""

    course_id: UUID


class ExportedDocument(Answer):
    """A file that the member uploaded, as an author."""

    id: UUID
    name: str | None
    media_type: str
    created_at: datetime


class ExportedEvent(Answer):
    """An event of the membership service about the member."""

    event_id: str
    source: str
    time: datetime
    received_at: datetime


class Activity(Answer):
    """Something that the member did."""

    at: datetime
    action: str


class ExportHead(Answer):
    """What is kept about a member, but for what is sent a page at a time."""

    user_id: str
    organization_id: str
    exported_at: datetime
    profile: Profile
    enrollments: list[ExportedEnrollment]
    completions: list[ExportedCompletion]
    certificates: list[ExportedCertificate]
    compliance: list[ExportedCompliance]
    skills: list[SkillAnswer]
    grader_of: list[GraderOf]
    documents: list[ExportedDocument]


class ExportAnswer(ExportHead):
    """All that is kept about a member."""

    attempts: list[ExportedAttempt]
    membership_events: list[ExportedEvent]
    activity: list[Activity]

"""A member's own data as one document. `domain.privacy.queries.export` reads each section."""

from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import Field

from learning_service.domain.directory.rules.facts import Office
from learning_service.domain.kernel.values import JsonObject
from learning_service.schemas.common import Number, Out
from learning_service.schemas.compliance import SkillOut
from learning_service.schemas.enrollments import EnrollmentOut, ProgressOut
from learning_service.schemas.evidence import EvidenceStatus
from learning_service.schemas.preferences import PreferencesOut


class ProfileOut(Out):
    """What the membership service sent."""

    chapter_id: str
    status: str
    display_name: str | None
    email: str | None
    custom_fields: JsonObject
    locale: str | None
    timezone: str | None
    offices: list[Office]
    created_at: datetime
    updated_at: datetime


class CompletedLessonOut(Out):
    """A lesson completed."""

    lesson_id: UUID
    completed_at: datetime


class ExportedSignatureOut(Out):
    """An attestation that was signed."""

    key: str
    """The attestation's key in its course."""
    typed_name: str
    signed_at: datetime
    text_hash: str


class ExportedGrantOut(Out):
    """What an administrator gave beyond the course's rules, and why."""

    kind: str
    quiz_id: UUID | None
    amount: int | None
    due_at: datetime | None
    reason: str | None
    """Why it was given; null: no reason was."""
    granted_at: datetime


class ExportedSourceOut(Out):
    """What assigned an enrollment again while it was open, and with which due time."""

    source: str
    """Who or what assigned it again."""
    due_at: datetime | None
    """The due time that came with it; null: none."""
    assigned_at: datetime


class ExportedMoveOut(Out):
    """That an enrollment was moved to another version of its course."""

    from_version: int
    """The number of the version that it was at."""
    to_version: int
    """The number of the version that it is at since then."""
    moved_at: datetime
    """When it was moved."""
    kept: int
    """Items done or tried that are the same there."""
    lost: int
    """Items done or tried that are to be done again, or are no more."""


class ExportedEnrollmentOut(EnrollmentOut):
    """An enrollment and how far it is."""

    started_at: datetime | None
    ended_at: datetime | None
    extra_time_seconds: int
    progress: ProgressOut
    """How far it is."""
    lessons: list[CompletedLessonOut]
    """The lessons that are done, and the attestations."""
    attestations: list[ExportedSignatureOut]
    """What was signed."""
    grants: list[ExportedGrantOut]
    """What administrators gave beyond the course's rules."""
    assigned_again: list[ExportedSourceOut]
    """What assigned it again while it was open."""
    moves: list[ExportedMoveOut]
    """The versions to which it was moved."""


class ExportedResponseOut(Out):
    """A response as given, with its mark as far as released."""

    question_id: UUID
    points_awarded: Number | None
    correct: bool | None
    """Whether it is right; null while a grader has not judged it, or where it may not be shown."""
    feedback: str | None
    answer_ids: list[UUID] | None = None
    value: bool | None = None
    text: str | None = None
    number: str | None = None
    """The number as the learner wrote it."""
    matches: dict[str, str] | None = None
    """The key of the right part by the key of each left one."""
    order: list[str] | None = None
    """The keys of the items in the learner's order."""


class ExportedGradeOut(Out):
    """A grader's judgement of a response; a correction is one more, and what it corrected stays."""

    question_id: UUID
    points: Number
    feedback: str | None
    reason: Annotated[str | None, Field(description="Why a person overrode a mark.")]
    correction: bool
    """Whether it replaced an earlier grade."""
    graded_at: datetime


class ExportedAttemptOut(Out):
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
    responses: list[ExportedResponseOut]
    """What was answered, question by question."""
    grades: list[ExportedGradeOut]
    """What graders judged of it."""


class ExportedCompletionOut(Out):
    """A course completed."""

    id: UUID
    enrollment_id: UUID
    course_id: UUID
    requirement_id: str | None
    score: Number | None
    completed_at: datetime
    expires_at: datetime | None
    voided_at: datetime | None
    """When it stopped counting, since its certificate was revoked; null: it counts."""


class ExportedCertificateOut(Out):
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


class ExportedComplianceOut(Out):
    """A requirement met."""

    requirement_id: str
    completion_id: UUID
    completed_at: datetime
    expires_at: datetime | None


class ExportedExemptionOut(Out):
    """An exemption that the member has or had."""

    id: UUID
    requirement_id: str | None
    """From which requirement; null where it is from a course."""
    course_id: UUID | None
    """From which course; null where it is from a requirement."""
    reason: str | None
    """Why it was granted."""
    document_id: UUID | None
    """The file that says why."""
    expires_at: datetime | None
    granted_at: datetime
    ended_at: datetime | None
    """When it was taken back; null: it was not."""


class ExportedEvidenceOut(Out):
    """What the member sent to show that a requirement was met elsewhere."""

    id: UUID
    requirement_id: str
    completed_on: date
    """The day on which it was done, as the member said."""
    note: str | None
    """What the member wrote."""
    document_id: UUID | None
    """The file that shows it."""
    status: EvidenceStatus
    sent_at: datetime
    """When the member sent it."""
    reason: str | None
    """Why it was decided so; null: it was not decided yet."""
    expires_at: datetime | None
    decided_at: datetime | None
    """When it was last decided."""
    approved_at: datetime | None
    """From when on it counted."""
    taken_back_at: datetime | None
    """When an approval became a rejection."""


class ExportedAccommodationsOut(Out):
    """What the member needs at attempts."""

    time_multiplier: Number
    """How many times as long an attempt with a time limit may take."""
    extra_attempts: int
    """Attempts beyond the limit of each quiz and assessment."""
    reason: str
    """Why it was granted."""
    granted_at: datetime


class GradershipOut(Out):
    """A course that the member may grade."""

    course_id: UUID


class ExportedDocumentOut(Out):
    """A file that the member uploaded."""

    id: UUID
    name: str | None
    """The file's name; null: none was given."""
    media_type: str
    """What was uploaded, by its content."""
    created_at: datetime


class ExportedEventOut(Out):
    """An event of the membership service about the member."""

    event_id: str
    source: str
    """The service that sent it."""
    time: datetime
    """When it happened, by its sender."""
    received_at: datetime


class ExportedChangeOut(Out):
    """A change of the member's status, chapter or custom field."""

    at: datetime
    """When it happened."""
    field: str
    """`status`, `chapter_id`, or `custom_fields.` and the field's name."""
    was: Any
    """What it was before; null: nothing."""
    value: Any
    """What it was from then on; null: nothing."""


class ActivityOut(Out):
    """Something that the member did."""

    at: datetime
    """When it was done."""
    action: str


class ExportHeadOut(Out):
    """What is kept about a member, but for what is sent a page at a time."""

    user_id: str
    organization_id: str
    exported_at: datetime
    """The moment of which this speaks."""
    profile: ProfileOut
    """What the membership service sent."""
    enrollments: list[ExportedEnrollmentOut]
    """All of them, withdrawn ones too."""
    completions: list[ExportedCompletionOut]
    """Courses completed, also those that no longer count."""
    certificates: list[ExportedCertificateOut]
    """All that were issued, revoked ones too."""
    compliance: list[ExportedComplianceOut]
    """Requirements that were met."""
    exemptions: list[ExportedExemptionOut]
    """What the member need not do, or once needed not."""
    evidence: list[ExportedEvidenceOut]
    """What the member sent to show that requirements were met elsewhere."""
    accommodations: ExportedAccommodationsOut | None
    """What the member needs at attempts; null: nothing was granted."""
    skills: list[SkillOut]
    """Skills that passes have proved."""
    preferences: PreferencesOut
    """What the member chose, defaults filled in."""
    grader_of: list[GradershipOut]
    """Courses whose answers the member may grade."""
    documents: list[ExportedDocumentOut]
    """Files that the member uploaded."""


class ExportOut(ExportHeadOut):
    """All that is kept about a member."""

    attempts: list[ExportedAttemptOut]
    """All of them, with their responses."""
    membership_events: list[ExportedEventOut]
    """What the membership service told of the member."""
    changes: list[ExportedChangeOut]
    """Each change of status, chapter or custom field."""
    activity: list[ActivityOut]
    """What the member did, from the audit trail."""

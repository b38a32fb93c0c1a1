"""What a member has and chooses: attempts, skills, notices, preferences, their whole record."""

from typing import Any, Literal, NotRequired, TypedDict

from learning_service_client.shapes.attempts import (
    QuestionOut,
    RightChoices,
    RightMatches,
    RightNumber,
    RightOrder,
    RightTexts,
    RightValue,
)
from learning_service_client.shapes.enrollments import EnrollmentStateOut, ProgressOut
from learning_service_client.shapes.shared import Office, SkillOut


class ActivityOut(TypedDict):
    """Something that the member did."""

    at: str
    action: str


class GivenResponseOut(TypedDict):
    """A response as given, with what may be shown of its mark."""

    question_id: str
    points_awarded: float | None
    correct: bool | None
    feedback: str | None
    explanation_html: str | None
    right_answer: RightChoices | RightValue | RightTexts | RightNumber | RightMatches | RightOrder | None
    choice_feedback: NotRequired[dict[str, str] | None]
    answer_ids: NotRequired[list[str] | None]
    value: NotRequired[bool | None]
    text: NotRequired[str | None]
    number: NotRequired[str | None]
    matches: NotRequired[dict[str, str] | None]
    order: NotRequired[list[str] | None]


class AttemptOut(TypedDict):
    """One attempt, under way or closed."""

    attempt_id: str
    number: int
    status: Literal["in_progress", "graded", "pending_review"]
    started_at: str
    deadline_at: str | None
    submitted_at: str | None
    server_time: str
    sequence: int
    points: float | None
    max_points: float
    score: float | None
    passed: bool | None
    attempts_remaining: int | None
    responses: list[GivenResponseOut]
    questions: list[QuestionOut]
    enrollment: EnrollmentStateOut


class CompletedLessonOut(TypedDict):
    """A lesson completed."""

    lesson_id: str
    completed_at: str


class ExportedSignatureOut(TypedDict):
    """An attestation that was signed."""

    key: str
    typed_name: str
    signed_at: str
    text_hash: str


class ProfileOut(TypedDict):
    """What the membership service sent."""

    chapter_id: str
    status: str
    display_name: str | None
    email: str | None
    custom_fields: dict[str, object]
    locale: str | None
    timezone: str | None
    offices: list[Office]
    created_at: str
    updated_at: str


class ExportedGrantOut(TypedDict):
    """What an administrator gave beyond the course's rules, and why."""

    kind: str
    quiz_id: str | None
    amount: int | None
    due_at: str | None
    reason: str | None
    granted_at: str


class ExportedSourceOut(TypedDict):
    """What assigned an enrollment again while it was open, and with which due time."""

    source: str
    due_at: str | None
    assigned_at: str


class ExportedEnrollmentOut(TypedDict):
    """An enrollment and how far it is."""

    id: str
    course_id: str
    course_title: str
    version: int
    status: Literal["assigned", "in_progress", "completed", "failed"]
    assigned_at: str
    due_at: str | None
    overdue: bool
    awaiting_review: bool
    source: Literal["self", "admin", "rule", "recertification", "imported"]
    withdrawn_at: str | None
    started_at: str | None
    ended_at: str | None
    extra_time_seconds: int
    progress: ProgressOut
    lessons: list[CompletedLessonOut]
    attestations: list[ExportedSignatureOut]
    grants: list[ExportedGrantOut]
    assigned_again: list[ExportedSourceOut]


class ExportedCompletionOut(TypedDict):
    """A course completed."""

    id: str
    enrollment_id: str
    course_id: str
    requirement_id: str | None
    score: float | None
    completed_at: str
    expires_at: str | None
    voided_at: str | None


class ExportedCertificateOut(TypedDict):
    """A certificate as issued."""

    id: str
    completion_id: str
    course_id: str
    course_title: str
    recipient_name: str | None
    issuer_name: str
    issued_at: str
    expires_at: str | None
    revoked_at: str | None
    verification_url: str


class ExportedComplianceOut(TypedDict):
    """A requirement met."""

    requirement_id: str
    completion_id: str
    completed_at: str
    expires_at: str | None


class MailOut(TypedDict):
    """Which mails a member wants."""

    assigned: bool
    reminders: bool
    results: bool
    digest: bool


class PreferencesOut(TypedDict):
    """What a member chose, defaults filled in."""

    locale: str | None
    mail: MailOut
    required_mails: list[Literal["assigned", "reminders", "results", "digest"]]


class GradershipOut(TypedDict):
    """A course that the member may grade."""

    course_id: str


class ExportedExemptionOut(TypedDict):
    """An exemption that the member has or had."""

    id: str
    requirement_id: str | None
    course_id: str | None
    reason: str | None
    document_id: str | None
    expires_at: str | None
    granted_at: str
    ended_at: str | None


class ExportedEvidenceOut(TypedDict):
    """What the member sent to show that a requirement was met elsewhere."""

    id: str
    requirement_id: str
    completed_on: str
    note: str | None
    document_id: str | None
    status: Literal["pending", "approved", "rejected"]
    sent_at: str
    reason: str | None
    expires_at: str | None
    decided_at: str | None
    approved_at: str | None
    taken_back_at: str | None


class ExportedChangeOut(TypedDict):
    """A change of the member's status, chapter or custom field."""

    at: str
    field: str
    was: Any
    value: Any


class ExportedAccommodationsOut(TypedDict):
    """What the member needs at attempts."""

    time_multiplier: float
    extra_attempts: int
    reason: str
    granted_at: str


class ExportedDocumentOut(TypedDict):
    """A file that the member uploaded, as an author."""

    id: str
    name: str | None
    media_type: str
    created_at: str


class ExportedResponseOut(TypedDict):
    """A response as given, with its mark as far as released."""

    question_id: str
    points_awarded: float | None
    correct: bool | None
    feedback: str | None
    answer_ids: NotRequired[list[str] | None]
    value: NotRequired[bool | None]
    text: NotRequired[str | None]
    number: NotRequired[str | None]
    matches: NotRequired[dict[str, str] | None]
    order: NotRequired[list[str] | None]


class ExportedGradeOut(TypedDict):
    """A grader's judgement of a response; a correction is one more, and what it corrected stays."""

    question_id: str
    points: float
    feedback: str | None
    reason: str | None
    correction: bool
    graded_at: str


class ExportedAttemptOut(TypedDict):
    """An attempt with its responses."""

    attempt_id: str
    enrollment_id: str
    quiz_id: str
    quiz_title: str
    number: int
    status: str
    started_at: str
    deadline_at: str | None
    submitted_at: str | None
    points: float | None
    max_points: float
    score: float | None
    passed: bool | None
    responses: list[ExportedResponseOut]
    grades: list[ExportedGradeOut]


class ExportedEventOut(TypedDict):
    """An event of the membership service about the member."""

    event_id: str
    source: str
    time: str
    received_at: str


class ExportOut(TypedDict):
    """All that is kept about a member."""

    user_id: str
    organization_id: str
    exported_at: str
    profile: ProfileOut
    enrollments: list[ExportedEnrollmentOut]
    completions: list[ExportedCompletionOut]
    certificates: list[ExportedCertificateOut]
    compliance: list[ExportedComplianceOut]
    exemptions: list[ExportedExemptionOut]
    evidence: list[ExportedEvidenceOut]
    accommodations: ExportedAccommodationsOut | None
    skills: list[SkillOut]
    preferences: PreferencesOut
    grader_of: list[GradershipOut]
    documents: list[ExportedDocumentOut]
    attempts: list[ExportedAttemptOut]
    membership_events: list[ExportedEventOut]
    changes: list[ExportedChangeOut]
    activity: list[ActivityOut]


class MailChangeIn(TypedDict):
    """Which mails are wanted; what is absent stays."""

    assigned: NotRequired[bool]
    reminders: NotRequired[bool]
    results: NotRequired[bool]
    digest: NotRequired[bool]


class NotificationOut(TypedDict):
    """Something that a member is told."""

    id: str
    kind: Literal[
        "assigned",
        "due_soon",
        "overdue",
        "graded",
        "completed",
        "failed",
        "certificate_ready",
        "expiring",
        "migrated",
        "evidence_approved",
        "evidence_rejected",
        "evidence_expiring",
        "invited",
    ]
    at: str
    title: str
    enrollment_id: str | None
    course_id: str | None
    attempt_id: str | None
    certificate_id: str | None
    evidence_id: str | None
    due_at: str | None
    kept: int | None
    lost: int | None
    read: bool


class PreferencesChangeIn(TypedDict):
    """Changes of preferences; what is absent stays, null goes back to the directory's language."""

    locale: NotRequired[str | None]
    mail: NotRequired[MailChangeIn]


class UnreadOut(TypedDict):
    """How many notifications are left to read."""

    unread: int

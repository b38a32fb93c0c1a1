"""Enrollments, progress, completions, and where a member stands."""

from typing import Literal, TypedDict

EnrollmentStatus = Literal["assigned", "in_progress", "completed", "failed"]


class EnrollmentStateOut(TypedDict):
    """Where the submission leaves the enrollment."""

    id: str
    status: str


class CompletionOut(TypedDict):
    """The completion that a submission brought."""

    id: str
    score: float | None
    completed_at: str
    expires_at: str | None


class ListedEnrollmentOut(TypedDict):
    """An enrollment in a list, with what it has come to."""

    id: str
    course_id: str
    course_title: str
    version: int
    status: EnrollmentStatus
    assigned_at: str
    due_at: str | None
    overdue: bool
    awaiting_review: bool
    source: Literal["self", "admin", "rule", "recertification", "imported"]
    withdrawn_at: str | None
    completed_at: str | None
    score: float | None
    certificate_id: str | None


class NextItemOut(TypedDict):
    """Where a learner goes on."""

    kind: Literal["lesson", "attestation", "quiz", "assessment"]
    id: str
    title: str


class ProgressOut(TypedDict):
    """How far an enrollment is; required items and the assessment count."""

    enrollment_id: str
    course_id: str
    course_title: str
    status: EnrollmentStatus
    items_completed: int
    items_total: int
    percent: int
    due_at: str | None
    overdue: bool
    awaiting_review: bool
    next_item: NextItemOut | None


class MissingCourseOut(TypedDict):
    """A course that a member has yet to complete."""

    course_id: str
    title: str


class ListedProgressOut(ProgressOut):
    """How far an enrollment is, and what it has come to."""

    completed_at: str | None
    score: float | None
    certificate_id: str | None
    missing_prerequisites: list[MissingCourseOut]


class ComplianceOut(TypedDict):
    """Where a member stands with a requirement."""

    user_id: str
    display_name: str
    chapter_id: str
    chapter_name: str
    requirement_id: str
    requirement_name: str
    status: Literal["exempt", "complete", "pending", "expired", "failed", "not_started"]
    completed_at: str | None
    expires_at: str | None
    due_at: str | None


class MemberEnrollmentOut(ListedEnrollmentOut):
    """An enrollment as administrators see it."""

    user_id: str


class SkippedMemberOut(TypedDict):
    """A member who was not assigned, and why."""

    user_id: str
    reason: Literal["unknown-member", "completed", "failed", "exempt", "removed"]


class AssignedOut(TypedDict):
    """What an assignment did."""

    assigned: int
    already_enrolled: int
    skipped: list[SkippedMemberOut]


class StartedRunOut(TypedDict):
    """The run that does it in the background."""

    run_id: str

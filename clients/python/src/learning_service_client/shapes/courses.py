"""Courses as they are listed and read."""

from typing import Literal, NotRequired, TypedDict

from learning_service_client.shapes.attempts import QuizItemOut
from learning_service_client.shapes.enrollments import EnrollmentStatus, ListedEnrollmentOut, MissingCourseOut

Scope = Literal["national", "regional", "chapter"]


class CourseOut(TypedDict):
    """A course: identity, policy, and what its published version (before that its draft) says."""

    id: str
    title: str
    scope: Scope
    scope_id: str | None
    self_enrollment: bool
    recertification_cadence: str | None
    linked_compliance_requirement: str | None
    published_version: int | None
    draft_version: int | None
    pass_score: float
    archived: bool
    description_html: str
    image_url: str | None
    language: str | None
    estimated_minutes: int | None
    credit_hours: float | None
    category: str | None
    prerequisites: list[str]
    sequence: Literal["free", "ordered"]
    recertification: Literal["full", "delta"]


class SeenCourseOut(CourseOut):
    """A course as the caller finds it."""

    missing_prerequisites: list[MissingCourseOut]


class MineOut(TypedDict):
    """The caller's enrollment in a course: where they stand there."""

    completed_at: str | None
    score: float | None
    certificate_id: str | None
    enrollment_id: str
    status: EnrollmentStatus
    percent: int
    due_at: str | None


class ListedCourseOut(CourseOut):
    """A course in a list."""

    mine: NotRequired[MineOut | None]


class AttestationItemOut(TypedDict):
    """An attestation: a text that the learner signs."""

    kind: Literal["attestation"]
    id: str
    key: str
    title: str
    required: bool
    completed_at: str | None
    kept: bool
    text_html: str
    text_hash: str


class SignatureOut(TypedDict):
    """The signature that stands: the first under this text."""

    typed_name: str
    signed_at: str
    text_hash: str


class MemberSignatureOut(TypedDict):
    """A signature as administrators see it."""

    enrollment_id: str
    user_id: str
    display_name: str | None
    chapter_id: str
    chapter_name: str
    course_id: str
    course_title: str
    attestation_key: str
    attestation_title: str | None
    version: int | None
    text_hash: str
    typed_name: str | None
    signed_at: str
    outdated: bool


class LessonItemOut(TypedDict):
    """A lesson with its content."""

    kind: Literal["lesson"]
    id: str
    key: str
    title: str
    required: bool
    completed_at: str | None
    kept: bool
    body_html: str
    video_url: str | None
    document_url: str | None
    image_url: str | None


class ModuleOut(TypedDict):
    """A module and its items in order."""

    id: str
    key: str
    title: str
    items: list[LessonItemOut | AttestationItemOut | QuizItemOut]


class ModulesOut(TypedDict):
    """The caller's version of a course, and how far they are."""

    items: list[ModuleOut]
    next_cursor: None
    version: int
    enrollment: ListedEnrollmentOut | None
    assessment: QuizItemOut | None


class PublishWarningOut(TypedDict):
    """Something that stops nothing, but is probably a mistake."""

    code: Literal["course-can-be-missed", "right-answer-first"]
    pointer: str
    detail: str


class PublishedCourseOut(CourseOut):
    """A course that was published, and what its author may have overlooked."""

    warnings: list[PublishWarningOut]
    run_id: NotRequired[str | None]

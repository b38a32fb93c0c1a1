"""Requirements, reports and the audit trail."""

from typing import Literal, NotRequired, TypedDict

from learning_service_client.shapes.shared import AudienceFilter


class AuditEntryOut(TypedDict):
    """One action."""

    id: str
    at: str
    actor: str
    actor_name: str | None
    action: str
    subject: str
    subject_kind: str
    subject_name: str | None
    course_id: str | None
    course_title: str | None
    enrollment_id: str | None
    record_kind: str
    record_id: str
    reason: str | None


class ChapterComplianceOut(TypedDict):
    """How one chapter stands."""

    members: int
    complete: int
    exempt: int
    pending: int
    overdue: int
    expired: int
    failed: int
    not_started: int
    expiring_30: int
    expiring_60: int
    expiring_90: int
    chapter_id: str
    chapter_name: str
    region_id: str


class ChapterProgressOut(TypedDict):
    """One chapter's members in a course."""

    chapter_id: str
    chapter_name: str
    enrolled: int
    completed: int
    failed: int


class ComplianceCountsOut(TypedDict):
    """Counts of active members, once for each requirement in the query; `overdue` are some of `pending`."""

    members: int
    complete: int
    exempt: int
    pending: int
    overdue: int
    expired: int
    failed: int
    not_started: int
    expiring_30: int
    expiring_60: int
    expiring_90: int


class ComplianceReportOut(TypedDict):
    """How the chapters stand, and all together."""

    items: list[ChapterComplianceOut]
    totals: ComplianceCountsOut


class ComplianceMomentOut(ComplianceCountsOut):
    """All chapters together, as of a moment."""

    at: str


class ComplianceHistoryOut(TypedDict):
    """How all chapters stood together, month by month."""

    items: list[ComplianceMomentOut]


class LapseOut(TypedDict):
    """A member who meets a requirement now and lapses if nobody acts."""

    user_id: str
    display_name: str
    chapter_id: str
    requirement_id: str
    expires_at: str
    under_way: bool


class WeekProgressOut(TypedDict):
    """One week of a course."""

    week: str
    enrolled: int
    completed: int


class CourseReportOut(TypedDict):
    """How the caller's active members stand in a course, each counted once."""

    enrolled: int
    assigned: int
    in_progress: int
    completed: int
    failed: int
    awaiting_review: int
    median_score: float | None
    median_days: float | None
    by_chapter: list[ChapterProgressOut]
    by_week: list[WeekProgressOut]


class LinkedCourseOut(TypedDict):
    """A course that meets a requirement."""

    id: str
    title: str


class RequirementChangeIn(TypedDict):
    """Changes of a requirement; what is absent stays."""

    linkable_by: NotRequired[list[Literal["national_admin", "regional_admin", "chapter_admin"]]]
    audience_filter: NotRequired[AudienceFilter | None]


class RequirementOut(TypedDict):
    """A compliance requirement."""

    id: str
    name: str
    courses: list[LinkedCourseOut]
    audience_filter: dict[str, object] | None
    linkable_by: list[Literal["national_admin", "regional_admin", "chapter_admin"]]
    closed: bool

"""Wire types of reports."""

from datetime import date, datetime
from typing import Annotated

from pydantic import Field

from learning_service.schemas.common import Number, Out


class ComplianceCountsOut(Out):
    """Counts of active members, once for each requirement in the query; `overdue` are some of `pending`."""

    members: int
    """Active members, once for each requirement that they must meet."""
    complete: int
    """Those who meet it now."""
    exempt: int
    """Those who need not meet it."""
    pending: int
    """Those who have a course for it and have not ended."""
    overdue: int
    """Those of `pending` whose due time has passed."""
    expired: int
    """Those who met it once and no longer do."""
    failed: int
    """Those whose last try failed."""
    not_started: int
    """Those who have no course for it."""
    expiring_30: int
    """Those of `complete` who lapse within 30 days."""
    expiring_60: int
    """Those of `complete` who lapse within 60 days."""
    expiring_90: int
    """Those of `complete` who lapse within 90 days."""


class ChapterComplianceOut(ComplianceCountsOut):
    """How one chapter stands."""

    chapter_id: str
    chapter_name: str
    region_id: str


class ComplianceReportOut(Out):
    """How the chapters stand, and all together."""

    items: list[ChapterComplianceOut]
    """One row for each chapter."""
    totals: ComplianceCountsOut
    """All rows together."""


class ComplianceMomentOut(ComplianceCountsOut):
    """All chapters together, as of a moment."""

    at: datetime
    """The moment: the last one of a month, where the organization is, or of the last day that was asked for."""


class ComplianceHistoryOut(Out):
    """How all chapters stood together, month by month."""

    items: list[ComplianceMomentOut]
    """The oldest first."""


class LapseOut(Out):
    """A member who meets a requirement now and lapses if nobody acts."""

    user_id: str
    display_name: str
    chapter_id: str
    requirement_id: Annotated[str, Field(description="The requirement, by the directory's id.")]
    expires_at: Annotated[datetime, Field(description="When it lapses.")]
    under_way: bool
    """Whether an enrollment that would renew it is open."""


class ChapterProgressOut(Out):
    """One chapter's members in a course."""

    chapter_id: Annotated[str, Field(description="The chapter in which they are now.")]
    chapter_name: str
    enrolled: Annotated[int, Field(description="Members who stand at some enrollment of the course.")]
    completed: int
    failed: int


class WeekProgressOut(Out):
    """One week of a course."""

    week: Annotated[date, Field(description="Its Monday, in the organization's time zone.")]
    enrolled: Annotated[int, Field(description="Members whose enrollment was made in this week.")]
    completed: Annotated[int, Field(description="Members who completed the course in this week.")]


class CourseReportOut(Out):
    """How the caller's active members stand in a course, each counted once."""

    enrolled: Annotated[
        int, Field(description="All of them: assigned, in progress, completed and failed together.")
    ]
    assigned: int
    """Members who have not begun."""
    in_progress: int
    completed: int
    failed: int
    awaiting_review: Annotated[
        int, Field(description="Those of `in_progress` who have handed in everything and wait for a grader.")
    ]
    median_score: Annotated[
        Number | None, Field(description="Percent, of those who completed with a score; null without any.")
    ]
    median_days: Annotated[
        Number | None,
        Field(description="From being enrolled or assigned to the completion; null before the first one."),
    ]
    by_chapter: Annotated[
        list[ChapterProgressOut], Field(description="Chapters with members who are enrolled, by id.")
    ]
    by_week: Annotated[
        list[WeekProgressOut],
        Field(description="Weeks in which a member enrolled or completed, oldest first."),
    ]

"""Wire types of exemptions."""

from datetime import date, datetime
from uuid import UUID

from learning_service.schemas.common import Out


class ExemptionOut(Out):
    """A member need not meet a requirement, or do a course."""

    id: UUID
    user_id: str
    display_name: str | None
    requirement_id: str | None
    """From which requirement; null where it is from a course."""
    requirement_name: str | None
    """The requirement's name of today; null where it is from a course."""
    course_id: UUID | None
    """From which course; null where it is from a requirement."""
    course_title: str | None
    """The course's title of today; null where it is from a requirement."""
    reason: str | None
    """Why it was granted."""
    document_url: str | None
    """Where the file that says why is fetched, for administrators; null: there is none, or it is no longer kept."""
    expires_on: date | None
    """The last day of it, where the organization is; null: it has no end."""
    expires_at: datetime | None
    """The end of that day; null: it has no end."""
    granted_by: str
    """Who granted it."""
    granted_at: datetime

"""Exemptions."""

from typing import TypedDict


class ExemptionOut(TypedDict):
    """A member need not meet a requirement, or do a course."""

    id: str
    user_id: str
    display_name: str | None
    requirement_id: str | None
    requirement_name: str | None
    course_id: str | None
    course_title: str | None
    reason: str | None
    document_url: str | None
    expires_on: str | None
    expires_at: str | None
    granted_by: str
    granted_at: str

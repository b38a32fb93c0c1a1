"""Wire types of compliance and skills."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from learning_service.schemas.common import Out

ComplianceStatus = Literal["exempt", "complete", "pending", "expired", "failed", "not_started"]


class ComplianceOut(Out):
    """Where a member stands with a requirement."""

    user_id: str
    display_name: str
    chapter_id: str
    chapter_name: str
    requirement_id: str
    requirement_name: str
    status: ComplianceStatus
    """The first that holds; what was revoked counts as never begun."""
    completed_at: datetime | None
    expires_at: datetime | None
    due_at: datetime | None
    """The earliest of the open enrollments that lead to it."""


class SkillOut(Out):
    """A skill of a member."""

    skill_id: str
    name: str
    acquired_at: datetime
    course_id: UUID

"""Answers about enrollments and progress."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from learning_service.schemas.common import Answer

EnrollmentStatus = Literal["assigned", "in_progress", "completed", "failed"]


class EnrollmentAnswer(Answer):
    """An enrollment."""

    id: UUID
    course_id: UUID
    course_title: str
    version: int
    status: EnrollmentStatus
    assigned_at: datetime
    due_at: datetime | None
    overdue: bool
    source: Literal["self", "admin", "rule", "recertification"]


class ProgressAnswer(Answer):
    """How far an enrollment is; required items and the assessment count."""

    enrollment_id: UUID
    course_id: UUID
    course_title: str
    status: EnrollmentStatus
    items_completed: int
    items_total: int
    percent: int
    due_at: datetime | None
    overdue: bool


class Totals(Answer):
    """How many enrollments are in each status, and how many are overdue."""

    assigned: int
    in_progress: int
    completed: int
    failed: int
    overdue: int


class ProgressPage(Answer):
    """A page of progress with the totals over all pages."""

    items: list[ProgressAnswer]
    next_cursor: str | None
    totals: Totals

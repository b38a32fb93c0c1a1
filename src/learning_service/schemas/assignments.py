"""Wire types of assigning, rules and runs."""

from datetime import date, datetime
from typing import Literal
from uuid import UUID

from learning_service.domain.assignments.rules.policy import OnLeaving, Repeat, Trigger
from learning_service.domain.kernel.values import JsonObject
from learning_service.schemas.common import Out


class SkippedMemberOut(Out):
    """A member who was not assigned, and why."""

    user_id: str
    reason: Literal["unknown-member", "completed", "failed", "exempt", "removed"]
    """Why nothing was assigned."""


class AssignedOut(Out):
    """What an assignment did."""

    assigned: int
    """Members who were enrolled by this call."""
    already_enrolled: int
    skipped: list[SkippedMemberOut]
    """Members who were not assigned, and why."""


class StartedRunOut(Out):
    """The run that does it in the background."""

    run_id: UUID


class DueFromOut(Out):
    """A due day that each member's own custom field says."""

    field: str
    """The custom field that holds a day or a time."""
    days: int
    """How many days after that day; below 0 before it."""


class RuleOut(Out):
    """A rule."""

    id: UUID
    course_id: UUID | None
    """The course that it assigns; null: it assigns a program."""
    program_id: UUID | None
    """The program that it assigns; null: it assigns a course."""
    course_title: str
    """The title of the course or program."""
    trigger: Trigger
    audience_filter: JsonObject
    due_in_days: int | None
    due_on: date | None
    due_from: DueFromOut | None
    """The field of each member that says the due day; null: none does."""
    on_leaving: OnLeaving
    """What becomes of the open enrollments that it alone has made, of members whom it no longer means."""
    scheduled_on: date | None
    fired_on: date | None
    """The day on which it ran by `scheduled_on`; null: not yet."""
    repeat: Repeat | None
    """Whether it fires again each year: `scheduled_on` is the next day."""
    active: bool
    edited_by: str
    created_at: datetime
    updated_at: datetime


class PreviewOut(Out):
    """What a run would do now; `sample` are ids of some whom it would assign."""

    matches: int
    would_assign: int
    """Members whom a run would enroll now."""
    already_enrolled: int
    sample: list[str]
    """The ids of some of them."""


class RunOut(Out):
    """A run and what it did so far.

    For a caller who administers only some of the run's members, `assigned` counts those and the other figures are
    null.
    """

    run_id: UUID
    rule_id: UUID | None
    course_id: UUID | None
    """The course that it assigns; null: it assigns a program."""
    program_id: UUID | None
    """The program that it assigns; null: it assigns a course."""
    trigger: Literal["manual", "scheduled_date", "assignment"]
    started_by: str
    """Who began it; `system` where the rule did by itself."""
    status: Literal["running", "done", "stopped", "undoing", "undone"]
    reason: str | None
    """Why it stopped; null: it did not."""
    matches: int | None
    assigned: int
    """Members enrolled so far."""
    already_enrolled: int | None
    undone: int | None
    """Enrollments taken back; null where the caller sees a part."""
    due_at: datetime | None
    started_at: datetime
    finished_at: datetime | None
    """When it ended; null: it is under way."""

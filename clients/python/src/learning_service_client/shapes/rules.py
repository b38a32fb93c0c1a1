"""Rules that assign courses, and their runs."""

from typing import Literal, NotRequired, TypedDict

from learning_service_client.shapes.shared import AudienceFilter


class PreviewOut(TypedDict):
    """What a run would do now; `sample` are ids of some whom it would assign."""

    matches: int
    would_assign: int
    already_enrolled: int
    sample: list[str]


class DueFrom(TypedDict):
    """A due day that each member's own custom field says, so many days later."""

    field: str
    days: int


class RuleChangeIn(TypedDict):
    """Changes of a rule."""

    course_id: NotRequired[str | None]
    program_id: NotRequired[str | None]
    trigger: NotRequired[Literal["membership_status_change", "scheduled_date", "manual"] | None]
    audience_filter: NotRequired[AudienceFilter | None]
    due_in_days: NotRequired[int | None]
    due_on: NotRequired[str | None]
    due_from: NotRequired[DueFrom | None]
    scheduled_on: NotRequired[str | None]
    repeat: NotRequired[Literal["yearly"] | None]
    on_leaving: NotRequired[Literal["keep", "pause", "withdraw"] | None]
    active: NotRequired[bool | None]


class RuleIn(TypedDict):
    """A rule: whom it means, what sets it off, and when the course is due then."""

    course_id: NotRequired[str | None]
    program_id: NotRequired[str | None]
    trigger: Literal["membership_status_change", "scheduled_date", "manual"]
    audience_filter: AudienceFilter
    due_in_days: NotRequired[int | None]
    due_on: NotRequired[str | None]
    due_from: NotRequired[DueFrom | None]
    scheduled_on: NotRequired[str | None]
    repeat: NotRequired[Literal["yearly"] | None]
    on_leaving: NotRequired[Literal["keep", "pause", "withdraw"]]
    active: NotRequired[bool]


class RuleOut(TypedDict):
    """A rule."""

    id: str
    course_id: str | None
    program_id: str | None
    course_title: str
    trigger: Literal["membership_status_change", "scheduled_date", "manual"]
    audience_filter: dict[str, object]
    due_in_days: int | None
    due_on: str | None
    due_from: DueFrom | None
    on_leaving: Literal["keep", "pause", "withdraw"]
    scheduled_on: str | None
    fired_on: str | None
    repeat: Literal["yearly"] | None
    active: bool
    edited_by: str
    created_at: str
    updated_at: str


class RunOut(TypedDict):
    """A run and what it did so far."""

    run_id: str
    rule_id: str | None
    course_id: str
    trigger: Literal["manual", "scheduled_date", "assignment"]
    started_by: str
    status: Literal["running", "done", "stopped", "undoing", "undone"]
    reason: str | None
    matches: int | None
    assigned: int
    already_enrolled: int | None
    undone: int | None
    due_at: str | None
    started_at: str
    finished_at: str | None

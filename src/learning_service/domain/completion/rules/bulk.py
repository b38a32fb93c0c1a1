"""What is asked of many enrollments at once. Pure."""

import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Literal, Self, TypeAlias

from pydantic import Field, model_validator

from learning_service.domain.kernel.errors import Wrong
from learning_service.domain.kernel.values import CleanText, Instant, OpaqueId, StrictModel, some
from learning_service.domain.questions.rules.responses import Id

BulkAction: TypeAlias = Literal["extend", "remind", "withdraw", "grant_attempts"]
MOST_AT_ONCE = 1_000
"""Enrollments that one call changes itself; more are a run."""
MAX_EXTRA_ATTEMPTS = 100


class EnrollmentFilterIn(StrictModel):
    """Which enrollments are meant: the filters of their list."""

    user_id: Annotated[OpaqueId | None, Field(description="Of this member.")] = None
    course_id: Annotated[Id | None, Field(description="Of this course.")] = None
    chapter_id: Annotated[OpaqueId | None, Field(description="Of this chapter's members.")] = None
    region_id: Annotated[OpaqueId | None, Field(description="Of this region's members.")] = None
    status: Annotated[
        Literal["assigned", "in_progress", "completed", "failed"] | None, Field(description="In this status.")
    ] = None
    q: Annotated[
        CleanText | None,
        Field(max_length=10_000, description="Words of member's name or address, or course title."),
    ] = None
    overdue: Annotated[bool | None, Field(description="Past their due time, or with `false` all others.")] = (
        None
    )
    awaiting_review: Annotated[
        bool | None, Field(description="Waiting for a grader, or with `false` all others.")
    ] = None
    due_before: Annotated[Instant | None, Field(description="Due before this time.")] = None
    withdrawn: Annotated[bool, Field(description="Those that were withdrawn, in place of all others.")] = (
        False
    )


class BulkIn(StrictModel):
    """One change of many enrollments, named by `ids` or found by `filter`."""

    action: Annotated[
        BulkAction,
        Field(
            description="`extend` moves the due time to `due_at`, where that is later; `remind` sends a mail;"
            " `withdraw` closes; `grant_attempts` gives `extra` attempts wherever none is left and none has passed."
        ),
    ]
    ids: Annotated[tuple[Id, ...], *some(MOST_AT_ONCE)] | None = None
    """These enrollments."""
    filter: Annotated[
        EnrollmentFilterIn | None, Field(description="All that these filters of the list find.")
    ] = None
    due_at: Annotated[Instant | None, Field(description="The new due time, for `extend`.")] = None
    extra: Annotated[
        int, Field(ge=1, le=MAX_EXTRA_ATTEMPTS, description="How many attempts, for `grant_attempts`.")
    ] = 1
    reason: Annotated[
        Annotated[CleanText, Field(min_length=1, max_length=2000)] | None,
        Field(description="Why; only `remind` needs none."),
    ] = None

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if (self.ids is None) == (self.filter is None):
            raise Wrong("must have exactly one of ids and filter", "conflicting")
        if (self.action == "extend") != (self.due_at is not None):
            raise Wrong("due_at stands with the action extend, and with no other", "conflicting")
        if self.reason is None and self.action != "remind":
            raise Wrong("must have a reason", "required")
        return self


@dataclass(frozen=True, slots=True)
class Bulk:
    """What to do with each of many enrollments, and the id of the call or run that does it."""

    id: uuid.UUID
    action: BulkAction
    due_at: datetime | None
    extra: int
    reason: str | None

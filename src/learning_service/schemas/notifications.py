"""Notifications on the wire."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import model_validator

from learning_service.domain.kernel.errors import Wrong
from learning_service.domain.kernel.values import StrictModel, some
from learning_service.domain.questions.rules.responses import Id
from learning_service.schemas.common import Out

MAX_IDS = 1000


class NotificationOut(Out):
    """Something that a member is told."""

    id: UUID
    kind: Literal[
        "assigned",
        "due_soon",
        "overdue",
        "graded",
        "completed",
        "failed",
        "certificate_ready",
        "expiring",
        "migrated",
        "evidence_approved",
        "evidence_rejected",
        "evidence_expiring",
        "invited",
    ]
    at: datetime
    """When it came about."""
    title: str
    """Of the course that it is about; of evidence the requirement's name."""
    enrollment_id: UUID | None
    """Null: it is about evidence."""
    course_id: UUID | None
    """Null: it is about evidence."""
    attempt_id: UUID | None
    """The attempt that was graded."""
    certificate_id: UUID | None
    """The certificate that is ready."""
    evidence_id: UUID | None
    """The evidence that was decided, or that soon no longer counts."""
    due_at: datetime | None
    kept: int | None
    """Of a move to another version: how many items done or tried count there too; else null."""
    lost: int | None
    """Of a move: how many of them are to be done again or are no more; else null."""
    read: bool
    """Whether the member has marked it as read."""


class ReadIn(StrictModel):
    """Which notifications are read: these, or all."""

    ids: Annotated[tuple[Id, ...], *some(MAX_IDS)] | None = None
    """These; exactly one of this and `all`."""
    all: Literal[True] | None = None
    """Every one; exactly one of this and `ids`."""

    @model_validator(mode="after")
    def _one_of_them(self) -> "ReadIn":
        if (self.ids is None) == (self.all is None):
            raise Wrong("must have exactly one of ids and all", "conflicting")
        return self


class UnreadOut(Out):
    """How many notifications are left to read."""

    unread: int

"""Wire types of bulk changes, and of runs."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from learning_service.domain.completion.actions.bulk import SkipReason
from learning_service.schemas.common import Out


class SkippedEnrollmentOut(Out):
    """An enrollment with which nothing was done."""

    enrollment_id: UUID
    reason: Annotated[
        SkipReason,
        Field(
            description="`not-found` also where the caller does not administer its member, `forbidden` what the"
            " caller may not do to it, `nothing-to-do` where it would change nothing."
        ),
    ]


class BulkOut(Out):
    """What a change of many enrollments did."""

    done: Annotated[int, Field(description="How many were changed.")]
    skipped: Annotated[list[SkippedEnrollmentOut], Field(description="With which nothing was done, and why.")]


class StartedOut(Out):
    """A run that does it in the background."""

    run_id: Annotated[UUID, Field(description="What `GET /api/runs/{run_id}/` follows.")]


class RunProgressOut(Out):
    """What a run did so far."""

    run_id: UUID
    kind: Annotated[
        Literal[
            "assignment",
            "extend",
            "remind",
            "withdraw",
            "grant_attempts",
            "import_assignments",
            "import_extensions",
            "import_completions",
            "migration",
        ],
        Field(
            description="What it does: assign a course, a change of enrollments, the rows of a file, or a move of"
            " open enrollments to another version."
        ),
    ]
    status: Literal["running", "done", "failed"]
    total: Annotated[
        int,
        Field(
            description="How many it is about: as they were counted at the start, of an assignment so far."
        ),
    ]
    done: Annotated[int, Field(description="How many it has changed or assigned.")]
    skipped: Annotated[int, Field(description="With how many there was nothing to do.")]
    started_at: datetime
    finished_at: Annotated[datetime | None, Field(description="When it ended; null while it runs.")]
    error: Annotated[
        str | None,
        Field(
            description="Why it failed: `due-passed`, `not-published` or `internal-error`. What it did stays."
        ),
    ]

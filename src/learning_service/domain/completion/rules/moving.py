"""What is asked of a move to another version, and what one would do. Pure."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

from pydantic import Field

from learning_service.domain.kernel.values import StrictModel, some
from learning_service.domain.questions.rules.responses import Id

MOST_IDS = 5_000
MOST_VERSIONS = 1_000


class MigrationIn(StrictModel):
    """Which open enrollments of a course move to the version of the path."""

    from_versions: (
        Annotated[tuple[Annotated[int, Field(ge=1, le=2**31 - 1)], ...], *some(MOST_VERSIONS)] | None
    ) = None
    """Numbers of the versions that are left; without it, every other version."""
    enrollment_ids: Annotated[tuple[Id, ...], *some(MOST_IDS)] | None = None
    """Only these enrollments of the course; those that have ended or are there already are passed over."""
    dry_run: bool = False
    """`true` only says what would be moved, kept and lost."""


@dataclass(frozen=True, slots=True)
class LostItem:
    """An item of a version that is left, and how many enrollments lose what they have done of it."""

    key: str
    title: str
    enrollments: int


@dataclass(frozen=True, slots=True)
class MovedSample:
    """One enrollment that would move, with the keys of what it keeps and loses."""

    enrollment_id: uuid.UUID
    from_version: int
    kept: Sequence[str]
    lost: Sequence[str]
    completes: bool


@dataclass(frozen=True, slots=True)
class Forecast:
    """What a move would do now."""

    enrollments: int
    """Open enrollments that would move, those that wait among them."""
    kept_items: int
    """Items done or tried that they keep, over all of them."""
    lost_items: Sequence[LostItem]
    would_complete: int
    waiting: int
    """Those that would move later: when no attempt is under way, and no pass is in doubt."""
    staying: int
    """Open enrollments that would not move, because they would fail by it."""
    sample: Sequence[MovedSample]

"""What is said of a person's accommodations, and what follows for an attempt. Pure."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Annotated

from pydantic import AfterValidator, Field

from learning_service.domain.kernel.characters import is_empty
from learning_service.domain.kernel.errors import Wrong
from learning_service.domain.kernel.values import CleanText, Number, StrictModel, number_between


def _visible(text: str) -> str:
    if is_empty(text):
        raise Wrong("must have at least one visible character", "empty")
    return text


Reason = Annotated[CleanText, Field(min_length=1, max_length=2000), AfterValidator(_visible)]
Multiplier = Annotated[Number, Field(ge=1, le=5, decimal_places=2), number_between(1, 5)]


class AccommodationsIn(StrictModel):
    """What a person needs at attempts; it replaces what was said before."""

    time_multiplier: Multiplier = Decimal(1)
    """How many times as long an attempt with a time limit may take."""
    extra_attempts: Annotated[int, Field(ge=0, le=10)] = 0
    """Attempts beyond the limit of each quiz and assessment."""
    reason: Annotated[Reason, Field(description="For administrators, and in the member's own export.")]


@dataclass(frozen=True, slots=True)
class Accommodations:
    """What counts of it at an attempt."""

    time_multiplier: Decimal = Decimal(1)
    extra_attempts: int = 0

    def time_for(self, limit_seconds: int) -> timedelta:
        """How long an attempt with this limit may take, rounded up to the second."""
        return timedelta(seconds=math.ceil(limit_seconds * self.time_multiplier))

    def attempts_of(self, limit: int | None) -> int | None:
        """How many attempts there are of so many; None: no limit."""
        return None if limit is None else limit + self.extra_attempts


NONE = Accommodations()


def read_accommodations(row: Sequence[str | int] | None) -> Accommodations:
    """What a query has read as JSON: the multiplier as text, and the attempts."""
    return NONE if row is None else Accommodations(Decimal(row[0]), int(row[1]))

"""Work that pauses, done a piece at a time."""

import time
from collections.abc import Generator
from dataclasses import dataclass
from typing import Generic, TypeAlias, TypeVar

T = TypeVar("T")
Work: TypeAlias = Generator[None, None, T]

PIECE_SECONDS = 0.05
"""About as long as a piece keeps others waiting."""


@dataclass(frozen=True, slots=True)
class End(Generic[T]):
    """What the work returned."""

    value: T


def go_on(work: Work[T]) -> End[T] | None:
    """A piece of the work; None: there is more."""
    by = time.monotonic() + PIECE_SECONDS
    try:
        while time.monotonic() < by:
            next(work)
    except StopIteration as end:
        return End(end.value)
    return None

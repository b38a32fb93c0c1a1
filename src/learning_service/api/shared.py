"""What many ask for at the same time is found out once."""

import asyncio
import time
from collections.abc import Callable, Coroutine
from typing import Any, Generic, TypeVar

SHARED_SECONDS = 1.0
T = TypeVar("T")


class Shared(Generic[T]):
    """What is found out once in a while, however many ask: it costs the parts something, and asking is free."""

    def __init__(self, seconds: float = SHARED_SECONDS) -> None:
        self._seconds = seconds
        self._look: asyncio.Task[T] | None = None
        self._until = 0.0

    async def get(self, find_out: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """What the look under way finds, or the last one, while it is not older than so many seconds."""
        if self._look is None or (self._look.done() and time.monotonic() >= self._until):
            self._look = asyncio.create_task(find_out())
            self._look.add_done_callback(self._remember)
        # The first caller may disconnect; the others still wait for it.
        return await asyncio.shield(self._look)

    def _remember(self, _look: "asyncio.Task[T]") -> None:
        self._until = time.monotonic() + self._seconds

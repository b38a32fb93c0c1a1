"""Requests begin a few at a time, however many arrive at once, so that the loop soon comes round to all of them."""

import asyncio
from collections import deque
from collections.abc import Callable

A_TURN = 8
"""Requests that begin in one turn of the loop; what is under way goes on between."""


class Starts:
    """Begins what waits, in its order; at once while few arrive."""

    def __init__(self) -> None:
        self._left = A_TURN
        self._waiting: deque[Callable[[], None]] = deque()
        self._comes = False

    def begin(self, loop: asyncio.AbstractEventLoop, start: Callable[[], None]) -> None:
        """Call it now, or in a later turn when too many have begun in this one."""
        if self._left:
            self._left -= 1
            start()
        else:
            self._waiting.append(start)
        if not self._comes:
            self._comes = True
            loop.call_soon(self._next_turn, loop)

    def _next_turn(self, loop: asyncio.AbstractEventLoop) -> None:
        self._left = A_TURN
        while self._waiting and self._left:
            self._left -= 1
            self._waiting.popleft()()
        self._comes = self._left < A_TURN
        if self._comes:
            loop.call_soon(self._next_turn, loop)

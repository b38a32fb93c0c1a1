"""Large work, done beside the event loop in the process's one thread for it.

One, because each further thread takes a turn at the interpreter from the loop, and so from all requests. What waits
for it takes turns by organization, and within one by caller: only one piece of each stands in line.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Generic, TypeVar
from weakref import WeakValueDictionary

T = TypeVar("T")

PIECE_SECONDS = 0.05
"""About as long as work that pauses keeps the thread from others."""
_THREAD = ThreadPoolExecutor(1, "large-work")
_turns: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()


async def apart(organization_id: str, who: str, work: Callable[..., T], *arguments: Any) -> T:
    """What the work gives, done in the thread. `who`: for whom, among those of the organization."""
    own = _turns.setdefault(f"{organization_id}\n{who}", asyncio.Lock())
    shared = _turns.setdefault(organization_id, asyncio.Lock())
    async with own, shared:
        return await asyncio.get_running_loop().run_in_executor(_THREAD, work, *arguments)


@asynccontextmanager
async def one_at_a_time(organization_id: str, who: str) -> AsyncIterator[None]:
    """While this is open, another of the caller's waits here.

    For what holds a great many objects from its first piece to its end: each search for garbage goes through all of
    them, and holds up all requests.
    """
    async with _turns.setdefault(f"{organization_id}\n{who}\nfrom first to last", asyncio.Lock()):
        yield


async def apart_in_pieces(organization_id: str, who: str, work: Generator[None, None, T]) -> T:
    """What the work returns, done in the thread. Where it pauses, others may have their turns first."""
    end: _End[T] | None = None
    while end is None:
        end = await apart(organization_id, who, _go_on, work)
    return end.value


@dataclass(frozen=True, slots=True)
class _End(Generic[T]):
    value: T


def _go_on(work: Generator[None, None, T]) -> _End[T] | None:
    by = time.monotonic() + PIECE_SECONDS
    try:
        while time.monotonic() < by:
            next(work)
    except StopIteration as end:
        return _End(end.value)
    return None

"""Large work, done beside the event loop: in the process's one thread for it, or in another process.

One thread, because each further one takes a turn at the interpreter from the loop, and so from all requests. What a
caller sends by the megabyte is worked on in another process (`Workroom`), for even one thread takes hundreds of turns
while a body arrives. What waits takes turns by organization, and within one by caller: only one piece of each stands
in line.
"""

import asyncio
import itertools
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, suppress
from typing import Any, Generic, Protocol, TypeVar
from weakref import WeakValueDictionary

from learning_service.domain.kernel.errors import Unavailable
from learning_service.domain.kernel.helper_process import Helper, HelperEnded, forget, hold, work_on
from learning_service.domain.kernel.pieces import End, Work, go_on

T = TypeVar("T")
Thing = TypeVar("Thing")
Held = TypeVar("Held", covariant=True)

LARGE = 64 * 1024
"""Bytes. What is smaller is done sooner than it is brought to another process."""
IDLE_SECONDS = 30
"""How long the process stays when there is nothing for it."""
ROOMS = 2
"""Large things that are held at the same time; a file of 17 MB took 340."""
_THREAD = ThreadPoolExecutor(1, "large-work")
_ASKS = ThreadPoolExecutor(1, "helper")
_numbers = itertools.count()
_turns: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
_places: WeakValueDictionary[str, asyncio.Semaphore] = WeakValueDictionary()


async def apart(organization_id: str, who: str, work: Callable[..., T], *arguments: Any) -> T:
    """What the work gives, done in the thread. `who`: for whom, among those of the organization."""
    return await _in_turn(_THREAD, organization_id, who, work, *arguments)


async def _in_turn(
    executor: ThreadPoolExecutor, organization_id: str, who: str, work: Callable[..., T], *arguments: Any
) -> T:
    lane = "" if executor is _THREAD else "\nhelper"
    own = _turns.setdefault(f"{organization_id}\n{who}{lane}", asyncio.Lock())
    shared = _turns.setdefault(f"{organization_id}{lane}", asyncio.Lock())
    async with own, shared:
        return await asyncio.get_running_loop().run_in_executor(executor, work, *arguments)


async def apart_in_pieces(organization_id: str, who: str, work: Work[T]) -> T:
    """What the work returns, done in the thread. Where it pauses, others may have their turns first."""
    end: End[T] | None = None
    while end is None:
        end = await apart(organization_id, who, go_on, work)
    return end.value


class Workroom(Protocol[Held]):
    """Where a thing is held that only large work sees."""

    async def do(self, work: Callable[..., Work[T]], *arguments: Any) -> T:
        """What the work returns that is begun with the thing and these; both must be fit for another process.

        Raises Unavailable where the process ended over it, or over what it did for somebody else.
        """
        ...


@asynccontextmanager
async def line(organization_id: str, who: str) -> AsyncIterator[None]:
    """Be the one of the organization who works on something large; only one of each caller stands in line for that.

    Whoever has to read before there is something stands here first, and without a connection.
    """
    own = _turns.setdefault(f"{organization_id}\n{who}\nfrom first to last", asyncio.Lock())
    shared = _turns.setdefault(f"{organization_id}\nfrom first to last", asyncio.Lock())
    async with own, shared:
        yield


@asynccontextmanager
async def workroom(
    organization_id: str, who: str, made: Callable[[], Thing], *, size: int
) -> AsyncIterator[Workroom[Thing]]:
    """A room with a thing that `made` makes there, for what has so many bytes. One at once for each organization."""
    async with line(organization_id, who), room(organization_id, who, made, size=size) as found:
        yield found


@asynccontextmanager
async def room(
    organization_id: str, who: str, made: Callable[[], Thing], *, size: int
) -> AsyncIterator[Workroom[Thing]]:
    """The same for who has stood in line. Whoever leaves it leaves at most the piece behind that is being done."""
    if size < LARGE:
        yield _Here(organization_id, who, made())
    else:
        async with _helping.room(organization_id, who, made) as found:
            yield found


class _Here(Generic[Thing]):
    def __init__(self, organization_id: str, who: str, thing: Thing) -> None:
        self._who, self._thing = (organization_id, who), thing

    async def do(self, work: Callable[..., Work[T]], *arguments: Any) -> T:
        return await apart_in_pieces(*self._who, work(self._thing, *arguments))


class _There(Generic[Thing]):
    def __init__(self, helper: Helper, organization_id: str, who: str) -> None:
        self._helper, self._who, self._number = helper, (organization_id, who), next(_numbers)

    async def ask(self, function: Callable[..., T], *arguments: Any) -> T:
        try:
            return await _in_turn(_ASKS, *self._who, self._helper.ask, function, self._number, *arguments)
        except HelperEnded:
            raise Unavailable(
                "What you sent could not be worked on; divide it, or try again shortly."
            ) from None

    async def do(self, work: Callable[..., Work[T]], *arguments: Any) -> T:
        end: End[T] | None = await self.ask(work_on, work, arguments)
        while end is None:
            end = await self.ask(work_on, None, ())
        return end.value

    def leave(self) -> None:
        asyncio.get_running_loop().run_in_executor(_ASKS, self._forget)

    def _forget(self) -> None:
        with suppress(HelperEnded):
            self._helper.ask(forget, self._number)


class _Helping:
    """The helper while there is something for it."""

    def __init__(self) -> None:
        self._helper: Helper | None = None
        self._rooms = 0
        self._rest: asyncio.TimerHandle | None = None

    @asynccontextmanager
    async def room(
        self, organization_id: str, who: str, made: Callable[[], Thing]
    ) -> AsyncIterator[_There[Thing]]:
        loop = asyncio.get_running_loop()
        async with _places.setdefault("rooms", asyncio.Semaphore(ROOMS)):
            self._rooms += 1
            if self._rest is not None:
                self._rest.cancel()
            try:
                helper = await loop.run_in_executor(_ASKS, self._running)
                there = _There[Thing](helper, organization_id, who)
                try:
                    await there.ask(hold, made)
                    yield there
                finally:
                    there.leave()
            finally:
                self._rooms -= 1
                self._rest = loop.call_later(IDLE_SECONDS, loop.run_in_executor, _ASKS, self._end)

    def _running(self) -> Helper:
        if self._helper is None or self._helper.is_over:
            self._helper = Helper()
        return self._helper

    def _end(self) -> None:
        if self._rooms == 0 and self._helper is not None:
            self._helper.end()
            self._helper = None


_helping = _Helping()

"""Calls that come at the same time share what each would have to do alone: a transaction, a round trip."""

import asyncio
from collections.abc import Awaitable, Callable, Hashable, Sequence
from contextlib import suppress
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
T = TypeVar("T")
R = TypeVar("R")
BUSY_SECONDS = 0.05
"""Calls that follow the last ones so soon wait for others."""


class Together(Generic[T, R]):
    """Gathers calls while `do` is busy with earlier ones, and for `gather` seconds more where calls are many.

    Where `enough` wait, no others are waited for.
    """

    def __init__(
        self,
        do: Callable[[Sequence[T]], Awaitable[Sequence[R]]],
        *,
        gather: float = 0,
        enough: int | None = None,
    ) -> None:
        self._do = do
        self._gather = gather
        self._enough = enough
        self._are_enough = asyncio.Event()
        self._waiting: list[tuple[T, asyncio.Future[R]]] = []
        self._task: asyncio.Task[None] | None = None
        self._ended_at = float("-inf")

    async def __call__(self, item: T) -> R:
        """What came of this item; raises what the whole raised."""
        future: asyncio.Future[R] = asyncio.get_running_loop().create_future()
        self._waiting.append((item, future))
        if len(self._waiting) == self._enough:
            self._are_enough.set()
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._work())
        return await future

    async def settle(self) -> None:
        """Wait until nothing is under way. Items of callers that were cancelled are done all the same."""
        if self._task is not None:
            await self._task

    async def _work(self) -> None:
        loop = asyncio.get_running_loop()
        while self._waiting:
            if self._gather and loop.time() - self._ended_at < BUSY_SECONDS:
                with suppress(TimeoutError):
                    async with asyncio.timeout(self._gather):
                        await self._are_enough.wait()
            batch, self._waiting = self._waiting, []
            self._are_enough.clear()
            try:
                results = await self._do([item for item, _ in batch])
            except Exception as error:
                for _, future in batch:
                    if not future.done():
                        future.set_exception(error)
                continue
            finally:
                self._ended_at = loop.time()
            for (_, future), result in zip(batch, results, strict=True):
                if not future.done():
                    future.set_result(result)


class TogetherBy(Generic[K, T, R]):
    """One call of a key is done at once; those that come meanwhile are done together when it has ended.

    `do` gets no two items with the same `subject`, and at most `most`: the others wait for the next turn. What takes
    longer than `patience`, in seconds, is not waited for. One that finds nothing under way waits `gather` seconds for
    others, if the last ones began less than twice as long ago.
    """

    def __init__(
        self,
        do: Callable[[K, Sequence[T]], Awaitable[Sequence[R]]],
        *,
        subject: Callable[[T], Hashable],
        most: int,
        patience: float,
        gather: float = 0,
    ) -> None:
        self._do = do
        self._subject = subject
        self._most = most
        self._patience = patience
        self._gather = gather
        self._began_at = float("-inf")
        """When something of any key was begun last."""
        self._waiting: dict[K, list[tuple[T, asyncio.Future[R]]]] = {}
        """Of the keys at which something is being done, and of no others."""
        self._tasks = set[asyncio.Task[None]]()

    async def __call__(self, key: K, item: T) -> R:
        """What came of this item; raises what the whole raised."""
        loop = asyncio.get_running_loop()
        waiting = self._waiting.get(key)
        if waiting is None:
            waiting = self._waiting[key] = []
            if not self._gather or loop.time() - self._began_at >= 2 * self._gather:
                [result] = await self._take_turn(key, [item])
                return result
            loop.call_later(self._gather, self._go_on, key)
        future: asyncio.Future[R] = loop.create_future()
        waiting.append((item, future))
        return await future

    async def _take_turn(self, key: K, items: Sequence[T]) -> Sequence[R]:
        ended = False

        def end() -> None:
            nonlocal ended
            if not ended:
                ended = True
                self._go_on(key)

        loop = asyncio.get_running_loop()
        self._began_at = loop.time()
        timer = loop.call_later(self._patience, end)
        try:
            return await self._do(key, items)
        finally:
            timer.cancel()
            end()

    def _go_on(self, key: K) -> None:
        batch = self._next(key)
        if not batch:
            del self._waiting[key]
            return
        task = asyncio.create_task(self._do_all(key, batch))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _do_all(self, key: K, batch: Sequence[tuple[T, "asyncio.Future[R]"]]) -> None:
        try:
            results = await self._take_turn(key, [item for item, _ in batch])
        except Exception as error:
            for _, future in batch:
                if not future.done():
                    future.set_exception(error)
            return
        for (_, future), result in zip(batch, results, strict=True):
            if not future.done():
                future.set_result(result)

    def _next(self, key: K) -> list[tuple[T, "asyncio.Future[R]"]]:
        """Take those of the next turn. Who has given up asks for nothing any more."""
        taken: dict[Hashable, tuple[T, asyncio.Future[R]]] = {}
        left = []
        for one in self._waiting[key]:
            item, future = one
            subject = self._subject(item)
            if future.done():
                continue
            if len(taken) == self._most or subject in taken:
                left.append(one)
            else:
                taken[subject] = one
        self._waiting[key] = left
        return list(taken.values())

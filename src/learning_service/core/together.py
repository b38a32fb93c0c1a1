"""Calls that come at the same time share what each would have to do alone: a transaction, a round trip."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

T = TypeVar("T")
R = TypeVar("R")
BUSY_SECONDS = 0.05
"""Calls that follow the last ones so soon wait for others."""


class Together(Generic[T, R]):
    """Gathers calls while `do` is busy with earlier ones, and for `gather` seconds more where calls are many."""

    def __init__(self, do: Callable[[Sequence[T]], Awaitable[Sequence[R]]], *, gather: float = 0) -> None:
        self._do = do
        self._gather = gather
        self._waiting: list[tuple[T, asyncio.Future[R]]] = []
        self._task: asyncio.Task[None] | None = None
        self._ended_at = float("-inf")

    async def __call__(self, item: T) -> R:
        """What came of this item; raises what the whole raised."""
        future: asyncio.Future[R] = asyncio.get_running_loop().create_future()
        self._waiting.append((item, future))
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
                await asyncio.sleep(self._gather)
            batch, self._waiting = self._waiting, []
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

"""How much of a shared thing one organization may have at once: its further requests wait longer."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from weakref import WeakValueDictionary


class Turns:
    """Places of which each key may have `each`. A key that wants them all does not keep others waiting."""

    def __init__(self, each: int, patience: float) -> None:
        self._each = each
        self._patience = patience
        self._places: WeakValueDictionary[str, asyncio.Semaphore] = WeakValueDictionary()

    @asynccontextmanager
    async def turn(self, key: str) -> AsyncIterator[None]:
        """Hold one of the key's places. Raises TimeoutError when none gets free in time."""
        places = self._places.setdefault(key, asyncio.Semaphore(self._each))
        if places.locked():
            async with asyncio.timeout(self._patience):
                await places.acquire()
        else:
            await places.acquire()
        try:
            yield
        finally:
            places.release()

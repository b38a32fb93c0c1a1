"""Waiting for what will come, however long a busy machine takes: an end is for what never comes."""

import asyncio
from collections.abc import Awaitable, Callable

from sqlalchemy import text

from learning_service.context import Context

PATIENCE_SECONDS = 60
WAITING = "SELECT count(*) FROM pg_locks WHERE NOT granted"
"""How many wait for the end of another's transaction, whichever login they have."""


async def until(comes: Callable[[], Awaitable[object]], seconds: float = PATIENCE_SECONDS) -> None:
    """Until it is true, looked at again and again. Raises TimeoutError."""
    async with asyncio.timeout(seconds):
        while not await comes():  # noqa: ASYNC110 - no event tells of it
            await asyncio.sleep(0.01)


async def someone_waits(context: Context) -> None:
    """Until a statement waits for a lock."""

    async def waits() -> object:
        async with context.transaction(None) as session:
            return await session.scalar(text(WAITING))

    await until(waits)

"""Ending background tasks, whatever they are in the middle of."""

import asyncio
from collections.abc import Iterable

PATIENCE_SECONDS = 0.5
"""How long a task may take to notice that it was cancelled before it is cancelled again."""


async def end_tasks(tasks: Iterable[asyncio.Task[None]]) -> None:
    """Cancel the tasks and wait until each has ended.

    A client's call that ends in the same moment can swallow a cancellation, so it is repeated until the task ends.
    """
    waiting = {task for task in tasks if not task.done()}
    while waiting:
        for task in waiting:
            task.cancel()
        _, waiting = await asyncio.wait(waiting, timeout=PATIENCE_SECONDS)

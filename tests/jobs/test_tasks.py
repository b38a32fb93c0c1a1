"""Background tasks end when they are told to."""

import asyncio
import contextlib

from learning_service.core.tasks import end_tasks


async def test_a_task_that_swallows_a_cancellation_is_told_again() -> None:
    swallowed = 0

    async def stubborn() -> None:
        nonlocal swallowed
        while swallowed < 2:
            with contextlib.suppress(asyncio.CancelledError):
                await asyncio.sleep(60)
            swallowed += 1
        await asyncio.sleep(60)

    async def over() -> None:
        return

    tasks = [asyncio.create_task(stubborn()), asyncio.create_task(over())]
    await asyncio.sleep(0)
    async with asyncio.timeout(10):
        await end_tasks(tasks)
    assert swallowed == 2
    assert all(task.done() for task in tasks)

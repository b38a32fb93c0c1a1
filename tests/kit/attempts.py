"""Attempts whose time is moved, and answers of several sizes."""

import asyncio
import json
import time
from datetime import timedelta
from typing import Any

from sqlalchemy import text

from tests.kit.world import Json, World


async def shift(world: World, attempt_id: str, **back: float) -> None:
    """Make an attempt older than it is: its start and deadline lie that much further back."""
    async with world.worker.transaction(world.id) as session:
        await session.execute(
            text(
                "UPDATE quiz_attempts SET started_at = started_at - CAST(:by AS interval),"
                " deadline_at = deadline_at - CAST(:by AS interval) WHERE id = :id"
            ),
            {"by": timedelta(**back), "id": attempt_id},
        )


def short(n: int = 0, **changes: Any) -> Json:
    return {
        "type": "short_answer",
        "prompt_html": f"<p>{n}?</p>",
        "points": 1,
        "accepted_answers": ["*x*y*z", "a" * 100],
        **changes,
    }


async def store(world: World, attempt: Json, responses: Any) -> None:
    """Put answers into an attempt as older rules let them in."""
    async with world.worker.transaction(world.id) as session:
        await session.execute(
            text("UPDATE quiz_attempts SET responses = CAST(:new AS jsonb) WHERE id = :id"),
            {"new": json.dumps(responses), "id": attempt["attempt_id"]},
        )


async def longest_wait(work: Any) -> float:
    """How long the event loop let somebody else wait while it did this."""
    waits = [0.0]

    async def tick() -> None:
        while True:
            before = time.perf_counter()
            await asyncio.sleep(0.005)
            waits.append(time.perf_counter() - before)

    ticking = asyncio.create_task(tick())
    await work
    ticking.cancel()
    return max(waits)

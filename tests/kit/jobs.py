"""Jobs that are left."""

import asyncio

from sqlalchemy import text

from tests.kit.world import World


async def no_job_is_left(world: World) -> None:
    """Wait until the worker has done what the walk gave it."""
    for _ in range(300):
        async with world.worker.transaction(world.id) as session:
            left = await session.scalar(
                text(
                    "SELECT count(*) FROM outbox WHERE organization_id = :org AND queue = 'jobs'"
                    " AND (status = 'leased' OR status = 'queued' AND run_at <= clock_timestamp())"
                ),
                {"org": world.id},
            )
        if not left:
            return
        await asyncio.sleep(0.1)
    raise AssertionError("the worker did not finish")

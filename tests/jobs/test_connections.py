"""A worker has a connection for each of its jobs: one that waited for another's was counted as a failed try."""

import asyncio

from learning_service.context import open_context
from learning_service.core.settings import Settings


async def test_all_jobs_of_a_worker_and_what_looks_after_them_are_at_the_database_at_once(
    settings: Settings,
) -> None:
    few = settings.model_copy(
        update={"database_pool_size": 3, "job_concurrency": 12, "database_pool_timeout_seconds": 0.5}
    )
    async with open_context(few, "learning_worker") as context:
        everybody = asyncio.Barrier(12 + 2)

        async def at_work() -> None:
            async with context.transaction(None):
                await everybody.wait()

        async with asyncio.timeout(30):
            await asyncio.gather(*(at_work() for _ in range(everybody.parties)))

"""`python -m tests.moving.dying_mover`: a worker that is killed within the third step of a move."""

import os
import signal
import uuid

from sqlalchemy.ext.asyncio import AsyncSession

from learning_service.domain.completion.actions import version_migrations
from learning_service.worker.jobs import enrollments
from learning_service.worker.settings import WorkerSettings, run

steps: list[uuid.UUID] = []


async def step(session: AsyncSession, run_id: uuid.UUID, most: int) -> bool:
    """Two are committed; all of the third is written, and lost."""
    steps.append(run_id)
    more = await version_migrations.step_migration(session, run_id, most)
    if len(steps) > 2:
        os.kill(os.getpid(), signal.SIGKILL)
    return more


if __name__ == "__main__":
    version_migrations.CHUNK = 2
    vars(enrollments)["step_migration"] = step
    run(WorkerSettings)

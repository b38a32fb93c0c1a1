"""`python -m tests.grading.dying_worker`: a worker that is killed in the middle of the second step of a regrade."""

import os
import signal
import uuid

from sqlalchemy.ext.asyncio import AsyncSession

from learning_service.domain.completion.actions import regrading
from learning_service.domain.completion.rules import pace
from learning_service.worker.jobs import regrades
from learning_service.worker.settings import WorkerSettings, run

begun: list[uuid.UUID] = []


async def step_regrade(session: AsyncSession, regrade_id: uuid.UUID, most: int) -> regrading.Step | None:
    """The first one is as usual; all of the second is written and nothing of it committed."""
    step = await regrading.step_regrade(session, regrade_id, most)
    await session.flush()
    if begun:
        os.kill(os.getpid(), signal.SIGKILL)
    begun.append(regrade_id)
    return step


if __name__ == "__main__":
    pace.FIRST = pace.LEAST = pace.MOST = 2
    vars(regrades)["step_regrade"] = step_regrade
    run(WorkerSettings)

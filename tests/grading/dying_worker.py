"""`python -m tests.grading.dying_worker`: a worker that is killed before the second step of a regrade ends."""

import os
import signal
import uuid

from sqlalchemy.ext.asyncio import AsyncSession

from learning_service.domain.completion.actions import regrading
from learning_service.domain.completion.rules import pace
from learning_service.worker.jobs import regrades
from learning_service.worker.settings import WorkerSettings, run

ended: list[uuid.UUID] = []


async def end_step(session: AsyncSession, regrade_id: uuid.UUID, step: regrading.Step) -> None:
    """The first one ends as usual; all of the second is committed but its end."""
    if ended:
        os.kill(os.getpid(), signal.SIGKILL)
    ended.append(step.last)
    await regrading.end_step(session, regrade_id, step)


if __name__ == "__main__":
    pace.FIRST = pace.MOST = 2
    vars(regrades)["end_step"] = end_step
    run(WorkerSettings)

"""Starts scheduled jobs: a run is queued once for each job and period, by whichever worker comes first."""

import asyncio
import random
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from learning_service.context import Context
from learning_service.domain.jobs.outbox import Job
from learning_service.domain.jobs.schedules import enqueue_scheduled

log = structlog.get_logger()

ScheduledFunction = Callable[[Context, datetime | None], Awaitable[None]]
Rehearsal = Callable[[Context, datetime | None], Awaitable[list[str]]]
LONGEST_WAIT_SECONDS = 15.0
_chance = random.SystemRandom()


@dataclass(frozen=True)
class Scheduled:
    """A job that runs every so often.

    The function must bear to run twice, as any job. `at` is the instant to reason with, None for now.
    """

    function: ScheduledFunction
    every: timedelta
    rehearsal: Rehearsal | None = None
    """Says what the function would do, line by line, and changes nothing."""

    async def run(self, context: Context, job: Job) -> None:
        """Run it as a job of the queue."""
        await self.function(context, None)


async def start_due(context: Context, table: Mapping[str, Scheduled]) -> list[str]:
    """Queue what no worker has started yet in its present period; the names of what was queued."""
    every = {name: scheduled.every for name, scheduled in table.items()}
    async with context.transaction(None) as session:
        return await enqueue_scheduled(session, every)


async def keep_schedule(context: Context, table: Mapping[str, Scheduled]) -> None:
    """Start scheduled jobs as their periods begin, for ever. After downtime each missed job runs once."""
    shortest = min((s.every.total_seconds() for s in table.values()), default=LONGEST_WAIT_SECONDS)
    pause = min(shortest / 2, LONGEST_WAIT_SECONDS)
    while True:
        try:
            started = await start_due(context, table)
            if started:
                log.info("scheduled", jobs=started)
        except Exception as error:
            log.warning("schedule_failed", exc_info=error)
        # Spread, so that workers do not all ask at once.
        await asyncio.sleep(pause * _chance.uniform(0.8, 1.2))

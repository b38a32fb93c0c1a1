"""Hands over to arq what waits in the rows: what fell due, what a lost worker held, and what Redis forgot."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

import structlog

from learning_service.context import Context
from learning_service.core.queue import arq_queue, hand_over_missing
from learning_service.domain.jobs.outbox import due_jobs
from learning_service.domain.jobs.schedules import enqueue_scheduled

log = structlog.get_logger()

ENOUGH, AT_LEAST = 2000, 500
"""Jobs that arq has after a relay, for more than a worker does until the next; and how many are looked at anyway."""
LATE = timedelta(seconds=2)
"""A row due for longer is not on its way to a claim: where arq has marked it as running, that worker was killed."""


async def relay_jobs(context: Context, redis: Any, queues: Sequence[str], names: Sequence[str]) -> None:
    """Hand over the oldest jobs that wait in these queues, all of one worker, and that arq does not have."""
    limit = max(AT_LEAST, ENOUGH - await redis.zcard(arq_queue(queues[0])))
    async with context.transaction(None) as session:
        due = await due_jobs(session, queues=queues, names=names, limit=limit, late=LATE)
    if due:
        await hand_over_missing(redis, queues[0], due, LATE.total_seconds())


async def start_scheduled(context: Context, every: Mapping[str, timedelta]) -> list[str]:
    """Queue each job whose present period has not been claimed by any worker; the names of what was queued.

    Asked often, so that after downtime each missed job runs once, as soon as there is a worker.
    """
    async with context.transaction(None) as session:
        started = await enqueue_scheduled(session, every)
    if started:
        log.info("scheduled", jobs=started)
    return started

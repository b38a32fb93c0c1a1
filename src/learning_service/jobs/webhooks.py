"""Delivering events to receivers, and the numbering tick before it."""

import asyncio
import random
import uuid
from collections import Counter
from datetime import datetime, timedelta

import structlog
from pydantic_core import to_json

from learning_service.adapters.webhook_http import UnsafeReceiver, send_event
from learning_service.context import Context
from learning_service.domain.clock import now
from learning_service.domain.errors import Unavailable
from learning_service.domain.outbox import Job
from learning_service.domain.webhooks.actions import (
    disable_webhook,
    note_delivered,
    note_failed,
    number_events,
    postpone_delivery,
)
from learning_service.domain.webhooks.queries import Sending, any_unnumbered, load_sending
from learning_service.domain.webhooks.rules import cloud_event
from learning_service.runner import finishing

log = structlog.get_logger()

GONE, TOO_MANY = 410, 429
TICK_SECONDS = 0.4
LONGEST_WAIT = timedelta(hours=6)
AGAIN_SOON = timedelta(seconds=0.5)
_chance = random.SystemRandom()
_in_flight: Counter[uuid.UUID] = Counter()


async def keep_numbering(context: Context) -> None:
    """The tick: number what has committed, for ever; cancel it to end it."""
    while True:
        try:
            await number_all_events(context)
        except Exception as error:
            log.warning("numbering_failed", error=type(error).__name__)
        await asyncio.sleep(TICK_SECONDS * _chance.uniform(0.8, 1.2))


async def number_all_events(context: Context) -> None:
    """Number what has committed, and queue its deliveries, until nothing is left."""
    while True:
        async with context.transaction(None) as session:
            if not await any_unnumbered(session) or not await number_events(session):
                return


async def deliver_webhook(context: Context, job: Job) -> None:
    """Send one event to one receiver and note what came of it.

    A receiver that fails keeps its other deliveries waiting, one probe at a time, and never more than half of
    this worker's hands, so that it delays nobody else.
    """
    delivery_id = job.id_argument("delivery_id")
    async with context.transaction(job.organization_id) as session:
        sending = await load_sending(session, delivery_id, now(session))
        instant = now(session)
    if sending is None:
        return
    if wait := _must_wait(context, sending, instant):
        async with finishing(context, job) as session:
            await postpone_delivery(session, delivery_id, instant + wait)
        return
    _in_flight[sending.subscription_id] += 1
    try:
        await _deliver(context, job, sending, instant)
    finally:
        _in_flight[sending.subscription_id] -= 1


def _must_wait(context: Context, sending: Sending, instant: datetime) -> timedelta | None:
    busy = _in_flight[sending.subscription_id]
    if sending.paused_until is None:
        return AGAIN_SOON if busy >= max(1, context.settings.job_concurrency // 2) else None
    if instant < sending.paused_until:
        return sending.paused_until - instant + AGAIN_SOON * _chance.random()
    return AGAIN_SOON * 2 if busy else None


async def _deliver(context: Context, job: Job, sending: Sending, instant: datetime) -> None:
    event = sending.event
    body = to_json(
        cloud_event(
            event_id=event.id,
            type_=event.type,
            organization_id=event.organization_id,
            user_id=event.user_id,
            at=event.at,
            data=event.data,
        )
    )
    status: int | None = None
    wait: timedelta | None = None
    try:
        posted = await send_event(
            context.http,
            sending.url,
            body,
            event_id=str(event.id),
            secrets=sending.secrets,
            at=instant,
            development=context.settings.environment == "development",
        )
        status, error = posted.status, f"answered {posted.status}"
        if status == TOO_MANY:
            wait = _asked_wait(posted.retry_after)
    except (UnsafeReceiver, Unavailable) as failure:
        error = str(failure)
    async with finishing(context, job) as session:
        if status is not None and 200 <= status < 300:
            await note_delivered(session, sending.delivery_id, status)
            return
        await note_failed(
            session,
            sending.delivery_id,
            status=status,
            error=error,
            wait=wait,
            jitter=_chance.uniform(1.0, 1.1),
        )
        if status == GONE:
            await session.flush()
            await disable_webhook(session, sending.subscription_id)


def _asked_wait(retry_after: str | None) -> timedelta | None:
    if retry_after is None or not retry_after.isascii() or not retry_after.isdigit():
        return None
    return min(timedelta(seconds=int(retry_after[:9])), LONGEST_WAIT)

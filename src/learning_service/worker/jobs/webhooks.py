"""Delivering events to receivers, and the numbering tick before it."""

import asyncio
import random
import uuid
from datetime import UTC, datetime

import structlog
from prometheus_client import Counter
from pydantic_core import to_json

from learning_service.adapters.webhook_http import UnsafeReceiver, send_event
from learning_service.context import Context
from learning_service.domain.certificates.actions.keys import reseal_keys
from learning_service.domain.jobs.outbox import Job
from learning_service.domain.jobs.payloads import DeliverWebhooks, TellOfDisabledWebhook
from learning_service.domain.kernel.clock import now
from learning_service.domain.kernel.errors import Unavailable
from learning_service.domain.records.events import Event
from learning_service.domain.reminders.actions.mails import plan_webhook_notices
from learning_service.domain.webhooks.actions.deliveries import GONE, TOO_MANY, note_outcomes
from learning_service.domain.webhooks.actions.subscriptions import number_events, reseal_secrets
from learning_service.domain.webhooks.queries import ANY_UNNUMBERED, Batch, cloud_event_of, load_batch
from learning_service.domain.webhooks.rules.events import (
    MAY_ASK_TO_WAIT,
    Outcome,
    asked_wait,
    place_of_secrets,
)
from learning_service.worker.durable import finishing

log = structlog.get_logger()

DELIVERIES = Counter(
    "learning_webhook_deliveries_total", "Tries to deliver an event to a receiver.", ["outcome"]
)
TICK_SECONDS = 0.4
BATCH, BATCH_SECONDS = 100, 5.0
CONNECTIONS = 8
"""To one receiver at once."""
_chance = random.SystemRandom()


async def keep_numbering(context: Context) -> None:
    """The tick: number what has committed, until cancelled."""
    while True:
        try:
            await number_all_events(context)
        except Exception as error:
            log.warning("numbering_failed", error=type(error).__name__)
        await asyncio.sleep(TICK_SECONDS * _chance.uniform(0.8, 1.2))


async def number_all_events(context: Context) -> None:
    """Number what has committed, and queue its deliveries, until nothing is left."""
    while await context.direct.finds(ANY_UNNUMBERED):
        async with context.transaction(None) as session:
            if not await number_events(session):
                return


async def deliver_webhooks(context: Context, job: Job) -> None:
    """Send what is due for one webhook, some at a time and no longer than a few seconds, then let the next follow.

    A receiver has at most one such job, so that a slow one takes one hand of a worker, and a few connections.
    """
    webhook_id = DeliverWebhooks.read(job.arguments).webhook_id
    async with context.transaction(job.organization_id) as session:
        batch = await load_batch(session, webhook_id, now(session), limit=BATCH)
    outcomes = []
    if batch:
        place = place_of_secrets(job.organization_id, webhook_id)
        secrets = tuple(context.seal.open(sealed, place) for sealed in batch.sealed_secrets)
        outcomes = await _send_batch(context, batch, secrets)
    for outcome in outcomes:
        DELIVERIES.labels("delivered" if outcome.is_delivered else "failed").inc()
    async with finishing(context, job) as session:
        jitter = _chance.uniform(1.0, 1.1)
        disabled = await note_outcomes(session, webhook_id, outcomes, job_id=job.id, jitter=jitter)
    if disabled is not None:
        log.warning(
            "webhook_disabled",
            organization_id=job.organization_id,
            webhook_id=str(webhook_id),
            reason=disabled,
        )


async def tell_of_disabled_webhook(context: Context, job: Job) -> None:
    """Claim the mails to the organization's administrators, and plan when they leave."""
    told = TellOfDisabledWebhook.read(job.arguments)
    async with finishing(context, job) as session:
        await plan_webhook_notices(
            session,
            told.webhook_id,
            told.disabled_at,
            mails_per_second=context.settings.mails_per_second,
        )


async def _send_batch(context: Context, batch: Batch, secrets: tuple[str, ...]) -> list[Outcome]:
    outcomes: list[Outcome] = []
    waiting = iter(batch.due)
    loop = asyncio.get_running_loop()
    end = loop.time() + BATCH_SECONDS

    def is_enough() -> bool:
        refused = outcomes and not any(outcome.is_delivered for outcome in outcomes)
        asked = any(outcome.wait or outcome.status in (GONE, TOO_MANY) for outcome in outcomes)
        return bool(refused or asked or loop.time() > end)

    async def send_on() -> None:
        for delivery_id, event in waiting:
            outcomes.append(await _send(context, batch.url, secrets, delivery_id, event))
            if is_enough():
                return

    async with asyncio.TaskGroup() as group:
        for _ in range(min(CONNECTIONS, len(batch.due))):
            group.create_task(send_on())
    return outcomes


async def _send(
    context: Context, url: str, secrets: tuple[str, ...], delivery_id: uuid.UUID, event: Event
) -> Outcome:
    body = to_json(cloud_event_of(event))
    try:
        posted = await send_event(
            context.http,
            url,
            body,
            event_id=str(event.id),
            secrets=secrets,
            at=datetime.now(UTC),
            development=context.settings.environment == "development",
        )
    except (UnsafeReceiver, Unavailable) as failure:
        return Outcome(delivery_id, None, str(failure))
    wait = asked_wait(posted.retry_after, datetime.now(UTC)) if posted.status in MAY_ASK_TO_WAIT else None
    return Outcome(delivery_id, posted.status, f"answered {posted.status}", wait)


async def seal_secrets(context: Context, at: datetime | None) -> None:
    """Seal every webhook's secret and every signing key by the present key: those of before there were keys, and
    those of older keys.
    """
    async with context.transaction(None, at=at) as session:
        await reseal_keys(session, context.seal)
    after: tuple[str, uuid.UUID] | None = None
    while True:
        async with context.transaction(None, at=at) as session:
            after = await reseal_secrets(session, context.seal, after=after)
        if after is None:
            return

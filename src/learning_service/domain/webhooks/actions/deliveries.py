"""Which job sends for a webhook, and what became of it.

One job at a time sends for a webhook, a batch at a go. The webhook's row is locked where a delivery is added and
where a batch ends: the second sees what the first did, so that no delivery is left without a sender.
"""

import uuid
from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import select, text, tuple_, update
from sqlalchemy.ext.asyncio import AsyncSession

from learning_service.domain.jobs.outbox import DueJob, enqueue_job, hand_over_after_commit
from learning_service.domain.jobs.payloads import DeliverWebhooks, TellOfDisabledWebhook
from learning_service.domain.kernel.clock import now
from learning_service.domain.kernel.tenant import own_key
from learning_service.domain.records.audit import SYSTEM_ACTOR, record_audit
from learning_service.domain.records.bulk_events import time_of_ids
from learning_service.domain.webhooks.models import WebhookDelivery, WebhookSubscription
from learning_service.domain.webhooks.rules.events import (
    DISABLE_AFTER,
    GIVE_UP_AFTER,
    Outcome,
    delay_after,
    next_try,
)

GONE, TOO_MANY = 410, 429
_WHY = {
    "gone": "the receiver answered 410 Gone",
    "failing": "the receiver was disabled after days of failing",
}
_START = text(
    """
WITH wanted AS (
    SELECT s.id, s.organization_id, s.sender_id, greatest(waiting.at, s.paused_until) AS at
    FROM unnest(CAST(:organizations AS text[]), CAST(:ids AS uuid[])) AS named (organization_id, id)
    JOIN webhook_subscriptions s USING (organization_id, id) CROSS JOIN LATERAL (
        SELECT min(next_attempt_at) AS at FROM webhook_deliveries WHERE subscription_id = s.id AND status = 'pending'
    ) AS waiting
    WHERE s.disabled_at IS NULL AND s.deleted_at IS NULL AND waiting.at IS NOT NULL
), alive AS (
    UPDATE outbox o SET run_at = CASE o.status WHEN 'queued' THEN least(o.run_at, w.at) ELSE o.run_at END
    FROM wanted w
    WHERE o.id = w.sender_id AND o.status IN ('queued', 'leased') AND o.id IS DISTINCT FROM CAST(:ending AS uuid)
    RETURNING w.id
), made AS (
    INSERT INTO outbox (id, organization_id, queue, job, arguments, as_of, status, attempt, run_at, created_at)
    SELECT CAST(CAST(:time AS text) || substr(CAST(gen_random_uuid() AS text), 16) AS uuid), organization_id, :queue,
        :job, jsonb_build_object('webhook_id', id), :instant, 'queued', 0, at, :instant
    FROM wanted WHERE id NOT IN (SELECT id FROM alive)
    RETURNING organization_id, id, (arguments->>'webhook_id')::uuid AS webhook_id,
        run_at <= clock_timestamp() AS is_due
)
UPDATE webhook_subscriptions s SET sender_id = made.id FROM made
WHERE s.organization_id = made.organization_id AND s.id = made.webhook_id
RETURNING made.id, made.webhook_id, made.is_due
"""
)


async def start_senders(
    session: AsyncSession, webhooks: Sequence[tuple[str, uuid.UUID]], *, ending: uuid.UUID | None = None
) -> None:
    """See to it that a job sends what waits for each of these webhooks, when it is due. `ending` does no more.

    A webhook is named by its organization and its id.
    """
    key = tuple_(WebhookSubscription.organization_id, WebhookSubscription.id)
    lock = select(WebhookSubscription.id).where(key.in_(webhooks))
    await session.execute(lock.order_by(WebhookSubscription.id).with_for_update())
    made = await session.execute(
        _START,
        {
            "organizations": [organization for organization, _ in webhooks],
            "ids": [id_ for _, id_ in webhooks],
            "ending": ending,
            "time": time_of_ids(),
            "queue": DeliverWebhooks.queue,
            "job": DeliverWebhooks.name,
            "instant": now(session),
        },
    )
    hand_over_after_commit(
        session,
        [
            DueJob(job_id, 0, told.queue, told.name, told.arguments)
            for job_id, webhook_id, is_due in made
            if is_due
            for told in (DeliverWebhooks(webhook_id=webhook_id),)
        ],
    )


async def note_outcomes(
    session: AsyncSession,
    webhook_id: uuid.UUID,
    outcomes: Sequence[Outcome],
    *,
    job_id: uuid.UUID,
    jitter: float,
) -> str | None:
    """Write what became of a batch, and let the next follow. Returns why the webhook is disabled, if it is by this.

    While a receiver takes nothing, everything for it waits with the same backoff; one event that it will not
    have waits alone. What it asks for is honoured; 410 and days of failing disable. `jitter` (1 or more) stretches
    every wait.
    """
    webhook = await session.get(
        WebhookSubscription, own_key(session, webhook_id), with_for_update=True, populate_existing=True
    )
    if webhook is None:
        return None
    await _note_delivered(session, [outcome for outcome in outcomes if outcome.is_delivered])
    failed = [outcome for outcome in outcomes if not outcome.is_delivered]
    for outcome in failed:
        await _note_failed(session, outcome, jitter)
    if any(outcome.is_delivered for outcome in outcomes):
        webhook.failures, webhook.paused_until, webhook.failing_since = 0, None, None
    elif failed:
        webhook.failures += 1
        webhook.failing_since = webhook.failing_since or now(session)
        webhook.paused_until = now(session) + delay_after(webhook.failures) * jitter
        await _give_up_old(session, webhook_id)
    asked = [outcome.wait for outcome in failed if outcome.wait]
    if asked:
        webhook.paused_until = max(now(session) + max(asked), webhook.paused_until or now(session))
    reason = _reason_to_disable(webhook, failed, now(session))
    if reason is not None:
        await _disable(session, webhook, reason)
    await session.flush()
    await start_senders(session, [(webhook.organization_id, webhook_id)], ending=job_id)
    return reason


def _reason_to_disable(
    webhook: WebhookSubscription, failed: Sequence[Outcome], instant: datetime
) -> str | None:
    if webhook.disabled_at:
        return None
    if any(outcome.status == GONE for outcome in failed):
        return "gone"
    since = webhook.failing_since
    return "failing" if since is not None and since <= instant - DISABLE_AFTER else None


async def _note_delivered(session: AsyncSession, delivered: Sequence[Outcome]) -> None:
    for status in {outcome.status for outcome in delivered}:
        ids = [outcome.delivery_id for outcome in delivered if outcome.status == status]
        await session.execute(
            update(WebhookDelivery)
            .where(WebhookDelivery.id.in_(ids), WebhookDelivery.status == "pending")
            .values(
                status="delivered",
                attempts=WebhookDelivery.attempts + 1,
                last_attempt_at=now(session),
                delivered_at=now(session),
                next_attempt_at=None,
                response_status=status,
                error=None,
            )
        )


async def _note_failed(session: AsyncSession, outcome: Outcome, jitter: float) -> None:
    instant = now(session)
    delivery = await session.get_one(
        WebhookDelivery, own_key(session, outcome.delivery_id), with_for_update=True
    )
    if delivery.status != "pending":
        return
    delivery.attempts += 1
    delivery.last_attempt_at = instant
    delivery.response_status, delivery.error = outcome.status, (outcome.error or "")[:500]
    following = next_try(delivery.created_at, delivery.attempts, instant)
    if following is None:
        delivery.status, delivery.next_attempt_at = "failed", None
    else:
        wait = max((following - instant) * jitter, outcome.wait or timedelta(0))
        delivery.next_attempt_at = instant + wait


async def _give_up_old(session: AsyncSession, webhook_id: uuid.UUID) -> None:
    await session.execute(
        update(WebhookDelivery)
        .where(
            WebhookDelivery.subscription_id == webhook_id,
            WebhookDelivery.status == "pending",
            WebhookDelivery.created_at < now(session) - GIVE_UP_AFTER,
        )
        .values(status="failed", error="the receiver failed for three days", next_attempt_at=None)
    )


async def _disable(session: AsyncSession, webhook: WebhookSubscription, reason: str) -> None:
    webhook.disabled_at, webhook.disabled_reason = now(session), reason
    await drop_pending(session, webhook.id, _WHY[reason])
    told = TellOfDisabledWebhook(webhook_id=webhook.id, disabled_at=now(session))
    await enqueue_job(session, told, organization_id=webhook.organization_id)
    record_audit(
        session,
        "webhook.disabled",
        organization_id=webhook.organization_id,
        actor_id=SYSTEM_ACTOR,
        subject=("webhook", webhook.id),
        details={"reason": reason},
    )


async def drop_pending(session: AsyncSession, webhook_id: uuid.UUID, reason: str) -> None:
    """Give up all that waits for this webhook."""
    await session.execute(
        update(WebhookDelivery)
        .where(WebhookDelivery.subscription_id == webhook_id, WebhookDelivery.status == "pending")
        .values(status="failed", error=reason, next_attempt_at=None)
    )

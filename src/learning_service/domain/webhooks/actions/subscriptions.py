"""Numbering events, fanning them out, and keeping subscriptions and deliveries."""

import base64
import secrets
import uuid
from datetime import timedelta

from sqlalchemy import select, text, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from learning_service.domain.kernel.base import new_id
from learning_service.domain.kernel.clock import now
from learning_service.domain.kernel.errors import Conflict, Invalid, NotFound
from learning_service.domain.kernel.planning import plan_afresh
from learning_service.domain.kernel.principal import Principal
from learning_service.domain.kernel.sealing import Seal
from learning_service.domain.records.audit import AuditAction, record_act
from learning_service.domain.webhooks.actions.deliveries import drop_pending, start_senders
from learning_service.domain.webhooks.models import WebhookDelivery, WebhookSubscription
from learning_service.domain.webhooks.rules.events import WebhookIn, place_of_secrets, url_fault

OVERLAP = timedelta(hours=24)
"""How long a rotated secret still signs."""
MAX_NUMBERED = 5000
MAX_RESEALED = 200
_NUMBERING = text("SELECT pg_advisory_xact_lock(7461334)")
# Positions are given after commit, by one numberer at a time, so that no reader's cursor can pass a row that
# commits late. Rows are found again by where they are: by their keys, all of an organization that statistics do not
# know would be gone through for each. The new deliveries are written by the same statement: numbered is fanned out.
_NUMBER = text(
    """
WITH fresh AS (
    SELECT ctid, organization_id, row_number() OVER (PARTITION BY organization_id ORDER BY id) AS place
    FROM events WHERE position IS NULL AND (CAST(:organization_id AS text) IS NULL
        OR organization_id = :organization_id)
    ORDER BY id LIMIT :most
), counts AS (
    SELECT organization_id, count(*) AS many FROM fresh GROUP BY organization_id
), grown AS (
    INSERT INTO event_feeds AS f (organization_id, last_position)
    SELECT organization_id, many FROM counts
    ON CONFLICT (organization_id) DO UPDATE SET last_position = f.last_position + excluded.last_position
    RETURNING f.organization_id, f.last_position
), numbered AS (
    UPDATE events e SET position = g.last_position - c.many + f.place
    FROM fresh f JOIN grown g USING (organization_id) JOIN counts c USING (organization_id)
    WHERE e.ctid = f.ctid
    RETURNING e.id, e.organization_id, e.type
), delivered AS (
    INSERT INTO webhook_deliveries (id, organization_id, subscription_id, event_id, event_type, status,
        attempts, created_at, next_attempt_at)
    SELECT gen_random_uuid(), n.organization_id, s.id, n.id, n.type, 'pending', 0, :instant, :instant
    FROM numbered n JOIN webhook_subscriptions s ON s.organization_id = n.organization_id
        AND n.type = ANY (s.event_types) AND s.disabled_at IS NULL AND s.deleted_at IS NULL
    RETURNING organization_id, subscription_id
)
SELECT (SELECT count(*) FROM numbered),
    (SELECT jsonb_agg(DISTINCT jsonb_build_array(organization_id, subscription_id)) FROM delivered)
"""
)


class AlreadyPending(Conflict):
    """The delivery is on its way already."""

    code = "already-pending"

    def __init__(self) -> None:
        super().__init__("This delivery is still being tried.")


class WebhookDisabled(Conflict):
    """The receiver is disabled: nothing is sent to it."""

    code = "webhook-disabled"

    def __init__(self) -> None:
        super().__init__(
            "This receiver is disabled, because it answered 410 Gone or failed for days. Enable it first;"
            " what it missed meanwhile is in the feed, /api/events/."
        )


async def number_events(session: AsyncSession, organization_id: str | None = None) -> int:
    """Give committed events their positions and their deliveries; how many were numbered.

    One numberer works at a time; the lock is taken before the statement whose snapshot decides what is there.
    """
    await plan_afresh(session)
    await session.execute(_NUMBERING)
    row = (
        await session.execute(
            _NUMBER,
            {"organization_id": organization_id, "most": MAX_NUMBERED, "instant": now(session)},
        )
    ).one()
    if row[1]:
        await start_senders(session, [(organization, uuid.UUID(id_)) for organization, id_ in row[1]])
    return int(row[0])


async def create_webhook(
    session: AsyncSession, new: WebhookIn, *, actor: Principal, development: bool, seal: Seal
) -> tuple[WebhookSubscription, str]:
    """Subscribe a receiver; with it the secret, to be shown this once.

    Raises Invalid for an address that the service must not call.
    """
    fault = url_fault(new.url, development=development)
    if fault is not None:
        raise Invalid.at("/url", fault, "wrong-form")
    id_, secret = new_id(), _new_secret()
    webhook = WebhookSubscription(
        id=id_,
        organization_id=actor.organization_id,
        url=new.url,
        event_types=sorted(set(new.event_types)),
        secret=seal.seal(secret, place_of_secrets(actor.organization_id, id_)),
        created_at=now(session),
        created_by=actor.user_id,
    )
    session.add(webhook)
    _audit(session, "webhook.created", webhook, actor)
    await session.flush()
    return webhook, secret


async def delete_webhook(session: AsyncSession, webhook: WebhookSubscription, *, actor: Principal) -> None:
    """Unsubscribe; what is on its way is dropped."""
    webhook.deleted_at = now(session)
    webhook.secret = ""
    webhook.previous_secret = None
    await drop_pending(session, webhook.id, "the subscription was deleted")
    _audit(session, "webhook.deleted", webhook, actor)
    await session.flush()


async def rotate_secret(
    session: AsyncSession, webhook: WebhookSubscription, *, actor: Principal, seal: Seal
) -> str:
    """Make a new secret, to be shown this once; for `OVERLAP` the old one signs beside it."""
    await session.refresh(webhook, with_for_update=True)
    if webhook.deleted_at:
        raise NotFound
    secret = _new_secret()
    webhook.previous_secret = webhook.secret
    webhook.previous_secret_until = now(session) + OVERLAP
    webhook.secret = seal.seal(secret, place_of_secrets(webhook.organization_id, webhook.id))
    _audit(session, "webhook.secret_rotated", webhook, actor)
    await session.flush()
    return secret


async def reseal_secrets(
    session: AsyncSession, seal: Seal, *, after: tuple[str, uuid.UUID] | None
) -> tuple[str, uuid.UUID] | None:
    """Seal the secrets of the next webhooks by the present key, and forget previous ones that sign no more.

    Returns where to go on; None when there are no more. Raises Unsealable where a key is missing.
    """
    key = (WebhookSubscription.organization_id, WebhookSubscription.id)
    statement = select(WebhookSubscription).where(WebhookSubscription.deleted_at.is_(None))
    if after is not None:
        statement = statement.where(tuple_(*key) > tuple_(*after))
    found = (await session.scalars(statement.order_by(*key).limit(MAX_RESEALED).with_for_update())).all()
    for webhook in found:
        place = place_of_secrets(webhook.organization_id, webhook.id)
        if not webhook.secret.startswith(seal.prefix):
            webhook.secret = seal.seal(seal.open(webhook.secret, place), place)
        if webhook.previous_secret_until and webhook.previous_secret_until <= now(session):
            webhook.previous_secret = webhook.previous_secret_until = None
        if webhook.previous_secret and not webhook.previous_secret.startswith(seal.prefix):
            webhook.previous_secret = seal.seal(seal.open(webhook.previous_secret, place), place)
    await session.flush()
    return (found[-1].organization_id, found[-1].id) if len(found) == MAX_RESEALED else None


async def enable_webhook(session: AsyncSession, webhook: WebhookSubscription, *, actor: Principal) -> None:
    """Send to a disabled receiver again, from the next event on; one that is not disabled stays as it is.

    Raises NotFound where it was deleted meanwhile.
    """
    await session.refresh(webhook, with_for_update=True)
    if webhook.deleted_at:
        raise NotFound
    if webhook.disabled_at is None:
        return
    webhook.disabled_at = webhook.disabled_reason = None
    webhook.failures, webhook.failing_since, webhook.paused_until = 0, None, None
    _audit(session, "webhook.enabled", webhook, actor)
    await session.flush()


async def replay_delivery(
    session: AsyncSession, webhook: WebhookSubscription, delivery_id: uuid.UUID, *, actor: Principal
) -> WebhookDelivery:
    """Send a delivery again, delivered or not. Raises NotFound, WebhookDisabled, AlreadyPending."""
    await session.refresh(webhook, with_for_update=True)
    delivery = await session.scalar(
        select(WebhookDelivery)
        .where(WebhookDelivery.id == delivery_id, WebhookDelivery.subscription_id == webhook.id)
        .with_for_update()
    )
    if delivery is None or webhook.deleted_at:
        raise NotFound
    if webhook.disabled_at:
        raise WebhookDisabled
    if delivery.status == "pending":
        raise AlreadyPending
    delivery.status = "pending"
    delivery.attempts = 0
    delivery.created_at = delivery.next_attempt_at = now(session)
    # A caller who does this has a reason to think that the receiver is back.
    webhook.paused_until = None
    await session.flush()
    await start_senders(session, [(webhook.organization_id, webhook.id)])
    _audit(session, "webhook.delivery_replayed", webhook, actor)
    await session.flush()
    return delivery


def _new_secret() -> str:
    return "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode()


def _audit(
    session: AsyncSession, action: AuditAction, webhook: WebhookSubscription, actor: Principal
) -> None:
    record_act(session, actor, action, ("webhook", webhook.id))

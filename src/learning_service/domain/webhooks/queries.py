"""Reads of the feed, of subscriptions and of deliveries."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import Uuid, bindparam, exists, func, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from learning_service.domain.kernel.errors import Gone, NotFound
from learning_service.domain.kernel.paging import PageRequest
from learning_service.domain.kernel.principal import Principal
from learning_service.domain.kernel.reads import LIMIT, ORGANIZATION_ID, Kept, fetch, kept
from learning_service.domain.kernel.tenant import own_key
from learning_service.domain.kernel.values import JsonObject
from learning_service.domain.records.events import Event
from learning_service.domain.webhooks.models import EventFeed, WebhookDelivery, WebhookSubscription
from learning_service.domain.webhooks.rules.events import cloud_event

ANY_UNNUMBERED = "SELECT FROM events WHERE position IS NULL LIMIT 1"
"""Finds a row when some committed event of any organization has no position yet; asked all the time, so cheap."""


class CursorExpired(Gone):
    """What followed the cursor was purged; the reader has missed events and must start over."""

    code = "cursor-expired"

    def __init__(self) -> None:
        super().__init__(
            "Events after this cursor are no longer kept. Read again from the oldest, without one."
        )


@dataclass(frozen=True, slots=True)
class FeedPage:
    """Events in their order, and where the next page begins."""

    events: Sequence[Event]
    position: int


def cloud_event_of(event: Event) -> JsonObject:
    """The event as other services get it."""
    return cloud_event(
        event_id=event.id,
        type_=event.type,
        organization_id=event.organization_id,
        user_id=event.user_id,
        at=event.at,
        data=event.data,
    )


async def has_unnumbered(session: AsyncSession, organization_id: str) -> bool:
    """Whether some committed event of the organization has no position yet."""
    found = await session.scalar(
        select(exists().where(Event.organization_id == organization_id, Event.position.is_(None)))
    )
    return bool(found)


async def read_feed(
    session: AsyncSession, organization_id: str, *, after: int | None, limit: int
) -> FeedPage:
    """Numbered events after a position, in order; from the oldest kept without one. Raises CursorExpired."""
    start = await _start(session, organization_id, after)
    mine = (Event.organization_id == organization_id, Event.position.is_not(None))
    statement = select(Event).where(*mine, Event.position > (after or 0)).order_by(Event.position)
    events = (await session.scalars(statement.limit(limit))).all()
    last = events[-1].position if events else None
    return FeedPage(events, start if last is None else last)


async def newest_position(session: AsyncSession, organization_id: str) -> int:
    """The position of the organization's last numbered event; 0 before there is one."""
    statement = select(EventFeed.last_position).where(EventFeed.organization_id == organization_id)
    return await session.scalar(statement) or 0


async def _start(session: AsyncSession, organization_id: str, after: int | None) -> int:
    """Where a reader stands who finds no event. Raises CursorExpired.

    One statement, and before the events are read: numbering may commit between any two, and what it numbers must
    look neither purged nor read.
    """
    oldest = select(func.min(Event.position)).where(Event.organization_id == organization_id)
    last = select(EventFeed.last_position).where(EventFeed.organization_id == organization_id)
    row = (await session.execute(select(oldest.scalar_subquery(), last.scalar_subquery()))).one()
    position = row[1] or 0
    if after is None:
        return position
    follows = row[0] if row[0] is not None else position + 1
    if after + 1 < follows:
        raise CursorExpired
    return after


async def access_webhook(
    session: AsyncSession, caller: Principal, webhook_id: uuid.UUID
) -> WebhookSubscription:
    """The organization's subscription. Raises NotFound."""
    found = await session.scalar(
        select(WebhookSubscription).where(
            WebhookSubscription.organization_id == caller.organization_id,
            WebhookSubscription.id == webhook_id,
            WebhookSubscription.deleted_at.is_(None),
        )
    )
    if found is None:
        raise NotFound
    return found


async def list_webhooks(session: AsyncSession, caller: Principal, page: PageRequest) -> Sequence[Any]:
    """The organization's subscriptions, newest first; one more than the page holds."""
    given = {"organization_id": caller.organization_id, "limit": page.limit + 1}
    if page.after is not None:
        given["after"] = uuid.UUID(page.after[0])
    return await fetch(session, _listed(after=page.after is not None), given)


@cache
def _listed(*, after: bool) -> Kept:
    statement = select(*WebhookSubscription.__table__.columns).where(
        WebhookSubscription.organization_id == ORGANIZATION_ID, WebhookSubscription.deleted_at.is_(None)
    )
    if after:
        statement = statement.where(WebhookSubscription.id < bindparam("after", type_=Uuid()))
    return kept(statement.order_by(WebhookSubscription.id.desc()).limit(LIMIT))


async def list_deliveries(
    session: AsyncSession, webhook: WebhookSubscription, page: PageRequest
) -> Sequence[WebhookDelivery]:
    """A subscription's deliveries, newest first; one more than the page holds."""
    statement = select(WebhookDelivery).where(WebhookDelivery.subscription_id == webhook.id)
    if "status" in page.filters:
        statement = statement.where(WebhookDelivery.status == page.filters["status"])
    if page.after is not None:
        created_at, delivery_id = page.after
        statement = statement.where(
            tuple_(WebhookDelivery.created_at, WebhookDelivery.id)
            < tuple_(datetime.fromisoformat(created_at), uuid.UUID(delivery_id))
        )
    newest = (WebhookDelivery.created_at.desc(), WebhookDelivery.id.desc())
    return (await session.scalars(statement.order_by(*newest).limit(page.limit + 1))).all()


@dataclass(frozen=True, slots=True)
class Batch:
    """What is due for one webhook, with everything that sending it takes."""

    url: str
    sealed_secrets: tuple[str, ...]
    due: Sequence[tuple[uuid.UUID, Event]]
    """Deliveries by id, each with its event."""


async def load_batch(
    session: AsyncSession, webhook_id: uuid.UUID, instant: datetime, *, limit: int
) -> Batch | None:
    """The next deliveries that are due, a single one while the receiver fails; None: nothing is to be sent."""
    webhook = await session.get(WebhookSubscription, own_key(session, webhook_id))
    if webhook is None or webhook.disabled_at or webhook.deleted_at:
        return None
    if webhook.paused_until and instant < webhook.paused_until:
        return None
    rows = await session.execute(
        select(WebhookDelivery.id, Event)
        .join(Event, Event.id == WebhookDelivery.event_id)
        .where(
            WebhookDelivery.subscription_id == webhook_id,
            WebhookDelivery.status == "pending",
            WebhookDelivery.next_attempt_at <= instant,
        )
        .order_by(WebhookDelivery.next_attempt_at, WebhookDelivery.id)
        .limit(1 if webhook.failures else limit)
    )
    secrets = [webhook.secret]
    if webhook.previous_secret and webhook.previous_secret_until and instant < webhook.previous_secret_until:
        secrets.append(webhook.previous_secret)
    return Batch(webhook.url, tuple(secrets), [(delivery_id, event) for delivery_id, event in rows])

"""Reads of the feed, of subscriptions and of deliveries."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import BigInteger, DateTime, Text, Uuid, bindparam, exists, func, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from learning_service.domain.kernel.errors import Gone, NotFound
from learning_service.domain.kernel.paging import PageRequest
from learning_service.domain.kernel.principal import Principal
from learning_service.domain.kernel.reads import (
    LIMIT,
    ORGANIZATION_ID,
    ROW_ID,
    Kept,
    fetch,
    fetch_first,
    fetch_value,
    kept,
)
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

    events: Sequence[Any]
    position: int


def cloud_event_of(event: Any) -> JsonObject:
    """The event, a row of `Event` or its columns, as other services get it."""
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
    return bool(await fetch_value(session, _unnumbered(), {"organization_id": organization_id}))


@cache
def _unnumbered() -> Kept:
    return kept(select(exists().where(Event.organization_id == ORGANIZATION_ID, Event.position.is_(None))))


async def read_feed(
    session: AsyncSession, organization_id: str, *, after: int | None, limit: int
) -> FeedPage:
    """Numbered events after a position, in order; from the oldest kept without one. Raises CursorExpired."""
    start = await _start(session, organization_id, after)
    given = {"organization_id": organization_id, "after": after or 0, "limit": limit}
    events = await fetch(session, _numbered(), given)
    last = events[-1].position if events else None
    return FeedPage(events, start if last is None else last)


@cache
def _numbered() -> Kept:
    mine = (Event.organization_id == ORGANIZATION_ID, Event.position.is_not(None))
    statement = select(*Event.__table__.columns).where(
        *mine, Event.position > bindparam("after", type_=BigInteger())
    )
    return kept(statement.order_by(Event.position).limit(LIMIT))


async def newest_position(session: AsyncSession, organization_id: str) -> int:
    """The position of the organization's last numbered event; 0 before there is one."""
    return await fetch_value(session, _newest(), {"organization_id": organization_id}) or 0


@cache
def _newest() -> Kept:
    return kept(select(EventFeed.last_position).where(EventFeed.organization_id == ORGANIZATION_ID))


async def _start(session: AsyncSession, organization_id: str, after: int | None) -> int:
    """Where a reader stands who finds no event. Raises CursorExpired.

    One statement, and before the events are read: numbering may commit between any two, and what it numbers must
    look neither purged nor read.
    """
    row = await fetch_first(session, _ends(), {"organization_id": organization_id})
    position = row[1] or 0
    if after is None:
        return position
    follows = row[0] if row[0] is not None else position + 1
    if after + 1 < follows:
        raise CursorExpired
    return after


@cache
def _ends() -> Kept:
    oldest = select(func.min(Event.position)).where(Event.organization_id == ORGANIZATION_ID)
    last = select(EventFeed.last_position).where(EventFeed.organization_id == ORGANIZATION_ID)
    return kept(select(oldest.scalar_subquery(), last.scalar_subquery()))


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
    session: AsyncSession, caller: Principal, webhook_id: uuid.UUID, page: PageRequest
) -> Sequence[Any]:
    """A subscription's deliveries, newest first; one more than the page holds. Raises NotFound."""
    own = {"organization_id": caller.organization_id, "row_id": webhook_id}
    if await fetch_first(session, _is_there(), own) is None:
        raise NotFound
    status = page.filters.get("status")
    given: dict[str, Any] = {"row_id": webhook_id, "status": status, "limit": page.limit + 1}
    if page.after is not None:
        created_at, delivery_id = page.after
        given |= {"created_at": datetime.fromisoformat(created_at), "delivery_id": uuid.UUID(delivery_id)}
    read = _deliveries(of_status=status is not None, after=page.after is not None)
    return await fetch(session, read, given)


@cache
def _is_there() -> Kept:
    return kept(
        select(WebhookSubscription.id).where(
            WebhookSubscription.organization_id == ORGANIZATION_ID,
            WebhookSubscription.id == ROW_ID,
            WebhookSubscription.deleted_at.is_(None),
        )
    )


@cache
def _deliveries(*, of_status: bool, after: bool) -> Kept:
    columns = WebhookDelivery.__table__.columns
    statement = select(*columns).where(WebhookDelivery.subscription_id == ROW_ID)
    if of_status:
        statement = statement.where(WebhookDelivery.status == bindparam("status", type_=Text()))
    if after:
        last = bindparam("created_at", type_=DateTime(timezone=True)), bindparam("delivery_id", type_=Uuid())
        statement = statement.where(tuple_(WebhookDelivery.created_at, WebhookDelivery.id) < tuple_(*last))
    newest = (WebhookDelivery.created_at.desc(), WebhookDelivery.id.desc())
    return kept(statement.order_by(*newest).limit(LIMIT))


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

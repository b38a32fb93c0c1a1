"""How far each organization's feed has been handed on to other systems, and whose turn it is to do so."""

from collections.abc import Sequence

from sqlalchemy import func, select, text, update
from sqlalchemy.ext.asyncio import AsyncSession

from learning_service.domain.records.events import Event
from learning_service.domain.webhooks.models import EventFeed

ANY_UNPUBLISHED = "SELECT FROM event_feeds WHERE last_position > coalesce(published_position, 0) LIMIT 1"
"""Finds a row when some numbered event of any organization has not been published; asked all the time, so cheap."""
MOST_EVENTS = 200
_TURN = text("SELECT pg_try_advisory_xact_lock(7461336)")
_published = func.coalesce(EventFeed.published_position, 0)


async def take_turn(session: AsyncSession) -> bool:
    """Whether this transaction is the one that publishes; it is until it ends, in whatever way."""
    return bool(await session.scalar(_TURN))


async def next_feed(session: AsyncSession) -> EventFeed | None:
    """A feed with events that are not published yet. By chance, so that none waits for a busier one."""
    statement = select(EventFeed).where(EventFeed.last_position > _published)
    return await session.scalar(statement.order_by(func.random()).limit(1))


async def unpublished_events(session: AsyncSession, feed: EventFeed) -> Sequence[Event]:
    """The feed's next events, in its order; none where those that are missing have been purged."""
    statement = select(Event).where(
        Event.organization_id == feed.organization_id, Event.position > (feed.published_position or 0)
    )
    return (await session.scalars(statement.order_by(Event.position).limit(MOST_EVENTS))).all()


async def note_published(session: AsyncSession, feed: EventFeed, position: int) -> None:
    """All of the feed up to this position is published."""
    await session.execute(
        update(EventFeed)
        .where(EventFeed.organization_id == feed.organization_id)
        .values(published_position=position)
    )

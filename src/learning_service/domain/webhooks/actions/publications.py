"""How far each organization's feed has been handed on to other systems, and whose turn it is to do so."""

from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from learning_service.domain.records.events import Event
from learning_service.domain.webhooks.models import EventFeed

ANY_UNPUBLISHED = "SELECT FROM event_feeds WHERE last_position > coalesce(published_position, 0)"
" AND (publishing_until IS NULL OR publishing_until <= clock_timestamp()) LIMIT 1"
"""Finds a row when some numbered event of any organization has not been published; asked all the time, so cheap."""
MOST_EVENTS = 200
TURN = timedelta(seconds=40)
"""How long a worker may go on with a feed. Two at once do no harm: the stream knows each event's id."""
_published = func.coalesce(EventFeed.published_position, 0)


async def take_feed(session: AsyncSession) -> EventFeed | None:
    """Take the turn at a feed with events that are not published yet; None where there is none, or others have them.

    By chance, so that none waits for a busier one. The turn is a time that is over by itself: nothing is held while
    the stream is waited for, and a worker that dies is waited for no longer than that.
    """
    clock = func.clock_timestamp()
    free = (
        select(EventFeed.organization_id)
        .where(
            EventFeed.last_position > _published,
            or_(EventFeed.publishing_until.is_(None), EventFeed.publishing_until <= clock),
        )
        .order_by(func.random())
        .limit(1)
        .with_for_update(skip_locked=True)
        .cte("free")
        .prefix_with("MATERIALIZED", dialect="postgresql")
    )
    return await session.scalar(
        update(EventFeed)
        .where(EventFeed.organization_id == free.c.organization_id)
        .values(publishing_until=clock + TURN)
        .returning(EventFeed)
        .execution_options(populate_existing=True)
    )


async def unpublished_events(session: AsyncSession, feed: EventFeed) -> Sequence[Event]:
    """The feed's next events, in its order; none where those that are missing have been purged."""
    statement = select(Event).where(
        Event.organization_id == feed.organization_id, Event.position > (feed.published_position or 0)
    )
    return (await session.scalars(statement.order_by(Event.position).limit(MOST_EVENTS))).all()


async def end_turn(session: AsyncSession, feed: EventFeed, position: int | None) -> None:
    """All of the feed up to this position is published; somebody else may go on.

    What a worker of a later turn has noted meanwhile stays.
    """
    noted = EventFeed.published_position.is_not_distinct_from(feed.published_position)
    await session.execute(
        update(EventFeed)
        .where(EventFeed.organization_id == feed.organization_id, noted)
        .values(published_position=position, publishing_until=None)
    )

"""Hands the feeds on, in their order, to whoever listens beside the webhooks.

One worker at a time has the turn at a feed, and ends it with how far it came. Where it dies, its turn is over after a
while, and the next worker begins where the last one ended. What was sent since is sent again, under the same ids.
"""

import asyncio
import importlib
import random
import time
from typing import Protocol

import structlog
from prometheus_client import Counter
from pydantic_core import to_json

from learning_service.context import Context
from learning_service.core.settings import Settings
from learning_service.domain.records.events import Event
from learning_service.domain.webhooks.actions.publications import (
    ANY_UNPUBLISHED,
    end_turn,
    take_feed,
    unpublished_events,
)
from learning_service.domain.webhooks.models import EventFeed
from learning_service.domain.webhooks.queries import cloud_event_of

log = structlog.get_logger()

PUBLISHED = Counter(
    "learning_events_published_total",
    "Events handed on, and whether the stream stored them or had them already.",
    ["outcome"],
)
TICK_SECONDS = 0.4
LONGEST_PAUSE_SECONDS = 30.0
LONGEST_SECONDS = 20.0
"""After so long a turn is ended, well before it is over by itself."""
STREAM = "learning_service.adapters.event_stream"
_chance = random.SystemRandom()


class Stream(Protocol):
    """Where events go."""

    async def publish(
        self, organization_id: str, type_: str, body: bytes, *, event_id: str, position: int
    ) -> bool:
        """Store one event; whether it was there already."""

    async def stream_name(self) -> str | None:
        """Which stream takes the events; None where there is none yet."""

    async def close(self) -> None:
        """Give the connection up."""


def stream_of(settings: Settings) -> Stream | None:
    """Where events go; None where nothing is set. Raises RuntimeError where the extra is missing."""
    if settings.nats_url is None:
        return None
    try:
        stream: Stream = importlib.import_module(STREAM).EventStream(
            settings.nats_url.get_secret_value(), settings.nats_subject
        )
    except ImportError as error:
        raise RuntimeError(
            "NATS_URL is set, but its package is not here: install learning-service[nats]"
        ) from error
    return stream


async def keep_publishing(context: Context, stream: Stream) -> None:
    """The tick: publish what is numbered, until cancelled. While that fails, with longer and longer pauses."""
    pause = TICK_SECONDS
    try:
        while True:
            try:
                while await context.direct.finds(ANY_UNPUBLISHED) and await publish_some(context, stream):
                    pass
                pause = TICK_SECONDS
            except Exception as error:
                log.warning("events_not_published", error=type(error).__name__)
                await stream.close()
                pause = min(pause * 2, LONGEST_PAUSE_SECONDS)
            await asyncio.sleep(pause * _chance.uniform(0.8, 1.2))
    finally:
        await stream.close()


async def publish_some(context: Context, stream: Stream) -> bool:
    """Publish the next events of one feed; False where there are none, or others have the turn.

    Nothing is held of the database while the stream is waited for.
    """
    begun = time.monotonic()
    async with context.transaction(None) as session:
        feed = await take_feed(session)
        events = [] if feed is None else await unpublished_events(session, feed)
    if feed is None:
        return False
    last = feed.published_position if events else feed.last_position
    try:
        _look_for_gap(feed, events[0] if events else None)
        for event in events:
            if time.monotonic() - begun > LONGEST_SECONDS:
                break
            await _publish(stream, event)
            last = event.position
    finally:
        async with context.transaction(None) as session:
            await end_turn(session, feed, last)
    return True


def _look_for_gap(feed: EventFeed, first: Event | None) -> None:
    """Positions have no gaps, unless the feed was purged before it was published."""
    wanted = (feed.published_position or 0) + 1
    found = feed.last_position + 1 if first is None else first.position
    if feed.published_position is not None and found != wanted:
        log.error(
            "events_purged_unpublished",
            organization_id=feed.organization_id,
            from_position=wanted,
            before_position=found,
        )


async def _publish(stream: Stream, event: Event) -> None:
    assert event.position is not None
    body = to_json(cloud_event_of(event))
    was_there = await stream.publish(
        event.organization_id, event.type, body, event_id=str(event.id), position=event.position
    )
    PUBLISHED.labels("duplicate" if was_there else "stored").inc()

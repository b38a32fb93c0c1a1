"""The feed onward to NATS JetStream, at a real server: exactly the feed, in order, whoever dies."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from pathlib import Path

import pytest
from prometheus_client import REGISTRY
from sqlalchemy import text

from learning_service.cli.doctor import examine
from learning_service.core.settings import Settings
from learning_service.domain.records.events import append_event
from learning_service.worker.jobs.webhooks import number_all_events
from learning_service.worker.publishing import Stream, keep_publishing, publish_some, stream_of
from tests.kit import processes
from tests.kit.direct import Database, database
from tests.kit.nats_server import NatsServer, installed, nats_server
from tests.kit.webhooks import complete
from tests.kit.world import Caller, Json, World

__all__ = ["database"]

pytestmark = [
    pytest.mark.long,
    pytest.mark.timeout(300),
    pytest.mark.skipif(not installed(), reason="nats-server is not installed"),
]
PATIENCE_SECONDS = 90
MANY = 3000
OPEN = (
    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND state LIKE 'idle in trans%'"
)
MakeSettings = Callable[..., Settings]


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[NatsServer]:
    async with nats_server(tmp_path / "jetstream") as started:
        yield started


@pytest.fixture
async def stream(
    settings: Settings, make_settings: MakeSettings, server: NatsServer
) -> AsyncIterator[Stream]:
    made = stream_of(make_settings(settings.database_url, nats_url=server.url))
    assert made is not None
    yield made
    await made.close()


async def _feed(reader: Caller) -> list[Json]:
    found: list[Json] = []
    after = ""
    while True:
        page = await reader.ok("GET", f"/api/events/?limit=200{after}")
        if not page["items"]:
            return found
        found += page["items"]
        after = f"&after={page['next_cursor']}"


async def _publish_all(world: World, stream: Stream) -> None:
    await number_all_events(world.worker)
    while await publish_some(world.worker, stream):
        pass


async def _stored(server: NatsServer, world: World) -> list[tuple[str, int, Json]]:
    """What the stream has of this organization: other tests of the session have left theirs in the database."""
    mine = [m for m in await server.stored() if m.subject.startswith(f"learning.events.{world.id}.")]
    return [(m.id, m.position, json.loads(m.body)) for m in mine]


async def _is_far(server: NatsServer, world: World, count: int) -> None:
    end = time.monotonic() + PATIENCE_SECONDS
    while len(await _stored(server, world)) < count:
        assert time.monotonic() < end, "it does not go on"
        await asyncio.sleep(0.1)


async def _append(world: World, count: int) -> None:
    async with world.worker.transaction(world.id) as session:
        for number in range(count):
            append_event(
                session, "learning.skill.mastered", organization_id=world.id, user_id="ana", n=number
            )


def _duplicates() -> float:
    return REGISTRY.get_sample_value("learning_events_published_total", {"outcome": "duplicate"}) or 0


async def test_the_stream_has_exactly_the_feed(
    world: World, manager: Caller, server: NatsServer, stream: Stream
) -> None:
    await complete(world)
    await _publish_all(world, stream)
    await complete(world, "bob")
    await _publish_all(world, stream)
    feed, stored = await _feed(manager), await _stored(server, world)
    assert len(feed) >= 6
    assert [body for _, _, body in stored] == feed
    assert [id_ for id_, _, _ in stored] == [event["id"] for event in feed]
    assert [position for _, position, _ in stored] == list(range(1, len(feed) + 1))
    subjects = {m.subject for m in await server.stored()}
    assert f"learning.events.{world.id}.certificate.issued" in subjects


async def test_what_is_sent_again_is_known_to_the_stream(
    world: World, server: NatsServer, stream: Stream
) -> None:
    await complete(world)
    await _publish_all(world, stream)
    stored, before = await _stored(server, world), _duplicates()
    async with world.worker.transaction(world.id) as session:
        # As if the worker had died before its transaction ended.
        await session.execute(text("UPDATE event_feeds SET published_position = 1"))
    await _publish_all(world, stream)
    assert await _stored(server, world) == stored
    assert _duplicates() - before == len(stored) - 1


class Observed:
    """A stream that looks at the database while it is waited for, and at what another worker would find."""

    def __init__(self, world: World, database: Database) -> None:
        self.world, self.database = world, database
        self.open: list[int] = []
        self.others: list[bool] = []

    async def publish(self, *_: object, **__: object) -> bool:
        """Store nothing."""
        self.open.append(await self.database.value(OPEN))
        if not self.others:
            self.others.append(False)  # only once: what is asked here would ask again
            self.others[0] = await publish_some(self.world.worker, self)
        return False

    async def stream_name(self) -> str | None:
        """None of any name."""
        return None

    async def close(self) -> None:
        """Nothing is open."""


async def test_no_transaction_waits_for_the_stream(world: World, database: Database) -> None:
    """And while one worker has the turn, no other publishes from that feed."""
    await database("UPDATE event_feeds SET published_position = last_position")
    await _append(world, 3)
    await number_all_events(world.worker)
    observed = Observed(world, database)
    assert await publish_some(world.worker, observed)
    assert observed.open == [0, 0, 0]
    assert observed.others == [False]
    turn = "SELECT published_position = last_position AND publishing_until IS NULL FROM event_feeds"
    assert await database.value(f"{turn} WHERE organization_id = $1", world.id)


async def test_a_turn_of_a_worker_that_died_is_over_by_itself(world: World, database: Database) -> None:
    await database("UPDATE event_feeds SET published_position = last_position")
    await _append(world, 1)
    await number_all_events(world.worker)
    until_then = "UPDATE event_feeds SET publishing_until = clock_timestamp() + $2 WHERE organization_id = $1"
    await database(until_then, world.id, timedelta(minutes=1))
    assert not await publish_some(world.worker, Observed(world, database))
    await database(until_then, world.id, timedelta(seconds=-1))
    assert await publish_some(world.worker, Observed(world, database))


async def test_nothing_is_lost_while_the_server_is_away(
    world: World, server: NatsServer, stream: Stream
) -> None:
    await complete(world)
    await number_all_events(world.worker)
    await server.stop()
    publishing = asyncio.create_task(keep_publishing(world.worker, stream))
    try:
        await asyncio.sleep(2)
        await server.start()
        await _is_far(server, world, 3)
        await server.stop()
        await complete(world, "bob")
        await number_all_events(world.worker)
        await asyncio.sleep(1)
        await server.start()
        await _is_far(server, world, 6)
    finally:
        publishing.cancel()
    positions = [position for _, position, _ in await _stored(server, world)]
    assert positions == list(range(1, len(positions) + 1))


async def test_a_killed_worker_skips_nothing(
    world: World,
    manager: Caller,
    settings: Settings,
    make_settings: MakeSettings,
    server: NatsServer,
    tmp_path: Path,
) -> None:
    await _append(world, MANY)
    told = make_settings(settings.database_url, nats_url=server.url)
    async with processes.worker(told, tmp_path / "first.log") as first:
        await _is_far(server, world, MANY // 10)
        first.process.kill()
        first.process.wait()
    so_far = len(await _stored(server, world))
    assert so_far < MANY, "it was killed in the middle"
    async with processes.worker(told, tmp_path / "second.log"):
        await _is_far(server, world, MANY)
    stored = await _stored(server, world)
    assert [position for _, position, _ in stored] == list(range(1, MANY + 1))
    assert [id_ for id_, _, _ in stored] == [event["id"] for event in await _feed(manager)]


async def test_events_that_were_purged_unpublished_are_told(
    world: World, server: NatsServer, stream: Stream, capsys: pytest.CaptureFixture[str]
) -> None:
    await _append(world, 5)
    await number_all_events(world.worker)
    async with world.worker.transaction(world.id) as session:
        await session.execute(text("UPDATE event_feeds SET published_position = 1"))
    async with world.worker.transaction(None) as session:
        old = text("DELETE FROM events WHERE organization_id = :o AND position < 4")
        await session.execute(old, {"o": world.id})
    await _publish_all(world, stream)
    assert [position for _, position, _ in await _stored(server, world)] == [4, 5]
    assert "events_purged_unpublished" in "".join(capsys.readouterr())


async def test_the_doctor_looks_at_the_stream(
    world: World, settings: Settings, make_settings: MakeSettings, server: NatsServer, stream: Stream
) -> None:
    told = make_settings(settings.database_url, nats_url=server.url)

    async def found() -> tuple[str, str]:
        [finding] = [one for one in await examine(told) if one.part == "nats"]
        return finding.state, finding.text

    assert await found() == ("ok", "answers; a worker makes the stream")
    await complete(world)
    await _publish_all(world, stream)
    assert await found() == ("ok", "the stream LEARNING_EVENTS takes events")
    await server.stop()
    assert (await found())[0] == "wrong"

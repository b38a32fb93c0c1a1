"""The feed has one order and skips nothing, whatever commits late."""

import asyncio
import random
import time
from datetime import datetime
from typing import Any

import pytest
from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from learning_service.domain.records.events import Event, append_event
from learning_service.domain.webhooks.queries import has_unnumbered, read_feed
from learning_service.routers import events
from learning_service.worker.jobs.webhooks import number_all_events
from tests.kit.webhooks import complete
from tests.kit.world import Caller, World


def reader_of(world: World) -> Caller:
    return world.call_as("mirror", scopes=["events:read"])


async def test_the_feed_tells_the_facts_in_order(world: World) -> None:
    await complete(world)
    reader = reader_of(world)
    page = await reader.ok("GET", "/api/events/")
    assert [e["type"] for e in page["items"]] == [
        "learning.course.completed",
        "learning.certificate.issued",
        "learning.skill.mastered",
    ] or len(page["items"]) == 3
    first = page["items"][0]
    assert set(first) == {"specversion", "id", "source", "type", "subject", "time", "datacontenttype", "data"}
    assert first["subject"] == first["data"]["user_id"] == "ana"
    assert first["data"]["organization_id"] == world.id
    async with world.worker.transaction(world.id) as session:
        stored = (await session.scalars(select(Event).where(Event.organization_id == world.id))).all()
    assert {str(event.id): event.at for event in stored} == {
        event["id"]: datetime.fromisoformat(event["time"]) for event in page["items"]
    }
    nothing = await reader.ok("GET", f"/api/events/?after={page['next_cursor']}")
    assert nothing == {"items": [], "next_cursor": page["next_cursor"]}
    assert await reader.ok("GET", "/api/events/") == page


async def test_pages_follow_each_other(world: World) -> None:
    await complete(world)
    await complete(world, "bob")
    reader = reader_of(world)
    every = (await reader.ok("GET", "/api/events/"))["items"]
    seen: list[Any] = []
    cursor = ""
    for _ in range(len(every) + 1):
        page = await reader.ok("GET", f"/api/events/?limit=1{cursor}")
        seen += page["items"]
        cursor = f"&after={page['next_cursor']}"
    assert seen == every


async def test_a_long_poll_answers_when_there_is_news(world: World) -> None:
    reader = reader_of(world)
    start = await reader.ok("GET", "/api/events/")
    asking = asyncio.create_task(reader.ok("GET", f"/api/events/?after={start['next_cursor']}&wait=20"))
    await asyncio.sleep(0.1)
    await complete(world)
    page = await asyncio.wait_for(asking, 15)
    assert page["items"]


async def write_and_read(world: World, seconds: float) -> int:
    """Eight writers commit in random order while the feed and the tick number and read; how many were written."""
    reader = reader_of(world)
    end = time.monotonic() + seconds
    writing = True

    async def write(n: int) -> list[str]:
        made = []
        while time.monotonic() < end:
            async with world.worker.transaction(world.id) as session:
                append_event(session, "learning.skill.mastered", organization_id=world.id, user_id=f"u{n}")
                await session.flush()
                await asyncio.sleep(random.random() / 20)
                row = await session.execute(
                    text(
                        "SELECT id FROM events WHERE organization_id = :o AND xmin = pg_current_xact_id()::xid"
                    ),
                    {"o": world.id},
                )
                made += [str(found[0]) for found in row]
        return made

    async def tick() -> None:
        while writing:
            await number_all_events(world.worker)
            await asyncio.sleep(0.01)

    async def read() -> list[str]:
        seen, cursor = [], ""
        while True:
            done = not writing
            page = await reader.ok("GET", f"/api/events/{cursor}")
            seen += [event["id"] for event in page["items"]]
            cursor = f"?after={page['next_cursor']}"
            if done and not page["items"]:
                return seen
            await asyncio.sleep(0.02)

    ticking, reading = asyncio.create_task(tick()), asyncio.create_task(read())
    written = [e for made in await asyncio.gather(*(write(n) for n in range(8))) for e in made]
    writing = False
    await ticking
    seen = await reading
    assert len(seen) == len(set(seen))
    assert set(seen) == set(written)
    return len(written)


async def test_whatever_commits_late_is_seen_once(world: World) -> None:
    assert await write_and_read(world, 0.7) >= 8


@pytest.mark.slow
@pytest.mark.timeout(240)
async def test_whatever_commits_late_is_seen_once_for_a_minute(world: World) -> None:
    written = await write_and_read(world, 60)
    print(f"{written} events")


class NumberedMeanwhile:
    """A session beside which somebody numbers all events after its first statement."""

    def __init__(self, session: AsyncSession, world: World) -> None:
        self._session, self._world, self._is_first = session, world, True

    @property
    def info(self) -> Any:
        return self._session.info

    def __getattr__(self, name: str) -> Any:
        asked = getattr(self._session, name)

        async def ask(*statement: Any) -> Any:
            answer = await asked(*statement)
            if self._is_first:
                self._is_first = False
                await number_all_events(self._world.worker)
            return answer

        return ask


@pytest.mark.parametrize("after", [None, 0])
async def test_what_is_numbered_while_it_is_read_is_neither_skipped_nor_purged(
    world: World, after: int | None
) -> None:
    async with world.worker.transaction(world.id) as session:
        append_event(session, "learning.skill.mastered", organization_id=world.id, user_id="ana")
    async with world.worker.transaction(world.id) as session:
        beside: Any = NumberedMeanwhile(session, world)
        page = await read_feed(beside, world.id, after=after, limit=10)
        rest = await read_feed(session, world.id, after=page.position, limit=10)
    assert len(page.events) + len(rest.events) == 1


async def test_who_waits_together_looks_together(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    looks: list[str] = []

    async def counted(session: AsyncSession, organization_id: str) -> bool:
        looks.append(organization_id)
        return await has_unnumbered(session, organization_id)

    monkeypatch.setattr(events, "has_unnumbered", counted)
    reader = reader_of(world)
    path = f"/api/events/?wait=2&after={(await reader.ok('GET', '/api/events/'))['next_cursor']}"
    waiting = 20
    await asyncio.gather(*(reader.ok("GET", path) for _ in range(waiting)))
    assert len(looks) <= 1 + waiting + 5


async def test_a_purged_cursor_is_expired(world: World) -> None:
    await complete(world)
    reader = reader_of(world)
    page = await reader.ok("GET", "/api/events/?limit=1")
    async with world.worker.transaction(world.id) as session:
        await session.execute(text("DELETE FROM events WHERE organization_id = :o"), {"o": world.id})
    gone = await reader("GET", f"/api/events/?after={page['next_cursor']}")
    assert (gone.status_code, gone.json()["code"]) == (410, "cursor-expired")
    fresh = await reader.ok("GET", "/api/events/")
    assert fresh["items"] == []
    assert (await reader("GET", f"/api/events/?after={fresh['next_cursor']}")).status_code == 200


async def test_who_may_and_bad_parameters(world: World, other_world: World) -> None:
    await complete(world)
    assert (await world.member("ana")("GET", "/api/events/")).status_code == 403
    assert (await world.admin("GET", "/api/events/")).status_code == 200
    page = await reader_of(world).ok("GET", "/api/events/")
    for query in ("after=x", "wait=26", "wait=-1", "wait=x", "limit=0", "since=1"):
        assert (await reader_of(world)("GET", f"/api/events/?{query}")).status_code == 422
    foreign = await reader_of(other_world)("GET", f"/api/events/?after={page['next_cursor']}")
    assert foreign.status_code == 422
    assert (await reader_of(other_world).ok("GET", "/api/events/"))["items"] == []

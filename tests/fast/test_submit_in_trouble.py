"""A hot submission whose write fails in the middle, or finds the enrollment moved: nothing is done twice or lost."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace

import httpx
import pytest
from sqlalchemy import make_url, text
from tests.kit.learner import Learner, lesson, quiz, tree
from tests.kit.proxy import Mishap, Proxy
from tests.kit.waiting import someone_waits
from tests.kit.world import Caller, Json, World

from learning_service.context import Context
from learning_service.core.settings import Settings
from learning_service.main import create_app

# Only the hot path's write carries this: the document's end, and the length of the revision that follows it.
WRITE = b'"awaiting_review":false}\x00\x00\x00\x04'


@dataclass
class Cut:
    """The application behind a proxy between it and PostgreSQL."""

    http: httpx.AsyncClient
    proxy: Proxy

    def by(self, at: Learner) -> Learner:
        """The same learner, calling through here."""
        return replace(at, call=Caller(self.http, at.call.token, at.call.user))


@pytest.fixture(scope="module")
async def cut(settings: Settings) -> AsyncIterator[Cut]:
    url = make_url(settings.database_url)
    assert url.port is not None
    proxy = Proxy(url.port)
    await proxy.start()
    address = url.set(port=proxy.port).render_as_string(hide_password=False)
    application = create_app(settings.model_copy(update={"database_url": address}))
    async with application.router.lifespan_context(application):
        transport = httpx.ASGITransport(app=application, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="https://learn.example.org") as http:
            yield Cut(http, proxy)
    await proxy.stop()


async def _attempts(at: Learner) -> list[int]:
    shown = await at.call.ok("GET", at.path("Q"))
    return [attempt["number"] for attempt in shown["attempts"]]


@pytest.mark.parametrize(("kind", "kept"), [("swallow", [1, 2]), ("reset", [1])])
async def test_a_connection_lost_at_the_write(world: World, cut: Cut, kind: str, kept: list[int]) -> None:
    """Whether it was written nobody knows here: the caller hears 503, and nobody tries again behind their back.

    The caller may: the same again is that attempt, whether it was written or not.
    """
    at = await Learner.enter(world, tree(lesson(), quiz("Q")), user="ana")
    there = cut.by(at)
    assert (await there.submit(correct=0))["number"] == 1
    body: list[Json] = []
    async with cut.proxy.suffering(Mishap(kind, marker=WRITE)):  # type: ignore[arg-type]
        answer = await there.send("Q", body)
        assert cut.proxy.suffered
    assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")
    assert "retry-after" in answer.headers
    assert await _attempts(at) == kept
    assert (await there.send("Q", body)).json()["number"] == 2
    assert await _attempts(at) == [1, 2]


async def test_a_database_that_is_away_is_left_to_the_route(world: World, cut: Cut) -> None:
    at = await Learner.enter(world, tree(lesson(), quiz("Q")), user="ana")
    there = cut.by(at)
    body = await there.responses("Q", correct=0)
    async with cut.proxy.suffering(Mishap("refuse")):
        answer = await there.send("Q", body)
    assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")
    assert await _attempts(at) == []
    assert (await there.send("Q", body)).json()["number"] == 1


async def test_an_enrollment_that_moved_between_reading_and_writing(
    world: World, worker_context: Context
) -> None:
    """As erasure moves it to another user id: the revision alone would not tell."""
    at = await Learner.enter(world, tree(lesson(), quiz("Q")), user="ana")
    body = await at.responses("Q", correct=1)
    assert (await at.send("Q", body)).status_code == 200
    async with worker_context.transaction(world.id) as session:
        moved = text("UPDATE enrollments SET user_id = :new WHERE organization_id = :o AND user_id = 'ana'")
        await session.execute(moved, {"new": "bob", "o": world.id})
        submission = asyncio.create_task(at.send("Q", body))
        # It has read what was committed before, and waits for the row.
        await someone_waits(worker_context)
    answer = await submission
    assert answer.status_code == 404
    assert await _attempts(Learner(world.member("bob"), at.course, at.ids, at.kinds)) == [1]

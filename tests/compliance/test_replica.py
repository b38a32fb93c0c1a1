"""Reports read a replica where there is one, say as of when, and go back to the primary where it is lost."""

import asyncio
import time
import uuid
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import UTC, datetime, timedelta

import asyncpg
import httpx
import pytest
from tests.kit.compliance import REPORT
from tests.kit.s3_servers import free_port
from tests.kit.stack import create_database_from_template, drop_database
from tests.kit.waiting import PATIENCE_SECONDS
from tests.kit.world import Caller, World

from learning_devstack.parts import Parts
from learning_service.core import replica
from learning_service.core.settings import Settings
from learning_service.main import create_app

MakeSettings = Callable[..., Settings]
AdminAt = Callable[[str], AbstractAsyncContextManager[Caller]]
WAITS = "SELECT pid FROM pg_stat_activity WHERE datname = $1 AND wait_event_type = 'Lock'"


@pytest.fixture
async def elsewhere(parts: Parts, template: str) -> AsyncIterator[str]:
    """The address of a database that knows nobody: what is read there is seen to be."""
    name = f"replica_{uuid.uuid4().hex[:12]}"
    yield await create_database_from_template(parts, name)
    await drop_database(parts, name)


@pytest.fixture
def admin_at(world: World, settings: Settings, make_settings: MakeSettings) -> AdminAt:
    """An administrator at an API whose reports read this replica."""

    @asynccontextmanager
    async def opened(address: str) -> AsyncIterator[Caller]:
        app = create_app(make_settings(settings.database_url, database_replica_url=address))
        async with app.router.lifespan_context(app):
            transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
            async with httpx.AsyncClient(transport=transport, base_url="https://learn.example.org") as http:
                yield Caller(http, world.admin.token, world.admin.user)

    return opened


def _age(answer: httpx.Response) -> float:
    """Seconds from what was read to now."""
    return (datetime.now(UTC) - datetime.fromisoformat(answer.headers["Data-As-Of"])).total_seconds()


@pytest.mark.parametrize("accept", ["application/json", "text/csv"])
async def test_every_report_says_as_of_when_it_is(world: World, accept: str) -> None:
    for path in (REPORT, f"{REPORT}forecast/", f"{REPORT}history/"):
        answer = await world.admin("GET", path, headers={"Accept": accept})
        assert answer.status_code == 200
        assert -0.1 < _age(answer) < 5
    course = await world.course()
    answer = await world.admin("GET", f"/api/reports/courses/{course['id']}/")
    assert -0.1 < _age(answer) < 5


async def test_reports_read_the_replica_and_nothing_else_does(
    world: World, elsewhere: str, admin_at: AdminAt
) -> None:
    course = await world.course()
    async with admin_at(elsewhere) as admin:
        answer = await admin("GET", REPORT)
        assert (answer.status_code, answer.json()["items"]) == (200, [])
        assert -0.1 < _age(answer) < 5
        assert (await admin("GET", f"/api/reports/courses/{course['id']}/")).status_code == 404
        assert (await admin("GET", f"/api/courses/{course['id']}/")).status_code == 200


async def test_a_replica_that_is_away_is_passed_over(world: World, admin_at: AdminAt) -> None:
    nobody = f"postgresql://nobody@127.0.0.1:{free_port()}/none"
    async with admin_at(nobody) as admin:
        for _ in range(2):
            answer = await admin("GET", REPORT)
            assert answer.status_code == 200
            assert len(answer.json()["items"]) == 4
            assert _age(answer) < 5


async def test_a_replica_that_is_far_behind_is_passed_over(
    elsewhere: str, admin_at: AdminAt, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(replica, "FARTHEST_BEHIND", -timedelta(minutes=1))
    async with admin_at(elsewhere) as admin:
        assert len((await admin.ok("GET", REPORT))["items"]) == 4


async def test_a_replica_that_is_lost_meanwhile_costs_no_report(
    world: World, elsewhere: str, admin_at: AdminAt
) -> None:
    async with admin_at(elsewhere) as admin:
        address, name = elsewhere.replace("+asyncpg", ""), elsewhere.rpartition("/")[2]
        database, watcher = await asyncpg.connect(address), await asyncpg.connect(address)
        try:
            async with database.transaction():
                await database.execute("LOCK TABLE members, chapters IN ACCESS EXCLUSIVE MODE")
                asked = asyncio.create_task(admin("GET", REPORT))
                end = time.monotonic() + PATIENCE_SECONDS
                while not (waiting := await watcher.fetch(WAITS, name)):
                    assert time.monotonic() < end, "the report does not read there"
                    await asyncio.sleep(0.02)
                for row in waiting:
                    await watcher.execute(f"SELECT pg_terminate_backend({row['pid']})")
                answer = await asked
        finally:
            await database.close()
            await watcher.close()
        assert (answer.status_code, len(answer.json()["items"])) == (200, 4), answer.text


@pytest.mark.parametrize(
    ("address", "word"),
    [
        ("postgresql://a@one:5432,two:5432/learning", "names one server"),
        ("mysql://a@one/learning", "DATABASE_REPLICA_URL must begin"),
    ],
)
def test_a_wrong_address_of_a_replica_is_refused(
    settings: Settings, make_settings: MakeSettings, address: str, word: str
) -> None:
    with pytest.raises(ValueError, match=word):
        make_settings(settings.database_url, database_replica_url=address)

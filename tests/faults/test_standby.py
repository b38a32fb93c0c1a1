"""The drill of a lost primary: under load, with nothing acknowledged lost, and back again."""

import asyncio
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import asyncpg
import httpx
import pytest
from tests.faults.experiment import Laboratory, Scene
from tests.faults.report import Report
from tests.faults.rig import Rig
from tests.faults.standby import Pair
from tests.kit.compliance import REPORT
from tests.kit.world import World

from learning_service.adapters.storage import ObjectStore

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]
UNHURT_SECONDS = 2
"""Of load before the primary dies, and after."""
SECONDS = 30
"""In which a standby that follows has everything, on a crowded machine too."""


@pytest.fixture
async def pair(rig: Rig) -> AsyncIterator[Pair]:
    """The rig's server with a standby, which is gone at the end; the rig's server is the primary again."""
    pair = await Pair.of(rig)
    try:
        yield pair
    finally:
        await pair.end()


async def test_a_lost_primary_loses_nothing_that_was_acknowledged(
    rig: Rig, pair: Pair, store: ObjectStore, report: Report
) -> None:
    database = await rig.new_database()
    address = pair.addresses(database, rig.proxies["postgres"].port, pair.standby.part.port)
    past_the_proxy = f"{pair.addresses(database)}?target_session_attrs=primary"
    service = rig.service(database, extra={"DATABASE_URL": address})

    async def fail_over(_scene: Scene) -> None:
        await asyncio.sleep(UNHURT_SECONDS)
        await pair.fail_over()

    async with asyncpg.create_pool(past_the_proxy, min_size=0, max_size=4) as connections:
        await service.start()
        try:
            laboratory = Laboratory(rig, service, connections, store, rig.signer)
            for name in (
                "the primary is killed, its standby promoted",
                "and back, after the old one rejoined",
            ):
                outcome = await laboratory.run(fail_over, seconds=0)
                report.add("K10", name, outcome)
                assert outcome.acknowledged
                assert not outcome.findings, outcome
                await pair.rejoin()
        finally:
            await service.stop()


async def _report(world: World, chapters: int) -> datetime:
    """As of when the report is, once it has so many chapters."""
    end = time.monotonic() + SECONDS
    while True:
        answer = await world.admin("GET", REPORT)
        assert answer.status_code == 200, answer.text
        if len(answer.json()["items"]) == chapters:
            return datetime.fromisoformat(answer.headers["Data-As-Of"])
        assert time.monotonic() < end, answer.text
        await asyncio.sleep(0.2)


async def test_reports_read_the_standby_and_say_as_of_when(rig: Rig, pair: Pair) -> None:
    database = await rig.new_database()
    replica = pair.addresses(database, pair.standby.part.port)
    service = rig.service(
        database, names=("api-1", "worker-1"), extra={"DATABASE_REPLICA_URL": replica, "LOG_LEVEL": "info"}
    )
    await service.start()
    try:
        async with httpx.AsyncClient(base_url=service.urls[0], timeout=30) as http:
            world = World(http, rig.signer, worker=None)  # type: ignore[arg-type]
            await world.push()
            begun = datetime.now(UTC)
            followed = await _report(world, chapters=4)
            assert abs(followed - begun) < timedelta(seconds=SECONDS)
            await pair.at_standby("SELECT pg_wal_replay_pause()")
            new = {"region_id": "north", "name": "north 3"}
            await world.directory.ok("PUT", "/api/directory/chapters/n3/", new)
            stopped = await _report(world, chapters=4)
            assert await _report(world, chapters=4) == stopped, "it stands still, and says so"
            listed = (await world.admin.ok("GET", "/api/directory/chapters/"))["items"]
            assert "n3" in {chapter["id"] for chapter in listed}, "all else reads the primary"
            await pair.at_standby("SELECT pg_wal_replay_resume()")
            assert await _report(world, chapters=5) > stopped
            await pair.end()
            asked = datetime.now(UTC)
            assert await _report(world, chapters=5) >= asked - timedelta(seconds=1), "the primary answers"
    finally:
        await service.stop()

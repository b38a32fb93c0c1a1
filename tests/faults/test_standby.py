"""The drill of a lost primary: under load, with nothing acknowledged lost, and back again."""

import asyncio
from collections.abc import AsyncIterator

import asyncpg
import pytest
from tests.faults.experiment import Laboratory, Scene
from tests.faults.report import Report
from tests.faults.rig import Rig
from tests.faults.standby import Pair

from learning_service.adapters.storage import ObjectStore

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]
UNHURT_SECONDS = 2
"""Of load before the primary dies, and after."""


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

"""What opens renewals and what gives policy to completions hold the same rows, and never wait in a circle."""

import asyncio

from sqlalchemy import text
from tests.kit.direct import Database, database
from tests.kit.earned import TREE, earn
from tests.kit.policies import BOTH, change
from tests.kit.renewals import age, mine
from tests.kit.world import World

from learning_service.worker.jobs.completions import open_recertifications

__all__ = ["database"]


async def test_policy_given_while_renewals_open(world: World, database: Database) -> None:
    """Who gives it holds the course and waits for a certificate, while a renewal of that course is opened."""
    course = await world.course(TREE, recertification_cadence="P1Y")
    await earn(world, "ana", course)
    await age(world, database, days=350)
    hazing = {"linked_compliance_requirement": BOTH["linked_compliance_requirement"]}
    async with world.worker.transaction(world.id) as session:
        held = "SELECT id FROM certificates WHERE organization_id = :o FOR UPDATE"
        await session.execute(text(held), {"o": world.id})
        giving = asyncio.create_task(change(world.admin, course, **hazing))
        await database.until_waiting()
        opening = asyncio.create_task(open_recertifications(world.worker, None))
        await asyncio.wait([opening], timeout=0.7)
    assert (await giving)["affected"] == 1
    await opening
    assert [e["source"] for e in await mine(world)] == ["recertification", "self"]

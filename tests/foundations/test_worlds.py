"""What tests begin with is what the service itself would have made."""

import re
import uuid

from sqlalchemy import text
from tests.kit.founding import found_by_actions, rows_of
from tests.kit.world import World

_MADE_ANEW = re.compile(
    r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|\d{4}-\d\d-\d\dT[\d:.]+\+00:00"
)
_BEGAN = text("SELECT min(created_at) FROM members WHERE organization_id = :id")


async def test_a_copied_organization_is_like_one_that_was_founded(world: World, other_world: World) -> None:
    own = f"org-{uuid.uuid4().hex[:10]}"
    async with world.worker.transaction(None) as session:
        await found_by_actions(session, own)
        founded, copied = [
            {
                table: sorted(_MADE_ANEW.sub("", held.rows.replace(one, "org")).split("}, {"))
                for table, held in (await rows_of(session, one)).items()
            }
            for one in (own, other_world.id)
        ]
        began = [await session.scalar(_BEGAN, {"id": one}) for one in (world.id, other_world.id, own)]
    assert copied == founded
    assert {"organizations", "members", "outbox", "audit_entries"} < set(founded)
    assert began == sorted(set(began)), "each begins when its test does"

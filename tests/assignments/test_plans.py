"""How an assignment is planned where statistics are from when there were but a few rows."""

import re
import uuid
from typing import Any

from sqlalchemy import event, select, true
from tests.kit.direct import Database
from tests.kit.world import World

from learning_service.domain.assignments.actions.assignments import prepare_assignment
from learning_service.domain.assignments.queries.candidates import candidates, course_to_assign
from learning_service.domain.assignments.rules.cause import Cause
from learning_service.domain.kernel.clock import now

SORTED_ALONE = r"SubPlan \S+\n +->  Limit.*\n +->  Sort"
"""The few enrollments of one member whose newest has ended."""
CAUSE = Cause("admin", "person", "boss", actor_id="boss")


def _explained(_c: Any, _cursor: Any, statement: str, parameters: Any, *_rest: Any) -> tuple[str, Any]:
    return (f"EXPLAIN {statement}" if "members_meant" in statement else statement), parameters


async def test_members_are_neither_sorted_nor_each_compared_with_each(
    world: World, database: Database
) -> None:
    made = await world.course()
    await database("ANALYZE")
    engine = world.worker.engine.sync_engine
    event.listen(engine, "before_cursor_execute", _explained, retval=True)
    try:
        async with world.worker.transaction(world.id) as session:
            course = await course_to_assign(session, world.id, uuid.UUID(made["id"]))
            assert course is not None
            await prepare_assignment(session, course, true(), cause=CAUSE, due_at=None, walk=True)
            found = candidates(course, true(), now(session), paged=True, walk=True)
            page = {"after": "", "limit": 3000}
            plan = "\n".join((await session.scalars(select(found.c.user_id), page)).all())
    finally:
        event.remove(engine, "before_cursor_execute", _explained)
    assert "Hash" in plan
    assert plan.count("Sort Key") == len(re.findall(SORTED_ALONE, plan)) == 1
    assert "Seq Scan" not in plan
    assert "Nested Loop" not in plan
    assert "Index Scan Backward using ix_enrollments_member" in plan
    assert re.search(r"Index Cond: .*organization_id = .*user_id >= .*user_id <= .*course_id = ", plan)

"""Who completes the last course of a program, and who goes through a member's enrollments, never wait in a circle.

Both hold an enrollment in a course before the one in its program, whichever was made first.
"""

import asyncio
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import text
from tests.kit.assignments import rule
from tests.kit.direct import Database
from tests.kit.learner import Learner
from tests.kit.programs import PROGRAMS, course, program
from tests.kit.world import World

from learning_service.domain.completion.actions.departures import departing_rules, settle_departures

CAPTAINS = {"custom_fields": {"captain": True}}
Others = Callable[[World], Coroutine[Any, Any, None]]


async def erase(world: World) -> None:
    answer = await world.directory("DELETE", "/api/directory/members/ana/")
    assert answer.status_code == 204, answer.text


async def extend(world: World) -> None:
    found = {"filter": {"user_id": "ana"}, "due_at": "2031-01-01T00:00:00Z"}
    everything = {"action": "extend", "reason": "Ill", **found}
    answer = await world.admin("POST", "/api/enrollments/bulk/", everything)
    assert answer.is_success, answer.text


async def leave(world: World) -> None:
    async with world.worker.transaction(world.id) as session:
        [rule_id] = await departing_rules(session, world.id)
        await settle_departures(session, rule_id, ["ana"])


@pytest.mark.parametrize("other", [erase, extend, leave])
async def test_the_last_course_is_completed_meanwhile(
    world: World, database: Database, other: Others
) -> None:
    one = await course(world)
    made = await world.admin.ok("POST", PROGRAMS, program(one))
    await world.admin.ok("POST", f"{PROGRAMS}{made['id']}/publish/")
    await rule(
        world,
        {"id": None},
        program_id=made["id"],
        audience_filter=CAPTAINS,
        trigger="membership_status_change",
        on_leaving="withdraw",
    )
    await world.add_member("ana", custom_fields={"captain": True})
    await world.run_jobs()
    await world.add_member("ana", custom_fields={"captain": False})
    at = await Learner.join(world.member(), one, enroll=False)
    async with world.worker.transaction(world.id) as session:
        held = text("SELECT id FROM courses WHERE id = CAST(:id AS uuid) FOR UPDATE")
        await session.execute(held, {"id": one})
        completing = asyncio.create_task(at.read())
        await database.until_waiting()
        going_through = asyncio.create_task(other(world))
        await database.until_waiting(2)
    await completing
    await going_through


async def test_a_step_is_done_while_completions_of_the_next_come_in(world: World, database: Database) -> None:
    """The import holds the next entrance and needs the program; a learner holds that and needs the entrance."""
    one, two, three = [await course(world) for _ in range(3)]
    made = await world.admin.ok("POST", PROGRAMS, program(one, two, three, ordered=True))
    await world.admin.ok("POST", f"{PROGRAMS}{made['id']}/publish/")
    at = await Learner.join(world.member(), one, enroll=False)
    await at.call.ok("POST", f"{PROGRAMS}{made['id']}/enroll/")
    day = (datetime.now(UTC) - timedelta(days=5)).date()
    files = {"file": ("a.csv", f"user_id,course_id,completed_on\nana,{two},{day}".encode(), "text/csv")}
    async with world.worker.transaction(world.id) as session:
        held = text("SELECT id FROM courses WHERE id = CAST(:id AS uuid) FOR UPDATE")
        await session.execute(held, {"id": two})
        importing = asyncio.create_task(world.admin.ok("POST", "/api/imports/?kind=completions", files=files))
        await database.until_waiting()
        await at.read()
    assert (await importing)["accepted"] == 1
    await world.run_jobs()
    mine = await at.call.ok("GET", "/api/users/enrollments/")
    assert {row["course_id"]: row["status"] for row in mine["items"]} == {
        one: "completed",
        two: "completed",
        three: "assigned",
    }

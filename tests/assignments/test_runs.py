"""Runs of many members: in bounded steps, resumed where they stopped, by whichever worker."""

import asyncio
from typing import Any

import pytest
from sqlalchemy import text
from tests.kit.world import Json, World

from learning_service.context import Context
from learning_service.domain.assignments.actions import runs

MANY = 2 * runs.RUN_CHUNK + 1
COUNTS = text(
    "SELECT (SELECT count(*) FROM enrollments WHERE organization_id = :o),"
    " (SELECT count(DISTINCT user_id) FROM enrollments WHERE organization_id = :o),"
    " (SELECT count(*) FROM events WHERE organization_id = :o AND type = 'learning.enrollment.assigned'),"
    " (SELECT count(*) FROM audit_entries WHERE organization_id = :o AND action = 'course.assigned')"
)


async def counts(context: Context, organization: str) -> tuple[int, ...]:
    """Enrollments, members enrolled, events, and entries in the audit trail."""
    async with context.transaction(organization) as session:
        return tuple((await session.execute(COUNTS, {"o": organization})).one())


async def populate(world: World, count: int) -> None:
    """Members, by SQL."""
    async with world.worker.transaction(world.id) as session:
        await session.execute(
            text(
                "INSERT INTO members (organization_id, user_id, chapter_id, status, display_name, custom_fields,"
                " created_at, updated_at) SELECT :o, 'm' || g, 'n' || 1 + g % 2, 'pledge', 'M', '{}', now(), now()"
                " FROM generate_series(1, :n) g"
            ),
            {"o": world.id, "n": count},
        )


@pytest.mark.long
async def test_a_large_audience_is_a_run_that_two_workers_finish_after_a_kill(world: World) -> None:
    await populate(world, MANY)
    course = await world.course()
    body: Json = {"audience_filter": {"status": ["pledge"]}}
    response = await world.admin("POST", f"/api/courses/{course['id']}/assign/", body)
    assert response.status_code == 202
    run_id = response.json()["run_id"]
    path = f"/api/assignment-rules/runs/{run_id}/"
    assert (await world.admin.ok("GET", path))["assigned"] == 0
    await dies_after_one_step(world, run_id)
    assert (await world.admin.ok("GET", path))["assigned"] == runs.RUN_CHUNK
    await asyncio.gather(go_through(world, run_id), go_through(world, run_id))
    done = await world.admin.ok("GET", path)
    assert (done["status"], done["matches"], done["assigned"]) == ("done", MANY, MANY)
    assert await counts(world.worker, world.id) == (MANY, MANY, MANY, 3)
    again = await world.admin.ok("POST", f"/api/courses/{course['id']}/assign/", body)
    async with world.worker.transaction(world.id) as session:
        assert not await runs.step_run(session, again["run_id"]), (
            "one step goes past those who have it already"
        )
    second = await world.admin.ok("GET", f"/api/assignment-rules/runs/{again['run_id']}/")
    assert (second["assigned"], second["already_enrolled"]) == (0, MANY)
    await world.add_member("zoe", status="pledge")
    late = await world.admin.ok("POST", f"/api/courses/{course['id']}/assign/", body)
    await go_through(world, late["run_id"])
    third = await world.admin.ok("GET", f"/api/assignment-rules/runs/{late['run_id']}/")
    assert (third["status"], third["assigned"], third["already_enrolled"]) == ("done", 1, MANY)
    undone = await world.admin.ok("POST", f"{path}undo/")
    assert undone["status"] == "undoing"
    await world.run_jobs()
    assert (await world.admin.ok("GET", path))["undone"] == MANY
    assert (await counts(world.worker, world.id))[0] == 1, "what another run made stays"


async def dies_after_one_step(world: World, run_id: str) -> None:
    """A worker that commits one step and is gone in the middle of the next."""
    identity: Any = run_id
    async with world.worker.transaction(world.id) as session:
        assert await runs.step_run(session, identity)

    async def second_step() -> None:
        async with world.worker.transaction(world.id) as session:
            assert await runs.step_run(session, identity)
            raise ConnectionAbortedError

    try:
        await second_step()
    except ConnectionAbortedError:
        return


async def go_through(world: World, run_id: str) -> None:
    """What the job does."""
    identity: Any = run_id
    more = True
    while more:
        async with world.worker.transaction(world.id) as session:
            more = await runs.step_run(session, identity)


async def test_a_run_stops_when_its_course_is_archived(world: World) -> None:
    course = await world.course()
    body = {"course_id": course["id"], "trigger": "manual", "audience_filter": {}}
    made = await world.admin.ok("POST", "/api/assignment-rules/", body)
    run = await world.admin.ok("POST", f"/api/assignment-rules/{made['id']}/run/")
    await world.admin.ok("POST", f"/api/courses/{course['id']}/archive/")
    await world.run_jobs()
    stopped = await world.admin.ok("GET", f"/api/assignment-rules/runs/{run['run_id']}/")
    assert (stopped["status"], stopped["reason"], stopped["assigned"]) == ("stopped", "not-published", 0)


async def test_two_assign_calls_at_once_make_one_enrollment_each(world: World) -> None:
    course = await world.course()
    path = f"/api/courses/{course['id']}/assign/"
    answers = await asyncio.gather(
        *(world.admin.ok("POST", path, {"user_ids": ["ana", "bob", "cyd"]}) for _ in range(4))
    )
    assert sum(answer["assigned"] for answer in answers) == 3
    assert {answer["assigned"] + answer["already_enrolled"] for answer in answers} == {3}
    assert (await counts(world.worker, world.id))[:3] == (3, 3, 3)

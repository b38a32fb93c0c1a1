"""What sets rules off beside events, and what no longer may."""

from datetime import UTC, datetime, timedelta

from tests.kit.world import Json, World

from learning_service.worker.jobs.assignments import run_scheduled_rules


async def rule(world: World, trigger: str = "membership_status_change", **terms: object) -> Json:
    """A rule for a new course, for everybody unless told otherwise."""
    course = await world.course()
    body = {"course_id": course["id"], "trigger": trigger, "audience_filter": {}, **terms}
    made: Json = await world.admin.ok("POST", "/api/assignment-rules/", body)
    return made


async def enrolled(world: World, made: Json) -> list[str]:
    """Who is enrolled in the rule's course."""
    await world.run_jobs()
    page = await world.admin.ok("GET", f"/api/enrollments/?course_id={made['course_id']}")
    return sorted(item["user_id"] for item in page["items"])


async def test_transfers_and_custom_fields_by_put_and_batch(world: World) -> None:
    await world.run_jobs()
    south_only = await rule(world, audience_filter={"regions": ["south"]})
    captains = await rule(world, audience_filter={"custom_fields": {"captain": True}})
    await world.run_jobs()
    await world.add_member("ana", "s1")
    await world.add_member("bob", "n1", custom_fields={"captain": True})
    assert await enrolled(world, south_only) == ["ana"]
    assert await enrolled(world, captains) == ["bob"]
    facts = {"status": "active", "display_name": "X", "email": None}
    members = [
        {"user_id": "cyd", "chapter_id": "s2", **facts},
        {"user_id": "dan", "chapter_id": "s1", "custom_fields": {"captain": True}, **facts},
        {"user_id": "eve", "chapter_id": "s2", **facts, "display_name": "Only another name"},
    ]
    for _ in range(2):
        await world.directory.ok("POST", "/api/directory/members/batch/", {"members": members})
    assert await enrolled(world, south_only) == ["ana", "cyd", "dan"]
    assert await enrolled(world, captains) == ["bob", "dan"]


async def test_a_rule_whose_due_date_has_passed_assigns_nobody(world: World) -> None:
    await world.run_jobs()
    today = datetime.now(UTC).date()
    terms = {"due_on": (today + timedelta(days=2)).isoformat()}
    made = await rule(world, **terms)
    day = (today + timedelta(days=1)).isoformat()
    scheduled = await rule(world, "scheduled_date", scheduled_on=day, **terms)
    manual = await rule(world, "manual", **terms)
    await world.run_jobs()
    started = await world.admin("POST", f"/api/assignment-rules/{manual['id']}/run/")
    assert started.status_code == 202
    async with world.worker.transaction(None) as session:
        connection = await session.connection()
        for table, column in (("assignment_rules", "due_on"), ("assignment_runs", "due_at")):
            await connection.exec_driver_sql(
                f"UPDATE {table} SET {column} = {column} - interval '9 days' WHERE organization_id = '{world.id}'"
            )
    await world.add_member("ana", status="pledge")
    await run_scheduled_rules(world.worker, datetime.now(UTC) + timedelta(days=5))
    assert [await enrolled(world, one) for one in (made, scheduled, manual)] == [[], [], []]
    refused = await world.admin("POST", f"/api/assignment-rules/{manual['id']}/run/")
    assert (refused.status_code, refused.json()["code"]) == (409, "due-passed")
    preview = await world.admin.ok("POST", f"/api/assignment-rules/{manual['id']}/preview/")
    assert (preview["matches"] > 0, preview["would_assign"], preview["sample"]) == (True, 0, [])


async def test_a_status_is_trimmed_and_its_case_ignored(world: World) -> None:
    await world.run_jobs()
    made = await rule(world, audience_filter={"status": ["pledge "]})
    event = {
        "specversion": "1.0",
        "type": "membership.status_changed",
        "id": "1",
        "source": "/m",
        "time": datetime.now(UTC).isoformat(),
        "subject": "ana",
        "data": {"status": " Pledge "},
    }
    assert (await world.directory.ok("POST", "/api/directory/events/", event))["accepted"] == 1
    await world.add_member("bob", status="PLEDGE\u00a0")
    assert await enrolled(world, made) == ["ana", "bob"]
    async with world.worker.transaction(None) as session:
        connection = await session.connection()
        kept = await connection.exec_driver_sql(
            f"SELECT status FROM members WHERE organization_id = '{world.id}' AND user_id IN ('ana', 'bob')"
        )
        assert sorted(row[0] for row in kept) == ["PLEDGE", "Pledge"]
    blank = await world.directory("PUT", "/api/directory/members/cyd/", {"chapter_id": "n1", "status": "  "})
    assert blank.status_code == 422

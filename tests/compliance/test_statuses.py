"""Where members stand with requirements: one row for each, and the same by whichever call."""

from datetime import UTC, datetime, timedelta

from tests.kit.assignments import finish
from tests.kit.compliance import REPORT, STATUSES, linked, pursue
from tests.kit.direct import Database, database
from tests.kit.learner import Learner, quiz, tree
from tests.kit.world import Json, World

__all__ = ["database"]
MINE = "/api/users/compliance/"
USERS = ("ana", "bob", "cyd", "dan", "eve")
LAPSE = """UPDATE {} SET expires_at = now() - interval '1 day' WHERE organization_id = $1 AND user_id = $2"""


async def lapse(world: World, database: Database, user: str) -> None:
    """Let what the member has completed be over since yesterday."""
    for table in ("course_completions", "chapter_compliance_statuses"):
        await database(LAPSE.format(table), world.id, user)


async def by_both_calls(world: World) -> dict[str, Json]:
    """The only row of each member, which both calls must show alike."""
    shown = (await world.admin.ok("GET", STATUSES))["items"]
    own = [row for user in USERS for row in (await world.member(user).ok("GET", MINE))["items"]]
    assert shown == own
    return {row["user_id"]: row for row in shown}


async def test_both_calls_and_the_report_say_the_same(world: World, database: Database) -> None:
    course = await linked(world, recertification_cadence="P1Y")
    for user in ("ana", "bob"):
        await pursue(world, user, course)
        await lapse(world, database, user)
    due = (datetime.now(UTC) + timedelta(days=9)).replace(microsecond=0)
    body = {"user_ids": ["ana", "cyd"], "due_at": due.isoformat()}
    await world.admin.ok("POST", f"/api/courses/{course['id']}/assign/", body)
    failing = await Learner.enter(
        world, tree(quiz(max_attempts=1)), "dan", linked_compliance_requirement="hazing"
    )
    await failing.submit(correct=0)
    rows = await by_both_calls(world)
    assert {user: row["status"] for user, row in rows.items()} == {
        "ana": "pending",
        "bob": "expired",
        "cyd": "pending",
        "dan": "failed",
        "eve": "not_started",
    }
    assert {row["requirement_name"] for row in rows.values()} == {"Hazing"}
    due_at = due.isoformat().replace("+00:00", "Z")
    assert [rows[user]["due_at"] for user in USERS] == [due_at, None, due_at, None, None]
    totals = (await world.admin.ok("GET", REPORT))["totals"]
    counts = {name: totals[name] for name in ("members", "complete", "pending", "expired", "failed")}
    assert counts == {"members": 5, "complete": 0, "pending": 2, "expired": 1, "failed": 1}
    assert totals["not_started"] == 1
    await finish(world, "ana", course["id"])
    assert (await by_both_calls(world))["ana"]["status"] == "complete"


async def test_every_requirement_has_a_row_and_every_pair_is_counted(world: World) -> None:
    body = {"organization_id": world.id, "name": "First aid"}
    await world.directory.ok("PUT", "/api/directory/compliance-requirements/aid/", body)
    await pursue(world, "ana", await linked(world))
    shown = (await world.member().ok("GET", MINE))["items"]
    assert [(row["requirement_id"], row["status"]) for row in shown] == [
        ("aid", "not_started"),
        ("hazing", "complete"),
    ]
    first = await world.member().ok("GET", f"{MINE}?limit=1")
    second = await world.member().ok("GET", f"{MINE}?limit=1&cursor={first['next_cursor']}")
    assert first["items"] + second["items"] == shown
    assert second["next_cursor"] is None
    pages: list[Json] = []
    cursor: str | None = ""
    while cursor is not None:
        page = await world.admin.ok("GET", f"{STATUSES}?limit=3{cursor and '&cursor='}{cursor}")
        pages += page["items"]
        cursor = page["next_cursor"]
    assert [(row["user_id"], row["requirement_id"]) for row in pages] == [
        (user, requirement) for user in USERS for requirement in ("aid", "hazing")
    ]
    totals = (await world.admin.ok("GET", REPORT))["totals"]
    assert (totals["members"], totals["complete"], totals["not_started"]) == (10, 1, 9)


async def test_members_of_other_statuses_count_nowhere_and_keep_what_they_have(world: World) -> None:
    course = await linked(world)
    for user in ("ana", "bob"):
        await pursue(world, user, course)
    await world.add_member("ana", status="Alumna")
    await world.add_member("cyd", "n2", status="alumna")
    await world.admin.ok("PATCH", "/api/organization/", {"active_statuses": ["ACTIVE"]})
    rows = await by_both_calls(world)
    assert {user: row["status"] for user, row in rows.items()} == {
        "ana": "complete",
        "bob": "complete",
        "dan": "not_started",
        "eve": "not_started",
    }
    report = await world.admin.ok("GET", REPORT)
    counted = {row["chapter_id"]: (row["members"], row["complete"]) for row in report["items"]}
    assert counted == {"n1": (1, 1), "n2": (0, 0), "s1": (1, 0), "s2": (1, 0)}
    await world.add_member("ana", status="active")
    assert (await world.admin.ok("GET", REPORT))["totals"]["complete"] == 2
    refused = await world.admin("PATCH", "/api/organization/", {"active_statuses": []})
    assert refused.status_code == 422
    assert await world.admin.ok("PATCH", "/api/organization/", {"active_statuses": None})
    assert (await world.admin.ok("GET", REPORT))["totals"]["members"] == 5

"""An open enrollment that is assigned again: the earlier due date holds, and every source is kept."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from tests.kit.renewals import events, mine
from tests.kit.world import Json, World

from learning_service.worker.jobs.reminders import send_course_reminders

RULES = "/api/assignment-rules/"


def after(days: int) -> str:
    """That many days from now, as the API writes it."""
    moment = datetime.now(UTC).replace(microsecond=0) + timedelta(days=days)
    return moment.isoformat().replace("+00:00", "Z")


async def explained(world: World, user: str = "ana") -> Json:
    """What an administrator is told of the member's newest enrollment."""
    told: Json = await world.admin.ok(
        "GET", f"/api/enrollments/{(await mine(world, user))[0]['id']}/explain/"
    )
    return told


async def assign(world: World, course: Json, due_at: str | None, **sent: Any) -> Json:
    """Assign by hand: ana by id, or as told."""
    body = {**(sent or {"user_ids": ["ana"]}), **({} if due_at is None else {"due_at": due_at})}
    answer: Json = await world.admin.ok("POST", f"/api/courses/{course['id']}/assign/", body)
    return answer


async def rule(world: World, course: Json, **facts: Any) -> Json:
    """A rule for everyone."""
    body = {"course_id": course["id"], "trigger": "manual", "audience_filter": {}, **facts}
    made: Json = await world.admin.ok("POST", RULES, body)
    return made


async def by_ids(world: World, course: Json) -> None:
    await assign(world, course, after(5))


async def by_audience(world: World, course: Json) -> None:
    await assign(world, course, after(5), audience_filter={"chapters": ["n1"]})


async def by_run(world: World, course: Json) -> None:
    made = await rule(world, course, due_in_days=4)
    await world.admin.ok("POST", f"{RULES}{made['id']}/run/")
    await world.run_jobs()


async def by_event(world: World, course: Json) -> None:
    await rule(world, course, trigger="membership_status_change", due_in_days=4)
    await world.add_member("ana", status="pledge")
    await world.run_jobs()


WAYS = {
    by_ids: ("admin", "person"),
    by_audience: ("admin", "person"),
    by_run: ("rule", "rule"),
    by_event: ("rule", "rule"),
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("before", ["self", "later"])
async def test_the_earlier_due_date_holds(world: World, way: Any, before: str) -> None:
    course = await world.course()
    if before == "self":
        await world.member().ok("POST", f"/api/courses/{course['id']}/enroll/")
    else:
        await assign(world, course, after(30))
    [first] = await mine(world)
    await way(world, course)
    [now] = await mine(world)
    assert (now["id"], now["source"], now["status"]) == (first["id"], first["source"], first["status"])
    assert now["due_at"] is not None
    assert datetime.fromisoformat(now["due_at"]) < datetime.now(UTC) + timedelta(days=6)
    told = await explained(world)
    assert told["cause"] == told["sources"][0]["cause"]
    assert [s["due_at"] for s in told["sources"]] == [first["due_at"], now["due_at"]]
    assert told["sources"][0]["source"] == first["source"]
    assert (told["sources"][1]["source"], told["sources"][1]["cause"]["kind"]) == WAYS[way]
    known = [e["due_at"] for e in await events(world, "enrollment.assigned") if e["user_id"] == "ana"]
    assert known[-1] == now["due_at"]
    await send_course_reminders(world.worker, datetime.fromisoformat(now["due_at"]) - timedelta(hours=20))
    due = [e["due_at"] for e in await events(world, "enrollment.reminder_due") if e["user_id"] == "ana"]
    assert due == [now["due_at"]]
    await way(world, course)
    assert (await mine(world))[0]["due_at"] == now["due_at"], "later ones move nothing"


async def test_a_later_one_is_kept_as_a_source_and_moves_nothing(world: World) -> None:
    course = await world.course()
    soon = after(5)
    await assign(world, course, soon)
    for due_at in (after(30), None, soon):
        await assign(world, course, due_at)
    assert len((await explained(world))["sources"]) == 1, "the same person again, no earlier"
    made = await rule(world, course, due_in_days=30)
    for _ in range(2):
        await world.admin.ok("POST", f"{RULES}{made['id']}/run/")
        await world.run_jobs()
    told = await explained(world)
    assert told["due_at"] == soon
    assert [s["source"] for s in told["sources"]] == ["admin", "rule"]
    assert told["sources"][1]["cause"]["rule_id"] == made["id"]
    assert told["sources"][1]["cause"]["run_id"] is not None
    assert len(await events(world, "enrollment.assigned")) == 5, "one for each member, none for the second"


async def test_what_is_not_open_is_left_alone(world: World) -> None:
    course = await world.course()
    await assign(world, course, after(30))
    [first] = await mine(world)
    await world.admin.ok("POST", f"/api/enrollments/{first['id']}/withdraw/", {"reason": "Moved"})
    await by_audience(world, course)
    told = await world.admin.ok("GET", f"/api/enrollments/{first['id']}/explain/")
    assert (told["due_at"], len(told["sources"])) == (first["due_at"], 1)


async def test_it_is_audited_once_for_all(world: World) -> None:
    course = await world.course()
    await assign(world, course, None, audience_filter={})
    await assign(world, course, after(3), audience_filter={})
    async with world.worker.transaction(world.id) as session:
        rows = await session.connection()
        found = (
            await rows.exec_driver_sql(
                "SELECT details FROM audit_entries WHERE action = 'course.assigned'"
                f" AND organization_id = '{world.id}' ORDER BY id"
            )
        ).scalars()
        details = list(found)
    assert [d["assigned"] for d in details] == [5, 0]
    assert details[1]["brought_forward"] == 5


async def test_two_at_once_keep_both_sources_and_the_earlier_due_date(world: World) -> None:
    course = await world.course()
    days = [9, 3, 7, 5, 4, 8]
    due = {n: after(n) for n in days}

    async def by(n: int) -> Json:
        admin = world.call_as(f"admin-{n}", "national_admin")
        body = {"user_ids": ["ana", "bob", "cyd"], "due_at": due[n]}
        answer: Json = await admin.ok("POST", f"/api/courses/{course['id']}/assign/", body)
        return answer

    answers = await asyncio.gather(*(by(n) for n in days))
    assert sum(answer["assigned"] for answer in answers) == 3
    assert {answer["assigned"] + answer["already_enrolled"] for answer in answers} == {3}
    for user in ("ana", "bob", "cyd"):
        assert [e["due_at"] for e in await mine(world, user)] == [due[3]]
        told = await explained(world, user)
        assert sorted(s["cause"]["id"] for s in told["sources"]) == sorted(f"admin-{n}" for n in days)


async def ran(world: World, course: Json, **facts: Any) -> str:
    """Run a new rule to its end; the path of that run."""
    made = await rule(world, course, **facts)
    run = await world.admin.ok("POST", f"{RULES}{made['id']}/run/")
    await world.run_jobs()
    return f"{RULES}runs/{run['run_id']}/"


async def undo(world: World, run: str) -> int:
    """Take a run back; how many enrollments went with it."""
    await world.admin.ok("POST", f"{run}undo/")
    await world.run_jobs()
    return int((await world.admin.ok("GET", run))["undone"])


@pytest.mark.parametrize("since", [by_ids, by_audience, by_run, by_event])
async def test_a_run_undone_leaves_what_something_else_has_assigned_since(world: World, since: Any) -> None:
    course = await world.course()
    run = await ran(world, course)
    await since(world, course)
    [before] = await mine(world)
    everybody = 5 if since is by_run else 2 if since is by_audience else 1
    assert await undo(world, run) == 5 - everybody
    assert await mine(world) == [before]
    assert len((await explained(world))["sources"]) == 2


async def test_an_enrollment_goes_with_the_last_of_the_runs_that_assigned_it(world: World) -> None:
    course = await world.course()
    runs = [await ran(world, course) for _ in range(3)]
    assert [await undo(world, runs[n]) for n in (1, 0)] == [0, 0]
    assert len((await explained(world))["sources"]) == 3
    assert await undo(world, runs[2]) == 5
    assert await mine(world) == []


async def test_a_run_undone_leaves_who_is_assigned_again_at_that_moment(world: World) -> None:
    """Both at once, in either order: whoever assigns by hand is told of an enrollment that stays."""
    for n in range(4):
        course = await world.course()
        run = await ran(world, course)
        assigning = (assign(world, course, after(3 + m), user_ids=["ana"]) for m in range(3))
        await asyncio.gather(*assigning, undo(world, run))
        assert len([e for e in await mine(world) if e["course_id"] == course["id"]]) == 1, n


async def test_the_member_exports_every_source(world: World) -> None:
    course = await world.course()
    await world.member().ok("POST", f"/api/courses/{course['id']}/enroll/")
    await by_run(world, course)
    document = await world.member().ok("GET", "/api/users/export/")
    [kept] = document["enrollments"][0]["assigned_again"]
    assert (kept["source"], kept["due_at"]) == ("rule", (await mine(world))[0]["due_at"])

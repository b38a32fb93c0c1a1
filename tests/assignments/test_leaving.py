"""Rules for programs, due days out of members' fields, and what becomes of those whom a rule no longer means."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import text
from tests.kit.assignments import RULES, finish, rule
from tests.kit.learner import lesson, quiz, tree
from tests.kit.programs import PROGRAMS, program
from tests.kit.world import Json, World

from learning_service.domain.assignments.rules.due import due_at_from

CAPTAINS = {"custom_fields": {"captain": True}}


async def published(world: World, *courses: str, **changes: Any) -> str:
    made = await world.admin.ok("POST", PROGRAMS, program(*courses, **changes))
    await world.admin.ok("POST", f"{PROGRAMS}{made['id']}/publish/")
    found: str = made["id"]
    return found


async def enrollments(world: World, course: str, user: str = "ana", **more: str) -> list[Json]:
    await world.run_jobs()
    query = "".join(f"&{name}={value}" for name, value in more.items())
    found = await world.admin.ok("GET", f"/api/enrollments/?course_id={course}&user_id={user}{query}")
    items: list[Json] = found["items"]
    return items


async def captain(world: World, is_one: bool, user: str = "ana", **fields: Any) -> None:
    await world.add_member(user, custom_fields={"captain": is_one, **fields})
    await world.run_jobs()


async def captains_rule(world: World, **terms: Any) -> Json:
    course = await world.course(tree(lesson(), lesson("M")))
    await world.run_jobs()
    terms = {"trigger": "membership_status_change", "audience_filter": CAPTAINS, **terms}
    return await rule(world, course, **terms)


async def test_by_default_what_a_rule_made_stays(world: World) -> None:
    made = await captains_rule(world)
    assert made["on_leaving"] == "keep"
    await captain(world, True)
    await captain(world, False)
    assert [one["status"] for one in await enrollments(world, made["course_id"])] == ["assigned"]


async def test_a_pause_takes_the_due_time_and_gives_back_what_was_left(world: World) -> None:
    made = await captains_rule(world, on_leaving="pause", due_in_days=10)
    await captain(world, True)
    [before] = await enrollments(world, made["course_id"])
    await captain(world, False)
    [paused] = await enrollments(world, made["course_id"])
    assert (paused["id"], paused["due_at"], paused["status"]) == (before["id"], None, "assigned")
    await captain(world, False, height=2)
    # As if they had left four days ago, with a day left.
    left = (
        "UPDATE rule_departures SET left_at = now() - interval '4 days', due_at = now() - interval '3 days'"
    )
    async with world.worker.transaction(world.id) as session:
        await session.execute(text(f"{left} WHERE enrollment_id = :id"), {"id": before["id"]})
    await captain(world, True)
    [back] = await enrollments(world, made["course_id"])
    assert back["id"] == before["id"]
    gap = datetime.fromisoformat(back["due_at"]) - datetime.now(UTC)
    assert timedelta(hours=23) < gap <= timedelta(days=1)
    trail = await world.admin.ok("GET", "/api/audit/?subject=ana")
    told = [
        one["action"]
        for one in trail["items"]
        if one["action"] in ("enrollment.paused", "enrollment.resumed")
    ]
    assert told == ["enrollment.resumed", "enrollment.paused"]


async def test_who_left_comes_back_to_a_rule_that_keeps_now(world: World) -> None:
    made = await captains_rule(world, on_leaving="pause", due_in_days=10)
    await captain(world, True)
    [before] = await enrollments(world, made["course_id"])
    await captain(world, False)
    await world.admin.ok("PATCH", f"{RULES}{made['id']}/", {"on_leaving": "keep"})
    await captain(world, True)
    [back] = await enrollments(world, made["course_id"])
    assert back["due_at"] is not None
    assert back["id"] == before["id"]


async def stop(world: World, made: Json, how: str) -> None:
    """Delete a rule, or make it inactive."""
    path = f"{RULES}{made['id']}/"
    if how == "DELETE":
        await world.admin.ok("DELETE", path)
    else:
        await world.admin.ok("PATCH", path, {"active": False})


@pytest.mark.parametrize("how", ["DELETE", "PATCH"])
async def test_what_a_rule_paused_is_resumed_also_after_its_end(world: World, how: str) -> None:
    made = await captains_rule(world, on_leaving="pause", due_in_days=10)
    for user in ("ana", "bob"):
        await captain(world, True, user)
    await captain(world, False)
    await stop(world, made, how)
    await captain(world, False, "bob")
    [kept] = await enrollments(world, made["course_id"], "bob")
    assert kept["due_at"] is not None, "it pauses nobody any more"
    [paused] = await enrollments(world, made["course_id"])
    assert paused["due_at"] is None
    await captain(world, True)
    [back] = await enrollments(world, made["course_id"])
    assert (back["id"], back["due_at"] is None) == (paused["id"], False)
    await captain(world, False)
    [stays] = await enrollments(world, made["course_id"])
    assert stays["due_at"] == back["due_at"]


@pytest.mark.parametrize(("how", "reopened"), [("DELETE", 0), ("PATCH", 1)])
async def test_only_a_rule_that_is_there_opens_again_what_it_closed(
    world: World, how: str, reopened: int
) -> None:
    made = await captains_rule(world, on_leaving="withdraw")
    await captain(world, True)
    await captain(world, False)
    await stop(world, made, how)
    await captain(world, True)
    assert len(await enrollments(world, made["course_id"])) == reopened


async def test_who_was_withdrawn_goes_on_where_they_were(world: World) -> None:
    made = await captains_rule(world, on_leaving="withdraw")
    course = made["course_id"]
    await captain(world, True)
    [before] = await enrollments(world, course)
    await finish(world, "ana", course)
    await captain(world, False)
    assert await enrollments(world, course) == []
    [gone] = await enrollments(world, course, withdrawn="true")
    assert gone["id"] == before["id"]
    refused = await world.member()("POST", f"/api/courses/{course}/enroll/")
    assert (refused.status_code, refused.json()["code"]) == (409, "withdrawn")
    await captain(world, True)
    [back] = await enrollments(world, course)
    assert (back["id"], back["status"], back["withdrawn_at"]) == (before["id"], "in_progress", None)
    progress = await world.member().ok("GET", "/api/users/enrollments/progress/")
    assert [one["items_completed"] for one in progress["items"]] == [1]


@pytest.mark.parametrize("how", ["pause", "withdraw"])
async def test_a_changed_audience_lets_go_whom_it_means_no_more_and_takes_them_back(
    world: World, how: str
) -> None:
    made = await captains_rule(world, on_leaving=how, due_in_days=10)
    for user in ("ana", "bob"):
        await captain(world, True, user, tall=user == "bob")
    path, both = f"{RULES}{made['id']}/", {}
    for user in ("ana", "bob"):
        [both[user]] = await enrollments(world, made["course_id"], user)
    tall = {"custom_fields": {"captain": True, "tall": True}}
    await world.admin.ok("PATCH", path, {"audience_filter": tall})
    left = await enrollments(world, made["course_id"])
    assert [one["due_at"] for one in left] == ([None] if how == "pause" else [])
    [kept] = await enrollments(world, made["course_id"], "bob")
    assert kept == both["bob"]
    await world.admin.ok("PATCH", path, {"audience_filter": CAPTAINS})
    [back] = await enrollments(world, made["course_id"])
    assert (back["id"], back["status"], back["due_at"] is None) == (both["ana"]["id"], "assigned", False)


async def test_a_changed_audience_of_a_rule_that_keeps_changes_nothing_else(world: World) -> None:
    made = await captains_rule(world, due_in_days=10)
    await captain(world, True)
    before = await enrollments(world, made["course_id"])
    await world.admin.ok("PATCH", f"{RULES}{made['id']}/", {"audience_filter": {"status": ["gone"]}})
    assert await enrollments(world, made["course_id"]) == before
    assert len(before) == 1


async def test_what_a_person_has_assigned_too_stays(world: World) -> None:
    made = await captains_rule(world, on_leaving="withdraw")
    await captain(world, True)
    await captain(world, True, "bob")
    body = {"user_ids": ["ana"]}
    await world.admin.ok("POST", f"/api/courses/{made['course_id']}/assign/", body)
    for user in ("ana", "bob"):
        await captain(world, False, user)
    assert len(await enrollments(world, made["course_id"])) == 1
    assert await enrollments(world, made["course_id"], "bob") == []


async def test_an_administrator_withdraws_for_good(world: World) -> None:
    made = await captains_rule(world, on_leaving="pause")
    await captain(world, True)
    [one] = await enrollments(world, made["course_id"])
    await captain(world, False)
    await world.admin.ok("POST", f"/api/enrollments/{one['id']}/withdraw/", {"reason": "Left for good"})
    await captain(world, True)
    assert await enrollments(world, made["course_id"]) == []


async def test_a_due_day_out_of_each_members_field(world: World) -> None:
    today = datetime.now(UTC).date()
    for user, day in (
        ("ana", today),
        ("bob", today + timedelta(days=5)),
        ("cyd", today - timedelta(days=60)),
    ):
        await world.add_member(user, custom_fields={"joined": day.isoformat()})
    await world.add_member("dan", custom_fields={"joined": "long ago"})
    course = await world.course()
    await world.run_jobs()
    due_from = {"field": "joined", "days": 30}
    made = await rule(world, course, due_from=due_from)
    assert made["due_from"] == due_from
    preview = await world.admin.ok("POST", f"{RULES}{made['id']}/preview/")
    assert preview == {
        "matches": 5,
        "would_assign": 4,
        "already_enrolled": 0,
        "sample": ["ana", "bob", "dan", "eve"],
    }
    run = await world.admin.ok("POST", f"{RULES}{made['id']}/run/")
    due = {}
    for user in ("ana", "bob", "cyd", "dan", "eve"):
        found = await enrollments(world, course["id"], user)
        due[user] = found[0]["due_at"] if found else "nothing"
    assert due["cyd"] == "nothing", "its day has passed"
    assert due["dan"] is due["eve"] is None
    gap = datetime.fromisoformat(due["bob"]) - datetime.fromisoformat(due["ana"])
    assert abs(gap - timedelta(days=5)) <= timedelta(hours=1)
    expected = due_at_from(today.isoformat(), 30, "America/New_York")
    assert expected is not None
    assert datetime.fromisoformat(due["ana"]) == expected
    done = await world.admin.ok("GET", f"{RULES}runs/{run['run_id']}/")
    assert (done["status"], done["matches"], done["assigned"]) == ("done", 5, 4)


async def test_a_change_of_membership_sets_it_off_with_the_members_own_day(world: World) -> None:
    today = datetime.now(UTC).date()
    made = await captains_rule(world, due_from={"field": "since", "days": 7})
    await captain(world, True, since=today.isoformat())
    [one] = await enrollments(world, made["course_id"])
    assert one["due_at"] is not None
    assert datetime.fromisoformat(one["due_at"]) == due_at_from(today.isoformat(), 7, "America/New_York")


async def test_a_rule_assigns_a_program_with_what_comes_first(world: World) -> None:
    first, second = await world.course(tree(lesson())), await world.course(tree(lesson()))
    officers = await published(world, first["id"], second["id"], ordered=True, due_in_days=20)
    await world.run_jobs()
    body = {"program_id": officers, "trigger": "membership_status_change", "audience_filter": CAPTAINS}
    made = await world.admin.ok("POST", RULES, {**body, "on_leaving": "withdraw"})
    assert (made["course_id"], made["program_id"]) == (None, officers)
    await captain(world, True)
    [mine] = (await world.member().ok("GET", "/api/users/programs/"))["items"]
    assert (mine["program_id"], mine["status"]) == (officers, "assigned")
    assert mine["due_at"] is not None
    assert [one["source"] for one in await enrollments(world, first["id"])] == ["program"]
    await captain(world, False)
    assert await enrollments(world, first["id"]) == []
    await captain(world, True)
    assert len(await enrollments(world, first["id"])) == 1
    await finish(world, "ana", first["id"])
    assert len(await enrollments(world, second["id"])) == 1
    run = await world.admin.ok("POST", f"{RULES}{made['id']}/run/")
    await captain(world, True, "bob")
    told = await world.admin.ok("GET", f"{RULES}runs/{run['run_id']}/")
    assert told["already_enrolled"] == 1
    assert (told["course_id"], told["program_id"]) == (None, officers), "a program is no course"
    assert len(await enrollments(world, first["id"], "bob")) == 1


COURSE = "{course}"


NO_RULES: list[tuple[Json, str]] = [
    ({}, ""),
    ({"course_id": COURSE, "program_id": COURSE}, ""),
    ({"program_id": COURSE}, "/program_id"),
    ({"course_id": COURSE, "due_from": {"field": "x", "days": 3}, "due_in_days": 3}, "/due_from"),
    ({"course_id": COURSE, "due_from": {"field": "x"}}, "/due_from/days"),
    ({"course_id": COURSE, "due_from": {"field": "", "days": 3}}, "/due_from/field"),
    ({"course_id": COURSE, "due_from": {"field": "x", "days": 99999}}, "/due_from/days"),
    ({"course_id": COURSE, "on_leaving": "forget"}, "/on_leaving"),
]


async def test_what_no_rule_can_say_is_refused(world: World) -> None:
    course = await world.course()
    for body, pointer in NO_RULES:
        sent = {name: course["id"] if value == COURSE else value for name, value in body.items()}
        refused = await world.admin("POST", RULES, {"trigger": "manual", "audience_filter": {}, **sent})
        assert refused.status_code == 422, (body, refused.text)
        assert refused.json()["errors"][0]["pointer"] == pointer, body


async def test_a_change_puts_one_for_the_other(world: World) -> None:
    course = await world.course(tree(lesson(), quiz()))
    officers = await published(world, course["id"])
    made = await rule(world, course, due_in_days=5)
    path = f"{RULES}{made['id']}/"
    due_from = {"field": "joined", "days": -3}
    changed = await world.admin.ok("PATCH", path, {"program_id": officers, "due_from": due_from})
    assert (changed["course_id"], changed["program_id"]) == (None, officers)
    assert (changed["due_in_days"], changed["due_from"]) == (None, due_from)
    changed = await world.admin.ok("PATCH", path, {"course_id": course["id"], "due_in_days": 5})
    assert (changed["course_id"], changed["program_id"], changed["due_from"]) == (course["id"], None, None)
    refused = await world.admin("PATCH", path, {"course_id": None})
    assert refused.status_code == 422


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("2026-03-01", "2026-03-12T04:00:00+00:00"),
        ("2026-03-01T03:00:00Z", "2026-03-11T04:00:00+00:00"),
        ("2026-03-01T12:00:00", "2026-03-12T04:00:00+00:00"),
        ("9999-12-30", None),
        ("2026-02-30", None),
        ("soon", None),
        (20260301, None),
        (None, None),
    ],
)
def test_which_values_are_days(value: object, expected: str | None) -> None:
    found = due_at_from(value, 10, "America/New_York")
    assert (found.isoformat() if found else None) == expected

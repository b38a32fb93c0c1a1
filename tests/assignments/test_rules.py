"""Rules and their runs, from outside."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from tests.kit.assignments import RULES, enrolled, rule
from tests.kit.world import Json, World

from learning_service.worker.jobs.assignments import run_scheduled_rules


async def event(world: World, user: str, n: int, **data: Any) -> None:
    """A membership event, later with each `n`."""
    body = {
        "specversion": "1.0",
        "type": "membership.status_changed",
        "id": f"{user}-{n}",
        "source": "/membership",
        "time": (datetime.now(UTC) + timedelta(seconds=n)).isoformat(),
        "subject": user,
        "data": data,
    }
    await world.directory.ok("POST", "/api/directory/events/", body)


async def test_a_pledge_is_assigned_because_a_rule_matches(world: World) -> None:
    course = await world.course()
    made = await rule(
        world,
        course,
        trigger="membership_status_change",
        audience_filter={"status": ["pledge"], "custom_fields": {"gpa": {"gte": 3}}},
        due_in_days=14,
    )
    await event(world, "ana", 1, status="pledge", custom_fields={"gpa": 3.5})
    await event(world, "bob", 1, status="pledge", custom_fields={"gpa": "3.5"})
    await event(world, "new", 1, status="pledge", custom_fields={"gpa": 4})
    await world.run_jobs()
    assert await enrolled(world, course) == ["ana"]
    [mine] = (await world.member().ok("GET", "/api/users/enrollments/"))["items"]
    zone = ZoneInfo("America/New_York")
    due = datetime.fromisoformat(mine["due_at"]).astimezone(zone)
    assert (due.hour, due.minute, due.second) == (0, 0, 0)
    assert due.date() == datetime.now(zone).date() + timedelta(days=15)
    explained = await world.admin.ok("GET", f"/api/enrollments/{mine['id']}/explain/")
    assert explained["source"] == "rule"
    assert explained["cause"]["kind"] == "event"
    assert explained["cause"]["rule_id"] == made["id"]
    assert explained["cause"]["event_id"] == "ana-1"
    await world.add_member("new", status="active")
    await world.add_member("pat", status="pledge", custom_fields={"gpa": 3})
    await world.run_jobs()
    assert await enrolled(world, course) == ["ana", "new", "pat"]
    await event(world, "ana", 2, status="alum")
    await world.run_jobs()
    assert await enrolled(world, course) == ["ana", "new", "pat"]


async def test_filters_combine(world: World) -> None:
    course = await world.course()
    await world.add_member("pat", status="pledge", custom_fields={"tracks": ["law", "first aid"]})
    await world.add_member("kim", status="alum", custom_fields={"tracks": "law"})
    await world.add_member("new", status="pledge")
    of_law = {"custom_fields": {"tracks": {"contains": "law"}}}
    either = {"any": [of_law, {"status": ["alum"]}]}
    assert (await previewed(world, course, either)) == ["kim", "pat"]
    assert (await previewed(world, course, {"status": ["pledge"], "not": of_law})) == ["new"]
    four_deep = nested(4) | {"status": ["alum"]}
    made = await rule(world, course, audience_filter=four_deep)
    assert made["audience_filter"] == four_deep
    await world.admin.ok("POST", f"{RULES}{made['id']}/run/")
    await world.run_jobs()
    assert await enrolled(world, course) == ["kim"]


async def previewed(world: World, course: Json, audience: Json) -> list[str]:
    """Whom a rule with this audience would assign."""
    made = await rule(world, course, audience_filter=audience)
    sample = (await world.admin.ok("POST", f"{RULES}{made['id']}/preview/"))["sample"]
    return sorted(sample)


async def test_preview_run_again_and_undo(world: World) -> None:
    course = await world.course()
    made = await rule(world, course, audience_filter={"regions": ["north"]})
    await world.member("bob").ok("POST", f"/api/courses/{course['id']}/enroll/")
    path = f"{RULES}{made['id']}/"
    preview = await world.admin.ok("POST", f"{path}preview/")
    assert preview == {"matches": 3, "would_assign": 2, "already_enrolled": 1, "sample": ["ana", "cyd"]}
    assert await enrolled(world, course) == ["bob"]
    run = await world.admin("POST", f"{path}run/")
    assert run.status_code == 202
    await world.run_jobs()
    assert await enrolled(world, course) == ["ana", "bob", "cyd"]
    run_path = f"{RULES}runs/{run.json()['run_id']}/"
    done = await world.admin.ok("GET", run_path)
    assert {k: done[k] for k in ("status", "matches", "assigned", "already_enrolled")} == {
        "status": "done",
        "matches": 3,
        "assigned": 2,
        "already_enrolled": 1,
    }
    again = await world.admin.ok("POST", f"{path}run/")
    await world.run_jobs()
    second = await world.admin.ok("GET", f"{RULES}runs/{again['run_id']}/")
    assert (second["assigned"], second["already_enrolled"]) == (0, 3)
    assert [r["run_id"] for r in (await world.admin.ok("GET", f"{path}runs/"))["items"]] == [
        again["run_id"],
        run.json()["run_id"],
    ]
    cyd = world.member("cyd")
    shown = await cyd.ok("GET", f"/api/courses/{course['id']}/modules/")
    await cyd.ok("POST", f"/api/lessons/{shown['items'][0]['items'][0]['id']}/complete/")
    undone = await world.admin.ok("POST", f"{run_path}undo/")
    assert (undone["status"], undone["undone"]) == ("undone", 1)
    assert await enrolled(world, course) == ["bob", "cyd"]
    assert (await world.admin.ok("POST", f"{run_path}undo/"))["undone"] == 1


async def test_a_scheduled_rule_fires_once_at_the_local_start_of_its_day(
    world: World,
) -> None:
    course = await world.course()
    zone = ZoneInfo("America/New_York")
    day = datetime.now(zone).date() + timedelta(days=3)
    made = await rule(world, course, trigger="scheduled_date", scheduled_on=day.isoformat())
    start = datetime(day.year, day.month, day.day, tzinfo=zone)
    await run_scheduled_rules(world.worker, start - timedelta(seconds=1))
    await world.run_jobs()
    assert await enrolled(world, course) == []
    for late in (timedelta(days=2), timedelta(days=3)):
        await run_scheduled_rules(world.worker, start + late)
    await world.run_jobs()
    assert len(await enrolled(world, course)) == 5
    runs = (await world.admin.ok("GET", f"{RULES}{made['id']}/runs/"))["items"]
    assert [run["assigned"] for run in runs] == [5]
    run = await world.admin.ok("POST", f"{RULES}{made['id']}/run/")
    await world.run_jobs()
    again = await world.admin.ok("GET", f"{RULES}runs/{run['run_id']}/")
    assert (again["trigger"], again["assigned"], again["already_enrolled"]) == ("manual", 0, 5)


async def test_a_yearly_rule_fires_each_year_and_once_for_years_that_were_missed(world: World) -> None:
    course = await world.course()
    zone = ZoneInfo("America/New_York")
    day = max(datetime.now(zone).date() + timedelta(days=3), date(2025, 3, 2))
    if (day.month, day.day) == (2, 29):
        day += timedelta(days=1)
    facts = {
        "trigger": "scheduled_date",
        "scheduled_on": day.isoformat(),
        "repeat": "yearly",
        "due_in_days": 30,
    }
    made = await rule(world, course, **facts)

    def start(years: int) -> datetime:
        return datetime(day.year + years, day.month, day.day, tzinfo=zone)

    async def seen() -> tuple[str, str, int]:
        shown = await world.admin.ok("GET", f"{RULES}{made['id']}/")
        runs = (await world.admin.ok("GET", f"{RULES}{made['id']}/runs/"))["items"]
        return shown["fired_on"], shown["scheduled_on"], len(runs)

    for at in (start(0), start(0) + timedelta(days=40), start(1) - timedelta(seconds=1)):
        await run_scheduled_rules(world.worker, at)
        assert await seen() == (day.isoformat(), start(1).date().isoformat(), 1)
    await run_scheduled_rules(world.worker, start(1))
    assert await seen() == (start(1).date().isoformat(), start(2).date().isoformat(), 2)
    await run_scheduled_rules(world.worker, start(4) + timedelta(days=1))
    assert await seen() == (start(2).date().isoformat(), start(5).date().isoformat(), 3)
    assert (await world.admin("PATCH", f"{RULES}{made['id']}/", {"due_on": "2999-01-01"})).status_code == 422
    once = await world.admin.ok("PATCH", f"{RULES}{made['id']}/", {"trigger": "manual"})
    assert (once["repeat"], once["scheduled_on"]) == (None, None)


async def test_a_membership_rule_is_run_for_those_who_match_already(world: World) -> None:
    # Otherwise the members' own events, if none was handled yet, may reach the rule before its run.
    await world.run_jobs()
    course = await world.course()
    made = await rule(
        world, course, trigger="membership_status_change", audience_filter={"chapters": ["n1"]}, due_in_days=3
    )
    started = await world.admin("POST", f"{RULES}{made['id']}/run/")
    assert started.status_code == 202, started.text
    await world.run_jobs()
    assert await enrolled(world, course) == ["ana", "bob"]
    run = await world.admin.ok("GET", f"{RULES}runs/{started.json()['run_id']}/")
    assert (run["status"], run["trigger"], run["assigned"]) == ("done", "manual", 2)
    [mine] = (await world.member().ok("GET", "/api/users/enrollments/"))["items"]
    told = await world.admin.ok("GET", f"/api/enrollments/{mine['id']}/explain/")
    assert (told["cause"]["kind"], told["cause"]["rule_id"]) == ("rule", made["id"])
    await world.admin.ok("PATCH", f"{RULES}{made['id']}/", {"active": False})
    refused = await world.admin("POST", f"{RULES}{made['id']}/run/")
    assert (refused.status_code, refused.json()["code"]) == (409, "rule-inactive")


async def test_regional_administrators_reach_their_own(world: World) -> None:
    course = await world.course()
    north = world.call_as("nadia", "regional_admin:north")
    south = world.call_as("sam", "regional_admin:south")
    body = {"course_id": course["id"], "trigger": "manual", "audience_filter": {}}
    made = await north.ok("POST", RULES, body)
    path = f"{RULES}{made['id']}/"
    assert (await south("GET", path)).status_code == 404
    assert (await south("POST", f"{path}run/")).status_code == 404
    assert (await north.ok("POST", f"{path}preview/"))["matches"] == 3
    run = await north.ok("POST", f"{path}run/")
    assert (await south("GET", f"{RULES}runs/{run['run_id']}/")).status_code == 404
    await world.run_jobs()
    assert await enrolled(world, course) == ["ana", "bob", "cyd"]
    national = await rule(world, course)
    assert (await north("GET", f"{RULES}{national['id']}/")).status_code == 200
    assert (await north("PATCH", f"{RULES}{national['id']}/", {"active": False})).status_code == 403
    assert (await north("POST", f"{RULES}{national['id']}/run/")).status_code == 403
    assert (await world.call_as("c", "chapter_admin:n1")("GET", RULES)).status_code == 403
    assert (await world.member()("GET", RULES)).status_code == 403
    await world.admin.ok("PATCH", path, {"due_in_days": 3})
    assert (await world.admin.ok("POST", f"{path}preview/"))["matches"] == 5


async def test_crud(world: World, other_world: World) -> None:
    course = await world.course()
    made = await rule(world, course, due_in_days=7)
    path = f"{RULES}{made['id']}/"
    assert made["audience_filter"] == {}
    assert made["active"] is True
    changed = await world.admin.ok(
        "PATCH", path, {"due_on": "2999-01-01", "audience_filter": {"status": ["a"]}}
    )
    assert (changed["due_in_days"], changed["due_on"]) == (None, "2999-01-01")
    assert changed["audience_filter"] == {"status": ["a"]}
    assert await world.admin.ok("GET", path) == changed
    assert (await other_world.admin("GET", path)).status_code == 404
    assert [r["id"] for r in (await world.admin.ok("GET", RULES))["items"]] == [made["id"]]
    run = await world.admin.ok("POST", f"{path}run/")
    assert (await world.admin("DELETE", path)).status_code == 204
    assert (await world.admin("GET", path)).status_code == 404
    assert (await world.admin.ok("GET", RULES))["items"] == []
    assert (await world.admin.ok("GET", f"{RULES}runs/{run['run_id']}/"))["rule_id"] == made["id"]


MANY = {f"field{n}": n for n in range(26)}


YEARLY: Json = {"trigger": "scheduled_date", "scheduled_on": "2998-12-31", "repeat": "yearly"}


def nested(deep: int) -> Json:
    """A filter with that many filters inside one another."""
    return {"any": [nested(deep - 1)]} if deep else {}


TODAY = datetime.now(ZoneInfo("America/New_York")).date()


NO_RULES: list[tuple[Json, str]] = [
    ({"due_in_days": 0}, "/due_in_days"),
    ({"due_in_days": 3651}, "/due_in_days"),
    ({"due_in_days": "7"}, "/due_in_days"),
    ({"due_in_days": 7, "due_on": "2999-01-01"}, "/due_on"),
    ({"due_on": (TODAY - timedelta(days=1)).isoformat()}, "/due_on"),
    ({"scheduled_on": "2999-01-01"}, "/scheduled_on"),
    ({"trigger": "scheduled_date"}, "/scheduled_on"),
    ({"trigger": "scheduled_date", "scheduled_on": date.min.isoformat()}, "/scheduled_on"),
    ({"trigger": "never"}, "/trigger"),
    ({"repeat": "yearly"}, "/repeat"),
    (YEARLY | {"repeat": "monthly"}, "/repeat"),
    (YEARLY | {"due_on": "2999-01-01"}, "/repeat"),
    (YEARLY | {"scheduled_on": "2996-02-29"}, "/scheduled_on"),
    ({"audience_filter": {"regions": ["atlantis"]}}, "/audience_filter/regions/0"),
    ({"audience_filter": {"custom_fields": {"x": {"like": 1}}}}, "/audience_filter/custom_fields/x/like"),
    (
        {"audience_filter": {"any": [{}, {"not": {"chapters": ["x"]}}]}},
        "/audience_filter/any/1/not/chapters/0",
    ),
    ({"audience_filter": {"any": []}}, "/audience_filter/any"),
    ({"audience_filter": {"not": None}}, "/audience_filter/not"),
    ({"audience_filter": {"not": {"nor": {}}}}, "/audience_filter/not/nor"),
    ({"audience_filter": nested(5)}, "/audience_filter"),
    ({"audience_filter": {"any": [{"any": [{}] * 25}] * 2}}, "/audience_filter"),
    (
        {"audience_filter": {"any": [{"custom_fields": MANY}, {"custom_fields": MANY}]}},
        "/audience_filter",
    ),
    (
        {"audience_filter": {"custom_fields": {"x": {"contains": ["a"]}}}},
        "/audience_filter/custom_fields/x/contains",
    ),
    ({"course_id": "0190b0a0-0000-7000-8000-000000000000"}, "/course_id"),
    ({"color": "red"}, "/color"),
]


async def test_what_is_refused(world: World) -> None:
    course = await world.course()
    for facts, pointer in NO_RULES:
        body = {"course_id": course["id"], "trigger": "manual", "audience_filter": {}, **facts}
        response = await world.admin("POST", RULES, body)
        assert response.status_code == 422, facts
        assert [e["pointer"] for e in response.json()["errors"]] == [pointer], facts

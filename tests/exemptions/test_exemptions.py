"""Exemptions: who grants them, where they count, and where they do not."""

from datetime import UTC, datetime, timedelta
from typing import Any

from fastapi import FastAPI
from tests.kit.assignments import LESSON, enrolled, rule
from tests.kit.compliance import REPORT, STATUSES, linked, pursue
from tests.kit.direct import Database
from tests.kit.fields import refused
from tests.kit.query_counts import counted
from tests.kit.renewals import age, events
from tests.kit.world import Caller, Json, World, small_tree

from learning_service.worker.jobs.completions import open_recertifications
from learning_service.worker.jobs.reminders import send_course_reminders

PATH = "/api/exemptions/"
MINE = "/api/users/compliance/"
COURSE = "0190d5a0-0000-7000-8000-000000000001"
RUN_OUT = "UPDATE exemptions SET expires_at = now() - interval '1 hour' WHERE organization_id = $1"


async def exempt(world: World, user: str = "ana", by: Caller | None = None, **facts: Any) -> Json:
    """Exempt a member from hazing unless told otherwise."""
    facts = facts or {"requirement_id": "hazing"}
    body = {"user_id": user, "reason": "Served as a judge", **facts}
    made: Json = await (by or world.admin).ok("POST", PATH, body)
    return made


async def status_of(world: World, user: str = "ana") -> str:
    """By both calls, which must agree."""
    [own] = (await world.member(user).ok("GET", MINE))["items"]
    shown = (await world.admin.ok("GET", f"{STATUSES}?limit=200"))["items"]
    assert own == next(row for row in shown if row["user_id"] == user)
    found: str = own["status"]
    return found


async def totals(world: World) -> Json:
    found: Json = (await world.admin.ok("GET", REPORT))["totals"]
    return found


async def test_an_exemption_counts_until_it_is_taken_back(world: World) -> None:
    before = await totals(world)
    made = await exempt(world, expires_on="2030-06-30", requirement_id="hazing")
    assert {name: made[name] for name in ("user_id", "display_name", "requirement_name", "reason")} == {
        "user_id": "ana",
        "display_name": "Ana",
        "requirement_name": "Hazing",
        "reason": "Served as a judge",
    }
    assert (made["expires_on"], made["expires_at"]) == ("2030-06-30", "2030-07-01T04:00:00Z"), "in New York"
    assert (made["course_id"], made["course_title"], made["granted_by"]) == (None, None, "boss")
    assert await status_of(world) == "exempt"
    after = await totals(world)
    assert (before["exempt"], after["exempt"]) == (0, 1)
    assert (before["not_started"], after["not_started"], after["members"]) == (5, 4, 5)
    only = await world.admin.ok("GET", f"{STATUSES}?status=exempt")
    assert [row["user_id"] for row in only["items"]] == ["ana"]
    csv = await world.admin("GET", REPORT, headers={"Accept": "text/csv"})
    assert "complete,exempt,pending" in csv.text.splitlines()[0]
    assert (await world.admin.ok("GET", PATH))["items"] == [made]
    assert await world.admin.ok("DELETE", f"{PATH}{made['id']}/") is None
    refused(await world.admin("DELETE", f"{PATH}{made['id']}/"), 404, "not-found")
    assert await status_of(world) == "not_started"
    assert await totals(world) == before
    assert (await world.admin.ok("GET", PATH))["items"] == []
    subject = {"organization_id": world.id, "user_id": "ana", "requirement_id": "hazing"}
    told = {**subject, "exemption_id": made["id"], "expires_at": made["expires_at"]}
    assert await events(world, "compliance.exempted") == [told]
    assert await events(world, "compliance.exemption_ended") == [told]
    trail = (await world.admin.ok("GET", "/api/audit/?subject=ana"))["items"]
    written = [(e["action"], e["actor"], e["reason"]) for e in trail if e["action"].startswith("exemption")]
    assert written == [("exemption.ended", "boss", None), ("exemption.granted", "boss", "Served as a judge")]


async def test_exempt_goes_before_complete_and_ends_by_itself(world: World, database: Database) -> None:
    await pursue(world, "ana", await linked(world))
    assert await status_of(world) == "complete"
    await exempt(world, requirement_id="hazing", expires_on="2030-06-30")
    assert await status_of(world) == "exempt"
    counts = await totals(world)
    assert (counts["exempt"], counts["complete"], counts["members"]) == (1, 0, 5)
    await database(RUN_OUT, world.id)
    assert await status_of(world) == "complete"
    in_force = await world.admin.ok("GET", f"{PATH}?in_force=true")
    ended = await world.admin.ok("GET", f"{PATH}?in_force=false")
    assert (in_force["items"], [one["user_id"] for one in ended["items"]]) == ([], ["ana"])


async def test_two_exemptions_are_one_and_each_is_taken_back(world: World) -> None:
    first, second = await exempt(world), await exempt(world)
    assert (await totals(world))["exempt"] == 1
    await world.admin.ok("DELETE", f"{PATH}{first['id']}/")
    assert await status_of(world) == "exempt"
    await world.admin.ok("DELETE", f"{PATH}{second['id']}/")
    assert await status_of(world) == "not_started"


async def test_exempt_from_every_open_course_of_a_requirement(world: World) -> None:
    first, second = [await linked(world) for _ in range(2)]
    await linked(world, publish=False)
    await exempt(world, course_id=first["id"])
    assert await status_of(world) == "not_started", "another course still leads there"
    made = await exempt(world, course_id=second["id"])
    assert (made["course_title"], made["requirement_id"]) == (LESSON_TITLE, None)
    assert await status_of(world) == "exempt"
    third = await linked(world)
    assert await status_of(world) == "not_started"
    await world.admin.ok("POST", f"/api/courses/{third['id']}/archive/")
    assert await status_of(world) == "exempt"


LESSON_TITLE = small_tree(**LESSON)["title"]


async def test_rules_and_assignments_pass_over_the_exempt(world: World) -> None:
    course, other = await linked(world), await world.course(small_tree(**LESSON))
    await exempt(world, "ana")
    await exempt(world, "bob", course_id=course["id"])
    for made in (course, other):
        found = await rule(world, made)
        preview = await world.admin.ok("POST", f"/api/assignment-rules/{found['id']}/preview/")
        assert preview["would_assign"] == (3 if made is course else 5)
        await world.admin.ok("POST", f"/api/assignment-rules/{found['id']}/run/")
    await world.run_jobs()
    assert await enrolled(world, course) == ["cyd", "dan", "eve"]
    assert await enrolled(world, other) == ["ana", "bob", "cyd", "dan", "eve"]
    path = f"/api/courses/{course['id']}/assign/"
    for body in ({"user_ids": ["ana", "bob", "cyd"]}, {"audience_filter": {"chapters": ["n1", "n2"]}}):
        assert await world.admin.ok("POST", path, body) == {
            "assigned": 0,
            "already_enrolled": 1,
            "skipped": [{"user_id": user, "reason": "exempt"} for user in ("ana", "bob")],
        }
    await world.member("ana").ok("POST", f"/api/courses/{course['id']}/enroll/")
    assert "ana" in await enrolled(world, course), "the course stays open to them"
    again = await world.admin.ok("POST", path, {"user_ids": ["ana"], "due_at": "2030-01-01T00:00:00Z"})
    assert again["skipped"] == [{"user_id": "ana", "reason": "exempt"}]
    [held] = (await world.member("ana").ok("GET", "/api/users/enrollments/?limit=1"))["items"]
    assert (held["course_id"], held["due_at"]) == (course["id"], None)


async def test_membership_rules_assign_once_the_exemption_ends(world: World, database: Database) -> None:
    course = await linked(world)
    await rule(world, course, trigger="membership_status_change", audience_filter={"status": ["officer"]})
    await exempt(world, expires_on="2030-06-30", requirement_id="hazing")
    await world.run_jobs()
    await world.add_member("ana", "n1", status="officer")
    await world.run_jobs()
    assert await enrolled(world, course) == []
    await database(RUN_OUT, world.id)
    await world.add_member("ana", "n1", status="officer", custom_fields={"captain": True})
    await world.run_jobs()
    assert await enrolled(world, course) == ["ana"]


async def test_renewals_pass_over_the_exempt(world: World, database: Database) -> None:
    course = await linked(world, recertification_cadence="P1Y")
    for user in ("ana", "bob", "cyd"):
        await pursue(world, user, course)
    await age(world, database, days=350)
    made = await exempt(world, "ana")
    await exempt(world, "bob", course_id=course["id"])
    await open_recertifications(world.worker, None)
    assert await enrolled(world, course) == ["ana", "bob", "cyd", "cyd"]
    await world.admin.ok("DELETE", f"{PATH}{made['id']}/")
    await open_recertifications(world.worker, None)
    assert await enrolled(world, course) == ["ana", "ana", "bob", "cyd", "cyd"]


async def test_reminders_pass_over_the_exempt(world: World) -> None:
    course = await linked(world)
    due = (datetime.now(UTC) + timedelta(days=9)).replace(microsecond=0)
    body = {"user_ids": ["ana", "bob", "cyd"], "due_at": due.isoformat()}
    await world.admin.ok("POST", f"/api/courses/{course['id']}/assign/", body)
    made = await exempt(world, "ana")
    await exempt(world, "bob", course_id=course["id"])
    await send_course_reminders(world.worker, due - timedelta(days=2))
    assert [told["user_id"] for told in await events(world, "enrollment.reminder_due")] == ["cyd"]
    await send_course_reminders(world.worker, due + timedelta(hours=1))
    assert [told["user_id"] for told in await events(world, "enrollment.overdue")] == ["cyd"]
    await world.admin.ok("DELETE", f"{PATH}{made['id']}/")
    await send_course_reminders(world.worker, due + timedelta(hours=2))
    assert [told["user_id"] for told in await events(world, "enrollment.overdue")] == ["cyd", "ana"]


async def test_a_removed_assignment_stays_removed(world: World) -> None:
    course = await linked(world)
    made = await rule(world, course)

    async def run() -> list[str]:
        await world.admin.ok("POST", f"/api/assignment-rules/{made['id']}/run/")
        await world.run_jobs()
        return await enrolled(world, course)

    assert await run() == ["ana", "bob", "cyd", "dan", "eve"]
    listed = await world.admin.ok("GET", f"/api/enrollments/?course_id={course['id']}&user_id=ana")
    await world.admin.ok("DELETE", f"/api/enrollments/{listed['items'][0]['id']}/")
    assert await run() == ["bob", "cyd", "dan", "eve"]
    path = f"/api/courses/{course['id']}/assign/"
    told = await world.admin.ok("POST", path, {"audience_filter": {"chapters": ["n1"]}})
    assert (told["assigned"], told["skipped"]) == (0, [{"user_id": "ana", "reason": "removed"}])
    assert await status_of(world) == "not_started", "which exempts from nothing"
    assert (await world.admin.ok("POST", path, {"user_ids": ["ana"]}))["assigned"] == 1
    told = await world.admin.ok("POST", path, {"audience_filter": {"chapters": ["n1"]}})
    assert (told["already_enrolled"], told["skipped"]) == (2, []), "assigned again, it is as any other"


async def test_whom_administrators_may_exempt(world: World, other_world: World) -> None:
    chair, north = world.call_as("chair", "chapter_admin:n1"), world.call_as("rita", "regional_admin:north")
    await exempt(world, "ana", chair)
    await exempt(world, "cyd", north)
    mine = await exempt(world, "eve")
    body = {"requirement_id": "hazing", "reason": "Why not"}
    for caller, user in ((chair, "cyd"), (chair, "eve"), (north, "eve"), (chair, "nobody")):
        refused(await caller("POST", PATH, {"user_id": user, **body}), 404, "not-found")
    refused(await other_world.admin("DELETE", f"{PATH}{mine['id']}/"), 404, "not-found")
    refused(await north("DELETE", f"{PATH}{mine['id']}/"), 404, "not-found")
    for page, users in ((chair, ["ana"]), (north, ["cyd", "ana"]), (world.admin, ["eve", "cyd", "ana"])):
        assert [one["user_id"] for one in (await page.ok("GET", PATH))["items"]] == users
    refused(await world.member()("GET", PATH), 403, "forbidden")
    refused(await world.member()("POST", PATH, {"user_id": "ana", **body}), 403, "forbidden")
    own = world.call_as("ana", "chapter_admin:n1")
    refused(await own("POST", PATH, {"user_id": "ana", **body}), 403, "forbidden")
    [held] = (await own.ok("GET", f"{PATH}?user_id=ana"))["items"]
    refused(await own("DELETE", f"{PATH}{held['id']}/"), 403, "forbidden")


NO_EXEMPTIONS: list[tuple[Json, str, str]] = [
    ({"requirement_id": "hazing", "expires_on": "2020-01-01"}, "/expires_on", "wrong-time"),
    ({"requirement_id": "hazing", "expires_on": "9999-12-31"}, "/expires_on", "wrong-time"),
    ({"requirement_id": "hazing", "expires_on": 20300101}, "/expires_on", "wrong-type"),
    ({}, "", "conflicting"),
    ({"requirement_id": "hazing", "course_id": COURSE}, "", "conflicting"),
    ({"requirement_id": "other"}, "/requirement_id", "not-known"),
    ({"requirement_id": "a b"}, "/requirement_id", "wrong-form"),
    ({"course_id": COURSE}, "/course_id", "not-known"),
    ({"requirement_id": "hazing", "reason": "\u3164"}, "/reason", "empty"),
    ({"requirement_id": "hazing", "reason": ""}, "/reason", "too-short"),
    ({"requirement_id": "hazing", "reason": "a\x00"}, "/reason", "not-allowed"),
    ({"requirement_id": "hazing", "reason": None}, "/reason", "wrong-type"),
    ({"requirement_id": "hazing", "granted_by": "me"}, "/granted_by", "unknown-field"),
]


async def test_what_is_no_exemption(world: World) -> None:
    for facts, pointer, code in NO_EXEMPTIONS:
        answer = await world.admin("POST", PATH, {"user_id": "ana", "reason": "Why not", **facts})
        assert answer.status_code == 422, (facts, answer.text)
        assert (answer.json()["errors"][0]["pointer"], answer.json()["errors"][0]["code"]) == (
            pointer,
            code,
        ), facts
        assert (await world.admin.ok("GET", PATH))["items"] == [], facts


async def test_filters_and_pages(world: World, app: FastAPI) -> None:
    course = await linked(world)
    made = [await exempt(world, user) for user in ("ana", "bob", "cyd")]
    made.append(await exempt(world, "ana", course_id=course["id"]))
    ids = [one["id"] for one in reversed(made)]
    for query, found in (
        ("", ids),
        ("?user_id=ana", [ids[0], ids[3]]),
        (f"?course_id={course['id']}", ids[:1]),
        ("?requirement_id=hazing", ids[1:]),
        ("?chapter_id=n2", [ids[1]]),
        ("?user_id=nobody", []),
        ("?chapter_id=s1&in_force=true", []),
    ):
        assert [one["id"] for one in (await world.admin.ok("GET", PATH + query))["items"]] == found, query
    first = await world.admin.ok("GET", f"{PATH}?limit=3")
    rest = await world.admin.ok("GET", f"{PATH}?limit=3&cursor={first['next_cursor']}")
    assert [one["id"] for one in first["items"] + rest["items"]] == ids
    with counted(app) as statements:
        await world.admin.ok("GET", PATH)
    assert len(statements) <= 3, statements
    for query in ("?in_force=maybe", "?course_id=x", "?user_id=a%20b", "?state=x", "?cursor=x", "?limit=0"):
        assert (await world.admin("GET", PATH + query)).status_code == 422, query


async def test_an_erased_member_s_exemption_says_nothing(world: World, database: Database) -> None:
    made = await exempt(world, requirement_id="hazing", expires_on="2030-06-30")
    [mine] = (await world.member().ok("GET", "/api/users/export/"))["exemptions"]
    assert (mine["id"], mine["reason"], mine["ended_at"]) == (made["id"], "Served as a judge", None)
    await world.directory.ok("DELETE", "/api/directory/members/ana/")
    [row] = await database("SELECT user_id, reason FROM exemptions WHERE organization_id = $1", world.id)
    assert row["user_id"].startswith("erased/")
    assert row["reason"] is None
    assert (await world.admin.ok("GET", PATH))["items"] == []
    refused(await world.admin("DELETE", f"{PATH}{made['id']}/"), 404, "not-found")
    await world.add_member("ana")
    assert await status_of(world) == "not_started", "a later member inherits nothing"
    assert (await totals(world))["exempt"] == 0


async def test_a_report_of_a_past_day_counts_the_exemptions_of_that_day(
    world: World, database: Database
) -> None:
    course = await linked(world)
    await exempt(world, "ana")
    await exempt(world, "bob", course_id=course["id"])
    await exempt(world, "cyd")
    for statement in PAST:
        await database(statement, world.id)
    instant = datetime.now(UTC)
    found = []
    for days in (4, 2):
        at = (instant - timedelta(days=days)).isoformat().replace("+00:00", "Z")
        told = await world.admin.ok("GET", f"{REPORT}?as_of={at}")
        found.append((told["totals"]["exempt"], told["totals"]["members"]))
    counts = await totals(world)
    found.append((counts["exempt"], counts["members"]))
    assert found == [(0, 5), (2, 5), (1, 5)], "bob's course was not published then"
    await world.directory.ok("DELETE", "/api/directory/members/ana/")
    at = (instant - timedelta(days=2)).isoformat().replace("+00:00", "Z")
    assert (await world.admin.ok("GET", f"{REPORT}?as_of={at}"))["totals"]["exempt"] == 2, "also once erased"


PAST = (
    "UPDATE members SET created_at = created_at - interval '9 days' WHERE organization_id = $1",
    "UPDATE organizations SET created_at = created_at - interval '9 days' WHERE id = $1",
    "UPDATE exemptions SET granted_at = now() - interval '3 days' WHERE organization_id = $1",
    "UPDATE exemptions SET ended_at = now() - interval '1 day', ended_by = 'boss'"
    " WHERE organization_id = $1 AND user_id = 'ana'",
    "UPDATE exemptions SET expires_at = now() - interval '1 day' WHERE organization_id = $1 AND user_id = 'cyd'",
)

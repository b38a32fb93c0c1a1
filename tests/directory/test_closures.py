"""Regions and chapters are closed, requirements retired, and all of them opened again."""

import asyncio
from datetime import UTC, datetime

import pytest
from tests.kit.assignments import LESSON, finish
from tests.kit.compliance import REPORT, STATUSES, linked, pursue
from tests.kit.world import Json, World, small_tree

REGIONS, CHAPTERS = "/api/directory/regions/", "/api/directory/chapters/"
HAZING = "/api/directory/compliance-requirements/hazing/"
REQUIREMENTS = "/api/compliance-requirements/"


async def listed(world: World, path: str) -> list[str]:
    return [item["id"] for item in (await world.admin.ok("GET", path))["items"]]


async def empty(world: World, chapter: str = "n9", region: str = "north") -> str:
    path = f"{CHAPTERS}{chapter}/"
    await world.directory.ok("PUT", path, {"region_id": region, "name": f"Empty {chapter}"})
    return path


def event(user: str, chapter: str) -> Json:
    return {
        "specversion": "1.0",
        "type": "membership.status_changed",
        "id": f"{user}-{chapter}",
        "source": "/tests",
        "time": datetime.now(UTC).isoformat(),
        "subject": user,
        "data": {"status": "active", "chapter_id": chapter},
    }


async def test_a_closed_chapter_leaves_lists_roll_ups_and_rules(world: World) -> None:
    path = await empty(world)
    assert (await world.directory("DELETE", path)).status_code == 204
    assert (await world.directory("DELETE", path)).status_code == 204, "again changes nothing"
    assert "n9" not in await listed(world, CHAPTERS)
    [closed] = (await world.admin.ok("GET", f"{CHAPTERS}?closed=true&q=empty"))["items"]
    assert (closed["id"], closed["closed"]) == ("n9", True)
    report = await world.admin.ok("GET", REPORT)
    assert "n9" not in [row["chapter_id"] for row in report["items"]]
    course = await world.course(small_tree(**LESSON))
    audience = {"chapters": ["n9"]}
    member = {"chapter_id": "n9", "status": "active", "display_name": "X", "email": None}
    rule = {"course_id": course["id"], "trigger": "manual", "audience_filter": audience}
    for caller, method, where, body in (
        (world.admin, "POST", "/api/courses/", {"title": "T", "scope": "chapter", "scope_id": "n9"}),
        (world.admin, "POST", "/api/assignment-rules/", rule),
        (world.admin, "POST", f"/api/courses/{course['id']}/assign/", {"audience_filter": audience}),
        (world.admin, "PATCH", f"{REQUIREMENTS}hazing/", {"audience_filter": audience}),
        (world.admin, "GET", f"{REPORT}?chapter_id=n9", None),
        (world.directory, "PUT", "/api/directory/members/new/", member),
        (
            world.directory,
            "POST",
            "/api/directory/members/batch/",
            {"members": [member | {"user_id": "new"}]},
        ),
        (world.directory, "POST", "/api/directory/events/", event("ana", "n9")),
    ):
        answer = await caller(method, where, body)
        assert (answer.status_code, answer.json()["errors"][0]["code"]) == (422, "not-known"), where
    await empty(world)
    assert "n9" in await listed(world, CHAPTERS)
    await world.add_member("new", "n9")


async def test_a_chapter_with_members_is_in_use_until_they_are_gone(world: World) -> None:
    path = f"{CHAPTERS}s2/"
    refused = await world.directory("DELETE", path)
    assert (refused.status_code, refused.json()["code"]) == (409, "in-use")
    assert "s2" in await listed(world, CHAPTERS)
    await world.directory("DELETE", "/api/directory/members/eve/")
    assert (await world.directory("DELETE", path)).status_code == 204
    assert (await world.directory("DELETE", f"{CHAPTERS}nowhere/")).status_code == 404
    assert (await world.admin("DELETE", path)).status_code == 403


async def test_a_region_is_closed_after_its_chapters(world: World) -> None:
    await world.directory.ok("PUT", f"{REGIONS}west/", {"organization_id": world.id, "name": "West"})
    chapter = await empty(world, "w1", "west")
    refused = await world.directory("DELETE", f"{REGIONS}west/")
    assert (refused.status_code, refused.json()["code"]) == (409, "in-use")
    await world.directory("DELETE", chapter)
    assert (await world.directory("DELETE", f"{REGIONS}west/")).status_code == 204
    assert (await world.directory("DELETE", f"{REGIONS}west/")).status_code == 204
    assert await listed(world, REGIONS) == ["north", "south"]
    assert await listed(world, f"{REGIONS}?closed=true") == ["north", "south", "west"]
    again = await world.directory("PUT", chapter, {"region_id": "west", "name": "W"})
    assert again.status_code == 422, "not in a closed region"
    assert (await world.admin("GET", f"{REPORT}?region_id=west")).status_code == 422
    course = {"title": "T", "scope": "regional", "scope_id": "west"}
    assert (await world.admin("POST", "/api/courses/", course)).status_code == 422
    reopened = await world.directory("PUT", f"{REGIONS}west/", {"organization_id": world.id, "name": "West"})
    assert reopened.status_code == 200
    assert (await world.directory("PUT", chapter, {"region_id": "west", "name": "W"})).status_code == 200
    assert (await world.directory("DELETE", f"{REGIONS}nowhere/")).status_code == 404


async def test_an_event_that_waited_does_not_bring_a_member_into_a_closed_chapter(world: World) -> None:
    path = await empty(world)
    told = await world.directory.ok("POST", "/api/directory/events/", event("late", "n9"))
    assert told["parked"] == 1
    assert (await world.directory("DELETE", path)).status_code == 204
    await world.add_member("late", "n1", status="pledge")
    shown = await world.admin.ok("GET", "/api/directory/members/late/")
    assert (shown["chapter_id"], shown["status"]) == ("n1", "active")


async def test_of_two_at_once_one_comes_first(world: World) -> None:
    """A member never ends up in a closed chapter, whoever wins."""
    for n in range(8):
        path = await empty(world, f"c{n}")
        body = {"chapter_id": f"c{n}", "status": "active", "display_name": "X", "email": None}
        closed, put = await asyncio.gather(
            world.directory("DELETE", path), world.directory("PUT", f"/api/directory/members/u{n}/", body)
        )
        assert (closed.status_code, put.status_code) in ((204, 422), (409, 201))
        chapters = await listed(world, CHAPTERS)
        assert (f"c{n}" in chapters) is (put.status_code == 201)


async def test_a_retired_requirement_leaves_lists_roll_ups_and_links(world: World) -> None:
    course = await linked(world)
    other = await linked(world)
    await pursue(world, "ana", course)
    [certificate] = (await world.member().ok("GET", "/api/users/certificates/"))["items"]
    before = await world.admin.ok("GET", REPORT)
    for _ in range(2):
        assert (await world.directory("DELETE", HAZING)).status_code == 204
    assert await listed(world, REQUIREMENTS) == []
    assert await listed(world, f"{REQUIREMENTS}?closed=true") == ["hazing"]
    assert (await world.admin.ok("GET", STATUSES))["items"] == []
    assert (await world.member().ok("GET", "/api/users/compliance/"))["items"] == []
    assert (await world.admin.ok("GET", REPORT))["totals"]["members"] == 0
    assert (await world.admin("GET", f"{REPORT}?requirement_id=hazing")).status_code == 422
    shown = await world.admin.ok("GET", f"/api/courses/{course['id']}/")
    assert shown["linked_compliance_requirement"] is None
    relinked = {"linked_compliance_requirement": "hazing"}
    assert (await world.admin("PATCH", f"/api/courses/{course['id']}/", relinked)).status_code == 422
    verified = await world.http.get(f"/api/certificates/{certificate['id']}/verify/")
    assert verified.json()["status"] == "valid"
    await world.directory.ok(
        "PUT", "/api/directory/compliance-requirements/aid/", {"organization_id": world.id, "name": "Aid"}
    )
    await world.admin.ok("PATCH", f"/api/courses/{other['id']}/", {"linked_compliance_requirement": "aid"})
    opened = await world.directory("PUT", HAZING, {"organization_id": world.id, "name": "Hazing"})
    assert opened.status_code == 200
    [requirement] = [r for r in (await world.admin.ok("GET", REQUIREMENTS))["items"] if r["id"] == "hazing"]
    assert [c["id"] for c in requirement["courses"]] == [course["id"]], "the other is linked elsewhere by now"
    assert await world.admin.ok("GET", f"{REPORT}?requirement_id=hazing") == before
    assert (await world.directory("DELETE", HAZING.replace("hazing", "nothing"))).status_code == 404


@pytest.mark.parametrize("opened_again", [False, True])
async def test_what_is_completed_meanwhile_does_not_count(world: World, opened_again: bool) -> None:
    course = await linked(world)
    await world.member("bob").ok("POST", f"/api/courses/{course['id']}/enroll/")
    await world.directory("DELETE", HAZING)
    if opened_again:
        await world.directory.ok("PUT", HAZING, {"organization_id": world.id, "name": "Hazing"})
    await finish(world, "bob", course["id"])
    await world.directory.ok("PUT", HAZING, {"organization_id": world.id, "name": "Hazing"})
    totals = (await world.admin.ok("GET", REPORT))["totals"]
    assert totals["complete"] == int(opened_again)

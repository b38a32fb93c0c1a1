"""Who must meet a requirement: its audience, of which each active member is in exactly one bucket."""

from typing import Any

from fastapi import FastAPI
from tests.kit.compliance import REPORT, STATUSES, linked, pursue
from tests.kit.query_counts import counted
from tests.kit.world import Json, World

REQUIREMENTS = "/api/compliance-requirements/"
MINE = "/api/users/compliance/"


async def require(world: World, audience: Any, requirement: str = "hazing") -> Json:
    shown: Json = await world.admin.ok(
        "PATCH", f"{REQUIREMENTS}{requirement}/", {"audience_filter": audience}
    )
    return shown


async def found(world: World) -> dict[str, str]:
    """Who has a row, and its status; both lists and the report agree on it."""
    shown = (await world.admin.ok("GET", STATUSES))["items"]
    own = [row for user in ("ana", "bob", "cyd", "dan", "eve") for row in await mine(world, user)]
    assert own == shown
    return {row["user_id"]: row["status"] for row in shown}


async def mine(world: World, user: str) -> list[Json]:
    return list((await world.member(user).ok("GET", MINE))["items"])


async def test_only_its_audience_must_meet_a_requirement(world: World) -> None:
    course = await linked(world)
    await world.add_member("bob", "n1", status="pledge", custom_fields={"year": 2})
    await world.member("bob").ok("POST", f"/api/courses/{course['id']}/enroll/")
    everyone = dict.fromkeys(("ana", "bob", "cyd", "dan", "eve"), "not_started") | {"bob": "pending"}
    assert await found(world) == everyone
    for audience, users in (
        ({"regions": ["north"]}, "ana bob cyd"),
        ({"chapters": ["n1", "s2"]}, "ana bob eve"),
        ({"status": ["PLEDGE"]}, "bob"),
        ({"custom_fields": {"year": {"gte": 2}}}, "bob"),
        ({"status": ["nobody"]}, ""),
        ({}, "ana bob cyd dan eve"),
        (None, "ana bob cyd dan eve"),
    ):
        assert (await require(world, audience))["audience_filter"] == audience
        assert await found(world) == {user: everyone[user] for user in users.split()}
        totals = (await world.admin.ok("GET", f"{REPORT}?requirement_id=hazing"))["totals"]
        counts = (totals["members"], totals["pending"], totals["not_started"])
        assert counts == (len(users.split()), "bob" in users, len(users.split()) - ("bob" in users))


async def test_each_requirement_has_its_own_audience(world: World) -> None:
    for requirement in ("aid", "fire"):
        body = {"organization_id": world.id, "name": requirement.title()}
        await world.directory.ok("PUT", f"/api/directory/compliance-requirements/{requirement}/", body)
    await pursue(world, "cyd", await linked(world))
    await require(world, {"regions": ["north"]})
    await require(world, {"chapters": ["s1"]}, "fire")
    rows = {
        user: [(r["requirement_name"], r["status"]) for r in await mine(world, user)]
        for user in ("cyd", "dan")
    }
    assert rows == {
        "cyd": [("Aid", "not_started"), ("Hazing", "complete")],
        "dan": [("Aid", "not_started"), ("Fire", "not_started")],
    }
    by_chapter = {r["chapter_id"]: r for r in (await world.admin.ok("GET", REPORT))["items"]}
    assert {c: (r["members"], r["complete"]) for c, r in by_chapter.items()} == {
        "n1": (4, 0),
        "n2": (2, 1),
        "s1": (2, 0),
        "s2": (1, 0),
    }


async def test_of_an_audience_only_active_members_count(world: World) -> None:
    await require(world, {"status": ["pledge", "alumna"]})
    await world.add_member("ana", status="pledge")
    await world.add_member("bob", status="alumna")
    await world.admin.ok("PATCH", "/api/organization/", {"active_statuses": ["active", "pledge"]})
    assert await found(world) == {"ana": "not_started"}
    assert (await world.admin.ok("GET", REPORT))["totals"]["members"] == 1


async def test_who_leaves_an_audience_has_no_row_any_more_and_keeps_what_was_completed(world: World) -> None:
    course = await linked(world)
    await require(world, {"chapters": ["n1"]})
    await pursue(world, "ana", course)
    assert await found(world) == {"ana": "complete", "bob": "not_started"}
    await world.add_member("ana", "s1")
    assert await found(world) == {"bob": "not_started"}
    await world.add_member("ana", "n1")
    assert await found(world) == {"ana": "complete", "bob": "not_started"}


NO_AUDIENCES: list[tuple[Any, str, str]] = [
    ({"chapters": ["n9"]}, "/audience_filter/chapters/0", "not-known"),
    ({"regions": ["north", "west"]}, "/audience_filter/regions/1", "not-known"),
    ({"colour": ["red"]}, "/audience_filter/colour", "unknown-field"),
    ({"status": []}, "/audience_filter/status", "empty"),
    ("everyone", "/audience_filter", "wrong-type"),
]


async def test_what_no_audience_is(world: World) -> None:
    for audience, pointer, code in NO_AUDIENCES:
        refused = await world.admin("PATCH", f"{REQUIREMENTS}hazing/", {"audience_filter": audience})
        assert refused.status_code == 422, audience
        assert [(e["pointer"], e["code"]) for e in refused.json()["errors"]] == [(pointer, code)], audience
        assert (await world.admin.ok("GET", f"{REQUIREMENTS}hazing/"))["audience_filter"] is None, audience


async def test_only_national_administrators_say_who_must_meet_it(world: World) -> None:
    body = {"audience_filter": {"chapters": ["n1"]}}
    for caller in (
        world.call_as("nora", "regional_admin:north"),
        world.call_as("c", "chapter_admin:n1"),
        world.member(),
    ):
        assert (await caller("PATCH", f"{REQUIREMENTS}hazing/", body)).status_code == 403
    await require(world, {"chapters": ["n1"]})
    await world.admin.ok("PATCH", f"{REQUIREMENTS}hazing/", {"linkable_by": ["national_admin"]})
    shown = await world.member().ok("GET", f"{REQUIREMENTS}hazing/")
    assert (shown["audience_filter"], shown["linkable_by"]) == ({"chapters": ["n1"]}, ["national_admin"])
    again = await world.directory(
        "PUT", "/api/directory/compliance-requirements/hazing/", {"organization_id": world.id, "name": "New"}
    )
    assert again.status_code == 200
    shown = await world.member().ok("GET", f"{REQUIREMENTS}hazing/")
    assert (shown["name"], shown["audience_filter"]) == ("New", {"chapters": ["n1"]}), (
        "the directory says the name"
    )


async def test_many_requirements_are_few_statements(app: FastAPI, world: World) -> None:
    for n in range(12):
        body = {"organization_id": world.id, "name": f"R {n}"}
        await world.directory.ok("PUT", f"/api/directory/compliance-requirements/r{n}/", body)
        await require(world, {"chapters": ["n1", f"s{1 + n % 2}"]}, f"r{n}")
    for caller, path in (
        (world.admin, STATUSES),
        (world.member(), MINE),
        (world.admin, REPORT),
        (world.admin, REQUIREMENTS),
    ):
        await caller.ok("GET", path)
        with counted(app) as statements:
            await caller.ok("GET", path)
        assert len(statements) <= (4 if path == STATUSES else 3), statements

"""What `may` promises, compared with what the calls themselves do, role by role."""

from typing import Any

import pytest
from tests.authorization.table import LET_IN, Row, read_table
from tests.kit.world import Caller, Json, World

ROLES: list[tuple[str, ...]] = [
    (),
    ("national_admin",),
    ("regional_admin:north",),
    ("chapter_admin:n1",),
    ("chapter_admin:n1", "regional_admin:north"),
    ("chapter_admin:n1", "regional_admin:south"),
    ("chapter_admin:n1", "chapter_admin:s2"),
    ("regional_admin:nowhere", "chapter_admin:nowhere"),
    ("grader",),
    ("grader", "chapter_admin:n2"),
]
UNITS = [
    ("national", None),
    ("regional", "north"),
    ("regional", "south"),
    *(("chapter", chapter) for chapter in ("n1", "n2", "s1", "s2")),
]
HOMES = {"ana": "n1", "bob": "n1", "cyd": "n2", "dan": "s1", "eve": "s2"}
REGIONS = {"n1": "north", "n2": "north", "s1": "south", "s2": "south"}


def covers(units: list[Json], scope: str, scope_id: str | None) -> bool:
    """Whether one of the units is this one, or holds it."""
    held = {(unit["scope"], unit["scope_id"]) for unit in units}
    region = REGIONS.get(scope_id or "")
    return bool(held & {(scope, scope_id), ("national", None), ("regional", region)})


async def rights(caller: Caller) -> Any:
    return (await caller.ok("GET", "/api/me/"))["may"]


@pytest.mark.parametrize(
    "authors", [("regional_admin",), ("chapter_admin",), ("regional_admin", "chapter_admin")]
)
async def test_who_may_author_a_unit_makes_its_courses(world: World, authors: tuple[str, ...]) -> None:
    organization = {"name": "A", "timezone": "UTC", "authoring_roles": ["national_admin", *authors]}
    await world.directory.ok("PUT", f"/api/directory/organizations/{world.id}/", organization)
    for roles in ROLES:
        caller = world.call_as("pat", *roles)
        may = await rights(caller)
        for scope, scope_id in UNITS:
            made = await caller("POST", "/api/courses/", {"title": "T", "scope": scope, "scope_id": scope_id})
            expected = 201 if covers(may["author"], scope, scope_id) else 403
            assert made.status_code == expected, (roles, scope, scope_id)


async def test_who_administers_a_unit_sees_its_members(world: World) -> None:
    course = await world.course(publish=True)
    await world.admin.ok("POST", f"/api/courses/{course['id']}/assign/", {"user_ids": list(HOMES)})
    for roles in ROLES:
        caller = world.call_as("pat", *roles)
        may = await rights(caller)
        listed = await caller("GET", "/api/enrollments/")
        named = any(role.partition(":")[0].endswith("admin") for role in roles)
        assert listed.status_code == (200 if named else 403), roles
        seen = {one["user_id"] for one in listed.json()["items"]} if named else set()
        promised = {user for user, home in HOMES.items() if covers(may["administer"], "chapter", home)}
        assert seen == promised, roles
        queue = await caller("GET", "/api/learning/grading/pending/")
        assert queue.status_code == (200 if may["grade"] else 403), roles


async def test_the_broadest_unit_stands_for_those_inside_it(world: World) -> None:
    both = await rights(world.call_as("pat", "chapter_admin:n1", "regional_admin:north", "chapter_admin:s1"))
    units = [{"scope": "regional", "scope_id": "north"}, {"scope": "chapter", "scope_id": "s1"}]
    assert both == {"author": units[:1], "administer": units, "grade": False}
    everything = [{"scope": "national", "scope_id": None}]
    national = await rights(
        world.call_as("pat", "chapter_admin:n1", "regional_admin:north", "national_admin")
    )
    assert national == {"author": everything, "administer": everything, "grade": True}
    assert await rights(world.member()) == {"author": [], "administer": [], "grade": False}


async def test_who_grades_one_course_may_grade(world: World) -> None:
    course = await world.course()
    await world.admin.ok("PUT", f"/api/courses/{course['id']}/graders/bob/")
    assert (await rights(world.member("bob")))["grade"] is True
    assert (await rights(world.member("ana")))["grade"] is False
    await world.admin.ok("PUT", f"/api/courses/{course['id']}/graders/outsider/")
    graders = (await world.admin.ok("GET", f"/api/courses/{course['id']}/graders/"))["items"]
    bob = (await world.admin.ok("GET", "/api/directory/members/bob/"))["display_name"]
    assert [(one["user_id"], one["display_name"]) for one in graders] == [("bob", bob), ("outsider", None)]


ACTORS = {
    "member": ("ana", ()),
    "chapter admin": ("chair", ("chapter_admin:n1",)),
    "regional admin": ("nora", ("regional_admin:north",)),
    "national admin": ("boss", ("national_admin",)),
    "author": ("chair", ("chapter_admin:n1",)),
    "grader": ("gil", ("grader",)),
}


@pytest.mark.parametrize("actor", ACTORS)
async def test_every_call_lets_in_whom_may_names(world: World, actor: str) -> None:
    """docs/authorization.md says who gets into each call, and is tried by the matrix; `may` must say the same."""
    roles = ["national_admin", "regional_admin"] + (["chapter_admin"] if actor == "author" else [])
    organization = {"name": "A", "timezone": "UTC", "authoring_roles": roles}
    await world.directory.ok("PUT", f"/api/directory/organizations/{world.id}/", organization)
    user, held = ACTORS[actor]
    may = await rights(world.call_as(user, *held))
    promised = {
        "author": bool(may["author"]),
        "grader": may["grade"],
        "admin": any(unit["scope"] != "chapter" for unit in may["administer"]),
        "admin over the members": bool(may["administer"]),
        "admin over the member": bool(may["administer"]),
        "author of the course": covers(may["author"], "chapter", "n1"),
        "grader of the course": may["grade"],
        "national_admin": {"scope": "national", "scope_id": None} in may["administer"],
    }
    told = [row for row in read_table() if row.permission in promised]
    assert len(told) > 40
    for row in told:
        # The rules of the matrix are a national administrator's: others may see them, and no more.
        if promised[row.permission] and row.path.startswith("/api/assignment-rules/"):
            continue
        assert _lets_in(row, actor) == promised[row.permission], row.route


def _lets_in(row: Row, actor: str) -> bool:
    return row.cells[actor][0] == LET_IN

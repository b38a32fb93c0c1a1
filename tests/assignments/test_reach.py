"""What administrators see and undo of rules and runs that reach beyond their own members."""

from tests.kit.assignments import RULES, enrolled, rule
from tests.kit.world import Json, World


async def run_of(world: World, made: Json) -> str:
    """A finished run of the rule, by the national administrator; its path."""
    started = await world.admin.ok("POST", f"{RULES}{made['id']}/run/")
    await world.run_jobs()
    return f"{RULES}runs/{started['run_id']}/"


async def test_a_preview_shows_and_counts_only_whom_the_caller_administers(world: World) -> None:
    course = await world.course()
    made = await rule(world, course)
    await world.member("bob").ok("POST", f"/api/courses/{course['id']}/enroll/")
    await world.member("dan").ok("POST", f"/api/courses/{course['id']}/enroll/")
    path = f"{RULES}{made['id']}/preview/"
    north = world.call_as("nadia", "regional_admin:north")
    both = world.call_as("benno", "regional_admin:north", "regional_admin:south")
    expected = {"matches": 3, "would_assign": 2, "already_enrolled": 1, "sample": ["ana", "cyd"]}
    assert await north.ok("POST", path) == expected
    assert (await both.ok("POST", path))["matches"] == 5
    assert (await world.admin.ok("POST", path))["sample"] == ["ana", "cyd", "eve"]


async def test_a_runs_figures_are_of_whom_the_caller_administers(world: World) -> None:
    course = await world.course()
    made = await rule(world, course)
    run = await run_of(world, made)
    north = world.call_as("nadia", "regional_admin:north")
    officer = world.call_as("otto", "chapter_admin:n2")
    unknown = {"matches": None, "already_enrolled": None, "undone": None}
    figures = ("assigned", *unknown)
    seen = await north.ok("GET", run)
    assert {name: seen[name] for name in figures} == {"assigned": 3, **unknown}
    [listed] = (await north.ok("GET", f"{RULES}{made['id']}/runs/"))["items"]
    assert listed == seen
    assert (await officer.ok("GET", run))["assigned"] == 1
    whole = await world.admin.ok("GET", run)
    assert [whole[name] for name in figures] == [5, 5, 0, 0]


async def test_undoing_leaves_who_has_moved_out_of_the_callers_reach(world: World) -> None:
    course = await world.course()
    north = world.call_as("nadia", "regional_admin:north")
    body = {"course_id": course["id"], "trigger": "manual", "audience_filter": {}}
    made = await north.ok("POST", RULES, body)
    run = await run_of(world, made)
    assert await enrolled(world, course) == ["ana", "bob", "cyd"]
    await world.add_member("cyd", "s1")
    assert (await north.ok("POST", f"{run}undo/"))["undone"] == 2
    assert await enrolled(world, course) == ["cyd"]
    second = await run_of(world, made)
    await world.add_member("bob", "s1")
    assert (await world.admin.ok("POST", f"{second}undo/"))["undone"] == 2
    assert await enrolled(world, course) == ["cyd"], "who administers everybody takes back all of it"

"""Runs that assign a program: what administrators of some of its members see of them, and what undoing takes back."""

from tests.kit.assignments import RULES
from tests.kit.learner import Learner, lesson, tree
from tests.kit.programs import PROGRAMS, course, program
from tests.kit.renewals import mine
from tests.kit.world import Json, World

NOT_TOLD = {"matches": None, "already_enrolled": None, "undone": None}


async def published(world: World, *courses: str) -> str:
    """A published program with each of these courses as a step."""
    made = await world.admin.ok("POST", PROGRAMS, program(*courses))
    await world.admin.ok("POST", f"{PROGRAMS}{made['id']}/publish/")
    found: str = made["id"]
    return found


async def run_of(world: World, program_id: str) -> tuple[str, str]:
    """A finished run over all members by a rule of the program; the rule and the run."""
    body = {"program_id": program_id, "trigger": "manual", "audience_filter": {}}
    made = await world.admin.ok("POST", RULES, body)
    started = await world.admin.ok("POST", f"{RULES}{made['id']}/run/")
    await world.run_jobs()
    return made["id"], started["run_id"]


async def test_a_runs_figures_are_of_whom_the_caller_administers(world: World) -> None:
    made = await published(world, await course(world))
    rule, run = await run_of(world, made)
    path = f"{RULES}runs/{run}/"
    north = world.call_as("nadia", "regional_admin:north")
    seen = await north.ok("GET", path)
    assert seen == {**seen, "program_id": made, "course_id": None, "assigned": 3, **NOT_TOLD}
    assert (await north.ok("GET", f"{RULES}{rule}/runs/"))["items"] == [seen]
    assert (await world.call_as("otto", "chapter_admin:n2").ok("GET", path))["assigned"] == 1
    whole = await world.admin.ok("GET", path)
    assert (whole["matches"], whole["assigned"], whole["already_enrolled"]) == (5, 5, 0)


async def test_runs_of_every_kind_tell_no_more(world: World) -> None:
    _, run = await run_of(world, await published(world, await course(world)))
    north = world.call_as("nadia", "regional_admin:north")
    seen: Json = await north.ok("GET", f"/api/runs/{run}/")
    assert (seen["total"], seen["done"], seen["skipped"]) == (3, 3, 0)
    whole = await world.admin.ok("GET", f"/api/runs/{run}/")
    assert (whole["total"], whole["done"], whole["skipped"]) == (5, 5, 0)


async def undone(world: World, run: str) -> int:
    """Undo a run; how many members lost the program."""
    await world.admin.ok("POST", f"{RULES}runs/{run}/undo/")
    await world.run_jobs()
    found: int = (await world.admin.ok("GET", f"{RULES}runs/{run}/"))["undone"]
    return found


async def has(world: World, user: str) -> tuple[int, set[str]]:
    """How many programs the member has, and which courses."""
    programs = (await world.member(user).ok("GET", "/api/users/programs/"))["items"]
    return len(programs), {entry["course_id"] for entry in await mine(world, user)}


async def test_undoing_takes_back_what_the_program_has_assigned(world: World) -> None:
    one, two, three = [await course(world, title) for title in ("One", "Two", "Three")]
    _, run = await run_of(world, await published(world, one, two, three))
    assert await has(world, "ana") == (1, {one, two, three})
    await world.admin.ok("POST", f"/api/courses/{two}/assign/", {"user_ids": ["ana"]})
    at = await Learner.join(world.member("bob"), one, enroll=False)
    await at.read()
    [left] = [entry for entry in await mine(world, "cyd") if entry["course_id"] == three]
    await world.admin.ok("POST", f"/api/enrollments/{left['id']}/withdraw/", {"reason": "Ill"})
    assert await undone(world, run) == 4
    assert await has(world, "ana") == (0, {two}), "somebody has assigned it as well"
    assert await has(world, "bob") == (1, {one, two, three}), "they have begun"
    assert await has(world, "cyd") == (0, set()), "what was withdrawn was not begun"
    assert await has(world, "dan") == (0, set())


async def test_a_course_that_is_begun_keeps_the_program(world: World) -> None:
    one = await world.course(tree(lesson(), lesson(), title="Two lessons"))
    _, run = await run_of(world, await published(world, one["id"], await course(world)))
    ana = world.member()
    shown = await ana.ok("GET", f"/api/courses/{one['id']}/modules/")
    await ana.ok("POST", f"/api/lessons/{shown['items'][0]['items'][0]['id']}/complete/")
    assert await undone(world, run) == 4
    assert (await has(world, "ana"))[0] == 1


async def test_what_another_run_of_the_program_has_assigned_stays(world: World) -> None:
    one = await course(world)
    made = await published(world, one)
    (_, first), (_, second) = await run_of(world, made), await run_of(world, made)
    assert await undone(world, first) == 0
    assert await has(world, "ana") == (1, {one})
    assert await undone(world, second) == 5
    assert await has(world, "ana") == (0, set())

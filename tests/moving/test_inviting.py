"""Learners who are invited to a new version decide themselves."""

from tests.kit.moving import course_tree, edited, enters, items_of, publishes, reads, takes, view_of
from tests.kit.world import Caller, Json, World


async def _invited(world: World) -> tuple[Json, Caller, str]:
    course = await world.course(course_tree())
    ana = await enters(world, course)
    await reads(ana, course, "What it is", "What to do")
    tree = await edited(world, course)
    tree["modules"][0]["items"][2]["body_html"] = "<p>Act otherwise.</p>"
    made = await publishes(world, course, tree, open_enrollments="invite")
    assert "run_id" not in made
    own = (await ana.ok("GET", "/api/users/enrollments/"))["items"][0]["id"]
    return course, ana, f"/api/users/enrollments/{own}/move/"


async def test_who_accepts_keeps_what_is_the_same(world: World) -> None:
    course, ana, path = await _invited(world)
    await world.run_jobs()
    assert (await view_of(ana, course))["version"] == 1
    [told] = (await ana.ok("GET", "/api/users/notifications/"))["items"]
    assert (told["kind"], path) == ("invited", f"/api/users/enrollments/{told['enrollment_id']}/move/")
    progress = await ana.ok("POST", path)
    assert progress["items_completed"] == 1
    view = await view_of(ana, course)
    assert view["version"] == 2
    assert items_of(view)["What to do"]["completed_at"] is None
    told = (await ana.ok("GET", "/api/users/notifications/"))["items"]
    assert [(one["kind"], one["kept"], one["lost"]) for one in told] == [("migrated", 1, 1)]
    entries = (await world.admin.ok("GET", f"/api/audit/?course_id={course['id']}"))["items"]
    assert "enrollment.moved" in {one["action"] for one in entries}
    again = await ana("POST", path)
    assert (again.status_code, again.json()["code"]) == (409, "not-invited")


async def test_who_does_not_want_finishes_what_they_have(world: World) -> None:
    course, ana, path = await _invited(world)
    await takes(ana, course)
    assert (await takes(ana, course, "Final"))["enrollment"]["status"] == "completed"
    assert (await ana("POST", path)).json()["code"] == "not-invited"
    kinds = {one["kind"] for one in (await ana.ok("GET", "/api/users/notifications/"))["items"]}
    assert "invited" not in kinds


async def test_an_attempt_under_way_comes_first(world: World) -> None:
    course, ana, path = await _invited(world)
    check = items_of(await view_of(ana, course))["Check"]["id"]
    await ana.ok("POST", f"/api/quizzes/{check}/attempts/")
    refused = await ana("POST", path)
    assert (refused.status_code, refused.json()["code"]) == (409, "cannot-move")
    assert (await view_of(ana, course))["version"] == 1


async def test_only_those_who_are_invited(world: World) -> None:
    course, ana, path = await _invited(world)
    assert (await world.member("bob")("POST", path)).status_code == 404
    assert (await world.admin("POST", path)).status_code in (403, 404)
    await publishes(world, course, await edited(world, course) | {"title": "Third"})
    refused = await ana("POST", path)
    assert (refused.status_code, refused.json()["code"]) == (409, "not-invited")

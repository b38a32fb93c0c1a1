"""The attempts of an enrollment, as administrators and graders list them."""

from fastapi import FastAPI
from tests.kit.fields import random_id
from tests.kit.learner import Learner, final, lesson, quiz, tree
from tests.kit.query_counts import counted
from tests.kit.world import World


async def entered(world: World) -> Learner:
    ana = await Learner.enter(world, tree(quiz(), lesson(), assessment=final(time_limit_seconds=600)), "ana")
    await ana.submit(correct=0)
    await ana.submit(correct=1)
    await ana.start("Final")
    return ana


async def test_they_are_named_and_tell_no_keys(world: World) -> None:
    ana = await entered(world)
    path = f"/api/enrollments/{ana.enrollment_id}/attempts/"
    response = await world.admin("GET", path)
    items = response.json()["items"]
    assert [
        (one["title"], one["kind"], one["number"], one["status"], one["score"], one["passed"])
        for one in items
    ] == [
        ("Q", "quiz", 1, "graded", 0, False),
        ("Q", "quiz", 2, "graded", 100, True),
        ("Final", "assessment", 1, "in_progress", None, None),
    ]
    assert [one["quiz_id"] for one in items] == [ana.ids["Q"], ana.ids["Q"], ana.ids["Final"]]
    assert items[2]["deadline_at"] is not None
    assert items[2]["submitted_at"] is None
    assert items[0]["submitted_at"] is not None
    for word in ("answers", "is_correct", "responses", "questions", "layout", "marks"):
        assert word not in response.text


async def test_they_come_in_pages(world: World) -> None:
    ana = await entered(world)
    path = f"/api/enrollments/{ana.enrollment_id}/attempts/"
    whole = (await world.admin.ok("GET", path))["items"]
    page = await world.admin.ok("GET", f"{path}?limit=2")
    rest = await world.admin.ok("GET", f"{path}?limit=2&cursor={page['next_cursor']}")
    assert page["items"] + rest["items"] == whole
    assert rest["next_cursor"] is None
    assert (await world.admin("GET", f"{path}?kind=quiz")).status_code == 422


async def test_they_reach_as_far_as_the_enrollment_and_its_graders(world: World) -> None:
    ana = await entered(world)
    path = f"/api/enrollments/{ana.enrollment_id}/attempts/"
    await world.admin("PUT", f"/api/courses/{ana.course}/graders/eve/")
    other = (await world.course())["id"]
    await world.admin("PUT", f"/api/courses/{other}/graders/dan/")
    for caller, status in (
        (world.call_as("g", "grader"), 200),
        (world.member("eve"), 200),
        (world.member("dan"), 404),
        (world.member("ana"), 403),
        (world.call_as("c", "chapter_admin:n1"), 200),
        (world.call_as("c", "chapter_admin:n2"), 404),
        (world.call_as("r", "regional_admin:north"), 200),
        (world.call_as("r", "regional_admin:south"), 404),
    ):
        assert (await caller("GET", path)).status_code == status, caller.user
    assert (await world.admin("GET", f"/api/enrollments/{random_id()}/attempts/")).status_code == 404


async def test_it_is_three_statements(app: FastAPI, world: World) -> None:
    ana = await entered(world)
    await world.admin("PUT", f"/api/courses/{ana.course}/graders/eve/")
    for caller in (world.admin, world.member("eve")):
        with counted(app) as statements:
            await caller.ok("GET", f"/api/enrollments/{ana.enrollment_id}/attempts/")
        assert len(statements) <= 3, statements

"""What follows a move: learners are told, graders go on, authors do it while they publish."""

from tests.kit.moving import (
    course_tree,
    edited,
    enters,
    forecast,
    items_of,
    moves,
    other_question,
    publishes,
    reads,
    takes,
    view_of,
)
from tests.kit.world import Caller, Json, World

ESSAY = {"type": "free_form", "prompt_html": "<p>Why?</p>", "points": 1}


async def test_the_member_is_told_what_is_kept(world: World) -> None:
    course = await world.course(course_tree())
    ana = await enters(world, course)
    await reads(ana, course, "What it is", "What to do")
    await takes(ana, course)
    tree = await edited(world, course)
    tree["modules"][0]["items"][1]["questions"].append(other_question())
    await publishes(world, course, tree)
    await moves(world, course)
    [told] = (await ana.ok("GET", "/api/users/notifications/"))["items"]
    assert (told["kind"], told["kept"], told["lost"]) == ("migrated", 2, 1)
    assert told["course_id"] == course["id"]
    entries = (await world.admin.ok("GET", f"/api/audit/?course_id={course['id']}"))["items"]
    assert {"migration.started", "migration.finished"} <= {one["action"] for one in entries}


async def test_publishing_may_move_those_who_are_under_way(world: World) -> None:
    course = await world.course(course_tree())
    ana = await enters(world, course)
    left = await publishes(world, course, await edited(world, course) | {"title": "Two"})
    assert "run_id" not in left
    assert (await view_of(ana, course))["version"] == 1
    made = await publishes(
        world, course, await edited(world, course) | {"title": "Three"}, open_enrollments="migrate"
    )
    await world.run_jobs()
    run = await world.admin.ok("GET", f"/api/runs/{made['run_id']}/")
    assert (run["status"], run["done"]) == ("done", 1)
    assert (await view_of(ana, course))["version"] == 3


async def test_what_waits_for_a_grader_goes_along(world: World) -> None:
    course, ana, attempt = await _handed_in(world)
    tree = await edited(world, course)
    await publishes(world, course, tree | {"title": "New"})
    await moves(world, course)
    view = await view_of(ana, course)
    assert view["enrollment"]["awaiting_review"]
    [response] = (await world.admin.ok("GET", "/api/learning/grading/pending/"))["items"]
    assert response["decides"]
    grade = {"points": 1}
    await world.admin.ok("POST", f"/api/learning/grading/{response['response_id']}/", grade)
    assert (await view_of(ana, course))["enrollment"]["status"] == "completed"
    assert (await ana.ok("GET", f"/api/attempts/{attempt}/"))["passed"]


async def test_what_is_lost_may_be_graded_and_decides_nothing(world: World) -> None:
    course, ana, attempt = await _handed_in(world)
    tree = await edited(world, course)
    tree["modules"][0]["items"][1]["questions"].append(other_question())
    await publishes(world, course, tree)
    assert (await forecast(world, course))["kept_items"] == 1
    await moves(world, course)
    [response] = (await world.admin.ok("GET", "/api/learning/grading/pending/"))["items"]
    assert not response["decides"]
    await world.admin.ok("POST", f"/api/learning/grading/{response['response_id']}/", {"points": 1})
    shown = await ana.ok("GET", f"/api/attempts/{attempt}/")
    assert (shown["status"], shown["passed"]) == ("graded", True)
    view = await view_of(ana, course)
    assert view["enrollment"]["status"] == "in_progress"
    assert not items_of(view)["Check"]["passed"]
    listed = await world.admin.ok("GET", f"/api/enrollments/{view['enrollment']['id']}/attempts/")
    assert [one["attempt_id"] for one in listed["items"]] == [attempt]
    exported = await ana("GET", "/api/users/export/")
    assert attempt in exported.text


async def _handed_in(world: World) -> tuple[Json, Caller, str]:
    tree = course_tree(assessment=None)
    tree["modules"][0]["items"][1]["questions"] = [ESSAY]
    del tree["modules"][0]["items"][2]
    course = await world.course(tree)
    ana = await enters(world, course)
    await reads(ana, course, "What it is")
    check = items_of(await view_of(ana, course))["Check"]
    shown = await ana.ok("GET", f"/api/quizzes/{check['id']}/")
    given = [{"question_id": shown["questions"][0]["id"], "text": "Because."}]
    answer = await ana.ok("POST", f"/api/quizzes/{check['id']}/submit/", {"responses": given})
    assert answer["status"] == "pending_review"
    return course, ana, answer["attempt_id"]

"""Open enrollments move to another version and keep what is the same there."""

import uuid
from datetime import datetime

from tests.kit.moving import (
    course_tree,
    edited,
    enters,
    forecast,
    items_of,
    moves,
    other_question,
    path_of,
    publishes,
    reads,
    takes,
    view_of,
)
from tests.kit.world import Json, World, choice

from learning_service.worker.jobs.enrollments import move_waiting_enrollments


async def test_what_is_the_same_is_kept(world: World) -> None:
    course = await world.course(course_tree())
    ana = await enters(world, course)
    await reads(ana, course, "What it is", "What to do")
    await takes(ana, course, right=False)
    await takes(ana, course)
    before = items_of(await view_of(ana, course))
    tree = await edited(world, course)
    tree["modules"][0]["items"][2]["body_html"] = "<p>Act otherwise.</p>"
    await publishes(world, course, tree)

    said = await forecast(world, course)
    lesson = before["What to do"]
    assert (said["enrollments"], said["kept_items"], said["would_complete"]) == (1, 2, 0)
    assert said["lost_items"] == [{"key": lesson["key"], "title": "What to do", "enrollments": 1}]
    assert (await view_of(ana, course))["version"] == 1

    run = await moves(world, course)
    assert (run["kind"], run["total"], run["done"], run["skipped"]) == ("migration", 1, 1, 0)
    view = await view_of(ana, course)
    items = items_of(view)
    assert view["version"] == 2
    assert _moment(items["What it is"]) == _moment(before["What it is"])
    assert items["What to do"]["completed_at"] is None
    assert (items["Check"]["attempts_used"], items["Check"]["passed"]) == (2, True)
    assert items["Check"]["id"] != before["Check"]["id"]
    attempts = (await ana.ok("GET", f"/api/quizzes/{items['Check']['id']}/"))["attempts"]
    assert [one["number"] for one in attempts] == [1, 2]
    seen = await ana.ok("GET", f"/api/attempts/{attempts[1]['attempt_id']}/")
    question = seen["questions"][0]
    assert seen["responses"][0]["question_id"] == question["id"]
    assert {a["id"] for a in question["answers"]} >= set(seen["responses"][0]["answer_ids"])

    await reads(ana, course, "What to do")
    assert (await takes(ana, course, "Final"))["enrollment"]["status"] == "completed"


def _moment(item: Json) -> datetime:
    return datetime.fromisoformat(item["completed_at"])


async def test_a_quiz_that_changed_in_scoring_is_taken_again_with_all_its_attempts(world: World) -> None:
    course = await world.course(course_tree())
    ana = await enters(world, course)
    await takes(ana, course, right=False)
    passed = await takes(ana, course)
    tree = await edited(world, course)
    tree["modules"][0]["items"][1]["questions"].append(other_question())
    await publishes(world, course, tree)
    await moves(world, course)
    check = items_of(await view_of(ana, course))["Check"]
    assert (check["attempts_used"], check["passed"], check["best_score"]) == (0, False, None)
    for _ in range(2):
        await takes(ana, course, right=False)
    assert (await takes(ana, course))["passed"]
    # What was done before stays to be seen.
    old = await ana.ok("GET", f"/api/attempts/{passed['attempt_id']}/")
    assert (old["number"], old["passed"]) == (2, True)


async def test_titles_places_and_conditions_lose_nothing(world: World) -> None:
    course = await world.course(course_tree())
    ana = await enters(world, course)
    await reads(ana, course, "What it is")
    await takes(ana, course, right=False)
    tree = await edited(world, course)
    tree["title"] = "Another title"
    lesson, quiz, _ = tree["modules"][0]["items"]
    lesson["title"], quiz["title"], quiz["max_attempts"] = "New", "Test", 5
    tree["modules"][0]["items"].reverse()
    tree["modules"].append({"title": "More", "items": [tree["modules"][0]["items"].pop()]})
    await publishes(world, course, tree)
    said = await forecast(world, course)
    assert (said["kept_items"], said["lost_items"]) == (2, [])
    await moves(world, course)
    items = items_of(await view_of(ana, course))
    assert items["New"]["completed_at"] is not None
    assert (items["Test"]["attempts_used"], items["Test"]["max_attempts"]) == (1, 5)


async def test_who_has_done_all_that_is_left_is_completed(world: World) -> None:
    course = await world.course(course_tree())
    ana, bob = await enters(world, course), await enters(world, course, "bob")
    await reads(ana, course, "What it is")
    await takes(ana, course)
    await takes(ana, course, "Final")
    await takes(bob, course, "Final")
    tree = await edited(world, course)
    del tree["modules"][0]["items"][2]
    await publishes(world, course, tree)
    assert (await forecast(world, course))["would_complete"] == 1
    run = await moves(world, course)
    assert run["done"] == 2
    shown = await ana.ok("GET", "/api/users/enrollments/")
    assert [(e["status"], e["version"]) for e in shown["items"]] == [("completed", 2)]
    assert (await bob.ok("GET", "/api/users/enrollments/"))["items"][0]["status"] == "in_progress"
    assert len((await ana.ok("GET", "/api/users/certificates/"))["items"]) == 1


async def test_nobody_fails_by_it(world: World) -> None:
    course = await world.course(
        course_tree(assessment={"title": "Final", "pass_score": 50, "questions": [choice(), choice("2")]})
        | {"pass_score": 50, "assessment": None}
    )
    ana = await enters(world, course)
    for _ in range(2):
        await takes(ana, course, right=False)
    tree = await edited(world, course)
    tree["modules"][0]["items"][1]["max_attempts"] = 2
    await publishes(world, course, tree)
    said = await forecast(world, course)
    assert (said["enrollments"], said["staying"]) == (0, 1)
    run = await moves(world, course)
    assert (run["done"], run["skipped"]) == (0, 1)
    assert (await view_of(ana, course))["version"] == 1
    assert (await ana.ok("GET", "/api/users/enrollments/"))["items"][0]["status"] == "in_progress"


async def test_an_attempt_under_way_is_waited_for(world: World) -> None:
    course = await world.course(course_tree())
    ana = await enters(world, course)
    check = items_of(await view_of(ana, course))["Check"]
    attempt = await ana.ok("POST", f"/api/quizzes/{check['id']}/attempts/")
    await publishes(world, course, await edited(world, course) | {"title": "New"})
    assert (await forecast(world, course))["waiting"] == 1
    run = await moves(world, course)
    assert (run["done"], run["skipped"]) == (0, 1)
    [question] = attempt["questions"]
    right = [a["id"] for a in question["answers"] if a["text"] == "right"]
    given = {"responses": [{"question_id": question["id"], "answer_ids": right}]}
    await ana.ok("PATCH", f"/api/attempts/{attempt['attempt_id']}/", given)
    result = await ana.ok("POST", f"/api/quizzes/{check['id']}/submit/", {"responses": []})
    assert result["passed"]
    await world.run_jobs()
    await _sweep(world)
    view = await view_of(ana, course)
    assert (view["version"], items_of(view)["Check"]["passed"]) == (2, True)
    assert (await world.admin.ok("GET", f"/api/runs/{run['run_id']}/"))["done"] == 1


async def _sweep(world: World) -> None:
    await move_waiting_enrollments(world.worker, None)


async def test_only_what_was_asked_for_moves(world: World) -> None:
    course = await world.course(course_tree())
    ana, bob = await enters(world, course), await enters(world, course, "bob")
    tree = await edited(world, course)
    await publishes(world, course, tree | {"title": "Two"})
    cyd = await enters(world, course, "cyd")
    await publishes(world, course, tree | {"title": "Three"})
    own = (await ana.ok("GET", "/api/users/enrollments/"))["items"][0]["id"]
    await moves(world, course, 3, enrollment_ids=[own])
    assert [(await view_of(one, course))["version"] for one in (ana, bob, cyd)] == [3, 1, 2]
    await moves(world, course, 3, from_versions=[2])
    assert [(await view_of(one, course))["version"] for one in (ana, bob, cyd)] == [3, 1, 3]
    await moves(world, course, 1)
    assert [(await view_of(one, course))["version"] for one in (ana, bob, cyd)] == [1, 1, 1]


async def test_what_cannot_be_moved_is_refused(world: World) -> None:
    course = await world.course(course_tree())
    other = await world.course(course_tree())
    ana = await enters(world, other)
    foreign = (await ana.ok("GET", "/api/users/enrollments/"))["items"][0]["id"]
    tree = await edited(world, course)
    path = f"/api/courses/{course['id']}"
    await world.admin.ok("PUT", f"{path}/draft/", tree | {"title": "Draft"}, headers={"If-Match": "*"})
    for number in (2, 3):
        assert (await world.admin("POST", path_of(course, number), {})).status_code == 404
    refused: tuple[Json, ...] = (
        {"from_versions": [1]},
        {"from_versions": [2]},
        {"from_versions": []},
        {"from_versions": [0]},
        {"from_versions": ["1"]},
        {"enrollment_ids": [foreign]},
        {"enrollment_ids": [str(uuid.uuid4())]},
        {"enrollment_ids": []},
        {"dry_run": "yes"},
        {"more": 1},
    )
    for asked in refused:
        assert (await world.admin("POST", path_of(course, 1), asked)).status_code == 422, asked
    assert (await ana("POST", path_of(other, 1), {})).status_code == 403
    stranger = world.call_as("rita", "regional_admin:south")
    assert (await stranger("POST", path_of(course, 1), {})).status_code in (403, 404)


async def test_all_move_where_nothing_is_asked(world: World) -> None:
    course = await world.course(course_tree())
    ana = await enters(world, course)
    await publishes(world, course, await edited(world, course) | {"title": "New"})
    assert (await world.admin("POST", path_of(course))).status_code == 202
    await world.run_jobs()
    assert (await view_of(ana, course))["version"] == 2


async def test_two_at_once_are_refused(world: World) -> None:
    course = await world.course(course_tree())
    await enters(world, course)
    await publishes(world, course, await edited(world, course) | {"title": "New"})
    first = await world.admin("POST", path_of(course), {})
    assert first.status_code == 202
    second = await world.admin("POST", path_of(course), {})
    assert (second.status_code, second.json()["code"]) == (409, "migration-under-way")
    assert (await forecast(world, course))["enrollments"] == 1
    await world.run_jobs()
    assert (await world.admin("POST", path_of(course), {})).status_code == 202

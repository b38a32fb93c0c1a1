"""Renewals that ask only for what changed since the version last passed."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from tests.kit.both_ways import normal
from tests.kit.direct import Database, database
from tests.kit.moving import (
    course_tree,
    edited,
    enters,
    items_of,
    other_question,
    publishes,
    reads,
    takes,
    view_of,
)
from tests.kit.renewals import age, mine
from tests.kit.world import Caller, Json, World

from learning_service.domain.assignments.actions.renewals import open_renewals
from learning_service.worker.jobs.completions import open_recertifications

__all__ = ["database"]


async def _passed(world: World, database: Database, **policy: Any) -> tuple[Json, Caller]:
    """A course that ana passed 350 days ago and has to renew each year."""
    policy = {"recertification_cadence": "P1Y", "recertification": "delta", **policy}
    course = await world.course(course_tree(), **policy)
    ana = await enters(world, course)
    await reads(ana, course, "What it is", "What to do")
    await takes(ana, course)
    assert (await takes(ana, course, "Final"))["enrollment"]["status"] == "completed"
    await age(world, database, days=350)
    return course, ana


async def _mends(world: World, course: Json) -> None:
    """Another version with one lesson that says something else."""
    tree = await edited(world, course)
    tree["modules"][0]["items"][2]["body_html"] = "<p>Act otherwise.</p>"
    await publishes(world, course, tree)


async def _renews(world: World, course: Json, ana: Caller, by: str) -> None:
    if by == "job":
        await open_recertifications(world.worker, None)
    else:
        await ana.ok("POST", f"/api/courses/{course['id']}/enroll/")


@pytest.mark.parametrize("by", ["job", "learner"])
async def test_only_what_changed_is_asked_for(world: World, database: Database, by: str) -> None:
    course, ana = await _passed(world, database)
    [before] = await mine(world)
    await _mends(world, course)
    await _renews(world, course, ana, by)
    renewal = (await mine(world))[0]
    assert (renewal["source"], renewal["version"]) == ("recertification", 2)
    view = await view_of(ana, course)
    shown = items_of(view)
    assert {title: item["kept"] for title, item in shown.items()} == {
        "What it is": True,
        "Check": True,
        "What to do": False,
        "Final": True,
    }
    assert shown["Check"]["passed"]
    assert shown["Check"]["attempts_used"] == 0
    assert shown["What to do"]["completed_at"] is None
    progress = (await ana.ok("GET", "/api/users/enrollments/progress/"))["items"]
    [row] = [one for one in progress if one["enrollment_id"] == renewal["id"]]
    assert (row["items_completed"], row["next_item"]["title"]) == (3, "What to do")
    await reads(ana, course, "What to do")
    after, old = await mine(world)
    assert (after["status"], after["score"]) == ("completed", 100)
    assert datetime.now(UTC) - datetime.fromisoformat(after["completed_at"]) < timedelta(hours=1)
    assert after["certificate_id"] != old["certificate_id"]
    # What was is as it was.
    assert old == before


async def test_kept_items_are_shown_alike_by_every_way(world: World, database: Database) -> None:
    """The page of modules is written by a shorter way where a course has no order; both ways say the same."""
    course, ana = await _passed(world, database)
    await _mends(world, course)
    await open_recertifications(world.worker, None)
    free = normal(items_of(await view_of(ana, course)))
    await world.admin.ok("PATCH", f"/api/courses/{course['id']}/", {"sequence": "ordered"})
    assert normal(items_of(await view_of(ana, course))) == free
    check = await ana.ok("GET", f"/api/quizzes/{free['Check']['id']}/")
    assert (check["kept"], check["passed"], check["attempts"]) == (True, True, [])


async def test_by_default_the_whole_course_is_asked_for(world: World, database: Database) -> None:
    course, ana = await _passed(world, database, recertification="full")
    assert course["recertification"] == "full"
    await _mends(world, course)
    await open_recertifications(world.worker, None)
    shown = items_of(await view_of(ana, course)).values()
    assert [item["completed_at"] for item in shown] == [None] * 4
    assert not any(item["kept"] for item in shown)


@pytest.mark.parametrize("changed", ["nothing", "a title"])
async def test_where_nothing_changed_the_whole_course_is_asked_for(
    world: World, database: Database, changed: str
) -> None:
    course, ana = await _passed(world, database)
    if changed == "a title":
        tree = await edited(world, course)
        tree["modules"][0]["items"][0]["title"] = "What it was"
        await publishes(world, course, tree)
    await open_recertifications(world.worker, None)
    shown = items_of(await view_of(ana, course)).values()
    assert [item["completed_at"] for item in shown] == [None] * 4
    assert [one["status"] for one in await mine(world)] == ["assigned", "completed"]


async def test_a_quiz_that_changed_in_scoring_is_taken_again(world: World, database: Database) -> None:
    course, ana = await _passed(world, database)
    tree = await edited(world, course)
    tree["modules"][0]["items"][1]["questions"].append(other_question())
    await publishes(world, course, tree)
    await open_recertifications(world.worker, None)
    shown = items_of(await view_of(ana, course))
    assert {title for title, item in shown.items() if item["kept"]} == {"What it is", "What to do", "Final"}
    assert not (await takes(ana, course, right=False))["passed"]
    assert (await takes(ana, course))["enrollment"]["status"] == "completed"


async def test_a_second_renewal_keeps_what_the_first_kept(world: World, database: Database) -> None:
    course, ana = await _passed(world, database)
    await _mends(world, course)
    await open_recertifications(world.worker, None)
    await reads(ana, course, "What to do")
    await age(world, database, days=366)
    tree = await edited(world, course)
    tree["modules"][0]["items"][0]["body_html"] = "<p>It is something else.</p>"
    await publishes(world, course, tree)
    await open_recertifications(world.worker, None)
    shown = items_of(await view_of(ana, course))
    assert {title for title, item in shown.items() if not item["kept"]} == {"What it is"}
    await reads(ana, course, "What it is")
    assert [one["status"] for one in await mine(world)] == ["completed"] * 3


async def test_a_kept_quiz_may_be_taken_again_and_nothing_is_lost(world: World, database: Database) -> None:
    """Not by a worse attempt, and not when its key is corrected afterwards."""
    course, ana = await _passed(world, database)
    await _mends(world, course)
    await open_recertifications(world.worker, None)
    assert not (await takes(ana, course, right=False))["passed"]
    check = items_of(await view_of(ana, course))["Check"]
    assert (check["attempts_used"], check["passed"], check["best_score"]) == (1, True, 100)
    # A count as it is made anew from the attempts, by every correction of a mark.
    detail = await ana.ok("GET", f"/api/quizzes/{check['id']}/")
    attempt = await ana.ok("GET", f"/api/attempts/{detail['attempts'][0]['attempt_id']}/")
    question = attempt["questions"][0]["id"]
    grader = world.call_as("grace", "grader")
    said = {"question_id": question, "points": 0, "reason": "Not this one."}
    await grader.ok("POST", f"/api/attempts/{attempt['attempt_id']}/overrides/", said)
    check = items_of(await view_of(ana, course))["Check"]
    assert (check["passed"], check["best_score"]) == (True, 100)
    await reads(ana, course, "What to do")
    assert (await mine(world))[0]["status"] == "completed"


async def test_a_job_that_was_killed_keeps_it_the_next_time(world: World, database: Database) -> None:
    course, ana = await _passed(world, database)
    await _mends(world, course)
    async with world.worker.transaction(None) as session:
        assert await open_renewals(session) == 1
    assert not items_of(await view_of(ana, course))["Check"]["kept"]
    for _ in range(2):
        await open_recertifications(world.worker, None)
    assert items_of(await view_of(ana, course))["Check"]["kept"]


async def test_a_pass_in_doubt_is_not_kept(world: World, database: Database) -> None:
    course, ana = await _passed(world, database)
    await _mends(world, course)
    await database("UPDATE quiz_progress SET held_points = best_points WHERE organization_id = $1", world.id)
    await open_recertifications(world.worker, None)
    shown = items_of(await view_of(ana, course))
    assert {title for title, item in shown.items() if item["kept"]} == {"What it is"}


async def test_a_course_says_what_a_renewal_asks_for(world: World) -> None:
    course = await world.course(course_tree())
    path = f"/api/courses/{course['id']}/"
    assert (await world.admin.ok("PATCH", path, {"recertification": "delta"}))["recertification"] == "delta"
    copied = await world.admin.ok("POST", f"{path}duplicate/")
    assert copied["recertification"] == "delta"
    refused = await world.admin("PATCH", path, {"recertification": "some"})
    assert refused.status_code == 422

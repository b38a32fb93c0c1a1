"""What a member is told of their learning, and what of it is read."""

import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from fastapi import FastAPI
from tests.kit.direct import Database, database
from tests.kit.learner import Learner, lesson, quiz, tree
from tests.kit.programs import PROGRAMS, program
from tests.kit.query_counts import counted
from tests.kit.world import Caller, Json, World

from learning_service.worker.jobs.reminders import send_course_reminders

__all__ = ["database"]
PATH = "/api/users/notifications/"


async def told(caller: Caller, query: str = "") -> list[Json]:
    found: list[Json] = (await caller.ok("GET", f"{PATH}{query}"))["items"]
    return found


async def kinds(caller: Caller, query: str = "") -> list[str]:
    return [one["kind"] for one in await told(caller, query)]


async def finished(world: World) -> Learner:
    """A course that was assigned and completed, its certificate made."""
    made = await world.course(tree(lesson(), title="Told"))
    await world.admin.ok("POST", f"/api/courses/{made['id']}/assign/", {"user_ids": ["ana"]})
    at = await Learner.join(world.member(), made["id"])
    await at.read()
    await world.run_jobs()
    return at


async def test_the_newest_come_first_with_names_and_ids(world: World) -> None:
    at = await finished(world)
    ana = world.member()
    items = await told(ana)
    assert [one["kind"] for one in items] == ["certificate_ready", "completed", "assigned"]
    assert {one["title"] for one in items} == {"Told"}
    assert {one["course_id"] for one in items} == {at.course}
    [enrollment] = (await ana.ok("GET", "/api/users/enrollments/"))["items"]
    assert {one["enrollment_id"] for one in items} == {enrollment["id"]}
    assert items[0]["certificate_id"] == enrollment["certificate_id"]
    assert items[1]["at"] == enrollment["completed_at"]
    assert items[2]["at"] == enrollment["assigned_at"]
    assert not any(one["read"] for one in items)
    assert await told(world.member("bob")) == []


async def test_what_a_person_graded_and_what_failed(world: World) -> None:
    essay = quiz("E", max_attempts=1) | {
        "questions": [{"type": "free_form", "prompt_html": "Why?", "points": 5}]
    }
    at = await Learner.enter(world, tree(essay))
    assert await kinds(at.call) == [], "who enrolls knows it"
    [question] = await at.questions("E")
    sent = await at.call.ok(
        "POST", at.path("E", "submit"), {"responses": [{"question_id": question["id"], "text": "x"}]}
    )
    assert await kinds(at.call) == []
    grader = world.call_as("gil", "grader")
    [waiting] = (await grader.ok("GET", "/api/learning/grading/pending/"))["items"]
    await grader.ok("POST", f"/api/learning/grading/{waiting['response_id']}/", {"points": 0})
    items = await told(at.call)
    assert sorted(one["kind"] for one in items) == ["failed", "graded"]
    [graded] = [one for one in items if one["kind"] == "graded"]
    assert graded["attempt_id"] == sent["attempt_id"]


async def test_reading_some_and_all(world: World, other_world: World) -> None:
    await finished(world)
    ana = world.member()
    [first, second, third] = await told(ana)
    body = {"ids": [second["id"], str(uuid.uuid4())]}
    for _ in range(2):
        assert await ana.ok("POST", f"{PATH}read/", body) == {"unread": 2}
    assert [one["read"] for one in await told(ana)] == [False, True, False]
    assert [one["id"] for one in await told(ana, "?unread=true")] == [first["id"], third["id"]]
    assert [one["id"] for one in await told(ana, "?unread=false")] == [second["id"]]
    assert await ana.ok("POST", f"{PATH}read/", {"all": True}) == {"unread": 0}
    assert await told(ana, "?unread=true") == []
    made = await world.course(tree(lesson(), title="Next"))
    await world.admin.ok("POST", f"/api/courses/{made['id']}/assign/", {"user_ids": ["ana"]})
    assert [one["title"] for one in await told(ana, "?unread=true")] == ["Next"], (
        "what comes later is not read"
    )
    await world.member("bob").ok("POST", f"{PATH}read/", {"ids": [first["id"]]})
    stranger = await other_world.call_as("nobody")("GET", PATH)
    assert (stranger.status_code, stranger.json()["code"]) == (403, "not-a-member")


async def test_pages_go_on_where_the_last_one_ended(world: World) -> None:
    await finished(world)
    ana = world.member()
    whole = [one["id"] for one in await told(ana)]
    walked, cursor = [], ""
    while True:
        page = await ana.ok("GET", f"{PATH}?limit=1{cursor}")
        walked += [one["id"] for one in page["items"]]
        if page["next_cursor"] is None:
            break
        cursor = f"&cursor={page['next_cursor']}"
    assert walked == whole


@pytest.mark.parametrize(
    "body",
    [{}, {"ids": []}, {"all": False}, {"all": True, "ids": [str(uuid.uuid4())]}, {"ids": ["x"]}, {"odd": 1}],
)
async def test_what_is_to_be_read_is_said_in_one_way(world: World, body: Any) -> None:
    assert (await world.member()("POST", f"{PATH}read/", body)).status_code == 422


async def test_a_word_outside_the_closed_set_is_refused(world: World) -> None:
    assert (await world.member()("GET", f"{PATH}?unread=maybe")).status_code == 422


async def test_it_is_two_statements(app: FastAPI, world: World) -> None:
    await finished(world)
    ana = world.member()
    await told(ana)
    with counted(app) as statements:
        await told(ana, "?unread=true")
    assert len(statements) <= 2, statements


async def test_a_program_is_told_of_as_a_whole(world: World, database: Database) -> None:
    """Assigned, due soon, overdue, completed: under the program's title and its id."""
    course = (await world.course(tree(lesson(), title="Part")))["id"]
    sent = {**program(course), "due_in_days": 5}
    made = (await world.admin.ok("POST", PROGRAMS, sent))["id"]
    await world.admin.ok("POST", f"{PROGRAMS}{made}/publish/")
    await world.admin.ok("POST", f"{PROGRAMS}{made}/assign/", {"user_ids": ["ana"]})
    await world.run_jobs()
    instant = datetime.now(UTC)
    for days in (3, 8):
        await send_course_reminders(world.worker, instant + timedelta(days=days))
    # What is told lies in the past.
    await database(
        "UPDATE reminders SET claimed_at = claimed_at - interval '10 days' WHERE organization_id = $1",
        world.id,
    )
    ana = world.member()
    items = await told(ana)
    its = [one for one in items if one["course_id"] == made]
    assert {one["kind"] for one in its} == {"assigned", "due_soon", "overdue"}
    assert {one["title"] for one in its} == {"Officers"}
    await (await Learner.join(ana, course, enroll=False)).read()
    await world.run_jobs()
    items = await told(ana)
    assert [one["title"] for one in items if one["kind"] == "completed" and one["course_id"] == made] == [
        "Officers"
    ]

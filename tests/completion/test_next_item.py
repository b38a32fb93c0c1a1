"""Where a learner goes on, and all that their first screen shows, from one call."""

from typing import Any

import pytest
from fastapi import FastAPI
from tests.kit.learner import Learner, final, lesson, quiz, tree
from tests.kit.query_counts import counted
from tests.kit.world import Json, World


async def shown(at: Learner) -> Any:
    page = await at.call.ok("GET", "/api/users/enrollments/progress/")
    return next(one for one in page["items"] if one["course_id"] == at.course)


async def next_title(at: Learner) -> str | None:
    item = (await shown(at))["next_item"]
    return None if item is None else item["title"]


async def test_the_first_required_item_that_is_not_done(world: World) -> None:
    content = tree(lesson("A"), lesson("Extra", required=False), quiz("Q"), lesson("B"), assessment=final())
    at = await Learner.enter(world, content)
    assert (await shown(at))["next_item"] == {"kind": "lesson", "id": at.ids["A"], "title": "A"}
    answer = await at.read("A")
    assert answer["next_item"] == {"kind": "quiz", "id": at.ids["Q"], "title": "Q"}, (
        "of the lesson's answer too"
    )
    await at.read("B")
    await at.submit("Q", 0)
    assert await next_title(at) == "Q"
    await at.submit("Q", 1)
    assert (await shown(at))["next_item"] == {"kind": "assessment", "id": at.ids["Final"], "title": "Final"}
    await at.submit("Final", 1)
    done = await shown(at)
    assert (done["status"], done["percent"], done["next_item"]) == ("completed", 100, None)
    [enrollment] = (await at.call.ok("GET", "/api/users/enrollments/"))["items"]
    came_to = ("completed_at", "score", "certificate_id")
    assert {name: done[name] for name in came_to} == {name: enrollment[name] for name in came_to}
    assert done["score"] == 100
    assert done["certificate_id"] is not None


async def test_nothing_where_a_grader_is_waited_for_or_it_has_ended(world: World) -> None:
    essay = quiz("E", pass_score=50) | {
        "questions": [{"type": "free_form", "prompt_html": "Why?", "points": 1}]
    }
    at = await Learner.enter(world, tree(essay, lesson("A")))
    [question] = await at.questions("E")
    await at.call.ok(
        "POST", at.path("E", "submit"), {"responses": [{"question_id": question["id"], "text": "x"}]}
    )
    assert await next_title(at) == "A", "what waits is passed over"
    await at.read("A")
    waits = await shown(at)
    assert (waits["awaiting_review"], waits["next_item"]) == (True, None)
    failed = await Learner.enter(world, tree(quiz("Q", max_attempts=1), lesson("A")))
    await failed.submit("Q", 0)
    over = await shown(failed)
    assert (over["status"], over["next_item"]) == ("failed", None)


async def test_a_score_too_low_leads_to_what_can_raise_it(world: World) -> None:
    first, second = quiz("One", questions=2, max_attempts=1), quiz("Two", questions=2)
    at = await Learner.enter(world, tree(first, second, pass_score=75))
    await at.submit("One", 1)
    await at.submit("Two", 1)
    low = await shown(at)
    assert (low["status"], low["percent"]) == ("in_progress", 100)
    assert low["next_item"]["title"] == "Two", "the other has no attempts left"


async def test_an_attempt_under_way_is_gone_on_with(world: World) -> None:
    at = await Learner.enter(world, tree(quiz("Q", pass_score=0, max_attempts=1), lesson("A")))
    await at.start("Q")
    assert await next_title(at) == "Q"


@pytest.mark.parametrize("courses", [1, 4])
async def test_the_first_screen_is_three_statements(app: FastAPI, world: World, courses: int) -> None:
    contents: list[Json] = [tree(lesson(), quiz(), title=f"C{n}") for n in range(courses)]
    learners = [await Learner.enter(world, content) for content in contents]
    await learners[0].read("L")
    await learners[0].submit("Q", 1)
    await learners[0].call.ok("GET", "/api/users/enrollments/progress/")
    with counted(app) as statements:
        page = await learners[0].call.ok("GET", "/api/users/enrollments/progress/")
    assert len(page["items"]) == courses
    assert len(statements) <= 3, statements

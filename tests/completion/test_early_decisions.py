"""Outcomes decided while answers are still pending."""

from typing import Any

from tests.kit.quiz_taker import QuizTaker, essay, quiz, quiz_taker, tree
from tests.kit.world import Json, World, choice

TEXT = {"text": "Because it harms."}
RIGHT = {"texts": ["right"]}
QUEUE = "/api/learning/grading/"


async def waiting(world: World) -> list[Json]:
    items: list[Json] = (await world.admin.ok("GET", f"{QUEUE}pending/"))["items"]
    return items


async def grade(world: World, item: Json, points: float) -> Any:
    return await world.admin.ok("POST", f"{QUEUE}{item['response_id']}/", {"points": points})


async def completed_event_count(world: World, ana: QuizTaker) -> int:
    feed = await world.call_as("svc", scopes=["events:read"]).ok("GET", "/api/events/")
    return sum(e["type"] == "learning.course.completed" for e in feed["items"])


async def test_a_completion_decided_early_gets_its_score_once(world: World) -> None:
    ana = await quiz_taker(
        world, tree(quiz(choice(points=10), essay(points=2), essay("<p>Two</p>", points=1)))
    )
    sent = await ana.answer(RIGHT, TEXT, TEXT)
    assert (sent["status"], sent["passed"], sent["score"]) == ("pending_review", True, None)
    assert sent["enrollment"]["status"] == "completed"
    assert (sent["completion"]["score"], bool(sent["certificate"]["id"])) == (None, True)
    items = await waiting(world)
    assert [item["decides"] for item in items] == [False, False]
    first = await grade(world, items[0], 2)
    assert (first["attempt"]["status"], first["attempt"]["score"], first["attempt"]["passed"]) == (
        "pending_review",
        None,
        True,
    )
    last = await grade(world, items[1], 0.5)
    assert last["attempt"]["score"] == 96.153846
    assert await completed_event_count(world, ana) == 1
    assert len((await ana.call.ok("GET", "/api/users/certificates/"))["items"]) == 1


async def test_an_attempt_that_full_marks_could_not_save_fails_at_once(world: World) -> None:
    ana = await quiz_taker(world, tree(quiz(choice(points=10), essay(points=1), max_attempts=1)))
    sent = await ana.answer({"texts": ["wrong"]}, TEXT)
    assert (sent["status"], sent["passed"], sent["enrollment"]["status"]) == (
        "pending_review",
        False,
        "failed",
    )
    [item] = await waiting(world)
    assert item["decides"] is False


async def test_a_pending_answer_decides_the_courses_mean(world: World) -> None:
    content = tree(quiz(choice(points=8), essay(points=2), max_attempts=1), pass_score=90)
    ana = await quiz_taker(world, content)
    sent = await ana.answer(RIGHT, TEXT)
    assert (sent["passed"], sent["enrollment"]["status"]) == (True, "in_progress")
    [item] = await waiting(world)
    assert item["decides"] is True
    await grade(world, item, 1)
    assert await ana.status() == "completed"


async def test_a_grade_too_low_fails_the_course(world: World) -> None:
    content = tree(quiz(choice(points=8), essay(points=2), max_attempts=1), pass_score=90)
    ana = await quiz_taker(world, content)
    await ana.answer(RIGHT, TEXT)
    [item] = await waiting(world)
    await grade(world, item, 0.9)
    assert await ana.status() == "failed"


async def test_the_best_attempt_counts_after_a_correction(world: World) -> None:
    ana = await quiz_taker(
        world, tree(quiz(essay(points=10), max_attempts=None, required=False), quiz(choice()))
    )
    for points in (9, 5):
        await ana.answer(TEXT)
        [item] = await waiting(world)
        await grade(world, item, points)
        if points == 9:
            best = item
    shown = await ana.call.ok("GET", ana.path)
    assert (shown["best_score"], shown["passed"]) == (90, True)
    await world.admin.ok("POST", f"{QUEUE}{best['response_id']}/", {"points": 2, "correction": True})
    shown = await ana.call.ok("GET", ana.path)
    assert (shown["best_score"], shown["passed"]) == (90, True)
    [doubt] = (await world.admin.ok("GET", f"{QUEUE}lost-passes/"))["items"]
    assert (doubt["completion_id"], doubt["enrollment_status"]) == (None, "in_progress")
    decision = {"decision": "revoke", "reason": "Not enough."}
    await world.admin.ok("POST", f"{QUEUE}lost-passes/{ana.enrollment_id}/", decision)
    shown = await ana.call.ok("GET", ana.path)
    assert (shown["best_score"], shown["passed"], shown["completed_at"]) == (50, False, None)


async def test_assessments_keep_their_results(world: World) -> None:
    final = {
        "title": "Final",
        "pass_score": 80,
        "max_attempts": 2,
        "questions": [choice(points=4), essay(points=1)],
    }
    ana = await quiz_taker(world, tree(assessment=final, pass_score=80))
    sent = await ana.answer(RIGHT, TEXT)
    assert (sent["passed"], sent["completion"]["score"]) == (True, None)
    [item] = await waiting(world)
    await grade(world, item, 0)
    shown = await ana.call.ok("GET", ana.path)
    assert (shown["best_score"], shown["passed"]) == (80, True)

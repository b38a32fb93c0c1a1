"""A person's word over a mark: for every type of question, with its reason, and it stays."""

import asyncio
from typing import Any

import pytest
from tests.kit.direct import Database, database
from tests.kit.grading import events, grade, mine, waiting
from tests.kit.quiz_taker import QuizTaker, essay, quiz, quiz_taker, tree
from tests.kit.world import Caller, Json, World, choice

__all__ = ["database"]
REASON = {"reason": "The prompt was misleading."}
WRONG = {"texts": ["wrong"]}
STATEMENT = {"type": "true_false", "prompt_html": "<p>So?</p>", "points": 2, "correct": True}
SEVERAL = {**choice("Which ones?", 2), "type": "multi_select"}
WORD = {"type": "short_answer", "prompt_html": "<p>Word?</p>", "points": 2, "accepted_answers": ["hazing"]}
NUMBER = {"type": "numeric", "prompt_html": "<p>How many?</p>", "points": 2, "answer": 3.5}
PAIRS = [{"left": "Ohm", "right": "resistance"}, {"left": "Volt", "right": "tension"}]
MATCHING = {"type": "matching", "prompt_html": "<p>What goes with what?</p>", "points": 2, "pairs": PAIRS}
ORDERING = {"type": "ordering", "prompt_html": "<p>In order?</p>", "points": 2, "items": ["one", "two"]}
EACH: dict[str, tuple[Json, Json]] = {
    "numeric": (NUMBER, {"number": "4"}),
    "matching": (MATCHING, {"matches": {}}),
    "ordering": (ORDERING, {"order": []}),
    "multiple_choice": (choice(points=2), WRONG),
    "true_false": (STATEMENT, {"value": False}),
    "multi_select": (SEVERAL, WRONG),
    "short_answer": (WORD, {"text": "bullying"}),
    "free_form, empty": (essay(points=2), {"text": " "}),
    "free_form, waiting": (essay(points=2), {"text": "Because."}),
}


async def questions_of(caller: Caller, attempt_id: str) -> list[str]:
    """The ids of the attempt's questions, in order."""
    seen = await caller.ok("GET", f"/api/attempts/{attempt_id}/")
    return [r["question_id"] for r in seen["responses"]]


async def override(caller: Caller, attempt_id: str, question_id: str, points: Any, **more: Any) -> Any:
    """The response to an override."""
    body = {"question_id": question_id, "points": points, **REASON, **more}
    return await caller("POST", f"/api/attempts/{attempt_id}/overrides/", body)


async def failing(
    world: World, *questions: Json, answers: list[Json], **changes: Any
) -> tuple[QuizTaker, Json]:
    """A learner with a closed attempt at these questions, and what closing it said."""
    ana = await quiz_taker(world, tree(quiz(*questions, **{"max_attempts": None, **changes})))
    return ana, await ana.answer(*answers)


@pytest.mark.parametrize("kind", EACH)
async def test_a_person_overrides_the_mark_of_every_type(world: World, kind: str) -> None:
    question, answer = EACH[kind]
    ana, sent = await failing(world, question, answers=[answer], max_attempts=1)
    assert sent["passed"] is not True
    [question_id] = await questions_of(world.admin, sent["attempt_id"])
    given = await override(world.call_as("gil", "grader"), sent["attempt_id"], question_id, 1.5)
    assert given.status_code == 200, given.text
    body = given.json()
    assert body["points_awarded"] == 1.5
    assert body["attempt"] == {
        "attempt_id": sent["attempt_id"],
        "status": "graded",
        "score": 75,
        "passed": True,
    }
    assert (await mine(ana))["status"] == "completed"
    [told] = await events(world, "attempt.graded")
    assert (told["attempt_id"], told["score"]) == (sent["attempt_id"], 75)
    assert len(await events(world, "course.completed")) == 1
    [seen] = (await ana.call.ok("GET", f"/api/attempts/{sent['attempt_id']}/"))["responses"]
    assert (seen["points_awarded"], seen["correct"]) == (1.5, False)
    page = await world.admin.ok("GET", "/api/audit/?action=response.overridden")
    [entry] = page["items"]
    assert (entry["actor"], entry["enrollment_id"]) == ("gil", ana.enrollment_id)
    assert (await world.admin.ok("GET", "/api/learning/grading/pending/"))["items"] == []


async def test_a_persons_mark_stays_when_another_answer_is_graded(world: World) -> None:
    ana, sent = await failing(world, choice(points=5), essay(), answers=[WRONG, {"text": "Because."}])
    picked, _ = await questions_of(world.admin, sent["attempt_id"])
    assert (await override(world.admin, sent["attempt_id"], picked, 4)).json()["attempt"]["score"] is None
    await grade(world.admin, await waiting(world), 4)
    seen = await ana.call.ok("GET", f"/api/attempts/{sent['attempt_id']}/")
    assert (seen["score"], seen["passed"]) == (80, True)
    assert [r["points_awarded"] for r in seen["responses"]] == [4, 4]


async def test_an_override_that_loses_a_pass_lists_it(world: World) -> None:
    ana, sent = await failing(world, choice(), answers=[{"texts": ["right"]}])
    assert (await mine(ana))["status"] == "completed"
    [question_id] = await questions_of(world.admin, sent["attempt_id"])
    assert (await override(world.admin, sent["attempt_id"], question_id, 0)).status_code == 200
    [lost] = (await world.admin.ok("GET", "/api/learning/grading/lost-passes/"))["items"]
    assert lost["attempt_id"] == sent["attempt_id"]
    assert (await mine(ana))["score"] == 100
    certificate = (await mine(ana))["certificate_id"]
    verified = await world.admin.ok("GET", f"/api/certificates/{certificate}/verify/")
    assert verified["status"] == "valid"


async def test_who_may_not_and_what_cannot_be(world: World) -> None:
    ana, sent = await failing(world, choice(), essay(), answers=[WRONG, {"text": "Because."}])
    attempt = sent["attempt_id"]
    picked, written = await questions_of(world.admin, attempt)
    for caller in (ana.call, world.member("bob"), world.call_as("nora", "regional_admin:north")):
        assert (await override(caller, attempt, picked, 1)).status_code == 403
    own = await override(world.call_as("ana", "grader"), attempt, picked, 1)
    assert (own.status_code, own.json()["detail"]) == (403, "You cannot grade your own responses.")
    gil, hal = world.call_as("gil", "grader"), world.call_as("hal", "grader")
    for points, pointer in (
        (2, "/points"),
        (-1, "/points"),
        ("1", "/points"),
        (True, "/points"),
        (None, "/points"),
    ):
        wrong = await override(gil, attempt, picked, points)
        assert (wrong.status_code, wrong.json()["errors"][0]["pointer"]) == (422, pointer)
    strange = await override(gil, attempt, ana.enrollment_id, 1)
    assert (strange.status_code, strange.json()["errors"][0]["code"]) == (422, "not-known")
    for reason in ("", " ", None, "x" * 1001):
        assert (await override(gil, attempt, picked, 1, reason=reason)).status_code == 422
    assert (await override(gil, ana.enrollment_id, picked, 1)).status_code == 404
    response = (await waiting(world)).split("/")[-2]
    await hal.ok("POST", f"/api/learning/grading/{response}/claim/")
    assert (await override(gil, attempt, written, 1)).json()["code"] == "claimed"
    assert (await override(hal, attempt, written, 1)).status_code == 200
    assert (await override(gil, attempt, written, 2)).json()["code"] == "already-graded"
    assert (await override(world.admin, attempt, written, 2)).status_code == 200
    under_way = (await ana.start())["attempt_id"]
    early = await override(gil, under_way, picked, 1)
    assert (early.status_code, early.json()["code"]) == (409, "attempt-under-way")


async def test_a_grader_named_in_the_course_may_and_others_do_not_find_it(world: World) -> None:
    ana, sent = await failing(world, choice(), answers=[WRONG])
    other = await world.course(tree(quiz()))
    [question_id] = await questions_of(world.admin, sent["attempt_id"])
    await world.admin.ok("PUT", f"/api/courses/{other['id']}/graders/bob/")
    assert (await override(world.member("bob"), sent["attempt_id"], question_id, 1)).status_code == 404
    await world.admin.ok("PUT", f"/api/courses/{ana.course['id']}/graders/bob/")
    assert (await override(world.member("bob"), sent["attempt_id"], question_id, 1)).status_code == 200


async def test_two_overrides_at_once_leave_one_mark_and_both_in_the_history(
    world: World, database: Database
) -> None:
    ana, sent = await failing(world, choice(points=5), answers=[WRONG])
    [question_id] = await questions_of(world.admin, sent["attempt_id"])
    given = await asyncio.gather(*(override(world.admin, sent["attempt_id"], question_id, n) for n in (4, 5)))
    assert [one.status_code for one in given] == [200, 200]
    assert len({one.json()["response_id"] for one in given}) == 1
    seen = await ana.call.ok("GET", f"/api/attempts/{sent['attempt_id']}/")
    [mark] = [r["points_awarded"] for r in seen["responses"]]
    exported = await ana.call.ok("GET", "/api/users/export/")
    grades = exported["attempts"][0]["grades"]
    assert [(g["reason"], g["correction"]) for g in grades] == [
        (REASON["reason"], False),
        (REASON["reason"], True),
    ]
    assert mark == grades[-1]["points"]
    await world.directory("DELETE", "/api/directory/members/ana/")
    kept = await database("SELECT reason FROM response_grades WHERE organization_id = $1", world.id)
    assert [row["reason"] for row in kept] == [None, None]

"""What a person gives and writes reaches the learner, whatever else is kept back; and others hear of it."""

import asyncio
from typing import Any

import pytest
from tests.kit.grading import events, grade
from tests.kit.quiz_taker import QuizTaker, essay, quiz, quiz_taker, tree
from tests.kit.world import Json, World, choice

QUEUE = "/api/learning/grading/"
TEXT = {"text": "Because it harms."}
WRONG = {"texts": ["wrong"]}


async def queue(world: World) -> list[str]:
    """The paths of the answers that wait, oldest first."""
    page = await world.admin.ok("GET", f"{QUEUE}pending/")
    return [f"{QUEUE}{item['response_id']}/" for item in page["items"]]


def short(**changes: Any) -> Json:
    """A short answer that a person reads unless it matches."""
    return {
        "type": "short_answer",
        "prompt_html": "<p>Word?</p>",
        "points": 1,
        "accepted_answers": ["hazing"],
        "review": "unmatched",
        "explanation_html": "<p>It is hazing.</p>",
        **changes,
    }


@pytest.mark.parametrize("feedback", ["never", "after_last_attempt"])
async def test_a_persons_points_and_words_are_shown_once_the_attempt_is_graded(
    world: World, feedback: str
) -> None:
    content = tree(quiz(choice(points=10), essay(), short(), feedback=feedback, max_attempts=None))
    ana = await quiz_taker(world, content)
    sent = await ana.answer(WRONG, TEXT, {"text": "bullying"})
    first, second = await queue(world)

    async def seen() -> list[Json]:
        answer = await ana.call.ok("GET", f"/api/attempts/{sent['attempt_id']}/")
        return list(answer["responses"])

    await grade(world.admin, first, 3, feedback="<p>Good.</p>")
    for response in await seen():
        assert (response["points_awarded"], response["feedback"], response["correct"]) == (None, None, None)
    await grade(world.admin, second, 1, feedback="<p>Fine word.</p>")
    picked, written, word = await seen()
    assert (picked["points_awarded"], picked["correct"], picked["right_answer"]) == (None, None, None)
    assert (written["points_awarded"], written["correct"], written["feedback"]) == (3, False, "<p>Good.</p>")
    assert (word["points_awarded"], word["correct"], word["feedback"]) == (1, True, "<p>Fine word.</p>")
    assert [r["right_answer"] or r["explanation_html"] for r in (picked, written, word)] == [None] * 3
    await grade(world.admin, first, 4, feedback=None)
    assert [(r["points_awarded"], r["feedback"]) for r in await seen()][1] == (4, None)


async def test_what_nobody_read_is_kept_back(world: World) -> None:
    """An empty essay is worth nothing at once, and a matching word is right at once: no person said so."""
    ana = await quiz_taker(world, tree(quiz(essay(), short(), feedback="never", max_attempts=None)))
    sent = await ana.answer({"text": " "}, {"text": "Hazing"})
    assert sent["status"] == "graded"
    answer = await ana.call.ok("GET", f"/api/attempts/{sent['attempt_id']}/")
    assert [(r["points_awarded"], r["correct"]) for r in answer["responses"]] == [(None, None)] * 2


async def test_others_hear_once_of_each_attempt_that_a_person_changed(world: World) -> None:
    ana = await quiz_taker(world, tree(quiz(choice(), essay(), essay("<p>More?</p>"), max_attempts=None)))
    sent = await ana.answer(WRONG, TEXT, TEXT)
    first, second = await queue(world)
    await grade(world.admin, first, 3)
    assert await events(world, "attempt.graded") == []
    await grade(world.admin, second, 1)
    [told] = await events(world, "attempt.graded")
    assert (told["attempt_id"], told["enrollment_id"], told["course_id"], told["user_id"]) == (
        sent["attempt_id"],
        ana.enrollment_id,
        ana.course["id"],
        "ana",
    )
    await grade(world.admin, second, 1)
    assert len(await events(world, "attempt.graded")) == 1
    await grade(world.admin, second, 2)
    await grade(world.admin, second, 2, feedback="<p>Better.</p>")
    assert len(await events(world, "attempt.graded")) == 3
    await ana.answer(WRONG, {"text": ""}, {"text": ""})
    assert len(await events(world, "attempt.graded")) == 3
    body = {"points": 5, "correction": True}
    key = {"Idempotency-Key": "once"}
    for _ in range(2):
        assert (await world.admin("POST", first, body, headers=key)).status_code == 200
    assert len(await events(world, "attempt.graded")) == 4


async def test_two_graders_at_once_tell_once(world: World) -> None:
    ana = await quiz_taker(world, tree(quiz(essay(), essay("<p>More?</p>"))))
    await ana.answer(TEXT, TEXT)
    gil, hal = world.call_as("gil", "grader"), world.call_as("hal", "grader")
    first, second = await queue(world)
    await asyncio.gather(grade(gil, first, 3), grade(hal, second, 3))
    assert len(await events(world, "attempt.graded")) == 1


async def answers_of(who: QuizTaker, attempt_id: str) -> dict[str, Any]:
    """What is kept of the attempt's answers, by question."""
    seen = await who.call.ok("GET", f"/api/attempts/{attempt_id}/")
    forms = ("answer_ids", "value", "text")
    return {r["question_id"]: [r[f] for f in forms if f in r] for r in seen["responses"]}


def statement() -> Json:
    """A statement that is false."""
    return {"type": "true_false", "prompt_html": "<p>So?</p>", "points": 1, "correct": False}


async def test_an_answer_is_taken_back(world: World) -> None:
    ana = await quiz_taker(world, tree(quiz(statement(), choice(), essay(), time_limit_seconds=600)))
    started = await ana.start()
    one, two, three = (q["id"] for q in started["questions"])
    chosen = started["questions"][1]["answers"][0]["id"]
    path = f"/api/attempts/{started['attempt_id']}/"
    given = [
        {"question_id": one, "value": False},
        {"question_id": two, "answer_ids": [chosen]},
        {"question_id": three, "text": "Because."},
    ]
    await ana.call.ok("PATCH", path, {"responses": given})
    kept = {one: [False], two: [[chosen]], three: ["Because."]}
    assert await answers_of(ana, started["attempt_id"]) == kept
    for number, form in enumerate(("value", "answer_ids", "text")):
        question = (one, two, three)[number]
        saved = await ana.call.ok("PATCH", path, {"responses": [{"question_id": question, form: None}]})
        assert saved["saved"] == 1
        del kept[question]
        assert await answers_of(ana, started["attempt_id"]) == kept
    await ana.call.ok("PATCH", path, {"responses": given})
    back = [{"question_id": q, "value": None} for q in (one, two)]
    sent = await ana.submit(attempt_id=started["attempt_id"], responses=back)
    assert (sent.json()["points"], sent.json()["status"]) == (0, "pending_review")
    wrong = [
        [{"question_id": one}],
        [{"question_id": one, "value": None, "text": None}],
        [{"question_id": one, "value": None}, {"question_id": one, "value": True}],
        [{"question_id": ana.enrollment_id, "value": None}],
    ]
    again = await ana.start()
    for responses in wrong:
        refused = await ana.call("PATCH", f"/api/attempts/{again['attempt_id']}/", {"responses": responses})
        assert refused.status_code == 422, responses


async def test_an_order_that_nobody_saw_is_not_kept_as_seen(world: World) -> None:
    """An attempt that was never started has no order of its own; a look at it tells nothing of the author's."""
    many = [
        {**choice(f"Q{n}"), "answers": [{"text": f"a{m}", "is_correct": m == 0} for m in range(8)]}
        for n in range(8)
    ]
    ana = await quiz_taker(world, tree(quiz(*many, shuffle=True, max_attempts=None)))
    blind = await ana.submit(responses=[])
    path = f"/api/attempts/{blind.json()['attempt_id']}/"
    looks = [
        [[a["text"] for a in q["answers"]] for q in (await ana.call.ok("GET", path))["questions"]]
        for _ in range(3)
    ]
    assert looks[0] != looks[1]
    firsts = [answers[0] for look in looks for answers in look]
    assert set(firsts) != {"a0"}
    started = await ana.start()
    seen = [
        [q["id"] for q in (await ana.call.ok("GET", f"/api/attempts/{started['attempt_id']}/"))["questions"]]
        for _ in range(2)
    ]
    assert seen[0] == seen[1] == [q["id"] for q in started["questions"]]

"""What a learner sees of a question says nothing about its right answer: no id, key or order does."""

import json
from collections import Counter
from typing import Any

from sqlalchemy import text
from tests.kit.quiz_taker import quiz, quiz_taker, tree
from tests.kit.world import Json, World

from learning_service.domain.kernel.base import new_id

CHOICES = 4
QUESTIONS = 100
# Chi-squared of three degrees of freedom: an even distribution goes past it in one of 100,000 runs.
FAR = 25.9


def evenness(ranks: list[int]) -> float:
    """Chi-squared of ranks from 0 to `CHOICES` - 1 against an even distribution."""
    expected = len(ranks) / CHOICES
    counts = Counter(ranks)
    return sum((counts[rank] - expected) ** 2 / expected for rank in range(CHOICES))


def rank(value: Any, others: list[Any]) -> int:
    """How many of the others are smaller."""
    return sum(other < value for other in others)


def question(n: int) -> Json:
    """A single choice with the right answer where authors write it: first."""
    texts = ["right", *(f"wrong {m}" for m in range(1, CHOICES))]
    answers = [{"text": text, "is_correct": text == "right"} for text in texts]
    return {"type": "multiple_choice", "prompt_html": f"<p>{n}?</p>", "points": 1, "answers": answers}


def right_ranks(questions: list[Json], what: str) -> list[int]:
    """Of each question, the rank of its right answer's id, key or text's place among the others."""
    ranks = []
    for shown in questions:
        answers = shown["answers"]
        [right] = [n for n, answer in enumerate(answers) if answer["text"] == "right"]
        values = [n if what == "place" else answer[what] for n, answer in enumerate(answers)]
        ranks.append(rank(values[right], values))
    return ranks


async def test_no_id_and_no_place_tells_the_right_answer(world: World) -> None:
    ana = await quiz_taker(world, tree(quiz(*[question(n) for n in range(QUESTIONS)], shuffle=True)))
    shown = (await ana.start())["questions"]
    assert len(shown) == QUESTIONS
    assert evenness([0] * QUESTIONS) > FAR, "the measure sees what an author does"
    for what in ("id", "place"):
        assert evenness(right_ranks(shown, what)) < FAR, what
    seen = json.dumps(await ana.call.ok("GET", ana.path))
    assert "right" not in seen


async def test_no_key_tells_the_right_answer(world: World) -> None:
    course = await world.course(tree(quiz(*[question(n) for n in range(QUESTIONS)])))
    draft = await world.admin.ok("GET", f"/api/courses/{course['id']}/draft/")
    questions = draft["modules"][0]["items"][0]["questions"]
    assert evenness(right_ranks(questions, "key")) < FAR


async def test_what_was_added_later_cannot_be_told_from_what_was_there(world: World) -> None:
    """An author writes the right answer, saves, and thinks of wrong ones afterwards."""
    begun = [{**question(n), "answers": question(n)["answers"][:1]} for n in range(QUESTIONS)]
    course = await world.course(tree(quiz(*begun)), publish=False)
    path = f"/api/courses/{course['id']}"
    draft = await world.admin("GET", f"{path}/draft/")
    content = draft.json()
    written = content["modules"][0]["items"][0]
    written["shuffle"] = True
    for n, one in enumerate(written["questions"]):
        one["answers"] += question(n)["answers"][1:]
    await world.admin.ok("PUT", f"{path}/draft/", content, headers={"If-Match": draft.headers["etag"]})
    await world.admin.ok("POST", f"{path}/publish/")
    ana = await quiz_taker(world, {}, course=course)
    shown = (await ana.start())["questions"]
    assert evenness(right_ranks(shown, "id")) < FAR
    moments = {answer["id"][:13] for one in shown for answer in one["answers"]}
    assert len(moments) == 1, "an id is of its version's moment, not of its own"


async def test_a_draft_from_before_gets_other_ids_when_it_is_published(world: World) -> None:
    course = await world.course(
        tree(quiz(*[question(n) for n in range(QUESTIONS)], shuffle=True)), publish=False
    )
    async with world.worker.transaction(world.id) as session:
        rows = await session.execute(
            text(
                "SELECT a.id FROM quiz_answers a JOIN course_versions v ON v.id = a.version_id"
                " WHERE v.course_id = :course ORDER BY a.question_id, a.position"
            ),
            {"course": course["id"]},
        )
        for (old,) in rows.all():
            statement = text("UPDATE quiz_answers SET id = :new WHERE id = :old")
            await session.execute(statement, {"new": new_id(), "old": old})
    await world.admin.ok("POST", f"/api/courses/{course['id']}/publish/")
    ana = await quiz_taker(world, {}, course=course)
    assert evenness(right_ranks((await ana.start())["questions"], "id")) < FAR


async def test_shuffled_questions_are_shown_in_an_attempt_only(world: World) -> None:
    ana = await quiz_taker(world, tree(quiz(question(1), shuffle=True)))
    assert "questions" not in await ana.call.ok("GET", ana.path)
    started = await ana.start()
    assert "questions" not in await ana.call.ok("GET", ana.path)
    attempt = await ana.call.ok("GET", f"/api/attempts/{started['attempt_id']}/")
    assert attempt["questions"] == started["questions"]
    bob = await quiz_taker(world, tree(quiz(question(1))), "bob")
    assert len((await bob.call.ok("GET", bob.path))["questions"]) == 1

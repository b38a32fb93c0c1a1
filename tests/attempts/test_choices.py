"""Choices with rich text, feedback and a place of their own; accents and punctuation by choice."""

from typing import Any

import pytest
from tests.kit.quiz_taker import QuizTaker, quiz, quiz_taker, tree
from tests.kit.world import Json, World

ANSWERS: list[Json] = [
    {"html": "<p>x<sup>2</sup><script>alert(1)</script></p>", "is_correct": True,
     "feedback_html": "<p>Well <i>done</i></p>"},
    {"text": "x2", "feedback_html": "<p>Not that</p>"},
    {"text": "x3"},
    {"text": "x4"},
    {"text": "None of these", "pinned": True},
    {"text": "I do not know", "pinned": True},
]  # fmt: skip


def chosen(**changes: Any) -> Json:
    return {"type": "multiple_choice", "prompt_html": "<p>?</p>", "answers": ANSWERS, **changes}


async def taker(world: World, **changes: Any) -> QuizTaker:
    return await quiz_taker(world, tree(quiz(chosen(), max_attempts=None, **changes)))


async def test_rich_text_is_shown_clean_with_its_words_beside_it(world: World) -> None:
    ana = await taker(world)
    [question] = (await ana.start())["questions"]
    first = question["answers"][0]
    assert (first["html"], first["text"]) == ("<p>x<sup>2</sup></p>", "x 2")
    assert all(set(answer) == {"id", "text"} for answer in question["answers"][1:])


async def test_pinned_choices_stay_last_in_their_order(world: World) -> None:
    ana = await taker(world, shuffle=True)
    orders = set()
    for _ in range(8):
        started = await ana.start()
        texts = [answer["text"] for answer in started["questions"][0]["answers"]]
        assert texts[-2:] == ["None of these", "I do not know"]
        orders.add(tuple(texts))
        await ana.submit(attempt_id=started["attempt_id"], responses=[])
    assert len(orders) > 1


@pytest.mark.parametrize(
    ("feedback", "told"), [("after_submit", "<p>Not that</p>"), ("never", None), ("after_last_attempt", None)]
)
async def test_what_is_said_of_a_choice_is_told_of_chosen_ones_when_answers_are(
    world: World, feedback: str, told: str | None
) -> None:
    ana = await taker(world, feedback=feedback)
    started = await ana.start()
    wrong = started["questions"][0]["answers"][1]["id"]
    given = [{"question_id": started["questions"][0]["id"], "answer_ids": [wrong]}]
    attempt = f"/api/attempts/{started['attempt_id']}/"
    await ana.call.ok("PATCH", attempt, {"responses": given})
    assert "choice_feedback" not in (await ana.call.ok("GET", attempt))["responses"][0]
    done = (await ana.submit(attempt_id=started["attempt_id"], responses=[])).json()
    expected = None if told is None else {wrong: told}
    assert done["responses"][0].get("choice_feedback") == expected
    assert (await ana.call.ok("GET", attempt))["responses"][0].get("choice_feedback") == expected


@pytest.mark.parametrize(
    "answer",
    [{"text": "a", "html": "<p>a</p>"}, {}, {"text": None, "html": None}, {"text": "a", "pinned": 1}],
)
async def test_a_choice_has_either_text_or_html(world: World, answer: Json) -> None:
    course = await world.course(publish=False)
    path = f"/api/courses/{course['id']}/draft/"
    tag = (await world.admin("GET", path)).headers["etag"]
    content = tree(quiz(chosen(answers=[answer])))
    refused = await world.admin("PUT", path, content, headers={"If-Match": tag})
    assert refused.status_code == 422
    assert refused.json()["errors"][0]["pointer"].startswith("/modules/0/items/0/questions/0/answers/0/")


async def test_a_rich_choice_that_shows_nothing_is_not_published(world: World) -> None:
    answers = [{"html": "<p> </p>", "is_correct": True}, {"html": "<p>a</p>"}, {"html": "<p>a</p>"}]
    course = await world.course(tree(quiz(chosen(answers=answers))), publish=False)
    refused = await world.admin("POST", f"/api/courses/{course['id']}/publish/")
    assert refused.status_code == 422
    found = [(e["pointer"][-len("answers/0/html") :], e["code"]) for e in refused.json()["errors"]]
    assert found == [("answers/0/html", "empty"), ("answers/2/html", "twice")]


@pytest.mark.parametrize(
    ("options", "right", "wrong"),
    [
        ({}, ["l'été", "L’ÉTÉ"], ["l'ete", "lété", "l'été!"]),
        ({"ignore_accents": True}, ["l'ete", "l'été", "L’Eté"], ["lete", "l'ete."]),
        ({"ignore_punctuation": True}, ["lété", "l'été!", "(l'été)"], ["l'ete"]),
        ({"ignore_accents": True, "ignore_punctuation": True}, ["LETE", "«l’été»", "l'ete..."], ["le te"]),
    ],
)
async def test_accents_and_punctuation_by_choice(
    world: World, options: Json, right: list[str], wrong: list[str]
) -> None:
    short = {"type": "short_answer", "prompt_html": "<p>?</p>", "accepted_answers": ["l'été"], **options}
    ana = await quiz_taker(world, tree(quiz(short, max_attempts=None)))
    marks = {text: (await ana.answer({"text": text}))["passed"] for text in (*right, *wrong)}
    assert marks == {**dict.fromkeys(right, True), **dict.fromkeys(wrong, False)}

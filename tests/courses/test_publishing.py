"""Publishing through the contract: what stops it, and what it warns of."""

import json
from typing import Any

import pytest
from tests.kit.quiz_taker import essay, quiz, tree
from tests.kit.world import Json, World, choice

from learning_service.domain.courses.rules.publishing import publish_warnings
from learning_service.domain.courses.rules.tree import parse_tree

LESSON: Json = {"kind": "lesson", "title": "Read", "body_html": "<p>Read.</p>"}


def final(*questions: Json, **changes: Any) -> Json:
    """A final assessment."""
    return {
        "title": "Final",
        "pass_score": 80,
        "max_attempts": 2,
        "questions": list(questions) or [choice()],
        **changes,
    }


async def publish(world: World, content: Json) -> Any:
    """Publish a course with this content; the response."""
    made = await world.course(content, publish=False)
    return await world.admin("POST", f"/api/courses/{made['id']}/publish/")


@pytest.mark.parametrize(
    "items",
    [
        [{**LESSON, "required": False}],
        [quiz(required=False)],
        [{**LESSON, "required": False}, quiz(required=False), quiz(required=False)],
    ],
)
async def test_a_course_that_requires_nothing_is_refused(world: World, items: list[Json]) -> None:
    refused = await publish(world, tree(*items))
    assert (refused.status_code, refused.json()["code"]) == (422, "not-publishable")
    assert [e["pointer"] for e in refused.json()["errors"]] == ["/modules"]
    for more in ({"assessment": final()}, {"modules": [{"title": "One", "items": [*items, LESSON]}]}):
        assert (await publish(world, {**tree(*items), **more})).status_code == 200


def warned(answer: Any) -> list[tuple[str, str]]:
    """Code and pointer of each warning."""
    assert answer.status_code == 200, answer.text
    assert all(warning["detail"] for warning in answer.json()["warnings"])
    return [(warning["code"], warning["pointer"]) for warning in answer.json()["warnings"]]


def with_bound(quizzes: list[Json], bound: float) -> Json:
    """A course of these quizzes, and one that counts nothing, that is passed from this score on."""
    optional = quiz(choice(), pass_score=0, required=False)
    return tree(*({**one, "shuffle": True} for one in quizzes), optional, pass_score=bound)


FIVE = [choice(f"Q{n}") for n in range(5)]
PICKS: Json = {
    "type": "multi_select",
    "prompt_html": "<p>Which?</p>",
    "points": 1,
    "scoring": "right_minus_wrong",
    "answers": [{"text": f"a{n}", "is_correct": n < 3} for n in range(4)],
}
TYPED: Json = {
    "type": "short_answer",
    "prompt_html": "<p>Word?</p>",
    "points": 1,
    "accepted_answers": ["yes"],
}


@pytest.mark.parametrize(
    ("quizzes", "bound", "warns"),
    [
        # Any score that passes can be had where a person gives the points.
        ([quiz(essay()), quiz(essay())], 80, True),
        ([quiz(essay(), pass_score=60), quiz(essay(), pass_score=90)], 75.000001, True),
        ([quiz(essay(), pass_score=60), quiz(essay(), pass_score=90)], 75, False),
        ([quiz({**TYPED, "review": "unmatched"})], 70.000001, True),
        ([quiz(*FIVE[:3], essay(points=2), pass_score=50)], 50.000001, True),
        ([quiz(*FIVE[:4], essay(points=1), pass_score=100)], 100, False),
        # Elsewhere points come in steps.
        ([quiz(choice()), quiz(choice())], 80, False),
        ([quiz({**TYPED, "review": "auto"})], 100, False),
        ([quiz(*FIVE)], 80, False),
        ([quiz(*FIVE)], 80.000001, True),
        ([quiz(*FIVE), quiz(choice())], 90, False),
        ([quiz(*FIVE), quiz(choice())], 90.000001, True),
        ([quiz(choice(points=3), choice(points=2), pass_score=50)], 60, False),
        ([quiz(choice(points=3), choice(points=2), pass_score=50)], 60.000001, True),
        ([quiz(PICKS, pass_score=50)], 66.666666, False),
        ([quiz(PICKS, pass_score=50)], 66.666667, True),
        ([quiz({**PICKS, "scoring": "all_or_nothing"}, pass_score=50)], 100, False),
        ([quiz(pass_score=0), quiz(choice())], 50, False),
        ([quiz(pass_score=0), quiz(choice())], 50.000001, True),
    ],
)
def test_it_warns_where_all_quizzes_can_be_passed_and_the_course_missed(
    quizzes: list[Json], bound: float, warns: bool
) -> None:
    content = with_bound(quizzes, bound)
    assert [(one.code, one.pointer) for one in publish_warnings(parse_tree(json.dumps(content)))] == [
        ("course-can-be-missed", "/pass_score")
    ] * warns
    assert publish_warnings(parse_tree(json.dumps({**content, "assessment": final(pass_score=bound)}))) == []


async def test_an_author_is_told_of_it(world: World) -> None:
    for bound, told in ((80, []), (80.000001, [("course-can-be-missed", "/pass_score")])):
        content = with_bound([quiz(*FIVE)], bound)
        assert warned(await publish(world, content)) == told
        assert warned(await publish(world, {**content, "assessment": final(pass_score=bound)})) == []


def last(prompt: str) -> Json:
    """A choice whose right answer stands last."""
    return {**choice(prompt), "answers": [{"text": "no"}, {"text": "yes", "is_correct": True}]}


async def test_it_warns_where_the_right_answer_always_stands_first(world: World) -> None:
    several = {
        "type": "multi_select",
        "prompt_html": "<p>Which?</p>",
        "points": 1,
        "answers": [{"text": "yes", "is_correct": True}, {"text": "no"}],
    }
    items = [
        quiz(choice("A"), choice("B"), several),
        quiz(choice("A"), choice("B"), shuffle=True),
        quiz(choice("A"), last("B")),
        quiz(choice("A")),
    ]
    answer = await publish(world, {**tree(*items), "assessment": final(choice("A"), choice("B"))})
    assert warned(answer) == [
        ("right-answer-first", "/modules/0/items/0/shuffle"),
        ("right-answer-first", "/assessment/shuffle"),
    ]

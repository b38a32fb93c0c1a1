"""Scores are exact to the end: thirds, sevenths and ninths add up, and what is just below a bound does not pass."""

import random
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from sqlalchemy import text
from tests.kit.quiz_taker import quiz, quiz_taker, tree
from tests.kit.world import Json, World, choice

from learning_service.domain.grading.rules.score import passes
from learning_service.domain.questions.rules.scores import exact, kept, shown_score
from learning_service.domain.questions.rules.sizes import MAX_ANSWERS


def shares(right: int, points: float = 1) -> Json:
    """A choice of several where each of the right ones is worth its share of the points."""
    return {
        "type": "multi_select",
        "prompt_html": "<p>Which?</p>",
        "points": points,
        "scoring": "right_minus_wrong",
        "answers": [{"text": f"r{n}", "is_correct": True} for n in range(right)]
        + [{"text": "wrong", "is_correct": False}],
    }


ONE: Json = {"texts": ["r0"]}


@pytest.mark.parametrize("count", [3, 6, 7, 9, 11, pytest.param(49, marks=pytest.mark.long)])
async def test_equal_shares_are_whole_together(world: World, count: int) -> None:
    """So many questions with one right choice of so many each: a point together, of a hundred."""
    rest = choice(points=100 - count)
    ana = await quiz_taker(world, tree(quiz(*[shares(count)] * count, rest, pass_score=1), pass_score=1))
    whole = count * [ONE]
    assert (await ana.answer(*whole[1:]))["passed"] is False
    done = await ana.answer(*whole)
    assert (done["points"], done["score"], done["passed"]) == (1, 1, True)
    assert done["completion"]["score"] == 1


async def test_three_thirds_and_two_of_five_pass_at_60(world: World) -> None:
    ana = await quiz_taker(
        world, tree(quiz(*[shares(3)] * 3, choice(), choice(), pass_score=60), pass_score=60)
    )
    done = await ana.answer(ONE, ONE, ONE, {"texts": ["right"]}, {"texts": ["right"]})
    assert (done["points"], done["score"], done["passed"]) == (3, 60, True)
    assert done["completion"]["score"] == 60


@pytest.mark.parametrize(("bound", "passed"), [(66.6667, False), (66.666667, False), (66.666666, True)])
async def test_two_thirds_pass_below_two_thirds_alone(world: World, bound: float, passed: bool) -> None:
    ana = await quiz_taker(world, tree(quiz(shares(3), pass_score=bound)))
    done = await ana.answer({"texts": ["r0", "r1"]})
    assert (done["points"], done["passed"]) == (0.666667, passed)
    assert done["responses"][0]["points_awarded"] in (None, 0.666667)


async def take_each(world: World, right: list[int], bound: float) -> Any:
    """Take quizzes of one choice of three rights each, with so many of them; the last answer."""
    quizzes = [quiz(shares(3), pass_score=0, max_attempts=None, title=f"Q{n}") for n in range(len(right))]
    ana = await quiz_taker(world, tree(*quizzes, pass_score=bound))
    modules = await ana.call.ok("GET", f"/api/courses/{ana.course['id']}/modules/")
    done: Any = None
    for item, count in zip(modules["items"][0]["items"], right, strict=True):
        path = f"/api/quizzes/{item['id']}/"
        started = await ana.call.ok("POST", f"{path}attempts/")
        [question] = started["questions"]
        chosen = [a["id"] for a in question["answers"] if a["text"] in ("r0", "r1", "r2")[:count]]
        sent = {
            "attempt_id": started["attempt_id"],
            "responses": [{"question_id": question["id"], "answer_ids": chosen}],
        }
        done = await ana.call.ok("POST", f"{path}submit/", sent)
    return done


@pytest.mark.parametrize(
    ("right", "bound", "score"),
    [([1, 2, 1, 2], 50, 50), ([3, 1, 2, 1], 58.333333, 58.333333), ([2, 2, 1, 1, 1, 2], 50, 50)],
)
async def test_the_mean_of_quizzes_reaches_its_bound(
    world: World, right: list[int], bound: float, score: float
) -> None:
    done = await take_each(world, right, bound)
    assert (done["enrollment"]["status"], done["completion"]["score"]) == ("completed", score)


@pytest.mark.parametrize(("right", "bound"), [([2, 2, 2], 66.666667), ([3, 1, 2, 1], 58.333334)])
async def test_the_mean_of_quizzes_just_below_its_bound_does_not_pass(
    world: World, right: list[int], bound: float
) -> None:
    done = await take_each(world, right, bound)
    assert (done["enrollment"]["status"], "completion" in done) == ("in_progress", False)


async def test_the_database_compares_as_the_rules_do(world: World) -> None:
    """`100 · points ≥ pass_score · max_points` of what is kept, and kept points come back as they were."""
    chance = random.Random(7)
    cases = []
    for _ in range(3000):
        right = chance.randint(1, MAX_ANSWERS - 1)
        share = Fraction(chance.randint(0, right), right) - Fraction(
            1, chance.randint(1, MAX_ANSWERS - right)
        )
        points = max(Fraction(0), share) * chance.randint(1, 3) + Fraction(chance.randint(0, 10**6), 10**6)
        near = shown_score(points / 5 * 100) + Decimal(chance.choice((-1, 0, 1))).scaleb(-6)
        cases.append((points, max(Decimal(0), near)))
    statement = text(
        "SELECT points, 100 * points >= bound * 5 FROM unnest(CAST(:points AS numeric[]),"
        " CAST(:bounds AS numeric[])) WITH ORDINALITY AS c (points, bound, n) ORDER BY n"
    )
    given = {"points": [kept(points) for points, _ in cases], "bounds": [bound for _, bound in cases]}
    async with world.worker.transaction(world.id) as session:
        found = (await session.execute(statement, given)).all()
    for (points, bound), (stored, passed) in zip(cases, found, strict=True):
        assert exact(stored) == points
        assert passed is passes(points, Fraction(5), bound)

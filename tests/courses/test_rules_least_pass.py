"""The lowest score that passes a quiz, beside every sum that its marks can come to."""

import itertools
import json
import random
import time
from fractions import Fraction
from typing import Any

import pytest

from learning_service.domain.courses.rules.least_pass import lowest_passes
from learning_service.domain.courses.rules.tree import Quiz, parse_tree, quizzes
from learning_service.domain.questions.rules.scores import exact


def parsed(*made: dict[str, Any]) -> list[Quiz]:
    """Quizzes as a tree holds them."""
    items = [{"kind": "quiz", "title": "Check", **one} for one in made]
    tree = parse_tree(json.dumps({"title": "Course", "modules": [{"title": "One", "items": items}]}))
    return [quiz for _, quiz in quizzes(tree) if isinstance(quiz, Quiz)]


def picks(points: float, right: int, wrong: int) -> dict[str, Any]:
    answers = [{"text": str(n), "is_correct": n < right} for n in range(right + wrong)]
    return {"type": "multi_select", "points": points, "scoring": "right_minus_wrong", "answers": answers}


def one_of(points: float) -> dict[str, Any]:
    return {"type": "true_false", "points": points, "correct": True}


def marks(question: dict[str, Any]) -> list[Fraction]:
    full = Fraction(str(question["points"]))
    if question["type"] == "true_false":
        return [Fraction(0), full]
    if question["type"] == "free_form":
        return [full * n / 60 for n in range(61)]
    right = sum(a["is_correct"] for a in question["answers"])
    wrong = len(question["answers"]) - right
    shares = [
        Fraction(r, right) - Fraction(w, max(wrong, 1)) for r in range(right + 1) for w in range(wrong + 1)
    ]
    return [full * max(share, Fraction(0)) for share in shares]


@pytest.mark.parametrize("seed", range(60))
def test_it_is_the_lowest_of_all_sums_that_reach_the_pass_score(seed: int) -> None:
    chance = random.Random(seed)
    questions = [
        chance.choice((
            one_of(chance.choice((0, 1, 2, 2.5, 4))),
            picks(chance.choice((1, 3)), chance.randint(1, 3), chance.randint(0, 3)),
        ))
        for _ in range(chance.randint(1, 4))
    ] + [one_of(1)]  # fmt: skip
    most = sum(max(marks(one)) for one in questions)
    bound = chance.choice((0, 33.333334, 50, 66.666668, 70, 80, 100))
    sums = {sum(each) * 100 / most for each in itertools.product(*map(marks, questions))}
    lowest = min(one for one in sums if one >= exact_of(bound))
    assert lowest_passes(parsed({"pass_score": bound, "questions": questions})) == [lowest]
    essay = {"type": "free_form", "points": float(most)}
    read = parsed({"pass_score": bound / 2, "questions": [*questions, essay]})
    assert lowest_passes(read) == [exact_of(bound / 2)], "a person's points reach every score up to half"


def exact_of(score: float) -> Fraction:
    return exact(parsed({"pass_score": score, "questions": [one_of(1)]})[0].pass_score)


def test_too_many_sums_to_look_at_are_taken_for_all() -> None:
    questions = [one_of(round(1 + 0.000001 * 2**n, 6)) for n in range(30)]
    begun = time.process_time()
    found = lowest_passes(parsed(*[{"pass_score": 70, "questions": questions}] * 40))
    assert time.process_time() - begun < 2
    assert found == [Fraction(70)] * 40

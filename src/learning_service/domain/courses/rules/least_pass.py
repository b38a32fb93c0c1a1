"""The lowest score that passes a quiz. Points come in steps, so it may be above the quiz's pass score."""

import math
from collections.abc import Iterable
from fractions import Fraction

from learning_service.domain.courses.rules.tree import Quiz
from learning_service.domain.questions.rules.pools import Asked, Pool, most_points
from learning_service.domain.questions.rules.scores import exact

_STEPS = 200_000
"""Sums that are looked at for all quizzes of a course together: some 30 ms."""


def lowest_passes(quizzes: Iterable[Quiz]) -> list[Fraction]:
    """In percent, for each quiz; the pass score itself of one whose sums are too many to look at."""
    asked = list(quizzes)
    return [_lowest_pass(quiz, _STEPS // len(asked)) for quiz in asked]


def _lowest_pass(quiz: Quiz, steps: int) -> Fraction:
    most = exact(most_points(quiz.questions))
    worths = [worth for asked in quiz.questions for worth in _worths(asked)]
    bound = exact(quiz.pass_score) * most / 100
    # A person gives any part of the points, so these fill every gap that is no wider than they are together.
    given = sum((points for points, shares in worths if shares is None), Fraction(0))
    marks = [[points * share for share in shares] for points, shares in worths if shares is not None]
    scale = math.lcm(bound.denominator, given.denominator, *(m.denominator for each in marks for m in each))
    reached = _lowest_sum(
        [[int(m * scale) for m in each] for each in marks], int(bound * scale), int(given * scale), steps
    )
    return exact(quiz.pass_score) if reached is None else 100 * Fraction(reached, scale) / most


def _worths(asked: Asked) -> list[tuple[Fraction, frozenset[Fraction] | None]]:
    """The points of each question that an attempt gets there, and the shares of them that it can be worth."""
    if not isinstance(asked, Pool):
        return [(exact(asked.points), asked.shares())]
    every = [question.shares() for question in asked.questions]
    known = [shares for shares in every if shares is not None]
    shares = frozenset[Fraction]().union(*known) if len(known) == len(every) else None
    return [(exact(asked.points), shares)] * asked.draw


def _lowest_sum(marks: list[list[int]], bound: int, given: int, steps: int) -> int | None:
    """The lowest sum of one mark of each and any part of `given` that reaches the bound.

    None where there are too many to look at.
    """
    below, enough = {0}, []
    for each in marks:
        steps -= len(below) * len(each)
        if steps < 0:
            return None
        sums = {before + mark for before in below for mark in each}
        enough += [one for one in sums if one >= bound]
        below = {one for one in sums if one < bound}
    if not bound or any(one + given >= bound for one in below):
        return bound
    return min(enough, default=bound)

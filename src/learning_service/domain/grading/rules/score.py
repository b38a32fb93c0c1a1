"""From marks to a decision on the attempt. Everything here is a pure function of keys, responses and
grades.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache

from learning_service.domain.questions.rules.answer_keys import AnswerKey
from learning_service.domain.questions.rules.marks import Mark, award_points
from learning_service.domain.questions.rules.responses import Response
from learning_service.domain.questions.rules.scores import exact, exact_score, shown_score


@dataclass(frozen=True, slots=True)
class Graded:
    """An attempt's marks by question and their sums, in points, exactly.

    `points` are those awarded so far; `pending_points` what the waiting responses could still add.
    """

    marks: Mapping[str, Mark]
    points: Fraction
    max_points: Fraction
    pending_points: Fraction
    pending_question_ids: tuple[str, ...]

    @property
    def score(self) -> Decimal | None:
        """Percent as shown; None while responses wait."""
        if self.pending_question_ids:
            return None
        return shown_score(100 * self.points / self.max_points if self.max_points else Fraction(0))

    def passed(self, pass_score: Decimal) -> bool | None:
        """Whether the attempt passes; None while the waiting responses still decide."""
        return early_decision(self.points, self.pending_points, self.max_points, pass_score)


def grade_attempt(
    keys: Iterable[AnswerKey],
    responses: Mapping[str, Response],
    grades: Mapping[str, Decimal] | None = None,
) -> Graded:
    """Grade every question of an attempt. `grades`: points that persons gave, by question; they beat the
    key's.

    Raises ValueError where a person's points are not within the question's.
    """
    keys = tuple(keys)
    given = grades or {}
    marks = {
        key.question_id: award_points(given[key.question_id], key.points)
        if key.question_id in given
        else key.grade(responses.get(key.question_id))
        for key in keys
    }
    return sum_up(keys, marks)


def sum_up(keys: Iterable[AnswerKey], marks: Mapping[str, Mark]) -> Graded:
    """Add up marks that are already known; every key needs one."""
    points, most, pending = [], [], []
    waiting: list[str] = []
    for key in keys:
        most.append(key.points)
        awarded = marks[key.question_id].points
        if awarded is None:
            waiting.append(key.question_id)
            pending.append(exact(key.points))
        else:
            points.append(awarded)
    return Graded(marks, total(points), _full(tuple(most)), total(pending), tuple(waiting))


@lru_cache(maxsize=4096)
def _full(points: tuple[Decimal, ...]) -> Fraction:
    """What all questions are worth together. A quiz is worth the same to all learners."""
    return total([exact(each) for each in points])


def total(points: Sequence[Fraction]) -> Fraction:
    """Their sum. Most are the same few objects; those of one denominator, nearly all, are added as whole numbers."""
    distinct = {id(each): each for each in points}
    numerators: dict[int, int] = {}
    for identity, often in Counter(map(id, points)).items():
        each = distinct[identity]
        denominator = each.denominator
        numerators[denominator] = numerators.get(denominator, 0) + often * each.numerator
    parts = [Fraction(numerator, denominator) for denominator, numerator in numerators.items()]
    return parts[0] if len(parts) == 1 else sum(parts, Fraction(0))


def score_percent(points: Decimal, max_points: Decimal) -> Decimal:
    """Percent of the maximum, from points as they are kept, as it is shown: 6 places, rounded down."""
    return shown_score(exact_score(points, max_points))


def passes(points: Fraction, max_points: Fraction, pass_score: Decimal) -> bool:
    """`100 · points ≥ pass_score · max_points`, exactly. A maximum of 0 is never passed."""
    if max_points <= 0:
        return False
    # The fractions multiplied out: making five of them took 10 µs of a submission.
    share = exact(pass_score)
    ours = 100 * points.numerator * share.denominator * max_points.denominator
    return ours >= share.numerator * max_points.numerator * points.denominator


def early_decision(
    points: Fraction, pending_points: Fraction, max_points: Fraction, pass_score: Decimal
) -> bool | None:
    """True when the points so far pass, False when even full marks for all that waits could not, else
    None.
    """
    if passes(points, max_points, pass_score):
        return True
    if not pending_points:
        return False
    return None if passes(points + pending_points, max_points, pass_score) else False

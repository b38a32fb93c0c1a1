"""What the answers say about a quiz and its questions. Pure.

The formulas are those of R's `psych::alpha`: `raw_alpha` is Cronbach's alpha, and discrimination is its `r.drop`, the
correlation of a question's points with the points of all other questions. Facility is Moodle's facility index: the
mean of the points, as a share of what the question is worth.

All of it follows from counts of equal answers and the sums of their attempts' points, so that it takes as long for a
hundred attempts as for a hundred thousand.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal, TypeAlias

LEAST = 5
"""Of fewer attempts there are no figures: they would say more about the learners than about the question."""
EASY = 0.95
"""The facility from which a question tells nothing apart."""
WEAK = 0.2
"""The discrimination below which a question hardly tells who knows the rest from who does not."""
POPULAR = 0.2
"""The share of the attempts from which a wrong choice is no slip."""
NEAR = 5.0
"""How many percent on the other questions make no difference."""
_NOTHING = 1e-9
NO_POOLS: Mapping[str, int] = MappingProxyType({})

Suspicion: TypeAlias = Literal["likely-wrong-key", "ambiguous", "too-easy"]


@dataclass(frozen=True, slots=True)
class Choice:
    """A choice of a question: what it is called in responses, and whether the key says that it is right."""

    id: str
    key: str
    text: str
    is_right: bool


@dataclass(frozen=True, slots=True)
class Alike:
    """Attempts with the same response and the same points at a question, and the sums of their totals."""

    points: float
    chosen: tuple[str, ...]
    n: int
    totals: float
    squares: float


@dataclass(frozen=True, slots=True)
class AskedQuestion:
    """A question with all that was answered to it."""

    key: str
    max_points: float
    choices: Sequence[Choice]
    answers: Sequence[Alike]
    pool: str | None = None
    """The key of the pool that it is drawn from; None: it is in every attempt."""


@dataclass(frozen=True, slots=True)
class Totals:
    """The points of a quiz's attempts, as a whole. `variance`: of the sample."""

    attempts: int
    mean: float
    median: float
    variance: float

    @classmethod
    def of(cls, points: Mapping[float, int]) -> "Totals":
        """From how many attempts have how many points."""
        attempts = sum(points.values())
        if not attempts:
            return cls(0, 0.0, 0.0, 0.0)
        mean = math.fsum(worth * n for worth, n in points.items()) / attempts
        squares = math.fsum((worth - mean) ** 2 * n for worth, n in points.items())
        return cls(
            attempts, mean, _median(points, attempts), squares / (attempts - 1) if attempts > 1 else 0.0
        )


def _median(points: Mapping[float, int], attempts: int) -> float:
    """The point in the middle, or halfway between the two in the middle."""
    passed, lower = 0, None
    for worth in sorted(points):
        passed += points[worth]
        if lower is None and 2 * passed >= attempts:
            lower = worth
        if lower is not None and 2 * passed > attempts:
            return (lower + worth) / 2
    raise AssertionError


@dataclass(frozen=True, slots=True)
class ChoiceStatistics:
    """How many chose it, and the mean score of their attempts in percent; None where no attempt did."""

    key: str
    chosen: int
    mean_score: float | None


@dataclass(frozen=True, slots=True)
class QuestionStatistics:
    """What the answers say about a question; None where there is no such figure."""

    question_key: str
    n: int
    facility: float | None
    discrimination: float | None
    choices: Sequence[ChoiceStatistics]
    suspect: Suspicion | None
    reason: str | None


@dataclass(frozen=True, slots=True)
class QuizStatistics:
    """What the answers say about a quiz: mean and median in percent, Cronbach's alpha, and its questions."""

    quiz_key: str
    title: str
    attempts: int
    mean: float | None
    median: float | None
    alpha: float | None
    questions: Sequence[QuestionStatistics]


def nothing_known(quiz_key: str, title: str) -> QuizStatistics:
    """What is said of a quiz whose attempts have not been counted yet."""
    return QuizStatistics(quiz_key, title, 0, None, None, None, [])


def quiz_statistics(
    quiz_key: str,
    title: str,
    max_points: float,
    totals: Totals,
    questions: Sequence[AskedQuestion],
    draws: Mapping[str, int] = NO_POOLS,
) -> QuizStatistics:
    """The quiz's statistics from its attempts as they count. `max_points`: of one attempt.

    `draws`: of each pool by its key, how many of its questions an attempt gets.
    """
    if totals.attempts < LEAST or max_points <= 0:
        nothing = [_no_figures(question) for question in questions]
        return QuizStatistics(quiz_key, title, totals.attempts, None, None, None, nothing)
    return QuizStatistics(
        quiz_key=quiz_key,
        title=title,
        attempts=totals.attempts,
        mean=_shown(100 * totals.mean / max_points),
        median=_shown(100 * totals.median / max_points),
        alpha=_alpha(_places(questions, draws), totals.variance),
        questions=[_figures(question, max_points) for question in questions],
    )


def _no_figures(question: AskedQuestion) -> QuestionStatistics:
    n = sum(one.n for one in question.answers)
    return QuestionStatistics(question.key, n, None, None, [], None, None)


@dataclass(frozen=True, slots=True)
class _Sums:
    """Over the attempts with a question: points x, and totals t."""

    n: int
    x: float
    xx: float
    t: float
    tt: float
    xt: float

    @classmethod
    def of(cls, answers: Sequence[Alike]) -> "_Sums":
        """The sums of these answers."""
        return cls(
            n=sum(one.n for one in answers),
            x=math.fsum(one.n * one.points for one in answers),
            xx=math.fsum(one.n * one.points**2 for one in answers),
            t=math.fsum(one.totals for one in answers),
            tt=math.fsum(one.squares for one in answers),
            xt=math.fsum(one.points * one.totals for one in answers),
        )

    @property
    def variance(self) -> float:
        """Of the question's points."""
        return self._covariance(self.xx, self.x, self.x)

    @property
    def discrimination(self) -> float | None:
        """The correlation of the points with those of all other questions; None where either are all the same."""
        var_x, var_t = self.variance, self._covariance(self.tt, self.t, self.t)
        with_rest = self._covariance(self.xt, self.x, self.t) - var_x
        rest = var_t - 2 * with_rest - var_x
        if min(var_x, rest) <= _NOTHING * max(var_t, 1.0):
            return None
        return max(-1.0, min(1.0, with_rest / math.sqrt(var_x * rest)))

    def _covariance(self, products: float, one: float, other: float) -> float:
        return (products - one * other / self.n) / (self.n - 1) if self.n > 1 else 0.0


def _places(questions: Sequence[AskedQuestion], draws: Mapping[str, int]) -> list[_Sums]:
    """What came of each place of an attempt. In a place of a pool stands any of its questions, by chance, so its
    variance is that of all answers to them together.
    """
    places = [_Sums.of(question.answers) for question in questions if question.pool is None]
    for pool, draw in draws.items():
        inside = [question.answers for question in questions if question.pool == pool]
        if draw == len(inside):  # every attempt has all of them
            places += [_Sums.of(answers) for answers in inside]
        else:
            places += [_Sums.of([one for answers in inside for one in answers])] * draw
    return places


def _alpha(questions: Sequence[_Sums], variance: float) -> float | None:
    k = len(questions)
    if k < 2 or variance <= _NOTHING:
        return None
    return _shown(k / (k - 1) * (1 - math.fsum(one.variance for one in questions) / variance))


def _figures(question: AskedQuestion, max_points: float) -> QuestionStatistics:
    sums = _Sums.of(question.answers)
    if sums.n < LEAST or question.max_points <= 0:
        return _no_figures(question)
    facility, discrimination = sums.x / sums.n / question.max_points, sums.discrimination
    taken = [_take(choice, question.answers) for choice in question.choices]
    found = _suspect(facility, discrimination, taken, sums.n, max_points - question.max_points)
    return QuestionStatistics(
        question_key=question.key,
        n=sums.n,
        facility=_shown(facility),
        discrimination=None if discrimination is None else _shown(discrimination),
        choices=[
            ChoiceStatistics(
                one.choice.key, one.n, _shown(100 * one.totals / one.n / max_points) if one.n else None
            )
            for one in taken
        ],
        suspect=found[0] if found else None,
        reason=found[1] if found else None,
    )


@dataclass(frozen=True, slots=True)
class _Taken:
    """A choice with those who chose it: the sum of their totals, and of those without this question's points."""

    choice: Choice
    n: int
    totals: float
    rest: float

    def elsewhere(self, most: float) -> float:
        """What they reached on the other questions, in percent."""
        return 100 * self.rest / self.n / most


def _take(choice: Choice, answers: Sequence[Alike]) -> _Taken:
    by = [one for one in answers if choice.id in one.chosen]
    return _Taken(
        choice,
        n=sum(one.n for one in by),
        totals=math.fsum(one.totals for one in by),
        rest=math.fsum(one.totals - one.n * one.points for one in by),
    )


def _suspect(
    facility: float, discrimination: float | None, taken: Sequence[_Taken], n: int, most: float
) -> tuple[Suspicion, str] | None:
    """What is odd about the question, with a reason for its author. `most`: what the other questions are worth."""
    if facility >= EASY:
        return "too-easy", f"{facility:.0%} of the points were reached: it hardly tells learners apart."
    if most <= 0:
        return None
    right = max((one for one in taken if one.choice.is_right and one.n), key=_by_number, default=None)
    wrong = [one for one in taken if not one.choice.is_right and one.n >= POPULAR * n]
    if wrong:
        rival = max(wrong, key=lambda one: one.elsewhere(most))
        return _rival(rival, right, discrimination, n, most)
    if discrimination is not None and discrimination < 0:
        return (
            "likely-wrong-key",
            "Learners who do well on the other questions mostly get this one wrong, and those who do badly get it"
            " right.",
        )
    return None


def _rival(
    rival: _Taken, right: _Taken | None, discrimination: float | None, n: int, most: float
) -> tuple[Suspicion, str] | None:
    name, theirs = f"“{rival.choice.text}”", rival.elsewhere(most)
    if right is None:
        return (
            "likely-wrong-key",
            f"No learner chose what is marked as right; {rival.n} of {n} chose {name}.",
        )
    ours = right.elsewhere(most)
    compared = (
        f"those who chose {name}, which is not marked as right, reached {theirs:.0f} % on the other questions, those"
        f" who chose “{right.choice.text}” reached {ours:.0f} %."
    )
    if discrimination is not None and discrimination < 0 and theirs > ours:
        return "likely-wrong-key", f"Learners who do well tend to choose {name}: {compared}"
    if discrimination is not None and discrimination < WEAK and theirs >= ours - NEAR:
        return "ambiguous", f"Two answers look right: {compared}"
    return None


def _by_number(one: _Taken) -> int:
    return one.n


def _shown(figure: float) -> float:
    return round(figure, 6) + 0.0

"""The life of an enrollment: when it is completed or failed, how far it is, when its completion expires.

Source: the contract, "The life of an enrollment". Scores are exact fractions of 100 until they are shown.
"""

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, time, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Literal, TypeAlias
from uuid import UUID

import isodate

from learning_service.domain.courses.rules.cadence import parse_cadence
from learning_service.domain.courses.rules.shape import CourseShape, QuizShape
from learning_service.domain.kernel.days import end_of_day, last_day, local_day
from learning_service.domain.questions.rules.scores import exact, exact_score, shown_score

_NOTHING = Fraction(0)
_FULL = Fraction(100)


@dataclass(frozen=True, slots=True)
class QuizStanding:
    """Where a member stands with one quiz.

    `low` and `high` bound the best score in percent, from closed attempts; they differ while waiting responses
    can still raise it, and are None before the first attempt closes. `chance`: one is under way or left.
    """

    chance: bool
    low: Fraction | None = None
    high: Fraction | None = None


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a member stands with the whole version. A quiz that is absent was never tried."""

    completed_lessons: frozenset[UUID] = frozenset()
    quizzes: Mapping[UUID, QuizStanding] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Try:
    """A closed attempt: what it has for sure, in percent, and when it was handed in."""

    quiz_id: UUID
    submitted_at: datetime
    score: Fraction


Status: TypeAlias = Literal["in_progress", "completed", "failed"]


@dataclass(frozen=True, slots=True)
class Decision:
    """What has become of an enrollment; `score` in percent.

    The score is None when the course has none, while waiting responses can still raise it, or unless completed.
    """

    status: Status
    score: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Progress:
    """Required items and the assessment: how many are done, of how many, and the percentage rounded down."""

    items_completed: int
    items_total: int
    percent: int


def quiz_standing(
    *,
    used: int,
    allowed: int | None,
    open: bool,
    best_points: Decimal | None,
    possible_points: Decimal | None,
    max_points: Decimal | None,
) -> QuizStanding:
    """A standing from what is kept per enrollment and quiz.

    `used` attempts of `allowed` (extra ones included; None: no limit), the one under way (`open`) counted as
    used. Points are those of closed attempts, None before the first: `best_points` the most that any has for
    sure, `possible_points` the most that any can come to when its waiting responses get full marks.
    """
    chance = open or allowed is None or used < allowed
    if best_points is None or possible_points is None or max_points is None:
        return QuizStanding(chance)
    low, high = exact_score(best_points, max_points), exact_score(possible_points, max_points)
    # The same points are the same object; to compare fractions takes longer than all else here.
    return QuizStanding(chance, low, low if high is low else max(low, high))


def attempts_remaining(allowed: int | None, used: int) -> int | None:
    """Attempts that may still be started, one under way counted as used; None: no limit."""
    return None if allowed is None else max(0, allowed - used)


def is_passed(quiz: QuizShape, standing: Standing) -> bool:
    """Whether the best attempt passes already, whatever becomes of responses that wait."""
    low = _standing(quiz, standing).low
    return low is not None and low >= exact(quiz.pass_score)


def may_be_passed(quiz: QuizShape, standing: Standing) -> bool:
    """Whether it is passed, or will be when the responses that wait get full marks."""
    high = _standing(quiz, standing).high
    return high is not None and high >= exact(quiz.pass_score)


def can_rise(quiz: QuizShape, standing: Standing) -> bool:
    """Whether another attempt can have a better score than any so far."""
    return _standing(quiz, standing).chance and _low(quiz, standing) < _FULL


def decide(shape: CourseShape, standing: Standing) -> Decision:
    """Completed when everything required is done and the course's score is reached; failed when that has
    become impossible, even with full marks for everything that waits, is under way or is left; else in
    progress. Where nothing is required, something must have been completed or passed all the same.
    """
    if shape.requires_nothing:
        begun = standing.completed_lessons or any(
            is_passed(quiz, standing) for quiz in shape.optional_quizzes
        )
        return Decision("completed" if begun else "in_progress")
    reach = exact(shape.pass_score)
    if not _all_can_be_full(shape, standing) and _is_lost(shape, standing, reach):
        return Decision("failed")
    if not shape.required_lessons <= standing.completed_lessons:
        return Decision("in_progress")
    if not all(is_passed(quiz, standing) for quiz in shape.to_pass):
        return Decision("in_progress")
    low = _course_score(shape, [_low(quiz, standing) for quiz in shape.to_pass])
    if low is not None and low < reach:
        return Decision("in_progress")
    return Decision("completed", course_score(shape, standing))


def _all_can_be_full(shape: CourseShape, standing: Standing) -> bool:
    """Whether each quiz has a chance left, and nothing is lost, whatever it takes to pass."""
    return all(_standing(quiz, standing).chance for quiz in shape.to_pass)


def _is_lost(shape: CourseShape, standing: Standing, reach: Fraction) -> bool:
    highest = _course_score(shape, [_potential(quiz, standing) for quiz in shape.to_pass])
    if highest is not None and highest < reach:
        return True
    return any(_potential(quiz, standing) < exact(quiz.pass_score) for quiz in shape.to_pass)


def awaits_review(shape: CourseShape, standing: Standing) -> bool:
    """Whether everything is handed in: not completed yet, but full marks for all that waits would complete."""
    if all(quiz.low is quiz.high or quiz.low == quiz.high for quiz in standing.quizzes.values()):
        return False
    hopes = {key: replace(quiz, low=quiz.high) for key, quiz in standing.quizzes.items()}
    return (
        decide(shape, standing).status == "in_progress"
        and decide(shape, replace(standing, quizzes=hopes)).status == "completed"
    )


def completed_since(
    shape: CourseShape, lessons: Mapping[UUID, datetime], tries: Sequence[Try]
) -> datetime | None:
    """The moment of the last thing that was needed: from then on what was handed in completes, as graded now.

    None where it does not complete.
    """
    moments = sorted({*lessons.values(), *(one.submitted_at for one in tries)})

    def completes(moment: datetime) -> bool:
        best: dict[UUID, Fraction] = {}
        for one in tries:
            if one.submitted_at <= moment:
                best[one.quiz_id] = max(one.score, best.get(one.quiz_id, _NOTHING))
        done = frozenset(lesson for lesson, at in lessons.items() if at <= moment)
        quizzes = {key: QuizStanding(True, score, score) for key, score in best.items()}
        return decide(shape, Standing(done, quizzes)).status == "completed"

    first = bisect_left(moments, True, key=completes)
    return moments[first] if first < len(moments) else None


def course_score(shape: CourseShape, standing: Standing) -> Decimal | None:
    """The course's score so far, in percent: the assessment's best, else the mean of the required quizzes'
    best.

    None when there is neither, or while waiting responses can still raise it.
    """
    low = _course_score(shape, [_low(quiz, standing) for quiz in shape.to_pass])
    high = _course_score(shape, [_high(quiz, standing) for quiz in shape.to_pass])
    return shown_score(low) if low is not None and low == high else None


def progress(shape: CourseShape, standing: Standing) -> Progress:
    """How far a member is. A version that requires nothing is all done."""
    return progress_with(shape, len(shape.required_lessons & standing.completed_lessons), standing)


def progress_with(shape: CourseShape, lessons: int, standing: Standing) -> Progress:
    """The same with so many of the required lessons completed."""
    total = len(shape.required_lessons) + len(shape.to_pass)
    done = lessons + sum(is_passed(quiz, standing) for quiz in shape.to_pass)
    return Progress(done, total, 100 * done // total if total else 100)


def expiry(
    completed_at: datetime, cadence: str | None, timezone: str, renewing_from: datetime | None = None
) -> datetime | None:
    """When a completion expires, in UTC; None: never.

    It is valid to the end of a day where the organization is: by the calendar, so that 29 February plus a year is
    28 February. `renewing_from`: the expiry of the completion that this one renews; a member who renews early loses
    nothing, so the new period counts from that one's last day if it is later.
    """
    if cadence is None:
        return None
    day = local_day(completed_at, timezone)
    if renewing_from is not None:
        day = max(day, last_day(renewing_from, timezone))
    last: datetime = datetime.combine(day, time()) + isodate.parse_duration(parse_cadence(cadence))
    return end_of_day(last.date(), timezone)


def expiry_after(
    completed_at: datetime,
    cadence: str | None,
    timezone: str,
    *,
    previous: tuple[datetime, datetime] | None,
    window_days: int,
) -> datetime | None:
    """The same for a completion after a `previous` one (completed, expires).

    It counts from that one's expiry where it renewed it inside its window, and from its own time where it came later.
    """
    renewing_from = None
    if previous is not None and renewal_opens(*previous, window_days) <= completed_at <= previous[1]:
        renewing_from = previous[1]
    return expiry(completed_at, cadence, timezone, renewing_from)


def renewal_opens(completed_at: datetime, expires_at: datetime, window_days: int) -> datetime:
    """From when on a completion can be renewed: the organization's window, at most half of its own span."""
    return expires_at - min(timedelta(days=window_days), (expires_at - completed_at) / 2)


def _course_score(shape: CourseShape, scores: list[Fraction]) -> Fraction | None:
    """The course's score from those of `shape.to_pass`, in that order."""
    if not scores:
        return None
    return scores[-1] if shape.assessment is not None else sum(scores, _NOTHING) / len(scores)


def _standing(quiz: QuizShape, standing: Standing) -> QuizStanding:
    return standing.quizzes.get(quiz.id, QuizStanding(chance=True))


def _low(quiz: QuizShape, standing: Standing) -> Fraction:
    low = _standing(quiz, standing).low
    return _NOTHING if low is None else low


def _high(quiz: QuizShape, standing: Standing) -> Fraction:
    high = _standing(quiz, standing).high
    return _NOTHING if high is None else high


def _potential(quiz: QuizShape, standing: Standing) -> Fraction:
    """The best score that is still possible."""
    return _FULL if _standing(quiz, standing).chance else _high(quiz, standing)

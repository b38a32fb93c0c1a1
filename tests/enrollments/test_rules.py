"""The life of an enrollment: decisions, progress and expiry."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Final
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from learning_service.domain.courses.rules.cadence import parse_cadence
from learning_service.domain.courses.rules.shape import CourseShape, QuizShape
from learning_service.domain.enrollments.rules import (
    Decision,
    QuizStanding,
    Standing,
    Try,
    attempts_remaining,
    awaits_review,
    completed_since,
    course_score,
    decide,
    expiry,
    is_passed,
    progress,
    quiz_standing,
)
from learning_service.domain.questions.rules.scores import exact_score, shown_score

LESSON, OTHER, QUIZ, SECOND, FINAL = (UUID(int=n) for n in range(1, 6))
HUNDRED = Decimal(100)


def quiz(id: UUID, pass_score: int = 70) -> QuizShape:
    return QuizShape(id, Decimal(pass_score))


def shape(
    *quizzes: QuizShape, final: QuizShape | None = None, pass_score: int = 80, lesson: bool = False
) -> CourseShape:
    return CourseShape(Decimal(pass_score), frozenset({LESSON} if lesson else ()), quizzes, final)


def scored(low: int, high: int | None = None, *, chance: bool = False) -> QuizStanding:
    return QuizStanding(chance, Fraction(low), Fraction(low if high is None else high))


def standing(lessons: tuple[UUID, ...] = (), **quizzes: QuizStanding) -> Standing:
    ids = {"quiz": QUIZ, "second": SECOND, "final": FINAL}
    return Standing(frozenset(lessons), {ids[name]: value for name, value in quizzes.items()})


COMPLETED: Final = "completed"
FAILED: Final = "failed"
IN_PROGRESS: Final = "in_progress"


@pytest.mark.parametrize(
    ("course", "now", "decision"),
    [
        (shape(lesson=True), standing(), Decision(IN_PROGRESS)),
        (shape(lesson=True), standing((OTHER,)), Decision(IN_PROGRESS)),
        (shape(lesson=True), standing((LESSON,)), Decision(COMPLETED)),
        (shape(quiz(QUIZ)), standing(), Decision(IN_PROGRESS)),
        (shape(quiz(QUIZ)), standing(quiz=scored(80)), Decision(COMPLETED, Decimal(80))),
        (shape(quiz(QUIZ), lesson=True), standing(quiz=scored(80)), Decision(IN_PROGRESS)),
        # Passed, but below the course's score: retaking may raise it, or it is over.
        (shape(quiz(QUIZ)), standing(quiz=scored(79, chance=True)), Decision(IN_PROGRESS)),
        (shape(quiz(QUIZ)), standing(quiz=scored(79, 80)), Decision(IN_PROGRESS)),
        (shape(quiz(QUIZ)), standing(quiz=scored(79)), Decision(FAILED)),
        (shape(quiz(QUIZ), lesson=True), standing(quiz=scored(79)), Decision(FAILED)),
        # A second quiz can still lift the mean.
        (shape(quiz(QUIZ), quiz(SECOND)), standing(quiz=scored(70)), Decision(IN_PROGRESS)),
        (
            shape(quiz(QUIZ), quiz(SECOND)),
            standing(quiz=scored(70), second=scored(90)),
            Decision(COMPLETED, Decimal(80)),
        ),
        (shape(quiz(QUIZ), quiz(SECOND)), standing(quiz=scored(69)), Decision(FAILED)),
        (shape(quiz(QUIZ), quiz(SECOND)), standing(quiz=scored(69, 70)), Decision(IN_PROGRESS)),
        (shape(quiz(QUIZ), quiz(SECOND)), standing(quiz=scored(0, chance=True)), Decision(IN_PROGRESS)),
        # With an assessment, its best is the course's score, and quizzes only need to be passed.
        (
            shape(quiz(QUIZ), final=quiz(FINAL, 80)),
            standing(quiz=scored(70), final=scored(85)),
            Decision(COMPLETED, Decimal(85)),
        ),
        (shape(quiz(QUIZ), final=quiz(FINAL, 80)), standing(quiz=scored(70)), Decision(IN_PROGRESS)),
        (shape(quiz(QUIZ), final=quiz(FINAL, 80)), standing(final=scored(85)), Decision(IN_PROGRESS)),
        (shape(quiz(QUIZ), final=quiz(FINAL, 80)), standing(final=scored(79)), Decision(FAILED)),
        # Decided early: certain to pass, its score still open.
        (shape(final=quiz(FINAL, 80)), standing(final=scored(80, 100)), Decision(COMPLETED, None)),
        (shape(final=quiz(FINAL, 80)), standing(final=scored(60, 100)), Decision(IN_PROGRESS)),
        (shape(final=quiz(FINAL, 80)), standing(final=scored(60, 79)), Decision(FAILED)),
        # A mean of thirds reaches its pass score exactly.
        (
            shape(quiz(QUIZ, 0), quiz(SECOND, 0), pass_score=50),
            Standing(
                quizzes={
                    QUIZ: QuizStanding(False, Fraction(200, 3), Fraction(200, 3)),
                    SECOND: QuizStanding(False, Fraction(100, 3), Fraction(100, 3)),
                }
            ),
            Decision(COMPLETED, Decimal(50)),
        ),
        # A pass score of 0 still takes an attempt.
        (shape(quiz(QUIZ, 0), pass_score=0), standing(), Decision(IN_PROGRESS)),
        (shape(quiz(QUIZ, 0), pass_score=0), standing(quiz=QuizStanding(chance=True)), Decision(IN_PROGRESS)),
    ],
)
def test_decisions(course: CourseShape, now: Standing, decision: Decision) -> None:
    assert decide(course, now) == decision


SCORES = st.integers(0, 100).map(Fraction)
STANDINGS = st.builds(
    lambda chance, bounds: QuizStanding(chance, *(sorted(bounds) if bounds else (None, None))),
    st.booleans(),
    st.none() | st.tuples(SCORES, SCORES),
).filter(lambda s: s.chance or s.low is not None)
SHAPES = st.builds(
    CourseShape,
    st.integers(0, 100).map(Decimal),
    st.sets(st.sampled_from([LESSON, OTHER])).map(frozenset),
    st.lists(
        st.builds(QuizShape, st.sampled_from([QUIZ, SECOND]), st.integers(0, 100).map(Decimal)),
        unique_by=lambda q: q.id,
    ).map(tuple),
    st.none() | st.builds(QuizShape, st.just(FINAL), st.integers(0, 100).map(Decimal)),
).filter(lambda course: not course.requires_nothing)
NOW = st.builds(
    Standing,
    st.sets(st.sampled_from([LESSON, OTHER])).map(frozenset),
    st.dictionaries(st.sampled_from([QUIZ, SECOND, FINAL]), STANDINGS),
)


def best_end(course: CourseShape, now: Standing) -> Standing:
    """Everything goes as well as it can from here."""
    ends = {}
    for each in course.to_pass:
        at = now.quizzes.get(each.id, QuizStanding(chance=True))
        best = Fraction(100) if at.chance or at.high is None else at.high
        ends[each.id] = QuizStanding(False, best, best)
    return Standing(now.completed_lessons | course.required_lessons, ends)


def worst_end(course: CourseShape, now: Standing) -> Standing:
    """Nothing more is done or gained from here."""
    ends = {}
    for each in course.to_pass:
        low = now.quizzes.get(each.id, QuizStanding(chance=True)).low or Fraction(0)
        tried = now.quizzes.get(each.id, QuizStanding(chance=True)).low is not None
        ends[each.id] = QuizStanding(not tried, low if tried else None, low if tried else None)
    return Standing(now.completed_lessons, ends)


@given(SHAPES, NOW)
def test_failed_means_impossible_and_completed_means_certain(course: CourseShape, now: Standing) -> None:
    decision = decide(course, now)
    best, worst = decide(course, best_end(course, now)), decide(course, worst_end(course, now))
    assert (decision.status == FAILED) == (best.status == FAILED)
    assert best.status in (COMPLETED, FAILED)
    assert (decision.status == COMPLETED) == (worst.status == COMPLETED)
    if decision.score is not None:
        assert decision.status == COMPLETED
        assert course.pass_score <= decision.score <= 100
        assert decision.score == course_score(course, now)


@given(SHAPES, NOW)
def test_more_learning_never_takes_a_completion_away(course: CourseShape, now: Standing) -> None:
    if decide(course, now).status == COMPLETED:
        assert decide(course, best_end(course, now)).status == COMPLETED
        assert progress(course, now).percent == 100


@given(SHAPES, NOW)
def test_progress_counts_what_is_required(course: CourseShape, now: Standing) -> None:
    got = progress(course, now)
    assert 0 <= got.items_completed <= got.items_total
    assert got.items_total == len(course.required_lessons) + len(course.to_pass)
    assert (got.percent == 100) == (got.items_completed == got.items_total)


def test_progress_is_rounded_down() -> None:
    course = CourseShape(HUNDRED, frozenset({LESSON, OTHER}), (quiz(QUIZ),))
    assert progress(course, standing((LESSON, OTHER))).percent == 66
    assert progress(CourseShape(HUNDRED), standing()).percent == 100


def test_standing_from_counters() -> None:
    def counted(
        used: int, allowed: int | None, *, open: bool = False, points: tuple[int, int] | None = None
    ) -> QuizStanding:
        best, possible = (None, None) if points is None else map(Decimal, points)
        return quiz_standing(
            used=used, allowed=allowed, open=open, best_points=best, possible_points=possible,
            max_points=None if points is None else Decimal(10),
        )  # fmt: skip

    assert counted(0, 2) == QuizStanding(chance=True)
    assert counted(2, 2, open=True) == QuizStanding(chance=True)
    assert counted(5, None, points=(3, 3)) == scored(30, chance=True)
    assert counted(2, 2, points=(3, 8)) == scored(30, 80)
    assert counted(2, 3, points=(3, 2)) == scored(30, chance=True)
    assert is_passed(quiz(QUIZ, 30), Standing(quizzes={QUIZ: counted(2, 2, points=(3, 8))}))
    assert not is_passed(quiz(QUIZ, 31), Standing(quizzes={QUIZ: counted(2, 2, points=(3, 8))}))
    assert not is_passed(quiz(QUIZ, 0), Standing())
    assert (attempts_remaining(None, 9), attempts_remaining(2, 1), attempts_remaining(2, 3)) == (None, 1, 0)


@given(st.decimals(0, 1000, places=6), st.decimals("0.000001", 1000, places=6), st.decimals(0, 100, places=6))
def test_scores_are_shown_so_that_they_compare_alike(
    points: Decimal, most: Decimal, pass_score: Decimal
) -> None:
    exact = exact_score(points, most)
    assert (shown_score(exact) >= pass_score) == (exact >= Fraction(pass_score))
    assert 0 <= exact - Fraction(shown_score(exact)) < Fraction(1, 10**6)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("completed", "cadence", "zone", "expires"),
    [
        ("2026-11-22 09:00", "P1Y", "UTC", "2027-11-23 00:00"),
        ("2024-02-29 12:00", "P1Y", "UTC", "2025-03-01 00:00"),
        ("2024-02-29 12:00", "P4Y", "UTC", "2028-03-01 00:00"),
        ("2026-01-31 12:00", "P1M", "UTC", "2026-03-01 00:00"),
        ("2026-01-31 12:00", "P1Y1M", "UTC", "2027-03-01 00:00"),
        ("2026-01-01 12:00", "P2W", "UTC", "2026-01-16 00:00"),
        ("2026-01-01 12:00", "P90D", "UTC", "2026-04-02 00:00"),
        # Midnight there, whatever its clocks have done since.
        ("2026-01-15 11:00", "P6M", "Europe/Berlin", "2026-07-15 22:00"),
        # 23:30 UTC on 28 February is already 1 March in Auckland.
        ("2023-02-28 23:30", "P1Y", "Pacific/Auckland", "2024-03-01 11:00"),
        # There is no midnight after that day: clocks go from 0:00 to 1:00.
        ("2026-04-13 10:00", "P10D", "Africa/Cairo", "2026-04-23 22:00"),
    ],
)
def test_expiry_is_calendar_arithmetic(completed: str, cadence: str, zone: str, expires: str) -> None:
    assert expiry(at(completed), cadence, zone) == at(expires)


def test_a_renewal_counts_from_the_expiry_it_renews() -> None:
    early, old = at("2026-11-01 09:00"), at("2026-11-22 09:00")
    assert expiry(early, "P1Y", "UTC", renewing_from=old) == at("2027-11-23 00:00")
    assert expiry(old + timedelta(days=9), "P1Y", "UTC", renewing_from=old) == at("2027-12-02 00:00")
    assert expiry(early, None, "UTC", renewing_from=old) is None


def test_where_nothing_is_required_something_completes_all_the_same() -> None:
    """Of versions from before that was refused: a failed optional quiz completes nothing."""
    optional = CourseShape(HUNDRED, optional_quizzes=(quiz(QUIZ),))
    assert decide(optional, standing()) == Decision(IN_PROGRESS)
    assert decide(optional, standing(quiz=scored(69))) == Decision(IN_PROGRESS)
    assert decide(optional, standing(quiz=scored(69, 100))) == Decision(IN_PROGRESS)
    assert decide(optional, standing(quiz=scored(70))) == Decision(COMPLETED)
    assert decide(optional, standing((LESSON,))) == Decision(COMPLETED)


def test_who_waits_for_graders_alone() -> None:
    course = shape(quiz(QUIZ), quiz(SECOND), pass_score=80, lesson=True)
    done = scored(90)
    for now, waits in (
        (standing((LESSON,), quiz=scored(60, 100), second=done), True),
        (standing((), quiz=scored(60, 100), second=done), False),
        (standing((LESSON,), quiz=scored(60, 69, chance=True), second=done), False),
        (standing((LESSON,), quiz=scored(60, 70), second=done), True),
        (standing((LESSON,), quiz=scored(70, 70), second=scored(80, 89, chance=True)), False),
        (standing((LESSON,), quiz=scored(70, 70), second=scored(80, 90)), True),
        (standing((LESSON,), quiz=scored(60, 100)), False),
        (standing((LESSON,), quiz=done, second=done), False),
    ):
        assert awaits_review(course, now) is waits, now


MOMENT = datetime(2026, 11, 22, 9, tzinfo=UTC)
TRIES = st.lists(
    st.builds(
        Try,
        st.sampled_from([QUIZ, SECOND, OTHER]),
        st.integers(0, 9).map(lambda hours: MOMENT + timedelta(hours=hours)),
        st.integers(0, 100).map(Fraction),
    ),
    max_size=8,
)


@given(st.integers(0, 9), TRIES)
def test_the_moment_of_completion_is_the_last_thing_needed(read_after: int, tries: list[Try]) -> None:
    """From then on what was handed in completes, and without what was handed in then it does not."""
    course = shape(quiz(QUIZ), quiz(SECOND), pass_score=80, lesson=True)
    read_at = MOMENT + timedelta(hours=read_after)
    since = completed_since(course, {LESSON: read_at}, tries)

    def completes(kept: list[Try], *, lesson: bool) -> bool:
        best = {one.quiz_id: max(t.score for t in kept if t.quiz_id == one.quiz_id) for one in kept}
        quizzes = {key: QuizStanding(True, score, score) for key, score in best.items()}
        lessons = frozenset({LESSON} if lesson else ())
        return decide(course, Standing(lessons, quizzes)).status == COMPLETED

    if since is None:
        assert not completes(tries, lesson=True)
        return
    assert completes([t for t in tries if t.submitted_at <= since], lesson=read_at <= since)
    assert not completes([t for t in tries if t.submitted_at < since], lesson=read_at < since)


@pytest.mark.parametrize("text", ["P1Y", "P18M", "P2W", "P90D", "P1Y6M", "P100Y", "P1200M", "P1Y2M3W4D"])
def test_cadences(text: str) -> None:
    assert parse_cadence(text) == text


@pytest.mark.parametrize(
    "text",
    ["", "P", "P0Y", "P0Y0M0D", "-P1Y", "P-1Y", "PT24H", "P1DT1H", "P1.5Y", "P1,5Y", "1Y", "p1y", "P1Y ", "P1D1Y",
     "P101Y", "P1201M", "P99999D", "P1YT", "P1Y\n", "P１Y", "P0001-00-00T00:00:00", "P100Y1D", "P99999999999999Y"],
)  # fmt: skip
def test_what_is_no_cadence(text: str) -> None:
    with pytest.raises(ValueError, match="must"):
        parse_cadence(text)


@given(
    st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1)),  # noqa: DTZ001 - hypothesis wants naive bounds
    st.integers(1, 5000),
    st.sampled_from("YMWD"),
)
def test_a_completion_expires_after_it_was_made(completed: datetime, n: int, unit: str) -> None:
    cadence = f"P{min(n, 99)}{unit}" if unit in "YM" else f"P{n}{unit}"
    expires = expiry(completed.replace(tzinfo=UTC), cadence, "America/New_York")
    assert expires is not None
    assert expires > completed.replace(tzinfo=UTC)

"""Grading: each type by example, and what holds for all of them."""

from collections.abc import Mapping
from decimal import ROUND_CEILING, Decimal
from fractions import Fraction
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from learning_service.domain.grading.rules.score import (
    early_decision,
    grade_attempt,
    passes,
    score_percent,
)
from learning_service.domain.kernel.characters import unify
from learning_service.domain.questions.rules.answer_keys import AnswerKey
from learning_service.domain.questions.rules.free_form import FreeForm, FreeFormKey
from learning_service.domain.questions.rules.marks import PENDING, WRONG, Mark, award, award_points
from learning_service.domain.questions.rules.multi_select import MultiSelect, MultiSelectKey, Scoring
from learning_service.domain.questions.rules.multiple_choice import MultipleChoice, MultipleChoiceKey
from learning_service.domain.questions.rules.question import Answer
from learning_service.domain.questions.rules.responses import Response
from learning_service.domain.questions.rules.scores import KEPT_DIGITS, MAX_DENOMINATOR, exact, kept
from learning_service.domain.questions.rules.short_answer import Review, ShortAnswer, ShortAnswerKey
from learning_service.domain.questions.rules.sizes import MAX_ANSWERS
from learning_service.domain.questions.rules.true_false import TrueFalse, TrueFalseKey

Q = str(UUID(int=1))
A, B, C, D, E = (str(UUID(int=n)) for n in range(11, 16))
TWO = Decimal(2)
FULL = Mark(Fraction(2), True)


def response(question: str = Q, **form: Any) -> Response:
    return Response(question_id=question, **form)


def test_multiple_choice() -> None:
    key = MultipleChoiceKey(Q, TWO, frozenset({A, B}), frozenset({A}))
    assert key.grade(response(answer_ids=(A,))) == FULL
    assert key.grade(response(answer_ids=(B,))) == WRONG
    assert key.grade(response(answer_ids=())) == WRONG
    assert key.grade(None) == WRONG


@pytest.mark.parametrize("correct", [True, False])
def test_true_false(correct: bool) -> None:
    key = TrueFalseKey(Q, TWO, correct)
    assert key.grade(response(value=correct)) == FULL
    assert key.grade(response(value=not correct)) == WRONG
    assert key.grade(None) == WRONG


@pytest.mark.parametrize(
    ("chosen", "all_or_nothing", "right_minus_wrong"),
    [
        ((A, B), "2", "2"),
        ((B, A), "2", "2"),
        ((A,), "0", "1"),
        ((A, B, C), "0", "4/3"),
        ((A, C), "0", "1/3"),
        ((A, C, D), "0", "0"),
        ((C, D, E), "0", "0"),
        ((A, B, C, D, E), "0", "0"),
        ((), "0", "0"),
    ],
)
def test_multi_select(chosen: tuple[str, ...], all_or_nothing: str, right_minus_wrong: str) -> None:
    expected: dict[Scoring, str] = {"all_or_nothing": all_or_nothing, "right_minus_wrong": right_minus_wrong}
    for scoring, points in expected.items():
        key = MultiSelectKey(Q, TWO, frozenset({A, B, C, D, E}), frozenset({A, B}), scoring)
        assert key.grade(response(answer_ids=chosen)) == Mark(Fraction(points), points == "2")
        assert key.grade(None) == WRONG


def test_multi_select_where_every_choice_is_right() -> None:
    key = MultiSelectKey(Q, TWO, frozenset({A, B}), frozenset({A, B}), "right_minus_wrong")
    assert key.grade(response(answer_ids=(A,))) == Mark(Fraction(1), False)


@pytest.mark.parametrize(
    ("review", "matched", "unmatched"),
    [("auto", FULL, WRONG), ("unmatched", FULL, PENDING), ("manual", PENDING, PENDING)],
)
def test_short_answer(review: Review, matched: Mark, unmatched: Mark) -> None:
    key = ShortAnswerKey(Q, TWO, ("hazing", "to haze*"), False, review)
    assert key.grade(response(text=" HAZING ")) == matched
    assert key.grade(response(text="To haze someone")) == matched
    assert key.grade(response(text="else")) == unmatched
    assert key.grade(response(text=" \u200b")) == WRONG
    assert key.grade(None) == WRONG


def test_short_answer_with_case() -> None:
    key = ShortAnswerKey(Q, TWO, ("DNA",), True, "auto")
    assert key.grade(response(text="DNA")) == FULL
    assert key.grade(response(text="dna")) == WRONG


def test_free_form() -> None:
    key = FreeFormKey(Q, TWO)
    assert key.grade(response(text="An essay")) == PENDING
    assert key.grade(response(text="\n")) == WRONG
    assert key.grade(None) == WRONG


def test_shares_are_exact() -> None:
    assert award(Decimal("0.000001"), Fraction(1, 2)).points == Fraction(1, 2_000_000)
    assert award(Decimal(10_000), Fraction(2, 3)) == Mark(Fraction(20_000, 3), False)
    assert award(Decimal("0.3"), Fraction(1)) == award(Decimal("0.3")) == Mark(Fraction(3, 10), True)


@pytest.mark.parametrize("points", ["-0.000001", "2.000001", "NaN", "Infinity"])
def test_a_person_gives_points_within_the_question(points: str) -> None:
    with pytest.raises((ValueError, ArithmeticError)):
        award_points(Decimal(points), TWO)
    with pytest.raises(ValueError, match=r"^must be between 0 and 2\.5$"):
        award_points(Decimal(3), Decimal("2.50"))
    assert award_points(Decimal("0.0000005"), TWO).points == Fraction(1, 1_000_000)
    assert award_points(Decimal("1.5"), TWO) == Mark(Fraction(3, 2), False)
    assert award_points(TWO, TWO) == FULL


def test_keys_are_made_from_questions() -> None:
    answers = (Answer(text="a"), Answer(text="b", is_correct=True))
    single = MultipleChoice(type="multiple_choice", answers=answers, points=TWO)
    assert single.answer_key(Q, [A, B]) == MultipleChoiceKey(Q, TWO, frozenset({A, B}), frozenset({B}))
    several = MultiSelect(type="multi_select", answers=answers, points=TWO)
    assert several.answer_key(Q, [A, B]) == MultiSelectKey(
        Q, TWO, frozenset({A, B}), frozenset({B}), "all_or_nothing"
    )
    statement = TrueFalse(type="true_false", correct=False, points=TWO)
    assert statement.answer_key(Q) == TrueFalseKey(Q, TWO, False)
    short = ShortAnswer(type="short_answer", accepted_answers=("a",), points=TWO)
    assert short.answer_key(Q) == ShortAnswerKey(Q, TWO, ("a",), False, "auto")
    assert FreeForm(type="free_form", points=TWO).answer_key(Q) == FreeFormKey(Q, TWO)


def test_unfinished_questions_have_no_key() -> None:
    wrong = (Answer(text="a"), Answer(text="b"))
    with pytest.raises(ValueError, match="right answer"):
        MultipleChoice(type="multiple_choice", answers=wrong).answer_key(Q, [A, B])
    with pytest.raises(ValueError, match="right answer"):
        MultiSelect(type="multi_select", answers=wrong).answer_key(Q, [A, B])
    with pytest.raises(ValueError, match="its id"):
        MultiSelect(type="multi_select", answers=wrong).answer_key(Q, [A])
    with pytest.raises(ValueError, match="true or false"):
        TrueFalse(type="true_false").answer_key(Q)


POINTS = st.decimals(0, 100, places=6)
CHOICES = [A, B, C, D, E]


FORMS: dict[str, st.SearchStrategy[dict[str, Any]]] = {
    "one": st.fixed_dictionaries({"answer_ids": st.sampled_from(CHOICES).map(lambda choice: (choice,))}),
    "any": st.fixed_dictionaries({"answer_ids": st.sets(st.sampled_from(CHOICES)).map(tuple)}),
    "value": st.fixed_dictionaries({"value": st.booleans()}),
    "text": st.fixed_dictionaries({"text": st.sampled_from(["", "a", "ab", "c"])}),
}


@st.composite
def attempts(draw: st.DrawFn) -> tuple[list[AnswerKey], dict[str, Response], dict[str, Decimal]]:
    """Keys, responses that fit them, and grades that persons gave."""
    keys: list[AnswerKey] = []
    responses: dict[str, Response] = {}
    grades: dict[str, Decimal] = {}
    for n in range(draw(st.integers(1, 6))):
        question, points = str(UUID(int=100 + n)), draw(POINTS)
        right = frozenset(draw(st.sets(st.sampled_from(CHOICES), min_size=1)))
        all_ids = frozenset(CHOICES)
        kinds: list[tuple[AnswerKey, str]] = [
            (MultipleChoiceKey(question, points, all_ids, frozenset({min(right)})), "one"),
            (TrueFalseKey(question, points, True), "value"),
            (MultiSelectKey(question, points, all_ids, right, "right_minus_wrong"), "any"),
            (MultiSelectKey(question, points, all_ids, right, "all_or_nothing"), "any"),
            (ShortAnswerKey(question, points, ("a*",), False, "unmatched"), "text"),
            (FreeFormKey(question, points), "text"),
        ]
        key, form = draw(st.sampled_from(kinds))
        keys.append(key)
        if draw(st.booleans()):
            responses[question] = response(question, **draw(FORMS[form]))
        if draw(st.booleans()):
            grades[question] = draw(st.decimals(0, points, places=6))
    return keys, responses, grades


Attempt = tuple[list[AnswerKey], dict[str, Response], dict[str, Decimal]]


@given(attempts(), st.decimals(0, 100, places=6))
def test_an_attempt_is_graded_within_bounds_and_the_same_each_time(
    attempt: Attempt, pass_score: Decimal
) -> None:
    keys, responses, grades = attempt
    graded = grade_attempt(keys, responses, grades)
    assert (
        grade_attempt(list(reversed(keys)), dict(reversed(responses.items())), grades).points == graded.points
    )
    for key in keys:
        mark = graded.marks[key.question_id]
        assert mark.points is None or 0 <= mark.points <= exact(key.points)
        assert (
            (mark.points is None)
            == (mark.correct is None)
            == (key.question_id in graded.pending_question_ids)
        )
        assert not mark.correct or mark.points == exact(key.points)
        if key.question_id in grades:
            assert mark.points == exact(grades[key.question_id])
    assert 0 <= graded.points <= graded.points + graded.pending_points <= graded.max_points
    assert (graded.score is None) == bool(graded.pending_question_ids)


@given(attempts(), st.decimals(0, 100, places=6), st.data())
def test_an_early_decision_is_never_taken_back(
    attempt: Attempt, pass_score: Decimal, data: st.DataObject
) -> None:
    keys, responses, _ = attempt
    early = grade_attempt(keys, responses)
    points = {key.question_id: key.points for key in keys}
    given_later = {
        question: data.draw(st.decimals(0, points[question], places=6))
        for question in early.pending_question_ids
    }
    late = grade_attempt(keys, responses, given_later)
    assert late.passed(pass_score) is not None
    assert early.passed(pass_score) in (None, late.passed(pass_score))
    if early.passed(pass_score) is None:
        assert {passed_with(early, keys, pass_score, full) for full in (False, True)} == {False, True}


def passed_with(graded: Any, keys: list[AnswerKey], pass_score: Decimal, full: bool) -> bool:
    """Whether the attempt passes when all that waits gets full marks, or none."""
    marks: Mapping[str, Mark] = graded.marks
    points = sum(
        ((exact(key.points) if full else Fraction(0)) if mark.points is None else mark.points)
        for key in keys
        for mark in (marks[key.question_id],)
    )
    return passes(Fraction(points), graded.max_points, pass_score)


@st.composite
def earned(draw: st.DrawFn) -> Fraction:
    """Points of an attempt as they come about: whole questions, shares of others, and what persons gave."""
    total = Fraction(0)
    for _ in range(draw(st.integers(1, 8))):
        right = draw(st.integers(1, MAX_ANSWERS - 1))
        wrong = draw(st.integers(1, MAX_ANSWERS - right))
        share = Fraction(draw(st.integers(0, right)), right) - Fraction(draw(st.integers(0, wrong)), wrong)
        total += exact(draw(POINTS)) * max(Fraction(0), share)
    return total


@given(earned(), earned(), st.decimals(0, 100, places=6))
def test_passing_is_exact_and_the_score_shown_agrees(
    points: Fraction, more: Fraction, pass_score: Decimal
) -> None:
    max_points = exact(kept(points + more).quantize(Decimal("0.000001"), ROUND_CEILING))
    passed = passes(points, max_points, pass_score)
    shown = score_percent(kept(points), kept(max_points))
    if max_points:
        assert passed is (100 * points / max_points >= Fraction(pass_score))
        assert passed is (shown >= pass_score)
    else:
        assert not passed
    assert 0 <= shown <= 100


@given(st.lists(earned(), min_size=1, max_size=5))
def test_what_is_kept_comes_back_in_order(points: list[Fraction]) -> None:
    assert [exact(kept(each)) for each in points] == points
    assert exact(kept(sum(points, Fraction(0)))) == sum(points)
    assert exact(max(map(kept, points))) == max(points)
    assert sorted(points) == [exact(each) for each in sorted(map(kept, points))]


def test_the_places_kept_tell_all_fractions_apart() -> None:
    """Two of these denominators differ by at least one over their product; points have at most 9 digits before."""
    assert Fraction(10) ** (KEPT_DIGITS - 9) > 1000 * MAX_DENOMINATOR**2


def test_all_that_waits_could_still_be_earned() -> None:
    essays = [FreeFormKey(str(UUID(int=n)), Decimal(n)) for n in (2, 3)]
    waiting = {key.question_id: response(key.question_id, text="Because.") for key in essays}
    graded = grade_attempt([*essays, TrueFalseKey(Q, TWO, True)], {**waiting, Q: response(value=True)})
    assert [graded.points, graded.pending_points, graded.max_points] == [2, 5, 7]
    assert graded.pending_question_ids == tuple(waiting)
    assert graded.score is None


def test_passing_by_example() -> None:
    ten, bound = Fraction(10), Decimal(70)
    assert passes(Fraction(7), ten, bound)
    assert not passes(Fraction("6.999999"), ten, bound)
    assert score_percent(Decimal(2), Decimal(3)) == Decimal("66.666666")
    assert not passes(Fraction(2, 3), Fraction(1), Decimal("66.6667"))
    assert passes(Fraction(2, 3), Fraction(1), Decimal("66.666666"))
    assert early_decision(Fraction(7), Fraction(1), ten, bound) is True
    assert early_decision(Fraction(6), Fraction(1), ten, bound) is None
    assert early_decision(Fraction(5), Fraction(1), ten, bound) is False


def test_a_long_answer_is_brought_into_its_form_once(monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[int] = []

    def counted(text: str) -> str:
        read.append(len(text))
        return unify(text)

    monkeypatch.setattr("learning_service.domain.questions.rules.normalize.unify", counted)
    key = ShortAnswerKey(Q, TWO, ("hazing",), False, "auto")
    text = "é" * 20_000
    assert key.grade(response(text=text)) == WRONG
    assert sum(read) < 1.1 * len(text)

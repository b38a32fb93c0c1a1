"""What learners may see, and what still waits for a person."""

import itertools
import uuid
from decimal import Decimal
from fractions import Fraction

import pytest

from learning_service.domain.courses.rules.shape import CourseShape, QuizShape
from learning_service.domain.enrollments.rules import QuizStanding, Standing
from learning_service.domain.grading.rules.release import ShownMark, is_released, marks_of, shown_mark
from learning_service.domain.grading.rules.review import course_reached, still_decides
from learning_service.domain.questions.rules.answer_keys import AnswerKey, RightChoices
from learning_service.domain.questions.rules.free_form import FreeFormKey
from learning_service.domain.questions.rules.multi_select import MultiSelectKey
from learning_service.domain.questions.rules.multiple_choice import MultipleChoiceKey
from learning_service.domain.questions.rules.short_answer import RightTexts, ShortAnswerKey
from learning_service.domain.questions.rules.true_false import RightValue, TrueFalseKey

Q, A, B, C = (str(uuid.UUID(int=n)) for n in range(1, 5))
ONE = Decimal(1)


def test_when_right_answers_are_released() -> None:
    for passed, remaining, under_way in itertools.product((True, False), (None, 0, 1), (True, False)):
        now = {"quiz_passed": passed, "remaining": remaining, "under_way": under_way}
        assert is_released("after_submit", **now) is True  # type: ignore[arg-type]
        assert is_released("never", **now) is False  # type: ignore[arg-type]
        last = passed or (remaining == 0 and not under_way)
        assert is_released("after_last_attempt", **now) is last  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("key", "shown"),
    [
        (MultipleChoiceKey(Q, ONE, frozenset({A, B}), frozenset({A})), RightChoices(answer_ids=(A,))),
        (
            MultiSelectKey(Q, ONE, frozenset({A, B, C}), frozenset({C, A}), "all_or_nothing"),
            RightChoices(answer_ids=(A, C)),
        ),
        (TrueFalseKey(Q, ONE, False), RightValue(value=False)),
        (
            ShortAnswerKey(
                Q, ONE, ("x", "*mitochondri*", "red * green", "2 \\* 3", "x*", "*"), False, "auto"
            ),
            RightTexts(accepted_answers=("x", "mitochondri", "red green", "2 * 3")),
        ),
        (FreeFormKey(Q, ONE), None),
    ],
)
def test_right_answers_have_the_form_of_responses(key: AnswerKey, shown: object) -> None:
    assert key.right_answer() == shown


def test_a_mark_is_shown_whole_or_not_at_all() -> None:
    key = TrueFalseKey(Q, ONE, True)
    mark = {"points": "0.5", "correct": True, "feedback": "<p>well</p>", "rubric": "secret"}
    fields = ("points_awarded", "correct", "feedback", "explanation_html", "right_answer", "choice_feedback")
    hidden: dict[str, object] = {"question_id": Q} | dict.fromkeys(fields)
    for graded, more in ((False, {}), (True, {}), (False, {"by_person": True})):
        assert (
            shown_mark(key, mark | more, released=False, graded=graded, explanation="why")._asdict() == hidden
        )
    persons = shown_mark(key, mark | {"by_person": True}, released=False, graded=True, explanation="why")
    told = {"points_awarded": Decimal("0.5"), "correct": True, "feedback": "<p>well</p>"}
    assert persons._asdict() == hidden | told
    assert shown_mark(key, mark, released=True, graded=False, explanation="why") == ShownMark(
        question_id=Q,
        points_awarded=Decimal("0.5"),
        correct=True,
        feedback="<p>well</p>",
        explanation_html="why",
        right_answer=RightValue(value=True),
    )
    assert shown_mark(key, {}, released=True, graded=True, explanation=None).points_awarded is None


def test_marks_are_found_by_question() -> None:
    assert marks_of({Q: {"points": "1"}}, Q) == {"points": "1"}
    assert marks_of({Q: {"points": "1"}}, A) == {}
    assert marks_of(None, Q) == {}


def test_which_waiting_answers_still_decide() -> None:
    flags = itertools.product((True, False), repeat=4)
    for passed, (best, open_, reached, quiz) in itertools.product((True, False, None), flags):
        state = {
            "raises_best": best,
            "enrollment_open": open_,
            "course_reached": reached,
            "quiz_passed": quiz,
        }
        decides = open_ and passed is not False and (not quiz or (best and not reached))
        assert still_decides(max_points=ONE, attempt_passed=passed, **state) is decides
        assert still_decides(max_points=Decimal("0.5"), attempt_passed=passed, **state) is decides
        assert still_decides(max_points=Decimal(0), attempt_passed=passed, **state) is False


def test_when_a_quizs_points_are_no_longer_needed() -> None:
    a, b, c = (uuid.UUID(text) for text in (A, B, C))
    first, second = QuizShape(a, Decimal(50)), QuizShape(b, Decimal(50))
    shape = CourseShape(Decimal(70), required_quizzes=(first, second))

    def standing(**lows: int | None) -> Standing:
        ids = {"a": a, "b": b}
        return Standing(
            quizzes={
                ids[name]: QuizStanding(chance=True, low=None if low is None else Fraction(low))
                for name, low in lows.items()
            }
        )

    assert course_reached(shape, standing(a=70, b=70), a)
    assert course_reached(shape, standing(a=100, b=40), b)
    assert not course_reached(shape, standing(a=100, b=39), b)
    assert not course_reached(shape, standing(a=100), a)
    assert not course_reached(shape, standing(a=100, b=None), a)
    assert course_reached(shape, standing(), c), "a quiz that is not required does not count"
    final = CourseShape(Decimal(70), required_quizzes=(first,), assessment=second)
    assert course_reached(final, standing(), a)
    assert course_reached(CourseShape(Decimal(0), required_quizzes=(first,)), standing(), a)

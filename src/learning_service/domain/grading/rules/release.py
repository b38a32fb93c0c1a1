"""What a learner may see of a closed attempt: one policy, evaluated here for every route.

Source: the contract on `feedback`: right answers are shown never, after each submission, or after the last
attempt (passed, or none left).
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import NamedTuple

from learning_service.domain.kernel.values import JsonObject
from learning_service.domain.questions.rules.answer_keys import AnswerKey, RightAnswer


class ShownMark(NamedTuple):
    """What a learner sees of a response's mark; what may not be shown yet is None.

    A tuple, because a submission makes one for each question: a frozen dataclass takes twice as long.
    """

    question_id: str
    points_awarded: Decimal | None
    correct: bool | None
    feedback: str | None
    explanation_html: str | None
    right_answer: RightAnswer | None
    choice_feedback: Mapping[str, str] | None = None


BY_PERSON = "by_person"
"""What a stored mark has beside its points where a person gave them."""


def asks_standing(feedback: str) -> bool:
    """Whether anything but the policy itself decides on what is shown."""
    return feedback == "after_last_attempt"


def is_released(feedback: str, *, quiz_passed: bool, remaining: int | None, under_way: bool) -> bool:
    """Whether right answers may be shown now. `remaining` attempts may still be started; None: no limit."""
    match feedback:
        case "after_submit":
            return True
        case "after_last_attempt":
            return quiz_passed or (remaining == 0 and not under_way)
        case _:
            return False


def shown_mark(
    key: AnswerKey, mark: JsonObject, *, released: bool, graded: bool, explanation: str | None
) -> ShownMark:
    """One response's mark for its learner; before release there is nothing in it but the question's id.

    What a person gave and wrote is no answer key: once all of the attempt is `graded` it is always shown.
    """
    told = mark if released or (graded and mark.get(BY_PERSON)) else {}
    points = told.get("points")
    return ShownMark(
        question_id=key.question_id,
        points_awarded=None if points is None else Decimal(points),
        correct=told.get("correct"),
        feedback=told.get("feedback"),
        explanation_html=explanation if released else None,
        right_answer=key.right_answer() if released else None,
    )


def marks_of(stored: JsonObject | None, question_id: str) -> JsonObject:
    """The stored mark of a question; empty while the attempt is under way."""
    found: JsonObject = (stored or {}).get(question_id, {})
    return found

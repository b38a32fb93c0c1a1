"""Answer keys: what a question is graded by, with the ids that its rows were given.

Made once per published version and kept in memory. They never leave the server. Ids are text, as in responses.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import TypeAlias

from learning_service.domain.courses.rules.tree import (
    FreeForm,
    MultipleChoice,
    MultiSelect,
    Question,
    Review,
    Scoring,
    ShortAnswer,
    TrueFalse,
)


@dataclass(frozen=True, slots=True)
class MultipleChoiceKey:
    """One right choice among `choice_ids`."""

    question_id: str
    points: Decimal
    choice_ids: frozenset[str]
    right_id: str


@dataclass(frozen=True, slots=True)
class TrueFalseKey:
    """Whether the statement is true."""

    question_id: str
    points: Decimal
    correct: bool


@dataclass(frozen=True, slots=True)
class MultiSelectKey:
    """The right choices among `choice_ids`, at least one."""

    question_id: str
    points: Decimal
    choice_ids: frozenset[str]
    right_ids: frozenset[str]
    scoring: Scoring


@dataclass(frozen=True, slots=True)
class ShortAnswerKey:
    """Accepted texts as the author wrote them, wildcards included."""

    question_id: str
    points: Decimal
    accepted_answers: tuple[str, ...]
    case_sensitive: bool
    review: Review


@dataclass(frozen=True, slots=True)
class FreeFormKey:
    """Only a person can judge."""

    question_id: str
    points: Decimal


AnswerKey: TypeAlias = MultipleChoiceKey | TrueFalseKey | MultiSelectKey | ShortAnswerKey | FreeFormKey


def answer_key(question: Question, question_id: str, choice_ids: Sequence[str] = ()) -> AnswerKey:
    """The key of a publishable question; `choice_ids` are the ids of its answers, in order.

    Raises ValueError where the question has no right answer or the ids do not fit: publishing forbids that.
    """
    match question:
        case MultipleChoice():
            right = _right_ids(question, choice_ids)
            if len(right) != 1:
                raise ValueError("a single choice needs one right answer")
            return MultipleChoiceKey(question_id, question.points, frozenset(choice_ids), min(right))
        case MultiSelect():
            right = _right_ids(question, choice_ids)
            if not right:
                raise ValueError("a choice needs a right answer")
            return MultiSelectKey(
                question_id, question.points, frozenset(choice_ids), right, question.scoring
            )
        case TrueFalse(correct=bool(correct)):
            return TrueFalseKey(question_id, question.points, correct)
        case TrueFalse():
            raise ValueError("a statement needs to be true or false")
        case ShortAnswer():
            return ShortAnswerKey(
                question_id,
                question.points,
                question.accepted_answers,
                question.case_sensitive,
                question.review,
            )
        case FreeForm():
            return FreeFormKey(question_id, question.points)


def _right_ids(question: MultipleChoice | MultiSelect, choice_ids: Sequence[str]) -> frozenset[str]:
    if len(choice_ids) != len(question.answers):
        raise ValueError("every answer needs its id")
    return frozenset(
        choice_id for choice_id, answer in zip(choice_ids, question.answers, strict=True) if answer.is_correct
    )

"""Corrections of a question that has been answered: another key, other points, full marks for all, or no marks."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction
from typing import Annotated, Any, Literal, Self, TypeAlias

from pydantic import Field

from learning_service.domain.kernel.errors import Fault
from learning_service.domain.kernel.pointers import Path, pointer
from learning_service.domain.kernel.values import ChoiceText, StrictModel, some
from learning_service.domain.questions.rules.answer_keys import AnswerKey, Form, RightAnswer
from learning_service.domain.questions.rules.marks import PENDING, Mark, full_mark
from learning_service.domain.questions.rules.numeric import Amount, Tolerance
from learning_service.domain.questions.rules.question import Key, Points
from learning_service.domain.questions.rules.responses import Response
from learning_service.domain.questions.rules.sizes import MAX_ANSWERS
from learning_service.domain.questions.rules.types import AnyQuestion

Policy: TypeAlias = Literal["either", "new_only", "full_credit", "drop"]
BY_KEY: frozenset[Policy] = frozenset({"either", "new_only"})
"""Policies that name a key or points; the others take the question's key alone."""
_OWN: Mapping[str, frozenset[str]] = {
    "multiple_choice": frozenset({"answers"}),
    "multi_select": frozenset({"answers"}),
    "true_false": frozenset({"correct"}),
    "short_answer": frozenset({"accepted_answers"}),
    "numeric": frozenset({"answer", "tolerance"}),
}
"""What the key of each type is made of, as far as it can be corrected."""
_KEY_FIELDS = frozenset().union(*_OWN.values())


class ChoiceChange(StrictModel):
    """Whether a choice is right after all."""

    key: Annotated[Key, Field(description="The choice's key.")]
    is_correct: Annotated[bool, Field(description="Whether choosing it is right.")]


class QuestionChange(StrictModel):
    """What was wrong with a question: its key, its points, or both. What is not named stays as it is."""

    question_key: Annotated[Key, Field(description="The question's key, the same in every version.")]
    answers: Annotated[
        Annotated[tuple[ChoiceChange, ...], *some(MAX_ANSWERS)] | None,
        Field(description="Which choices are right; those not named stay. A single choice may get two."),
    ] = None
    correct: Annotated[bool | None, Field(description="Whether the statement is true.")] = None
    accepted_answers: Annotated[
        Annotated[tuple[ChoiceText, ...], *some(MAX_ANSWERS)] | None,
        Field(description="The texts that count as right, in place of those before."),
    ] = None
    answer: Annotated[Amount | None, Field(description="The number that is right.")] = None
    tolerance: Annotated[Tolerance | None, Field(description="How far from it an answer may be.")] = None
    points: Annotated[Points | None, Field(description="What the question is worth.")] = None

    @property
    def named(self) -> frozenset[str]:
        """The parts of the key that it names."""
        return frozenset(name for name in _KEY_FIELDS if getattr(self, name) is not None)


@dataclass(frozen=True, slots=True)
class Scored:
    """A question as it is graded now: with what was corrected of it, and the key that grades it."""

    question: AnyQuestion
    key: AnswerKey


def scored(
    question: AnyQuestion,
    question_id: str,
    choice_ids: Sequence[str],
    changes: Sequence[tuple[Policy, QuestionChange]] = (),
) -> Scored:
    """The question after these changes, in their order. Raises ValueError where it has no right answer."""
    now = Scored(question, question.answer_key(question_id, choice_ids))
    for policy, change in changes:
        now = _corrected(now, policy, change, choice_ids)
    return now


def _corrected(before: Scored, policy: Policy, change: QuestionChange, choice_ids: Sequence[str]) -> Scored:
    key = before.key
    if policy == "full_credit":
        return Scored(before.question, FullCreditKey(key.question_id, before.question.points, key))
    if policy == "drop":
        return Scored(before.question, DroppedKey(key.question_id, Decimal(0), key))
    question = changed(before.question, change)
    if not change.named:
        return Scored(question, key.worth(question.points))
    new: AnswerKey = question.answer_key(key.question_id, choice_ids)
    if policy == "either" and not isinstance(key, DroppedKey):
        new = EitherKey(key.question_id, question.points, key.worth(question.points), new)
    return Scored(question, new)


def changed(question: AnyQuestion, change: QuestionChange) -> AnyQuestion:
    """The question with another key or other points; `change_faults` says whether they fit.

    A single choice may come to have two right answers, which no draft may.
    """
    update: dict[str, Any] = {name: getattr(change, name) for name in change.named - {"answers"}}
    if change.answers is not None:
        right = {choice.key: choice.is_correct for choice in change.answers}
        update["answers"] = tuple(
            answer.model_copy(update={"is_correct": right.get(answer.key or "", answer.is_correct)})
            for answer in question.choices
        )
    if change.tolerance is not None:
        update["tolerance_percent"] = None
    if change.points is not None:
        update["points"] = change.points
    return question.model_copy(update=update)


def change_faults(
    question: AnyQuestion, policy: Policy, change: QuestionChange, path: Path
) -> Iterator[Fault]:
    """What does not fit the question, or leaves it without a right answer."""
    given = change.named | ({"points"} if change.points is not None else frozenset())
    if policy not in BY_KEY:
        for name in sorted(given):
            yield Fault(pointer(*path, name), f"{policy} takes the question's key alone", "conflicting")
        return
    if not given:
        yield Fault(pointer(*path), "name another key, other points, or both", "required")
    misfits = sorted(change.named - _OWN.get(question.type, frozenset()))
    for name in misfits:
        yield Fault(pointer(*path, name), f"is no part of the key of a {question.type} question", "unusable")
    choices = list(_choice_faults(question, change, path))
    yield from choices
    if change.named and not misfits and not choices:
        yield from changed(question, change).faults(path)


def _choice_faults(question: AnyQuestion, change: QuestionChange, path: Path) -> Iterator[Fault]:
    known, seen = {answer.key for answer in question.choices}, set[str]()
    for n, choice in enumerate(change.answers or ()):
        where = pointer(*path, "answers", n, "key")
        if choice.key in seen:
            yield Fault(where, "this choice is named twice", "twice")
        elif choice.key not in known:
            yield Fault(where, "is not a choice of this question", "not-known")
        seen.add(choice.key)


@dataclass(frozen=True, slots=True)
class _Wrapping(AnswerKey):
    """A key that grades otherwise than the one before it. It is answered, and grouped, as before."""

    before: AnswerKey

    @property
    def form(self) -> Form:  # type: ignore[override]
        """That of the question."""
        return self.before.form

    def faults(self, response: Response, n: int) -> list[Fault]:
        """As before."""
        return self.before.faults(response, n)

    def likeness(self, text: str) -> str:
        """As before."""
        return self.before.likeness(text)


@dataclass(frozen=True, slots=True)
class EitherKey(_Wrapping):
    """The better of two keys for each response."""

    after: AnswerKey

    def grade(self, response: Response | None) -> Mark:
        """The better mark; one that waits for a person is better than any that is not full."""
        marks = (self.before.grade(response), self.after.grade(response))
        for mark in marks:
            if mark.correct:
                return mark
        if any(mark.pending for mark in marks):
            return PENDING
        return max(marks, key=lambda mark: mark.points or Fraction(0))

    def right_answer(self) -> RightAnswer | None:
        """What is right from now on."""
        return self.after.right_answer()

    def worth(self, points: Decimal) -> Self:
        """The same with other points."""
        return replace(self, points=points, before=self.before.worth(points), after=self.after.worth(points))


@dataclass(frozen=True, slots=True)
class FullCreditKey(_Wrapping):
    """Full marks, whatever was answered."""

    def grade(self, response: Response | None) -> Mark:
        """Full marks."""
        return full_mark(self.points)

    def right_answer(self) -> None:
        """None: the key was wrong."""
        return


DROPPED = Mark(points=Fraction(0), correct=None)


@dataclass(frozen=True, slots=True)
class DroppedKey(_Wrapping):
    """The question counts for nothing: it is worth no points."""

    def grade(self, response: Response | None) -> Mark:
        """No points, of none."""
        return DROPPED

    def right_answer(self) -> None:
        """None: the key was wrong."""
        return

    def worth(self, points: Decimal) -> Self:
        """The same: other points are not those of a question that counts for nothing."""
        return self

"""True or false."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal

from learning_service.domain.kernel.errors import Fault
from learning_service.domain.kernel.pointers import Path, pointer
from learning_service.domain.questions.rules.answer_keys import AnswerKey, RightAnswer
from learning_service.domain.questions.rules.marks import WRONG, Mark, award
from learning_service.domain.questions.rules.question import QuestionBase
from learning_service.domain.questions.rules.responses import Response


class TrueFalse(QuestionBase):
    """A statement; `correct` is unknown in an unfinished draft only."""

    scored_fields: ClassVar[frozenset[str]] = frozenset({"correct"})

    type: Literal["true_false"]
    correct: bool | None = None
    """Whether the statement is true; null in an unfinished draft only."""

    def answer_key(self, question_id: str, choice_ids: Sequence[str] = ()) -> "TrueFalseKey":
        """Its key. Raises ValueError while `correct` is unknown."""
        if self.correct is None:
            raise ValueError("a statement needs to be true or false")
        return TrueFalseKey(question_id, self.points, self.correct)

    def faults(self, path: Path) -> Iterator[Fault]:
        """That it does not say whether the statement is true."""
        if self.correct is None:
            yield Fault(pointer(*path, "correct"), "say whether the statement is true", "required")


class RightValue(RightAnswer):
    """Whether the statement is true."""

    value: bool
    """Whether the statement is true."""


RIGHT = {value: RightValue(value=value) for value in (True, False)}


@dataclass(frozen=True, slots=True)
class TrueFalseKey(AnswerKey):
    """Whether the statement is true."""

    form = "value"
    correct: bool

    def grade(self, response: Response | None) -> Mark:
        """Full points for the right value; none given is wrong."""
        if response is None or response.value is not self.correct:
            return WRONG
        return award(self.points)

    def right_answer(self) -> RightValue:
        """The right value."""
        return RIGHT[self.correct]

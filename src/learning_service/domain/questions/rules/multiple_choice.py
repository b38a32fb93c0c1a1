"""Multiple choice: the one right choice, or nothing."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import AfterValidator

from learning_service.domain.kernel.errors import Fault
from learning_service.domain.kernel.pointers import Path, at_places, pointer
from learning_service.domain.questions.rules.answer_keys import ChoiceKey, RightChoices, right_choices
from learning_service.domain.questions.rules.marks import WRONG, Mark, award
from learning_service.domain.questions.rules.question import (
    Answer,
    Answers,
    QuestionBase,
    choice_faults,
    right_ids,
)
from learning_service.domain.questions.rules.responses import Response


def _at_most_one_right(answers: tuple[Answer, ...]) -> tuple[Answer, ...]:
    right = [n for n, answer in enumerate(answers) if answer.is_correct]
    if len(right) > 1:
        raise at_places(
            "a single choice has one right answer", [(n, "is_correct") for n in right[1:]], "too-many"
        )
    return answers


class MultipleChoice(QuestionBase):
    """One of several answers is right."""

    type: Literal["multiple_choice"]
    answers: Annotated[Answers, AfterValidator(_at_most_one_right)] = ()
    """The choices; exactly one is right."""

    @property
    def choices(self) -> tuple[Answer, ...]:
        """Its answers in order."""
        return self.answers

    def answer_key(self, question_id: str, choice_ids: Sequence[str] = ()) -> "MultipleChoiceKey":
        """Its key. Raises ValueError unless an answer is right; a correction may have made it two."""
        right = right_ids(self.answers, choice_ids)
        if not right:
            raise ValueError("a single choice needs a right answer")
        return MultipleChoiceKey(question_id, self.points, frozenset(choice_ids), right)

    def faults(self, path: Path) -> Iterator[Fault]:
        """Choices that are missing, empty or alike."""
        return choice_faults(self.answers, path)


@dataclass(frozen=True, slots=True)
class MultipleChoiceKey(ChoiceKey):
    """One right choice among `choice_ids`, or any of several."""

    right_ids: frozenset[str]

    def grade(self, response: Response | None) -> Mark:
        """Full points for exactly one right choice; none chosen is wrong."""
        chosen = response.answer_ids if response is not None else None
        if chosen is None or len(chosen) != 1 or chosen[0] not in self.right_ids:
            return WRONG
        return award(self.points)

    def plainly_fits(self, response: Response) -> bool:
        """Whether it is one of the choices."""
        chosen = response.answer_ids
        return chosen is not None and len(chosen) == 1 and chosen[0] in self.choice_ids

    def right_answer(self) -> RightChoices:
        """The right choice, or those of which any is."""
        return right_choices(*sorted(self.right_ids))

    def faults(self, response: Response, n: int) -> list[Fault]:
        """Choices that do not fit, or more than one."""
        # Not super(): a dataclass with slots is another class than the one that its methods were written in.
        faults = ChoiceKey.faults(self, response, n)
        if not faults and len(response.answer_ids or ()) > 1:
            where = pointer("responses", n, "answer_ids")
            faults.append(Fault(where, "this question takes one choice", "too-many"))
        return faults

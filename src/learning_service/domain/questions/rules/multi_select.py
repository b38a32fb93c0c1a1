"""Multi select: all or nothing, or right less wrong."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import ClassVar, Literal, TypeAlias

from learning_service.domain.kernel.errors import Fault
from learning_service.domain.kernel.pointers import Path
from learning_service.domain.questions.rules.answer_keys import ChoiceKey, RightChoices, right_choices
from learning_service.domain.questions.rules.marks import WRONG, Mark, award
from learning_service.domain.questions.rules.question import (
    ALL_OR_NOTHING,
    Answer,
    Answers,
    QuestionBase,
    choice_faults,
    right_ids,
)
from learning_service.domain.questions.rules.responses import Response

Scoring: TypeAlias = Literal["all_or_nothing", "right_minus_wrong"]


class MultiSelect(QuestionBase):
    """Any number of several answers is right."""

    scored_fields: ClassVar[frozenset[str]] = frozenset({"scoring"})

    type: Literal["multi_select"]
    answers: Answers = ()
    """The choices; each may be right."""
    scoring: Scoring = "all_or_nothing"
    """Whether each choice earns its share, or only all of them earn anything."""

    @property
    def choices(self) -> tuple[Answer, ...]:
        """Its answers in order."""
        return self.answers

    def answer_key(self, question_id: str, choice_ids: Sequence[str] = ()) -> "MultiSelectKey":
        """Its key. Raises ValueError unless an answer is right."""
        right = right_ids(self.answers, choice_ids)
        if not right:
            raise ValueError("a choice needs a right answer")
        return MultiSelectKey(question_id, self.points, frozenset(choice_ids), right, self.scoring)

    def shares(self) -> frozenset[Fraction]:
        """Every difference of a share of right choices and one of wrong ones."""
        if self.scoring == "all_or_nothing":
            return ALL_OR_NOTHING
        right = sum(answer.is_correct for answer in self.answers)
        wrong = len(self.answers) - right
        return frozenset(
            max(Fraction(r, right) - (Fraction(w, wrong) if wrong else 0), Fraction(0))
            for r in range(right + 1)
            for w in range(wrong + 1)
        )

    def faults(self, path: Path) -> Iterator[Fault]:
        """Choices that are missing, empty or alike."""
        return choice_faults(self.answers, path)


@dataclass(frozen=True, slots=True)
class MultiSelectKey(ChoiceKey):
    """The right choices among `choice_ids`, at least one."""

    right_ids: frozenset[str]
    scoring: Scoring

    def grade(self, response: Response | None) -> Mark:
        """`all_or_nothing`: exactly the right choices. `right_minus_wrong`: the share of right choices taken, less
        the share of wrong choices taken, not below 0. An empty response is worth nothing either way.
        """
        chosen = frozenset(response.answer_ids or ()) if response is not None else frozenset()
        if not chosen:
            return WRONG
        if self.scoring == "all_or_nothing":
            return award(self.points) if chosen == self.right_ids else WRONG
        wrong_ids = self.choice_ids - self.right_ids
        share = Fraction(len(chosen & self.right_ids), len(self.right_ids))
        if wrong_ids:
            share -= Fraction(len(chosen & wrong_ids), len(wrong_ids))
        return award(self.points, share) if share > 0 else WRONG

    def right_answer(self) -> RightChoices:
        """The right choices."""
        return right_choices(*sorted(self.right_ids))

"""Ordering: items are brought into the one right order."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Annotated, ClassVar, Literal

from pydantic import AfterValidator, Field

from learning_service.domain.kernel.errors import Fault
from learning_service.domain.kernel.pointers import Path, at_places, pointer
from learning_service.domain.kernel.values import ChoiceText
from learning_service.domain.questions.rules.answer_keys import AnswerKey, RightAnswer
from learning_service.domain.questions.rules.marks import WRONG, Mark, award
from learning_service.domain.questions.rules.parts import (
    Part,
    PartScoring,
    misfit,
    part_key,
    repeated,
    shares_of_parts,
    shown_parts,
)
from learning_service.domain.questions.rules.question import ALL_OR_NOTHING, QuestionBase
from learning_service.domain.questions.rules.responses import Response
from learning_service.domain.questions.rules.sizes import MAX_ANSWERS


def _told_apart(items: tuple[str, ...]) -> tuple[str, ...]:
    if again := repeated(items):
        raise at_places("reads like another item", [(n,) for n in again], "twice")
    return items


class Ordering(QuestionBase):
    """Items, written in their right order."""

    scored_fields: ClassVar[frozenset[str]] = frozenset({"items", "scoring"})

    type: Literal["ordering"]
    items: Annotated[tuple[ChoiceText, ...], Field(max_length=MAX_ANSWERS), AfterValidator(_told_apart)] = ()
    """In their right order."""
    scoring: PartScoring = "all_or_nothing"
    """Whether each item at its place earns its share, or only all of them earn anything."""

    def answer_key(self, question_id: str, choice_ids: Sequence[str] = ()) -> "OrderingKey":
        """Its key. Raises ValueError unless there are items."""
        if not self.items:
            raise ValueError("ordering needs items")
        order = tuple(part_key(question_id, "item", text) for text in self.items)
        return OrderingKey(question_id, self.points, order, self.scoring)

    def parts(self, question_id: str) -> Mapping[str, tuple[Part, ...]]:
        """The items."""
        return {"items": shown_parts(question_id, "item", self.items)}

    def shares(self) -> frozenset[Fraction]:
        """All or nothing, or one share for each item."""
        return ALL_OR_NOTHING if self.scoring == "all_or_nothing" else shares_of_parts(len(self.items))

    def faults(self, path: Path) -> Iterator[Fault]:
        """That there is nothing to bring into order."""
        if len(self.items) < 2:
            yield Fault(pointer(*path, "items"), "ordering needs at least two items", "too-few", {"least": 2})


class RightOrder(RightAnswer):
    """The keys of the items in their right order."""

    order: tuple[str, ...]
    """The keys of the items in their right order."""


@dataclass(frozen=True, slots=True)
class OrderingKey(AnswerKey):
    """The right order, by key."""

    form = "order"
    order: tuple[str, ...]
    scoring: PartScoring

    def grade(self, response: Response | None) -> Mark:
        """The whole order, or with `per_part` the share of items at their own place."""
        given = (response.order if response is not None else None) or ()
        if given == self.order:
            return award(self.points)
        hits = sum(mine == right for mine, right in zip(given, self.order, strict=False))
        if not hits or self.scoring == "all_or_nothing":
            return WRONG
        return award(self.points, Fraction(hits, len(self.order)))

    def right_answer(self) -> RightOrder:
        """The items in order."""
        return RightOrder(order=self.order)

    def faults(self, response: Response, n: int) -> list[Fault]:
        """Items that the question does not have, or that are named twice."""
        given = response.order or ()
        return [
            misfit(n, "order", place, twice=key in self.order)
            for place, key in enumerate(given)
            if key not in self.order or key in given[:place]
        ]

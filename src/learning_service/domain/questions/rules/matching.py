"""Matching: each left part goes with a right one."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Annotated, ClassVar, Literal

from pydantic import Field, model_validator

from learning_service.domain.kernel.errors import Fault
from learning_service.domain.kernel.pointers import Path, at_places, pointer
from learning_service.domain.kernel.values import ChoiceText, StrictModel
from learning_service.domain.questions.rules.answer_keys import AnswerKey, RightAnswer
from learning_service.domain.questions.rules.marks import WRONG, Mark, award
from learning_service.domain.questions.rules.parts import (
    Part,
    PartScoring,
    as_read,
    misfit,
    part_key,
    repeated,
    shares_of_parts,
    shown_parts,
)
from learning_service.domain.questions.rules.question import ALL_OR_NOTHING, QuestionBase
from learning_service.domain.questions.rules.responses import Response
from learning_service.domain.questions.rules.sizes import MAX_ANSWERS


class Pair(StrictModel):
    """What goes together."""

    left: ChoiceText
    """The part that stays in place."""
    right: ChoiceText
    """What belongs to it."""


class Matching(QuestionBase):
    """Pairs to be put together. Of two with the same right text either is right; distractors go with none."""

    scored_fields: ClassVar[frozenset[str]] = frozenset({"pairs", "distractors", "scoring"})
    parts_of: ClassVar[Mapping[str, type[StrictModel]]] = {"pairs": Pair}

    type: Literal["matching"]
    pairs: Annotated[tuple[Pair, ...], Field(max_length=MAX_ANSWERS)] = ()
    """What belongs together."""
    distractors: Annotated[tuple[ChoiceText, ...], Field(max_length=MAX_ANSWERS)] = ()
    """Right parts that belong to none."""
    scoring: PartScoring = "all_or_nothing"
    """Whether each pair earns its share, or only all of them earn anything."""

    @model_validator(mode="after")
    def _parts_are_told_apart(self) -> "Matching":
        if again := repeated([pair.left for pair in self.pairs]):
            raise at_places("another pair has the same left", [("pairs", n, "left") for n in again], "twice")
        if again := repeated(self.distractors, before=[pair.right for pair in self.pairs]):
            raise at_places(
                "reads like a right part or another distractor", [("distractors", n) for n in again], "twice"
            )
        return self

    def answer_key(self, question_id: str, choice_ids: Sequence[str] = ()) -> "MatchingKey":
        """Its key. Raises ValueError unless there are pairs."""
        if not self.pairs:
            raise ValueError("matching needs pairs")
        rights = self._rights()
        return MatchingKey(
            question_id,
            self.points,
            {
                part_key(question_id, "left", pair.left): part_key(question_id, "right", right)
                for pair, right in zip(self.pairs, rights, strict=True)
            },
            frozenset(part_key(question_id, "right", text) for text in (*rights, *self.distractors)),
            self.scoring,
        )

    def parts(self, question_id: str) -> Mapping[str, tuple[Part, ...]]:
        """Both sides."""
        return {
            "left": shown_parts(question_id, "left", (pair.left for pair in self.pairs)),
            "right": shown_parts(question_id, "right", (*self._rights(), *self.distractors)),
        }

    def shares(self) -> frozenset[Fraction]:
        """All or nothing, or one share for each pair."""
        return ALL_OR_NOTHING if self.scoring == "all_or_nothing" else shares_of_parts(len(self.pairs))

    def faults(self, path: Path) -> Iterator[Fault]:
        """That there is nothing to choose from."""
        if len(self.pairs) < 2:
            yield Fault(pointer(*path, "pairs"), "matching needs at least two pairs", "too-few", {"least": 2})

    def _rights(self) -> list[str]:
        """The right text of each pair; of those that read alike, the first."""
        first: dict[str, str] = {}
        return [first.setdefault(as_read(pair.right), pair.right) for pair in self.pairs]


class RightMatches(RightAnswer):
    """The right part of each left one, by key."""

    matches: dict[str, str]
    """The key of the right part by the key of each left one."""


@dataclass(frozen=True, slots=True)
class MatchingKey(AnswerKey):
    """Which right part goes with which left one."""

    form = "matches"
    right: Mapping[str, str]
    right_keys: frozenset[str]
    scoring: PartScoring

    def grade(self, response: Response | None) -> Mark:
        """All of them, or with `per_part` the share of left parts that have their right one."""
        given = (response.matches if response is not None else None) or {}
        hits = sum(given.get(left) == right for left, right in self.right.items())
        if hits == len(self.right):
            return award(self.points)
        if not hits or self.scoring == "all_or_nothing":
            return WRONG
        return award(self.points, Fraction(hits, len(self.right)))

    def right_answer(self) -> RightMatches:
        """Each left part with its right one, in the order that learners see."""
        return RightMatches(matches=dict(sorted(self.right.items())))

    def faults(self, response: Response, n: int) -> list[Fault]:
        """Parts that the question does not have."""
        return [
            misfit(n, "matches", left)
            for left, right in (response.matches or {}).items()
            if left not in self.right or right not in self.right_keys
        ]

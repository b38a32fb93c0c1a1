"""Numeric: a number within a tolerance, written as people write numbers."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Annotated, ClassVar, Literal, TypeAlias

from pydantic import AfterValidator, Field, model_validator

from learning_service.domain.kernel.errors import Fault, Wrong
from learning_service.domain.kernel.pointers import Path, at_places, pointer
from learning_service.domain.kernel.values import Number, Word, number_between
from learning_service.domain.questions.rules.answer_keys import AnswerKey, RightAnswer
from learning_service.domain.questions.rules.marks import WRONG, Mark, award
from learning_service.domain.questions.rules.numbers import one_unit, read_number
from learning_service.domain.questions.rules.question import QuestionBase
from learning_service.domain.questions.rules.responses import Response

MAX_DIGITS = 15
"""A JSON number with so many digits comes back as it was sent."""
MAX_EXPONENT = 30


def _kept_exactly(value: Decimal) -> Decimal:
    if len(value.normalize().as_tuple().digits) > MAX_DIGITS:
        raise Wrong(f"must have at most {MAX_DIGITS} digits", "too-long", {"most": MAX_DIGITS})
    if value and not -MAX_EXPONENT <= value.adjusted() <= MAX_EXPONENT:
        raise Wrong(f"must be between 1e-{MAX_EXPONENT} and 1e{MAX_EXPONENT}, or 0", "out-of-range")
    return value


_MOST = 10.0 ** (MAX_EXPONENT + 1)
Amount: TypeAlias = Annotated[Number, AfterValidator(_kept_exactly), number_between(-_MOST, _MOST)]
Tolerance: TypeAlias = Annotated[Number, Field(ge=0), AfterValidator(_kept_exactly), number_between(0, _MOST)]
ToleranceShare: TypeAlias = Annotated[
    Number, Field(ge=0, le=1000), AfterValidator(_kept_exactly), number_between(0, 1000)
]


class Numeric(QuestionBase):
    """A number. `tolerance` is absolute, `tolerance_percent` a part of the answer; both bounds are right.

    A missing unit is right, another one is wrong.
    """

    scored_fields: ClassVar[frozenset[str]] = frozenset({"answer", "tolerance", "tolerance_percent", "unit"})

    type: Literal["numeric"]
    answer: Amount | None = None
    """The number that is right; null in an unfinished draft only."""
    tolerance: Tolerance | None = None
    """How far from it an answer may be; null: not at all, or see `tolerance_percent`."""
    tolerance_percent: ToleranceShare | None = None
    """The same in percent of the answer; null: see `tolerance`."""
    unit: Word | None = None
    """What the number counts, such as `kg`; null: nothing."""

    @model_validator(mode="after")
    def _one_tolerance(self) -> "Numeric":
        if self.tolerance is not None and self.tolerance_percent is not None:
            raise at_places(
                "give one of tolerance and tolerance_percent", [("tolerance_percent",)], "conflicting"
            )
        return self

    def answer_key(self, question_id: str, choice_ids: Sequence[str] = ()) -> "NumericKey":
        """Its key. Raises ValueError while the answer is unknown."""
        if self.answer is None:
            raise ValueError("a numeric question needs its answer")
        return NumericKey(
            question_id, self.points, self.answer, self.tolerance, self.tolerance_percent, self.unit
        )

    def faults(self, path: Path) -> Iterator[Fault]:
        """That it has no answer."""
        if self.answer is None:
            yield Fault(pointer(*path, "answer"), "say which number is right", "required")


class RightNumber(RightAnswer):
    """The number that is right, how far from it an answer may be, and its unit."""

    answer: Amount
    """The number that is right."""
    tolerance: Tolerance | None
    """How far from it an answer may be; null: not at all, or see `tolerance_percent`."""
    tolerance_percent: ToleranceShare | None
    """The same in percent of the answer; null: see `tolerance`."""
    unit: str | None
    """What the number counts, such as `kg`; null: nothing."""


@dataclass(frozen=True, slots=True)
class NumericKey(AnswerKey):
    """The right number."""

    form = "number"
    answer: Decimal
    tolerance: Decimal | None
    tolerance_percent: Decimal | None
    unit: str | None

    def grade(self, response: Response | None) -> Mark:
        """Full points within the tolerance, its bounds included; what is no number is wrong."""
        given = read_number(response.number) if response is not None and response.number else None
        if given is None or (given.unit and given.unit != one_unit(self.unit or "")):
            return WRONG
        right = Fraction(self.answer)
        allowed = Fraction(self.tolerance or 0)
        if self.tolerance_percent is not None:
            allowed = abs(right) * Fraction(self.tolerance_percent) / 100
        return award(self.points) if abs(given.value - right) <= allowed else WRONG

    def right_answer(self) -> RightNumber:
        """The number."""
        return RightNumber(
            answer=self.answer,
            tolerance=self.tolerance,
            tolerance_percent=self.tolerance_percent,
            unit=self.unit,
        )

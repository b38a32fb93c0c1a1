"""Pools: questions of which each attempt gets some. What was drawn is frozen in the attempt."""

from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal
from typing import Annotated, Literal, Self, TypeAlias

from pydantic import Field, model_validator

from learning_service.domain.kernel.errors import Fault
from learning_service.domain.kernel.pointers import Path, at_places, pointer
from learning_service.domain.kernel.values import StrictModel
from learning_service.domain.questions.rules.question import Key, Tag
from learning_service.domain.questions.rules.responses import Id
from learning_service.domain.questions.rules.types import MAX_QUESTIONS, AnyQuestion, Questions

POOL: Literal["pool"] = "pool"


class Pool(StrictModel):
    """Questions of which each attempt gets `draw`, in any order; a later attempt first those not seen yet."""

    type: Literal["pool"]
    key: Key | None = None
    """Names the pool within its course, the same in every version; made where it is left out."""
    draw: Annotated[int, Field(ge=1, le=MAX_QUESTIONS)]
    """How many of its questions an attempt gets."""
    questions: Questions = ()
    """What is drawn from; all are worth the same. Of a bank: what publishing froze, and nothing in a draft."""
    bank_id: Id | None = None
    """The bank that it draws from, instead of `questions`."""
    tag: Tag | None = None
    """Only questions of the bank that have this tag."""

    @model_validator(mode="after")
    def _tag_of_bank(self) -> Self:
        if self.tag is not None and self.bank_id is None:
            raise at_places("chooses among the questions of a bank", [("tag",)], "conflicting")
        return self

    @property
    def points(self) -> Decimal:
        """What each of its questions is worth."""
        return self.questions[0].points if self.questions else Decimal(0)

    def faults(self, path: Path) -> Iterator[Fault]:
        """Too few questions, or not all of the same worth."""
        if len(self.questions) < self.draw:
            yield Fault(
                pointer(*path, "questions"),
                f"there are {len(self.questions)} questions, and {self.draw} are to be drawn",
                "too-few",
                {"least": self.draw},
            )
        for n, question in enumerate(self.questions):
            if question.points != self.points:
                yield Fault(
                    pointer(*path, "questions", n, "points"),
                    "all questions of a pool are worth the same, so that all attempts are",
                    "conflicting",
                )


Asked: TypeAlias = Annotated[AnyQuestion | Pool, Field(discriminator="type")]
Paper: TypeAlias = Annotated[tuple[Asked, ...], Field(max_length=MAX_QUESTIONS)]
"""What a quiz asks: questions, and pools to draw some from."""


def questions_of(paper: Sequence[Asked]) -> Iterator[tuple[Path, AnyQuestion]]:
    """Every question, those in pools too, in order, with its path from the quiz."""
    for n, asked in enumerate(paper):
        if isinstance(asked, Pool):
            for q, question in enumerate(asked.questions):
                yield ("questions", n, "questions", q), question
        else:
            yield ("questions", n), asked


def question_count(paper: Sequence[Asked]) -> int:
    """How many questions an attempt gets."""
    return sum(map(_count, paper))


def most_points(paper: Sequence[Asked]) -> Decimal:
    """What an attempt can come to; the questions of a pool are worth the same."""
    return sum((asked.points * _count(asked) for asked in paper), Decimal(0))


def _count(asked: Asked) -> int:
    return asked.draw if isinstance(asked, Pool) else 1


def each_question(paper: Sequence[Asked], change: Callable[[AnyQuestion], AnyQuestion]) -> tuple[Asked, ...]:
    """The same with each question changed, those in pools too."""
    return tuple(
        asked.model_copy(update={"questions": tuple(map(change, asked.questions))})
        if isinstance(asked, Pool)
        else change(asked)
        for asked in paper
    )

"""Short answers: matched against the key, or read by a person."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from typing import Annotated, ClassVar, Literal, TypeAlias

from pydantic import Field

from learning_service.domain.kernel.characters import is_empty
from learning_service.domain.kernel.errors import Fault
from learning_service.domain.kernel.pointers import Path, pointer
from learning_service.domain.kernel.values import ChoiceText
from learning_service.domain.questions.rules.answer_keys import AnswerKey, RightAnswer
from learning_service.domain.questions.rules.marks import PENDING, WRONG, Mark, award
from learning_service.domain.questions.rules.normalize import (
    comparable,
    compares_nothing,
    is_blank,
    matches,
    without_wildcards,
)
from learning_service.domain.questions.rules.question import ALL_OR_NOTHING, QuestionBase
from learning_service.domain.questions.rules.responses import Response
from learning_service.domain.questions.rules.sizes import MAX_ANSWERS

Review: TypeAlias = Literal["auto", "unmatched", "manual"]
"""Who judges a short answer: the key; a person where the key does not match; always a person."""


class ShortAnswer(QuestionBase):
    """A few words. In `accepted_answers`, `*` stands for any characters and `\\*` for itself."""

    scored_fields: ClassVar[frozenset[str]] = frozenset(
        {"accepted_answers", "case_sensitive", "ignore_accents", "ignore_punctuation", "review"}
    )

    type: Literal["short_answer"]
    accepted_answers: Annotated[tuple[ChoiceText, ...], Field(max_length=MAX_ANSWERS)] = ()
    """Texts that count as right; `*` stands for any characters."""
    case_sensitive: bool = False
    """Whether capitals matter."""
    ignore_accents: bool = False
    """Whether `e` stands for `é` and the like."""
    ignore_punctuation: bool = False
    """Whether points, commas and the like do not matter."""
    review: Review = "auto"
    """Whether a grader looks at what is not accepted."""

    def answer_key(self, question_id: str, choice_ids: Sequence[str] = ()) -> "ShortAnswerKey":
        """Its key."""
        return ShortAnswerKey(
            question_id,
            self.points,
            self.accepted_answers,
            self.case_sensitive,
            self.review,
            self.ignore_accents,
            self.ignore_punctuation,
        )

    def accepting(self, text: str) -> "ShortAnswer | None":
        """With this text among those that are accepted; None where they are as many as may be, or it fits nothing."""
        literal = text.replace("*", "\\*")
        accepted = tuple(dict.fromkeys((*self.accepted_answers, literal)))
        if len(accepted) > MAX_ANSWERS or self._ignores(literal):
            return None
        return self.model_copy(update={"accepted_answers": accepted})

    def shares(self) -> frozenset[Fraction] | None:
        """All or nothing, unless a person reads what does not match."""
        return ALL_OR_NOTHING if self.review == "auto" else None

    def faults(self, path: Path) -> Iterator[Fault]:
        """That the key accepts nothing, or an answer that shows nothing."""
        if self.review != "manual" and not self.accepted_answers:
            yield Fault(
                pointer(*path, "accepted_answers"),
                "no answer is accepted; add one, or let a grader review it",
                "empty",
            )
        for a, text in enumerate(self.accepted_answers):
            if is_empty(text):
                yield Fault(pointer(*path, "accepted_answers", a), "shows nothing", "empty")
            elif self._ignores(text):
                detail = (
                    "has only signs that this question ignores, so it would accept nothing, or everything"
                )
                yield Fault(pointer(*path, "accepted_answers", a), detail, "empty")

    def _ignores(self, text: str) -> bool:
        return compares_nothing(text, self.case_sensitive, self.ignore_accents, self.ignore_punctuation)


class RightTexts(RightAnswer):
    """The texts that are accepted, as people read them."""

    accepted_answers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ShortAnswerKey(AnswerKey):
    """Accepted texts as the author wrote them, wildcards included."""

    form = "text"
    accepted_answers: tuple[str, ...]
    case_sensitive: bool
    review: Review
    ignore_accents: bool = False
    ignore_punctuation: bool = False

    def grade(self, response: Response | None) -> Mark:
        """`auto`: a match is right, all else wrong. `unmatched`: all else waits. `manual`: everything waits.

        An empty response is always wrong at once: no grader needs to read it.
        """
        text = "" if response is None or response.text is None else response.text
        if is_blank(text):
            return WRONG
        if self.review == "manual":
            return PENDING
        if matches(
            text,
            self.accepted_answers,
            case_sensitive=self.case_sensitive,
            ignore_accents=self.ignore_accents,
            ignore_punctuation=self.ignore_punctuation,
        ):
            return award(self.points)
        return PENDING if self.review == "unmatched" else WRONG

    def likeness(self, text: str) -> str:
        """The text as it is compared with those that are accepted."""
        return comparable(text, self.case_sensitive, self.ignore_accents, self.ignore_punctuation)

    def right_answer(self) -> RightTexts:
        """The accepted answers as people read them."""
        return _as_read(self.accepted_answers)


@lru_cache(maxsize=4096)
def _as_read(accepted: tuple[str, ...]) -> RightTexts:
    shown = (without_wildcards(pattern) for pattern in accepted)
    return RightTexts(accepted_answers=tuple(dict.fromkeys(text for text in shown if text)))

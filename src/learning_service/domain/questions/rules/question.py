"""What every question type shares: its fields, its choices, and what it has to say for itself."""

from abc import abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Annotated, ClassVar, TypeAlias

from pydantic import AfterValidator, Field, model_validator

from learning_service.domain.kernel.characters import is_empty
from learning_service.domain.kernel.errors import Fault, Wrong
from learning_service.domain.kernel.pointers import Path, at_places, pointer
from learning_service.domain.kernel.values import ChoiceText, Html, Number, StrictModel, Word, number_between
from learning_service.domain.questions.rules.answer_keys import AnswerKey
from learning_service.domain.questions.rules.parts import Part
from learning_service.domain.questions.rules.sizes import MAX_ANSWERS, MAX_POINTS
from learning_service.domain.questions.rules.words import shows_something, words_of

Key: TypeAlias = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,64}$")]
"""What names a module, item, question or answer in every version of its course."""
Points: TypeAlias = Annotated[
    Number, Field(ge=0, le=MAX_POINTS, decimal_places=6), number_between(0, MAX_POINTS)
]
"""What a question is worth."""


MAX_WORDS = 2000
MAX_TAGS = 20


def _distinct(tags: tuple[str, ...]) -> tuple[str, ...]:
    if len(set(tags)) < len(tags):
        raise Wrong("has a tag twice", "twice")
    return tags


def _is_empty(tags: object) -> bool:
    return not tags


Tag: TypeAlias = Word
"""A word by which questions are found and drawn."""
Tags: TypeAlias = Annotated[tuple[Tag, ...], Field(max_length=MAX_TAGS), AfterValidator(_distinct)]
ALL_OR_NOTHING = frozenset({Fraction(0), Fraction(1)})


class Answer(StrictModel):
    """A choice of a question: a `text`, or rich text in `html`. A `pinned` one stays last when they are shuffled."""

    key: Key | None = None
    """Names the choice within its question; made where it is left out."""
    text: ChoiceText | None = None
    """What the choice says."""
    html: Html | None = None
    """What the choice shows, as sanitized HTML, instead of `text`; null: see `text`."""
    is_correct: bool = False
    """Whether choosing it is right."""
    feedback_html: Html | None = None
    """Shown to a learner who chose it, as sanitized HTML; null: nothing."""
    pinned: bool = False
    """Whether it stays last when choices are shuffled."""

    @model_validator(mode="after")
    def _text_or_html(self) -> "Answer":
        if (self.text is None) == (self.html is None):
            raise at_places("must have one of text and html", [("text",)], "conflicting")
        return self

    @property
    def words(self) -> str:
        """What it says, without markup."""
        return self.text if self.text is not None else words_of(self.html or "")[:MAX_WORDS]


Answers: TypeAlias = Annotated[tuple[Answer, ...], Field(max_length=MAX_ANSWERS)]


class QuestionBase(StrictModel):
    """What every question has. Points are decimals of at most 6 places."""

    scored_fields: ClassVar[frozenset[str]] = frozenset()
    """Own fields that a change of scoring is: what is graded by them may come out otherwise."""
    parts_of: ClassVar[Mapping[str, type[StrictModel]]] = {}
    """Own fields that are lists of models, with the model of each."""

    key: Key | None = None
    """Names the question within its course, the same in every version; made where it is left out."""
    prompt_html: Html = ""
    points: Points = Decimal(1)
    """What a perfect answer earns, with at most 6 places."""
    explanation_html: Html | None = None
    tags: Tags = Field(default=(), exclude_if=_is_empty)
    """Words by which it is found in a bank, and drawn from it; left out where there are none."""

    @property
    def choices(self) -> tuple[Answer, ...]:
        """Its answers in order, where it has any to choose from."""
        return ()

    def parts(self, question_id: str) -> Mapping[str, tuple[Part, ...]]:
        """What a learner puts together, by the name that the field has in a question as shown."""
        return {}

    @abstractmethod
    def answer_key(self, question_id: str, choice_ids: Sequence[str] = ()) -> AnswerKey:
        """What it is graded by; `choice_ids` are the ids of its choices, in order.

        Raises ValueError where it has no right answer or the ids do not fit: publishing forbids that.
        """

    def shares(self) -> frozenset[Fraction] | None:
        """The shares of its points that an answer can be worth; None: any, because a person may give them."""
        return ALL_OR_NOTHING

    def accepting(self, text: str) -> "QuestionBase | None":
        """With this text among its right answers; None where its type has no such texts, or no room for one."""
        return None

    def faults(self, path: Path) -> Iterator[Fault]:
        """What stops it from being published, beside an empty prompt."""
        yield from ()


def right_ids(answers: Sequence[Answer], choice_ids: Sequence[str]) -> frozenset[str]:
    """The ids of the right ones. Raises ValueError unless every answer has its id."""
    if len(choice_ids) != len(answers):
        raise ValueError("every answer needs its id")
    pairs = zip(choice_ids, answers, strict=True)
    return frozenset(choice_id for choice_id, answer in pairs if answer.is_correct)


def choice_faults(answers: Sequence[Answer], path: Path) -> Iterator[Fault]:
    """What stops a question with these choices from being published."""
    where = pointer(*path, "answers")
    if len(answers) < 2:
        yield Fault(where, "a choice needs at least two answers", "too-few", {"least": 2})
    if not any(answer.is_correct for answer in answers):
        yield Fault(where, "no answer is marked as right", "empty")
    seen: set[str] = set()
    for a, answer in enumerate(answers):
        form = "text" if answer.html is None else "html"
        text = " ".join((answer.text or answer.html or "").split())
        if not shows_something(answer.html) if answer.html is not None else is_empty(text):
            yield Fault(pointer(*path, "answers", a, form), "shows nothing", "empty")
        elif text in seen:
            yield Fault(
                pointer(*path, "answers", a, form), "reads like another answer of this question", "twice"
            )
        seen.add(text)

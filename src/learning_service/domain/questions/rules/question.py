"""What every question type shares: its fields, its choices, and what it has to say for itself."""

from abc import abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Annotated, ClassVar, TypeAlias

from pydantic import Field

from learning_service.domain.kernel.characters import is_empty
from learning_service.domain.kernel.errors import Fault
from learning_service.domain.kernel.pointers import Path, pointer
from learning_service.domain.kernel.values import ChoiceText, Html, Number, StrictModel, number_between
from learning_service.domain.questions.rules.answer_keys import AnswerKey
from learning_service.domain.questions.rules.parts import Part
from learning_service.domain.questions.rules.sizes import MAX_ANSWERS, MAX_POINTS

Key: TypeAlias = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,64}$")]
"""What names a module, item, question or answer in every version of its course."""
Points: TypeAlias = Annotated[
    Number, Field(ge=0, le=MAX_POINTS, decimal_places=6), number_between(0, MAX_POINTS)
]
"""What a question is worth."""


ALL_OR_NOTHING = frozenset({Fraction(0), Fraction(1)})


class Answer(StrictModel):
    """A choice of a question."""

    key: Key | None = None
    text: ChoiceText
    is_correct: bool = False


Answers: TypeAlias = Annotated[tuple[Answer, ...], Field(max_length=MAX_ANSWERS)]


class QuestionBase(StrictModel):
    """What every question has. Points are decimals of at most 6 places."""

    scored_fields: ClassVar[frozenset[str]] = frozenset()
    """Own fields that a change of scoring is: what is graded by them may come out otherwise."""
    parts_of: ClassVar[Mapping[str, type[StrictModel]]] = {}
    """Own fields that are lists of models, with the model of each."""

    key: Key | None = None
    prompt_html: Html = ""
    points: Points = Decimal(1)
    explanation_html: Html | None = None

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
        text = " ".join(answer.text.split())
        if is_empty(text):
            yield Fault(pointer(*path, "answers", a, "text"), "shows nothing", "empty")
        elif text in seen:
            yield Fault(
                pointer(*path, "answers", a, "text"), "reads like another answer of this question", "twice"
            )
        seen.add(text)

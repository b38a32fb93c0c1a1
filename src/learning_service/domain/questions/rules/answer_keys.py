"""Answer keys: what a question is graded by, with the ids that its rows were given.

Made once per published version and kept in memory. They never leave the server. Ids are text, as in responses.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import lru_cache
from typing import ClassVar, Literal, Self, TypeAlias

from learning_service.domain.kernel.errors import Fault
from learning_service.domain.kernel.pointers import pointer
from learning_service.domain.kernel.values import StrictModel
from learning_service.domain.questions.rules.marks import Mark
from learning_service.domain.questions.rules.normalize import normalize
from learning_service.domain.questions.rules.responses import Response

Form: TypeAlias = Literal["answer_ids", "value", "text", "number", "matches", "order"]
_HINTS: Mapping[Form, str] = {
    "answer_ids": "this question is answered with answer_ids",
    "value": "this question is answered with a value, true or false",
    "text": "this question is answered with a text",
    "number": "this question is answered with a number, written as text",
    "matches": "this question is answered with matches: the key of a right part for each left one",
    "order": "this question is answered with an order: the keys of its items",
}


class RightAnswer(StrictModel):
    """What to show as right. Each form has its own."""


class RightChoices(RightAnswer):
    """The choices that are right, as learners see them once they are released."""

    answer_ids: tuple[str, ...]


@lru_cache(maxsize=4096)
def right_choices(*answer_ids: str) -> RightChoices:
    """These choices as the right ones. Made once: a quiz shows the same ones after every submission."""
    return RightChoices(answer_ids=answer_ids)


@dataclass(frozen=True, slots=True)
class AnswerKey(ABC):
    """What every key has. Each question type has its own."""

    form: ClassVar[Form]
    """Which form of response the question takes."""

    question_id: str
    points: Decimal

    @abstractmethod
    def grade(self, response: Response | None) -> Mark:
        """What the response is worth; `Mark.points` None: it waits for a person."""

    @abstractmethod
    def right_answer(self) -> RightAnswer | None:
        """What to show as right; None where only a person can judge."""

    def faults(self, response: Response, n: int) -> list[Fault]:
        """What does not fit in the response at position `n`, once its form does."""
        return []

    def plainly_fits(self, response: Response) -> bool:
        """Whether one look tells that there are no faults; False where it takes more than that."""
        return False

    def likeness(self, text: str) -> str:
        """What two texts have in common that are one answer to this question."""
        return normalize(text)

    def worth(self, points: Decimal) -> Self:
        """The same with other points."""
        return replace(self, points=points)


@dataclass(frozen=True, slots=True)
class ChoiceKey(AnswerKey):
    """What the keys of questions with choices have."""

    form = "answer_ids"
    choice_ids: frozenset[str]

    def faults(self, response: Response, n: int) -> list[Fault]:
        """Choices that the question does not have, or that are named twice."""
        chosen = response.answer_ids or ()
        faults = []
        for position, choice in enumerate(chosen):
            if choice not in self.choice_ids:
                where = pointer("responses", n, "answer_ids", position)
                faults.append(Fault(where, "is not a choice of this question", "not-known"))
            elif choice in chosen[:position]:
                where = pointer("responses", n, "answer_ids", position)
                faults.append(Fault(where, "is chosen twice", "twice"))
        return faults


def check_responses(keys: Mapping[str, AnswerKey], responses: Iterable[Response]) -> list[Fault]:
    """Everything about the responses that does not fit the attempt's questions, with pointers into the body."""
    faults: list[Fault] = []
    seen: set[str] = set()
    for n, response in enumerate(responses):
        key = keys.get(response.question_id)
        if key is not None and response.question_id not in seen and key.plainly_fits(response):
            pass
        elif key is None:
            where = pointer("responses", n, "question_id")
            faults.append(Fault(where, "is not a question of this attempt", "not-known"))
        elif response.question_id in seen:
            faults.append(Fault(pointer("responses", n, "question_id"), "is answered twice", "twice"))
        elif not response.is_taken_back:
            faults.extend(_form_faults(key, response, n))
        seen.add(response.question_id)
    return faults


def _form_faults(key: AnswerKey, response: Response, n: int) -> list[Fault]:
    if response.form != key.form:
        where = pointer("responses", n, response.form)
        return [Fault(where, _HINTS[key.form], "wrong-type", {"expected": key.form})]
    return key.faults(response, n)

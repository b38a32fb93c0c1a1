"""Questions as learners see them: an allow-list, so that what is not named here stays with the key."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from learning_service.domain.documents.rules import shown_html
from learning_service.domain.questions.rules.parts import Part
from learning_service.domain.questions.rules.question import Answer
from learning_service.domain.questions.rules.types import Question


@dataclass(frozen=True, slots=True)
class AnswerView:
    """A choice of a question as learners see it."""

    id: uuid.UUID
    text: str
    html: str | None = None
    pinned: bool = False
    """Whether it stays last when they are shuffled."""


@dataclass(frozen=True, slots=True)
class QuestionView:
    """A question as learners see it. An allow-list: what is not named here stays with the key."""

    id: uuid.UUID
    key: str
    type: str
    prompt_html: str
    points: Decimal
    answers: tuple[AnswerView, ...] = ()
    """The choices; empty where the question has none."""
    left: tuple[Part, ...] = ()
    right: tuple[Part, ...] = ()
    items: tuple[Part, ...] = ()
    """What is put together, in an order that tells nothing."""


def shown_question(question: Question, worth: Decimal, ids: Mapping[str, uuid.UUID]) -> QuestionView:
    """The question, worth so much, without anything of its key."""
    key = question.key or ""
    return QuestionView(
        id=ids[key],
        key=key,
        type=question.type,
        prompt_html=shown_html(question.prompt_html),
        points=worth,
        answers=tuple(_shown_answer(answer, ids) for answer in question.choices),
        **question.parts(str(ids[key])),
    )


def _shown_answer(answer: Answer, ids: Mapping[str, uuid.UUID]) -> AnswerView:
    html = None if answer.html is None else shown_html(answer.html)
    return AnswerView(ids[answer.key or ""], answer.words, html, answer.pinned)

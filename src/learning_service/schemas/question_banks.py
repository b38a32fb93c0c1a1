"""Question banks as authors see them."""

from datetime import datetime
from typing import Annotated, Any, Self
from uuid import UUID

from pydantic import Field

from learning_service.domain.courses.queries.banks import DrawingDraft
from learning_service.domain.courses.rules.policy import ScopeKind
from learning_service.domain.questions.rules.matching import Pair
from learning_service.domain.questions.rules.question import Answer
from learning_service.domain.questions.rules.types import AnyQuestion
from learning_service.schemas.common import WHERE_THERE_IS_ONE, Number, Out


class DrawingDraftOut(Out):
    """A draft that draws from a bank: what is changed there reaches it."""

    course_id: UUID
    title: str


class BankListItemOut(Out):
    """A question bank in a list."""

    id: UUID
    title: str
    scope: ScopeKind
    scope_id: str | None
    question_count: Annotated[int, Field(description="How many questions are in it.")]
    created_at: datetime
    updated_at: Annotated[datetime, Field(description="When it, or a question of it, was last changed.")]


class BankOut(BankListItemOut):
    """A question bank, and which drafts draw from it."""

    drafts: Annotated[list[DrawingDraftOut], Field(description="Drafts that draw from it, by title.")]


def _own(description: str) -> Any:
    return Field(description=f"{description} Left out where its type has none.")


class BankQuestionOut(Out):
    """A question of a bank: as in the tree, with all that its type has there."""

    key: Annotated[str, Field(description="Names the question within its bank.")]
    type: Annotated[str, Field(description="Which of the question types it is.")]
    prompt_html: str
    points: Number
    explanation_html: str | None
    tags: Annotated[tuple[str, ...], Field(description="Words by which it is found and drawn.")]
    answers: Annotated[tuple[Answer, ...] | None, _own("The choices.")] = WHERE_THERE_IS_ONE
    correct: Annotated[bool | None, _own("Whether the statement is right.")] = WHERE_THERE_IS_ONE
    scoring: Annotated[str | None, _own("How parts of the points are given.")] = WHERE_THERE_IS_ONE
    accepted_answers: Annotated[tuple[str, ...] | None, _own("Texts that count as right.")] = (
        WHERE_THERE_IS_ONE
    )
    case_sensitive: Annotated[bool | None, _own("Whether capitals matter.")] = WHERE_THERE_IS_ONE
    ignore_accents: Annotated[bool | None, _own("Whether `e` stands for `é`.")] = WHERE_THERE_IS_ONE
    ignore_punctuation: Annotated[bool | None, _own("Whether points and commas do not matter.")] = (
        WHERE_THERE_IS_ONE
    )
    review: Annotated[str | None, _own("Whether a grader looks at what is not accepted.")] = (
        WHERE_THERE_IS_ONE
    )
    rubric_html: Annotated[str | None, _own("What graders look for.")] = WHERE_THERE_IS_ONE
    answer: Annotated[Number | None, _own("The right number.")] = WHERE_THERE_IS_ONE
    tolerance: Annotated[Number | None, _own("How far from it is still right.")] = WHERE_THERE_IS_ONE
    tolerance_percent: Annotated[Number | None, _own("The same as a share of it.")] = WHERE_THERE_IS_ONE
    unit: Annotated[str | None, _own("In what it is measured.")] = WHERE_THERE_IS_ONE
    pairs: Annotated[tuple[Pair, ...] | None, _own("What goes together.")] = WHERE_THERE_IS_ONE
    distractors: Annotated[tuple[str, ...] | None, _own("Right parts that match nothing.")] = (
        WHERE_THERE_IS_ONE
    )
    items: Annotated[tuple[str, ...] | None, _own("What is put in order, in the right one.")] = (
        WHERE_THERE_IS_ONE
    )
    drafts: Annotated[
        list[DrawingDraftOut] | None,
        Field(description="Of an edit: the drafts that it reaches, by title."),
    ] = WHERE_THERE_IS_ONE

    @classmethod
    def of(cls, question: AnyQuestion, drafts: list[DrawingDraft] | None = None) -> Self:
        """The question, after an edit with the drafts that draw from its bank."""
        return cls.model_validate({**vars(question), "drafts": drafts})

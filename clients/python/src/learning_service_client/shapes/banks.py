"""Question banks."""

from typing import NotRequired, TypedDict

from learning_service_client.shapes.courses import Scope


class DrawingDraftOut(TypedDict):
    """A draft that draws from a bank: what is changed there reaches it."""

    course_id: str
    title: str


class BankListItemOut(TypedDict):
    """A question bank in a list."""

    id: str
    title: str
    scope: Scope
    scope_id: str | None
    question_count: int
    created_at: str
    updated_at: str


class BankOut(BankListItemOut):
    """A question bank, and which drafts draw from it."""

    drafts: list[DrawingDraftOut]


class BankChangeIn(TypedDict):
    """Changes of a bank. Its scope stays."""

    title: NotRequired[str | None]


class BankQuestionOut(TypedDict):
    """A question of a bank: as in the tree, with all that its type has there."""

    key: str
    type: str
    prompt_html: str
    points: float
    explanation_html: str | None
    tags: list[str]
    drafts: NotRequired[list[DrawingDraftOut] | None]

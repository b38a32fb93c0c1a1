"""Corrections of a version's keys, and what they change."""

from typing import Literal, NotRequired, TypeAlias, TypedDict

Policy: TypeAlias = Literal["either", "new_only", "full_credit", "drop"]


class ChoiceChange(TypedDict):
    """Whether a choice is right after all."""

    key: str
    is_correct: bool


class QuestionChange(TypedDict):
    """What was wrong with a question: its key, its points, or both."""

    question_key: str
    answers: NotRequired[list[ChoiceChange] | None]
    correct: NotRequired[bool | None]
    accepted_answers: NotRequired[list[str] | None]
    answer: NotRequired[float | None]
    tolerance: NotRequired[float | None]
    points: NotRequired[float | None]


class RegradedAttemptOut(TypedDict):
    """An attempt that changes."""

    attempt_id: str
    enrollment_id: str
    quiz_key: str
    number: int
    score_before: float
    score_after: float
    passed_before: bool | None
    passed_after: bool | None


class ChoiceChangeOut(TypedDict):
    """Whether a choice is right."""

    key: str
    is_correct: bool


class QuestionChangeOut(TypedDict):
    """What was corrected of a question; None: it stayed."""

    question_key: str
    answers: NotRequired[list[ChoiceChangeOut] | None]
    correct: NotRequired[bool | None]
    accepted_answers: NotRequired[list[str] | None]
    answer: NotRequired[float | None]
    tolerance: NotRequired[float | None]
    points: NotRequired[float | None]


class RegradeOut(TypedDict):
    """A regrade: before it is applied what it would do, from then on what it has done."""

    id: str
    course_id: str
    version: int
    status: Literal["preview", "applying", "applied", "failed"]
    policy: Policy
    lower: bool
    note: str
    changes: list[QuestionChangeOut]
    attempts_up: int
    attempts_down: int
    unchanged: int
    passes_won: int
    passes_lost: int
    certificates_touched: int
    compliance_touched: int
    sample: list[RegradedAttemptOut]
    total: int
    done: int
    previewed_by: str
    previewed_at: str
    applied_by: str | None
    applied_at: str | None
    finished_at: str | None
    error: str | None

"""Quizzes as learners see them, their answers, and what became of these."""

from typing import Literal, NotRequired, TypedDict

from learning_service_client.shapes.certificates import CertificateLinkOut
from learning_service_client.shapes.enrollments import CompletionOut, EnrollmentStateOut


class QuizItemOut(TypedDict):
    """A quiz, or the final assessment, with the caller's standing. Never a question's key."""

    kind: Literal["quiz", "assessment"]
    id: str
    key: str
    title: str
    required: bool
    completed_at: str | None
    kept: bool
    pass_score: float
    max_attempts: int | None
    time_limit_seconds: int | None
    retry_delay_seconds: int | None
    question_count: int
    attempts_used: int
    best_score: float | None
    passed: bool


class AttemptSummaryOut(TypedDict):
    """An attempt in a list."""

    attempt_id: str
    number: int
    status: str
    started_at: str
    submitted_at: str | None
    deadline_at: str | None
    score: float | None
    passed: bool | None


class AnswerOut(TypedDict):
    """A choice as shown. One of rich text has `html`, and in `text` its words alone."""

    id: str
    text: str
    html: NotRequired[str | None]


class PartOut(TypedDict):
    """A part of a question as shown: a side of a pair, or an item to be brought into order."""

    key: str
    text: str


class QuestionOut(TypedDict):
    """A question as shown: `answers` where one chooses, `left` and `right` of matching, `items` of ordering.

    Parts come in an order that tells nothing, and their keys tell nothing either.
    """

    id: str
    key: str
    type: str
    prompt_html: str
    points: float
    answers: NotRequired[list[AnswerOut]]
    left: NotRequired[list[PartOut]]
    right: NotRequired[list[PartOut]]
    items: NotRequired[list[PartOut]]


class QuizOut(QuizItemOut):
    """A quiz with the caller's attempts; `questions` only without a time limit and shuffle."""

    attempts: list[AttemptSummaryOut]
    questions: NotRequired[list[QuestionOut] | None]


class StartedAttemptOut(TypedDict):
    """An attempt under way."""

    attempt_id: str
    number: int
    started_at: str
    deadline_at: str | None
    server_time: str
    questions: list[QuestionOut]


class Response(TypedDict):
    """What a learner gave to one question: exactly one of choices, a truth value, a text, a number as it is written,
    parts that go together, or an order; null takes it back.
    """

    question_id: str
    answer_ids: NotRequired[list[str] | None]
    value: NotRequired[bool | None]
    text: NotRequired[str | None]
    number: NotRequired[str | None]
    matches: NotRequired[dict[str, str] | None]
    order: NotRequired[list[str] | None]


class RightChoices(TypedDict):
    """The choices that are right, as learners see them once they are released."""

    answer_ids: list[str]


class RightValue(TypedDict):
    """Whether the statement is true."""

    value: bool


class RightTexts(TypedDict):
    """The texts that are accepted, as people read them."""

    accepted_answers: list[str]


class RightNumber(TypedDict):
    """The number that is right, how far from it an answer may be, and its unit."""

    answer: float
    tolerance: float | None
    tolerance_percent: float | None
    unit: str | None


class RightMatches(TypedDict):
    """The right part of each left one, by key."""

    matches: dict[str, str]


class RightOrder(TypedDict):
    """The keys of the items in their right order."""

    order: list[str]


class MarkOut(TypedDict):
    """One response's mark; what may not be shown yet is null."""

    question_id: str
    points_awarded: float | None
    correct: bool | None
    feedback: str | None
    explanation_html: str | None
    right_answer: RightChoices | RightValue | RightTexts | RightNumber | RightMatches | RightOrder | None
    choice_feedback: NotRequired[dict[str, str] | None]


class SubmissionOut(TypedDict):
    """A closed attempt. `completion` and `certificate` are there when it finished the course."""

    attempt_id: str
    number: int
    status: Literal["graded", "pending_review"]
    points: float
    max_points: float
    score: float | None
    passed: bool | None
    attempts_remaining: int | None
    responses: list[MarkOut]
    enrollment: EnrollmentStateOut
    completion: NotRequired[CompletionOut | None]
    certificate: NotRequired[CertificateLinkOut | None]


class SavedAttemptOut(TypedDict):
    """What a save did."""

    attempt_id: str
    saved: int
    sequence: int
    deadline_at: str | None
    server_time: str

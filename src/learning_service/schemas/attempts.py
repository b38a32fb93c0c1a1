"""What learners send to quizzes and get back. Built by allow-list: no field here can hold a key before release."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import Field, WithJsonSchema

from learning_service.domain.kernel.values import StrictModel
from learning_service.domain.questions.rules.responses import Id, Responses
from learning_service.schemas.common import Number, Out
from learning_service.schemas.courses import QuizItemOut

QuestionId = Annotated[str, WithJsonSchema({"type": "string", "format": "uuid"})]
"""The id of a question as marks have it, as text: made a UUID and text again it took 30 µs of a submission."""
SequenceNumber = Annotated[int, Field(ge=0, le=2**31 - 1)]


class SaveIn(StrictModel):
    """Answers to keep. A `sequence` not above the attempt's last changes nothing."""

    responses: Responses
    sequence: SequenceNumber | None = None


class SubmissionIn(StrictModel):
    """Answers to submit, laid over what was saved."""

    attempt_id: Id | None = None
    responses: Responses


class AnswerOut(Out):
    """A choice as shown."""

    id: UUID
    text: str


class QuestionOut(Out):
    """A question as shown; `answers` for choice questions only."""

    id: UUID
    key: str
    type: str
    prompt_html: str
    points: Number
    answers: list[AnswerOut] = []


class StartedAttemptOut(Out):
    """An attempt under way."""

    attempt_id: UUID
    number: int
    started_at: datetime
    deadline_at: datetime | None
    server_time: datetime
    questions: list[QuestionOut]


class SavedAttemptOut(Out):
    """What a save did."""

    attempt_id: UUID
    saved: int
    sequence: int
    deadline_at: datetime | None
    server_time: datetime


class MarkOut(Out):
    """One response's mark; what may not be shown yet is null."""

    question_id: QuestionId
    points_awarded: Number | None
    correct: bool | None
    feedback: str | None
    explanation_html: str | None
    right_answer: dict[str, Any] | None


class EnrollmentStateOut(Out):
    """Where the submission leaves the enrollment."""

    id: UUID
    status: str


class CompletionOut(Out):
    """The completion that a submission brought."""

    id: UUID
    score: Number | None
    completed_at: datetime
    expires_at: datetime | None


class CertificateLinkOut(Out):
    """The certificate that a submission brought."""

    id: UUID
    verification_url: str


class SubmissionOut(Out):
    """A closed attempt. `completion` and `certificate` are there when it finished the course."""

    attempt_id: UUID
    number: int
    status: Literal["graded", "pending_review"]
    points: Number
    max_points: Number
    score: Number | None
    passed: bool | None
    attempts_remaining: int | None
    responses: list[MarkOut]
    enrollment: EnrollmentStateOut
    completion: CompletionOut | None = None
    certificate: CertificateLinkOut | None = None


class GivenResponseOut(MarkOut):
    """A response as given, with what may be shown of its mark."""

    answer_ids: list[UUID] | None = None
    value: bool | None = None
    text: str | None = None


class AttemptOut(Out):
    """One attempt of one's own, under way or closed."""

    attempt_id: UUID
    number: int
    status: Literal["in_progress", "graded", "pending_review"]
    started_at: datetime
    deadline_at: datetime | None
    submitted_at: datetime | None
    server_time: datetime
    sequence: int
    points: Number | None
    max_points: Number
    score: Number | None
    passed: bool | None
    attempts_remaining: int | None
    responses: list[GivenResponseOut]
    questions: list[QuestionOut]
    enrollment: EnrollmentStateOut


class AttemptSummaryOut(Out):
    """An attempt in a list."""

    attempt_id: UUID
    number: int
    status: str
    started_at: datetime
    submitted_at: datetime | None
    deadline_at: datetime | None
    score: Number | None
    passed: bool | None


class QuizOut(QuizItemOut):
    """A quiz with one's own attempts; `questions` only without a time limit and shuffle."""

    attempts: list[AttemptSummaryOut]
    questions: list[QuestionOut] | None = None

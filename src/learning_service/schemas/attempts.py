"""What learners send to quizzes and get back. Built by allow-list: no field here can hold a key before release."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import Field, WithJsonSchema

from learning_service.domain.kernel.values import StrictModel
from learning_service.domain.questions.rules.responses import Id, Responses
from learning_service.schemas.common import Answer, Number
from learning_service.schemas.courses import QuizItem

QuestionId = Annotated[str, WithJsonSchema({"type": "string", "format": "uuid"})]
"""The id of a question as marks have it, as text: made a UUID and text again it took 30 µs of a submission."""
SequenceNumber = Annotated[int, Field(ge=0, le=2**31 - 1)]


class SaveBody(StrictModel):
    """Answers to keep. A `sequence` not above the attempt's last changes nothing."""

    responses: Responses
    sequence: SequenceNumber | None = None


class SubmitBody(StrictModel):
    """Answers to submit, laid over what was saved."""

    attempt_id: Id | None = None
    responses: Responses


class ChoiceAnswer(Answer):
    """A choice as shown."""

    id: UUID
    text: str


class QuestionAnswer(Answer):
    """A question as shown; `answers` for choice questions only."""

    id: UUID
    key: str
    type: str
    prompt_html: str
    points: Number
    answers: list[ChoiceAnswer] = []


class AttemptStarted(Answer):
    """An attempt under way."""

    attempt_id: UUID
    number: int
    started_at: datetime
    deadline_at: datetime | None
    server_time: datetime
    questions: list[QuestionAnswer]


class AttemptSaved(Answer):
    """What a save did."""

    attempt_id: UUID
    saved: int
    sequence: int
    deadline_at: datetime | None
    server_time: datetime


class MarkAnswer(Answer):
    """One response's mark; what may not be shown yet is null."""

    question_id: QuestionId
    points_awarded: Number | None
    correct: bool | None
    feedback: str | None
    explanation_html: str | None
    right_answer: dict[str, Any] | None


class EnrollmentState(Answer):
    """Where the submission leaves the enrollment."""

    id: UUID
    status: str


class CompletionAnswer(Answer):
    """The completion that a submission brought."""

    id: UUID
    score: Number | None
    completed_at: datetime
    expires_at: datetime | None


class CertificateLink(Answer):
    """The certificate that a submission brought."""

    id: UUID
    verification_url: str


class SubmissionAnswer(Answer):
    """A closed attempt. `completion` and `certificate` are there when it finished the course."""

    attempt_id: UUID
    number: int
    status: Literal["graded", "pending_review"]
    points: Number
    max_points: Number
    score: Number | None
    passed: bool | None
    attempts_remaining: int | None
    responses: list[MarkAnswer]
    enrollment: EnrollmentState
    completion: CompletionAnswer | None = None
    certificate: CertificateLink | None = None


class GivenResponse(MarkAnswer):
    """A response as given, with what may be shown of its mark."""

    answer_ids: list[UUID] | None = None
    value: bool | None = None
    text: str | None = None


class AttemptAnswer(Answer):
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
    responses: list[GivenResponse]
    questions: list[QuestionAnswer]
    enrollment: EnrollmentState


class AttemptSummary(Answer):
    """An attempt in a list."""

    attempt_id: UUID
    number: int
    status: str
    started_at: datetime
    submitted_at: datetime | None
    deadline_at: datetime | None
    score: Number | None
    passed: bool | None


class QuizAnswer(QuizItem):
    """A quiz with one's own attempts; `questions` only without a time limit and shuffle."""

    attempts: list[AttemptSummary]
    questions: list[QuestionAnswer] | None = None

"""What learners send to quizzes and get back. Built by allow-list: no field here can hold a key before release."""

import operator
from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import Field, WithJsonSchema

from learning_service.domain.attempts.queries.positions import AttemptRow
from learning_service.domain.completion.views.attempts import AttemptSummary
from learning_service.domain.completion.views.items import QuizView
from learning_service.domain.courses.queries.compiled import QuestionView
from learning_service.domain.kernel.values import StrictModel
from learning_service.domain.questions.rules.responses import Id, Responses
from learning_service.domain.questions.rules.types import AnyRightAnswer
from learning_service.schemas.common import WHERE_THERE_IS_ONE, Number, Out
from learning_service.schemas.courses import QuizItemOut

IdText = Annotated[str, WithJsonSchema({"type": "string", "format": "uuid"})]
"""An id as marks and responses have it, as text: made a UUID and text again it took 30 µs of a submission."""
SequenceNumber = Annotated[int, Field(ge=0, le=2**31 - 1)]


class SaveIn(StrictModel):
    """Responses to keep. A `sequence` not above the attempt's last changes nothing."""

    responses: Responses
    sequence: SequenceNumber | None = None


class SubmissionIn(StrictModel):
    """Responses to submit, laid over what was saved."""

    attempt_id: Id | None = None
    responses: Responses


class AnswerOut(Out):
    """A choice as shown. One of rich text has `html`, and in `text` its words alone."""

    id: UUID
    text: str
    html: str | None = WHERE_THERE_IS_ONE


class PartOut(Out):
    """A part of a question as shown: a side of a pair, or an item to be brought into order."""

    key: str
    text: str


class QuestionOut(Out):
    """A question as shown: `answers` where one chooses, `left` and `right` of matching, `items` of ordering.

    Parts come in an order that tells nothing, and their keys tell nothing either.
    """

    id: UUID
    key: str
    type: str
    prompt_html: str
    points: Number
    answers: list[AnswerOut] = Field(default=[], exclude_if=operator.not_)
    left: list[PartOut] = Field(default=[], exclude_if=operator.not_)
    right: list[PartOut] = Field(default=[], exclude_if=operator.not_)
    items: list[PartOut] = Field(default=[], exclude_if=operator.not_)


class StartedAttemptOut(Out):
    """An attempt under way."""

    attempt_id: UUID
    number: int
    started_at: datetime
    deadline_at: datetime | None
    server_time: datetime
    questions: list[QuestionOut]

    @classmethod
    def of(cls, attempt: AttemptRow, questions: Sequence[QuestionView], instant: datetime) -> Self:
        """The attempt with its questions, at that moment."""
        return cls.model_validate(
            {
                "attempt_id": attempt.id,
                "number": attempt.number,
                "started_at": attempt.started_at,
                "deadline_at": attempt.deadline_at,
                "server_time": instant,
                "questions": questions,
            }
        )


class SavedAttemptOut(Out):
    """What a save did."""

    attempt_id: UUID
    saved: int
    sequence: int
    deadline_at: datetime | None
    server_time: datetime


class MarkOut(Out):
    """One response's mark; what may not be shown yet is null."""

    question_id: IdText
    points_awarded: Number | None
    correct: bool | None
    feedback: str | None
    explanation_html: str | None
    right_answer: AnyRightAnswer | None
    choice_feedback: Annotated[
        dict[str, str] | None,
        Field(
            description="What the author says of the choices that were taken, by their ids, once it is released."
        ),
    ] = WHERE_THERE_IS_ONE


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
    completion: CompletionOut | None = WHERE_THERE_IS_ONE
    certificate: CertificateLinkOut | None = WHERE_THERE_IS_ONE


class GivenResponseOut(MarkOut):
    """A response as given, with what may be shown of its mark."""

    answer_ids: list[IdText] | None = WHERE_THERE_IS_ONE
    value: bool | None = WHERE_THERE_IS_ONE
    text: str | None = WHERE_THERE_IS_ONE
    number: str | None = WHERE_THERE_IS_ONE
    matches: dict[str, str] | None = WHERE_THERE_IS_ONE
    order: list[str] | None = WHERE_THERE_IS_ONE


class AttemptOut(Out):
    """One attempt, under way or closed."""

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


class ListedAttemptOut(AttemptSummaryOut):
    """An attempt of an enrollment, as administrators and graders see it."""

    quiz_id: Annotated[UUID, Field(description="What it was at: a quiz, or the final assessment.")]
    kind: Annotated[Literal["quiz", "assessment"], Field(description="Which of the two that is.")]
    title: Annotated[str, Field(description="The title of the quiz or assessment.")]


class QuizOut(QuizItemOut):
    """A quiz with the caller's attempts; `questions` only without a time limit and shuffle."""

    attempts: list[AttemptSummaryOut]
    questions: list[QuestionOut] | None = WHERE_THERE_IS_ONE

    @classmethod
    def of(
        cls, quiz: QuizView, attempts: Sequence[AttemptSummary], questions: Sequence[QuestionView] | None
    ) -> Self:
        """The quiz with those attempts and questions."""
        fields = {name: getattr(quiz, name) for name in QuizItemOut.model_fields}
        return cls.model_validate({**fields, "attempts": attempts, "questions": questions})

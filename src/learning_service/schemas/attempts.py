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
from learning_service.domain.courses.queries.shown import QuestionView
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
    """The answers that changed since the last save."""
    sequence: SequenceNumber | None = None
    """Counts the saves of the attempt, so that a late one changes nothing; null: always kept."""


class SubmissionIn(StrictModel):
    """Responses to submit, laid over what was saved."""

    attempt_id: Id | None = None
    """The attempt to close; null: the one under way, or a new one."""
    responses: Responses
    """Laid over what was saved; what is not named stays as saved."""


class AnswerOut(Out):
    """A choice as shown. One of rich text has `html`, and in `text` its words alone."""

    id: UUID
    """Send it in `answer_ids`."""
    text: str
    """What the choice says."""
    html: str | None = WHERE_THERE_IS_ONE
    """What the choice shows, as sanitized HTML, instead of `text`."""


class PartOut(Out):
    """A part of a question as shown: a side of a pair, or an item to be brought into order."""

    key: str
    """Send it in `matches` or `order`."""
    text: str
    """What the part says."""


class QuestionOut(Out):
    """A question as shown: `answers` where one chooses, `left` and `right` of matching, `items` of ordering.

    Parts come in an order that tells nothing, and their keys tell nothing either.
    """

    id: UUID
    """Send it as `question_id` with the response."""
    key: str
    type: str
    prompt_html: str
    points: Number
    """What a perfect answer earns."""
    answers: list[AnswerOut] = Field(default=[], exclude_if=operator.not_)
    """The choices, in the attempt's order; absent for other types."""
    left: list[PartOut] = Field(default=[], exclude_if=operator.not_)
    """The parts that stay in place, of a matching question."""
    right: list[PartOut] = Field(default=[], exclude_if=operator.not_)
    """The parts to be put beside them, distractors among them, in an order that says nothing."""
    items: list[PartOut] = Field(default=[], exclude_if=operator.not_)
    """The items to be put in order, of an ordering question."""


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
    """How many answers this call changed."""
    sequence: int
    deadline_at: datetime | None
    server_time: datetime


class MarkOut(Out):
    """One response's mark; what may not be shown yet is null."""

    question_id: IdText
    points_awarded: Number | None
    correct: bool | None
    """Whether it is right; null while a grader has not judged it, or where it may not be shown."""
    feedback: str | None
    explanation_html: str | None
    right_answer: AnyRightAnswer | None
    """What would have been right; null until the quiz's `feedback` lets it be shown."""
    choice_feedback: Annotated[
        dict[str, str] | None,
        Field(
            description="What the author says of the choices that were taken, by their ids, once it is released."
        ),
    ] = WHERE_THERE_IS_ONE


class EnrollmentStateOut(Out):
    """Where the submission leaves the enrollment."""

    id: UUID
    """The enrollment."""
    status: str


class CompletionOut(Out):
    """The completion that a submission brought."""

    id: UUID
    """The completion."""
    score: Number | None
    completed_at: datetime
    expires_at: datetime | None


class CertificateLinkOut(Out):
    """The certificate that a submission brought."""

    id: UUID
    """The certificate."""
    verification_url: str


class SubmissionOut(Out):
    """A closed attempt. `completion` and `certificate` are there when it finished the course."""

    attempt_id: UUID
    number: int
    status: Literal["graded", "pending_review"]
    points: Number
    """What the answers earned so far."""
    max_points: Number
    score: Number | None
    passed: bool | None
    attempts_remaining: int | None
    responses: list[MarkOut]
    """The mark of each question of the attempt."""
    enrollment: EnrollmentStateOut
    """Where it leaves the enrollment."""
    completion: CompletionOut | None = WHERE_THERE_IS_ONE
    """There when this call finished the course."""
    certificate: CertificateLinkOut | None = WHERE_THERE_IS_ONE
    """There when this call finished the course."""


class GivenResponseOut(MarkOut):
    """A response as given, with what may be shown of its mark."""

    answer_ids: list[IdText] | None = WHERE_THERE_IS_ONE
    value: bool | None = WHERE_THERE_IS_ONE
    text: str | None = WHERE_THERE_IS_ONE
    number: str | None = WHERE_THERE_IS_ONE
    """The number as the learner wrote it."""
    matches: dict[str, str] | None = WHERE_THERE_IS_ONE
    """The key of the right part by the key of each left one."""
    order: list[str] | None = WHERE_THERE_IS_ONE
    """The keys of the items in the learner's order."""


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
    """What has been answered and saved, or was submitted."""
    questions: list[QuestionOut]
    enrollment: EnrollmentStateOut
    """Where the enrollment is now."""


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
    """The caller's, the first one first."""
    questions: list[QuestionOut] | None = WHERE_THERE_IS_ONE
    """There only without a time limit and shuffle; else an attempt must be started."""

    @classmethod
    def of(
        cls, quiz: QuizView, attempts: Sequence[AttemptSummary], questions: Sequence[QuestionView] | None
    ) -> Self:
        """The quiz with those attempts and questions."""
        fields = {name: getattr(quiz, name) for name in QuizItemOut.model_fields}
        return cls.model_validate({**fields, "attempts": attempts, "questions": questions})

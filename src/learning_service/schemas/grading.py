"""The review queue: what graders send and see."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from learning_service.domain.kernel.values import Html, StrictModel, number_between
from learning_service.domain.kernel.values import Number as GivenNumber
from learning_service.schemas.certificates import Reason
from learning_service.schemas.common import Number, Out
from learning_service.schemas.enrollments import EnrollmentStatus


class GradeIn(StrictModel):
    """A person's judgement of one response. Points are rounded to 6 places."""

    points: Annotated[GivenNumber, Field(ge=0, le=1_000_000), number_between(0, 1_000_000)]
    feedback: Html | None = None
    """Rich text to the learner. A correction that leaves it out keeps what there is; null clears it."""
    correction: bool = False


class ReviewQuestionOut(Out):
    """A question as its graders see it: the rubric, and for short answers what is accepted."""

    id: UUID
    key: str
    type: str
    prompt_html: str
    points: Number
    rubric_html: str | None
    accepted_answers: list[str] | None


class LearnerOut(Out):
    """Whose answer it is."""

    user_id: str
    display_name: str | None


class PendingResponseOut(Out):
    """A response that waits for a person. `learner` is null where the organization grades blind."""

    response_id: UUID
    attempt_id: UUID
    course_id: UUID
    course_title: str
    quiz_title: str
    question: ReviewQuestionOut
    text: str
    max_points: Number
    decides: bool
    submitted_at: datetime
    claimed_by: str | None
    claimed_until: datetime | None
    learner: LearnerOut | None


class GradedAttemptOut(Out):
    """What the grade made of the attempt."""

    attempt_id: UUID
    status: Literal["graded", "pending_review"]
    score: Number | None
    passed: bool | None


class GradeOut(Out):
    """A grade and what it decided."""

    response_id: UUID
    points_awarded: Number
    attempt: GradedAttemptOut


class LostPassDecisionIn(StrictModel):
    """What becomes of a pass in doubt, and why: for the organization, never for the public."""

    decision: Literal["keep", "revoke"]
    reason: Reason


class DecidedLostPassOut(Out):
    """What a decision about a pass left."""

    enrollment_id: UUID
    decision: Literal["keep", "revoke"]
    status: EnrollmentStatus
    completion_id: UUID | None
    certificate_id: UUID | None


class LostPassOut(Out):
    """A pass that a correction put in doubt. `completion_id` is null where the enrollment was still open."""

    id: UUID
    user_id: str
    enrollment_id: UUID
    enrollment_status: str
    course_id: UUID
    course_title: str
    quiz_id: UUID
    quiz_title: str
    attempt_id: UUID
    response_id: UUID
    completion_id: UUID | None
    certificate_id: UUID | None
    corrected_by: str
    found_at: datetime

"""The review queue: what graders send and see."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from learning_service.domain.completion.actions.grades import GradeResult
from learning_service.domain.completion.queries.grading_lists import GivenGradeView
from learning_service.domain.completion.views.attempts import score_of
from learning_service.domain.documents.rules import shown_html
from learning_service.domain.kernel.values import Html, StrictModel, number_between
from learning_service.domain.kernel.values import Number as GivenNumber
from learning_service.domain.questions.rules.responses import Id
from learning_service.schemas.certificates import Reason
from learning_service.schemas.common import Number, Out
from learning_service.schemas.enrollments import EnrollmentStatus


class GradeIn(StrictModel):
    """A person's judgement of one response. Points are rounded to 6 places."""

    points: Annotated[GivenNumber, Field(ge=0, le=1_000_000), number_between(0, 1_000_000)]
    """From 0 to what a perfect answer earns."""
    feedback: Html | None = None
    """Rich text to the learner. A correction that leaves it out keeps what there is; null clears it."""
    correction: bool = False
    """`true` replaces a grade that was given before."""


class OverrideIn(StrictModel):
    """A person's word over the mark of one question, and why. Points are rounded to 6 places."""

    question_id: Annotated[Id, Field(description="A question of the attempt, of any type.")]
    points: Annotated[GivenNumber, Field(ge=0, le=1_000_000), number_between(0, 1_000_000)]
    reason: Annotated[Reason, Field(description="For the organization, and in the learner's own export.")]


class GroupGradeIn(StrictModel):
    """One grade for all responses that read alike. Points are rounded to 6 places."""

    points: Annotated[GivenNumber, Field(ge=0, le=1_000_000), number_between(0, 1_000_000)]
    feedback: Annotated[Html | None, Field(description="Rich text to each of the learners.")] = None
    accept: Annotated[
        bool, Field(description="Also take the text into the right answers of the draft's short answer.")
    ] = False


class GroupGradedOut(Out):
    """What the grade of a group has reached."""

    graded: Annotated[int, Field(description="Responses that have the grade now.")]
    under_way: Annotated[int, Field(description="Further ones that get it in the background, in seconds.")]


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
    """The learner who gave the response."""

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
    """With the rubric and what is accepted."""
    text: str
    max_points: Number
    decides: bool
    """Whether it can still change a pass that counts, or the outcome of the enrollment."""
    submitted_at: datetime
    claimed_by: str | None
    """The grader who holds it; null: it is free."""
    claimed_until: datetime | None
    """Until when it is held; null: it is free."""
    learner: LearnerOut | None
    """Whose answer it is; null where the organization grades blind."""


class SimilarGroupOut(Out):
    """A group of the same question whose text is similar."""

    group_id: UUID
    text: Annotated[str, Field(description="How one of its responses begins.")]
    count: Annotated[int, Field(description="How many responses wait in it.")]


class AnswerGroupOut(Out):
    """Responses to one question that wait and read alike. It says nothing of who gave them."""

    group_id: UUID
    course_id: UUID
    course_title: str
    quiz_title: str
    question: Annotated[ReviewQuestionOut, Field(description="What was asked, as graders see it.")]
    text: Annotated[str, Field(description="The oldest of them, as it was written.")]
    max_points: Number
    count: Annotated[int, Field(description="How many wait that the caller may grade.")]
    oldest_submitted_at: Annotated[datetime, Field(description="When the first of them was handed in.")]
    similar: Annotated[list[SimilarGroupOut], Field(description="Up to five, the most similar first.")]


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
    """What the grade made of the attempt."""

    @classmethod
    def of(cls, result: GradeResult) -> "GradeOut":
        """What the grade left."""
        attempt = GradedAttemptOut(
            attempt_id=result.attempt.id,
            status="graded" if result.attempt.status == "graded" else "pending_review",
            score=score_of(result.attempt),
            passed=result.attempt.passed,
        )
        return cls(response_id=result.response_id, points_awarded=result.points, attempt=attempt)


class GivenGradeOut(Out):
    """A grade that the caller has given, with the response it was given to."""

    response_id: UUID
    attempt_id: UUID
    course_id: UUID
    course_title: Annotated[str, Field(description="As in the version that the learner was in.")]
    quiz_title: str
    question_id: UUID
    prompt_html: str
    text: Annotated[str, Field(description="What the learner wrote.")]
    points_awarded: Annotated[
        Number, Field(description="By this grade; a later correction has an entry of its own.")
    ]
    max_points: Number
    feedback: Annotated[str | None, Field(description="Rich text to the learner.")]
    correction: Annotated[bool, Field(description="Whether it replaced an earlier grade.")]
    submitted_at: datetime
    graded_at: datetime
    learner: Annotated[
        LearnerOut | None, Field(description="Whose answer it is; null where the organization grades blind.")
    ]

    @classmethod
    def of(cls, view: GivenGradeView, *, blind: bool) -> "GivenGradeOut":
        """The entry for this grade."""
        columns = {
            name: getattr(view, name) for name in cls.model_fields if name not in ("learner", "prompt_html")
        }
        learner = None if blind else LearnerOut(user_id=view.user_id, display_name=view.learner_name)
        return cls(prompt_html=shown_html(view.prompt_html), learner=learner, **columns)


class CourseQueueOut(Out):
    """What waits in one course."""

    course_id: UUID
    course_title: str
    pending: Annotated[int, Field(description="Answers that wait for the caller.")]


class GradingSummaryOut(Out):
    """How much waits for the caller."""

    pending: Annotated[
        int, Field(description="All answers that wait, of all courses that the caller grades.")
    ]
    oldest_submitted_at: Annotated[
        datetime | None, Field(description="When the first of them was handed in; null where nothing waits.")
    ]
    by_course: Annotated[list[CourseQueueOut], Field(description="Courses in which some wait, most first.")]


class LostPassDecisionIn(StrictModel):
    """What becomes of a pass in doubt, and why: for the organization, never for the public."""

    decision: Literal["keep", "revoke"]
    """Whether the pass stands."""
    reason: Reason
    """For the organization, never for the public."""


class DecidedLostPassOut(Out):
    """What a decision about a pass left."""

    enrollment_id: UUID
    decision: Literal["keep", "revoke"]
    """What was decided."""
    status: EnrollmentStatus
    completion_id: UUID | None
    certificate_id: UUID | None


class LostPassOut(Out):
    """A pass that a correction put in doubt. `completion_id` is null where the enrollment was still open."""

    id: UUID
    user_id: str
    display_name: str | None
    """The member's name; null: it was erased."""
    enrollment_id: UUID
    enrollment_status: str
    """In which state the enrollment is."""
    course_id: UUID
    course_title: str
    quiz_id: UUID
    quiz_title: str
    attempt_id: UUID | None
    """The attempt whose response was corrected; null for a regrade, which is about all attempts."""
    response_id: UUID | None
    """The response that was corrected; null for a regrade."""
    completion_id: UUID | None
    certificate_id: UUID | None
    corrected_by: str
    """The grader whose correction took the pass, or the author who had the quiz regraded."""
    found_at: datetime
    """When that was."""

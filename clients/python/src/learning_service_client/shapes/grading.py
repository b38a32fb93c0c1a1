"""What graders read and write."""

from typing import Literal, TypedDict


class ReviewQuestionOut(TypedDict):
    """A question as its graders see it: the rubric, and for short answers what is accepted."""

    id: str
    key: str
    type: str
    prompt_html: str
    points: float
    rubric_html: str | None
    accepted_answers: list[str] | None


class SimilarGroupOut(TypedDict):
    """A group of the same question whose text is similar."""

    group_id: str
    text: str
    count: int


class AnswerGroupOut(TypedDict):
    """Responses to one question that wait and read alike."""

    group_id: str
    course_id: str
    course_title: str
    quiz_title: str
    question: ReviewQuestionOut
    text: str
    max_points: float
    count: int
    oldest_submitted_at: str
    similar: list[SimilarGroupOut]


class CourseQueueOut(TypedDict):
    """What waits in one course."""

    course_id: str
    course_title: str
    pending: int


class DecidedLostPassOut(TypedDict):
    """What a decision about a pass left."""

    enrollment_id: str
    decision: Literal["keep", "revoke"]
    status: Literal["assigned", "in_progress", "completed", "failed"]
    completion_id: str | None
    certificate_id: str | None


class LearnerOut(TypedDict):
    """The learner who gave the response."""

    user_id: str
    display_name: str | None


class GivenGradeOut(TypedDict):
    """A grade that the caller has given, with the response it was given to."""

    response_id: str
    attempt_id: str
    course_id: str
    course_title: str
    quiz_title: str
    question_id: str
    prompt_html: str
    text: str
    points_awarded: float
    max_points: float
    feedback: str | None
    correction: bool
    submitted_at: str
    graded_at: str
    learner: LearnerOut | None


class GradedAttemptOut(TypedDict):
    """What the grade made of the attempt."""

    attempt_id: str
    status: Literal["graded", "pending_review"]
    score: float | None
    passed: bool | None


class GradeOut(TypedDict):
    """A grade and what it decided."""

    response_id: str
    points_awarded: float
    attempt: GradedAttemptOut


class GradingSummaryOut(TypedDict):
    """How much waits for the caller."""

    pending: int
    oldest_submitted_at: str | None
    by_course: list[CourseQueueOut]


class GroupGradedOut(TypedDict):
    """What the grade of a group has reached."""

    graded: int
    under_way: int


class LostPassOut(TypedDict):
    """A pass that a correction put in doubt."""

    id: str
    user_id: str
    display_name: str | None
    enrollment_id: str
    enrollment_status: str
    course_id: str
    course_title: str
    quiz_id: str
    quiz_title: str
    attempt_id: str | None
    response_id: str | None
    completion_id: str | None
    certificate_id: str | None
    corrected_by: str
    found_at: str


class PendingResponseOut(TypedDict):
    """A response that waits for a person."""

    response_id: str
    attempt_id: str
    course_id: str
    course_title: str
    quiz_title: str
    question: ReviewQuestionOut
    text: str
    max_points: float
    decides: bool
    submitted_at: str
    claimed_by: str | None
    claimed_until: str | None
    learner: LearnerOut | None

"""Wire types of enrollments and progress."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Literal, Self, TypeAlias
from uuid import UUID

from pydantic import Field, model_validator

from learning_service.domain.completion.queries.completions import Finish
from learning_service.domain.completion.queries.found_enrollments import FoundEnrollment
from learning_service.domain.completion.views.progress import ProgressView
from learning_service.domain.enrollments.queries.enrollments import EnrollmentView
from learning_service.domain.enrollments.queries.prerequisites import MissingCourse
from learning_service.domain.kernel.errors import Wrong
from learning_service.domain.kernel.values import CleanText, Instant, StrictModel
from learning_service.domain.questions.rules.responses import Id
from learning_service.schemas.common import WHERE_THERE_IS_ONE, Number, Out, PageOut

EnrollmentStatus = Literal["assigned", "in_progress", "completed", "failed"]


STATUSES: tuple[EnrollmentStatus, ...] = ("assigned", "in_progress", "completed", "failed")
Reason = Annotated[CleanText, Field(min_length=1, max_length=2000)]
MAX_EXTRA_TIME = 7 * 24 * 3600
MAX_EXTRA_ATTEMPTS = 100


EnrollmentSource: TypeAlias = Literal["self", "admin", "rule", "recertification", "imported", "program"]
"""`imported`: a completion of before, from a file; `program`: a step of a program."""


class EnrollmentOut(Out):
    """An enrollment. One that was withdrawn has `withdrawn_at`, and the status that it had then."""

    id: UUID
    course_id: UUID
    course_title: str
    version: int
    """The version of the course that the member learns."""
    status: EnrollmentStatus
    assigned_at: datetime
    due_at: datetime | None
    overdue: bool
    """Its due time has passed, and the learner has still something to hand in."""
    awaiting_review: bool
    """Everything is handed in, and waits for a grader: neither reminded nor overdue."""
    source: EnrollmentSource
    """Who or what made it."""
    withdrawn_at: datetime | None


class NextItemOut(Out):
    """Where a learner goes on."""

    kind: Literal["lesson", "attestation", "quiz", "assessment"]
    id: UUID
    """The lesson, attestation, quiz or assessment to open."""
    title: str


class ProgressOut(Out):
    """How far an enrollment is; required items and the assessment count."""

    enrollment_id: UUID
    course_id: UUID
    course_title: str
    status: EnrollmentStatus
    items_completed: int
    items_total: int
    percent: int
    due_at: datetime | None
    overdue: bool
    awaiting_review: bool
    next_item: NextItemOut | None
    """The first required item that is not done; with all of them done and the score too low, a quiz that can raise
    it. Null where nothing is to be done: ended, or a grader's turn."""


class CameToOut(Out):
    """What an enrollment has come to."""

    completed_at: datetime | None
    """When the learner had done all that was needed, whenever it was graded."""
    score: Number | None
    """Percent; it follows corrections and retakes, and is null while responses wait."""
    certificate_id: UUID | None
    """The certificate that it brought; null: none."""


class MissingCourseOut(Out):
    """A course that a member has yet to complete."""

    course_id: UUID
    title: str


class ListedProgressOut(CameToOut, ProgressOut):
    """How far an enrollment is, and what it has come to."""

    missing_prerequisites: list[MissingCourseOut]
    """Courses to complete before an assigned one can be begun; empty: it can."""

    @classmethod
    def of(cls, view: ProgressView, finish: Finish, missing: Sequence[MissingCourse]) -> Self:
        """The progress with what it has come to, and what has to be completed first."""
        return cls.model_validate(
            {
                **{name: getattr(view, name) for name in ProgressView.__slots__},
                **{name: getattr(finish, name) for name in Finish.__slots__},
                "missing_prerequisites": missing,
            }
        )


class TotalsOut(Out):
    """How many enrollments are in each status, and how many are overdue."""

    assigned: int
    in_progress: int
    completed: int
    failed: int
    overdue: int
    """How many of the open ones are past their due time."""


class ProgressPageOut(Out):
    """A page of progress with the totals over all pages."""

    items: list[ListedProgressOut]
    next_cursor: str | None
    totals: TotalsOut
    """How many enrollments are in each status, on all pages."""


class ListedEnrollmentOut(CameToOut, EnrollmentOut):
    """An enrollment in a list, with what it has come to."""

    @classmethod
    def of(cls, view: EnrollmentView, finish: Finish) -> Self:
        """The enrollment with what it has come to."""
        return cls.model_validate(
            {
                **{name: getattr(view, name) for name in EnrollmentView.__slots__},
                **{name: getattr(finish, name) for name in Finish.__slots__},
            }
        )


class MemberEnrollmentOut(ListedEnrollmentOut):
    """An enrollment as administrators see it."""

    user_id: str
    display_name: Annotated[str, Field(description="The member's name.")]
    chapter_name: Annotated[str, Field(description="The name of the member's chapter.")]
    percent: Annotated[int, Field(description="How much is done of required items and the assessment.")]

    @classmethod
    def of_found(cls, found: FoundEnrollment, finish: Finish, percent: int) -> Self:
        """The enrollment with the names of its member and chapter, and how far it is."""
        return cls.model_validate(
            {
                **{name: getattr(found.enrollment, name) for name in EnrollmentView.__slots__},
                **{name: getattr(finish, name) for name in Finish.__slots__},
                "display_name": found.display_name,
                "chapter_name": found.chapter_name,
                "percent": percent,
            }
        )


class MemberEnrollmentPageOut(PageOut[MemberEnrollmentOut]):
    """A page of enrollments."""

    total: Annotated[
        int | None, Field(description="How many there are on all pages; left out without `?count=true`.")
    ] = WHERE_THERE_IS_ONE


class EnrollmentChangeIn(StrictModel):
    """Changes of an enrollment. `extra_time_seconds` is added to every time limit, also of an attempt under way."""

    due_at: Instant | None = None
    """The new due time; null: none any more; absent: as it was."""
    extra_time_seconds: Annotated[int, Field(ge=0, le=MAX_EXTRA_TIME)] = 0
    reason: Reason | None = None
    """For the organization and the audit trail."""


class GrantIn(StrictModel):
    """More attempts at one quiz, or at the assessment, and why."""

    quiz_id: Id | None = None
    """The quiz; exactly one of this and `assessment_id`."""
    assessment_id: Id | None = None
    """The final assessment; exactly one of this and `quiz_id`."""
    extra: Annotated[int, Field(ge=1, le=MAX_EXTRA_ATTEMPTS)] = 1
    """How many attempts more."""
    reason: Reason
    """For the organization and the audit trail."""

    @model_validator(mode="after")
    def _one_of_them(self) -> "GrantIn":
        if (self.quiz_id is None) == (self.assessment_id is None):
            raise Wrong("must have exactly one of quiz_id and assessment_id", "conflicting")
        return self

    @property
    def target(self) -> tuple[UUID, str]:
        """The quiz's id, and its kind."""
        if self.quiz_id is not None:
            return self.quiz_id, "quiz"
        assert self.assessment_id is not None
        return self.assessment_id, "assessment"


class WithdrawalIn(StrictModel):
    """Why an enrollment is withdrawn."""

    reason: Reason
    """For the organization and the audit trail."""


class CauseOut(Out):
    """What made an enrollment: a person, a rule, an event, a program or a completion to be renewed, and its id.

    `rule_id` is the rule that it was made by, `run_id` the run of it or of an audience, `event_id` (of
    `event_source`) the membership event that set the rule off.
    """

    kind: Literal["person", "rule", "event", "completion", "program"]
    id: str
    """The person's, rule's, event's, program's or completion's id."""
    rule_id: UUID | None
    run_id: UUID | None
    event_source: str | None
    """Who sent the event; null: no event set it off."""
    event_id: str | None


class SourceOut(Out):
    """What assigned an enrollment, and when. `due_at` is the due time that it set; the earliest holds."""

    source: EnrollmentSource
    """Who or what assigned it."""
    cause: CauseOut
    due_at: datetime | None
    """The due time that came with it; null: none."""
    assigned_at: datetime


class GrantOut(Out):
    """What an administrator gave an enrollment since, or its withdrawal, and why."""

    kind: Literal["attempts", "extra_time", "due_at", "withdrawal"]
    quiz_id: UUID | None
    amount: int | None
    due_at: datetime | None
    """The due time that was given; null for other kinds."""
    reason: str | None
    """Why it was given; null: no reason was."""
    granted_by: str
    """Who gave it."""
    granted_at: datetime


class ExplanationOut(Out):
    """Why an enrollment exists, since when, and what was granted to it.

    `cause` is what made it. `sources` begins with that; what assigned it again while it was open comes after.
    """

    enrollment_id: UUID
    user_id: str
    course_id: UUID
    source: EnrollmentSource
    """Who or what made it."""
    cause: CauseOut
    sources: list[SourceOut]
    """What made it, and then what assigned it again while it was open."""
    assigned_at: datetime
    started_at: datetime | None
    ended_at: datetime | None
    due_at: datetime | None
    extra_time_seconds: int
    grants: list[GrantOut]
    """What administrators gave it since."""

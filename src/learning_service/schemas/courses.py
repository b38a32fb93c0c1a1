"""Wire types of courses, as members and authors see them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Literal, Self, cast
from uuid import UUID

from pydantic import Field

from learning_service.domain.attempts.queries.positions import Position
from learning_service.domain.completion.queries.completions import Finish
from learning_service.domain.completion.views.items import module_views, quiz_view
from learning_service.domain.completion.views.progress import ProgressView
from learning_service.domain.courses.queries.access import CourseView
from learning_service.domain.courses.queries.compiled import CompiledVersion
from learning_service.domain.courses.queries.versions import QuizPlace
from learning_service.domain.courses.rules.diff import ChangeKind, Impact, PartKind
from learning_service.domain.courses.rules.tree import Feedback, Quiz, Tree, quizzes
from learning_service.domain.enrollments.queries.prerequisites import MissingCourse
from learning_service.domain.kernel.values import JsonObject
from learning_service.domain.questions.rules.pools import Paper, question_count
from learning_service.schemas.common import WHERE_THERE_IS_ONE, Number, Out
from learning_service.schemas.enrollments import (
    CameToOut,
    EnrollmentStatus,
    ListedEnrollmentOut,
    MissingCourseOut,
)


class CourseOut(Out):
    """A course: identity, policy, and what its published version (before that its draft) says."""

    id: UUID
    title: str
    scope: Literal["national", "regional", "chapter"]
    scope_id: str | None
    self_enrollment: bool
    recertification_cadence: str | None
    linked_compliance_requirement: str | None
    published_version: int | None
    """The version that new enrollments get; null: none is published."""
    draft_version: int | None
    """The version that authors are writing; null: there is no draft."""
    pass_score: Number
    archived: bool
    """Out of the catalogue: nobody can be enrolled any more."""
    description_html: str
    image_url: str | None
    language: str | None
    """The language that it is written in."""
    estimated_minutes: int | None
    credit_hours: Number | None
    category: str | None
    """Under which the catalogue lists it."""
    prerequisites: list[UUID]
    """Courses that a member must have completed to begin this one."""
    sequence: Literal["free", "ordered"]
    """`ordered`: each item waits for the required ones before it; `free`: items are taken in any order."""
    recertification: Literal["full", "delta"]
    """What a renewal asks for: all of the course (`full`), or what changed since the last pass (`delta`)."""


class SeenCourseOut(CourseOut):
    """A course as the caller finds it."""

    missing_prerequisites: list[MissingCourseOut]
    """Those of `prerequisites` that the caller has yet to complete or renew; archived ones are not asked for."""

    @classmethod
    def of(cls, view: CourseView, missing: Sequence[MissingCourse]) -> Self:
        """The course with what is missing."""
        fields = {name: getattr(view, name) for name in CourseOut.model_fields}
        return cls.model_validate({**fields, "missing_prerequisites": missing})


class MineOut(CameToOut):
    """The caller's enrollment in a course: where they stand there."""

    enrollment_id: UUID
    status: EnrollmentStatus
    percent: int
    due_at: datetime | None

    @classmethod
    def of(cls, progress: ProgressView, finish: Finish) -> Self:
        """The enrollment, from how far it is and what it has come to."""
        return cls(
            enrollment_id=progress.enrollment_id,
            status=cast(EnrollmentStatus, progress.status),
            percent=progress.percent,
            due_at=progress.due_at,
            completed_at=finish.completed_at,
            score=finish.score,
            certificate_id=finish.certificate_id,
        )


class ListedCourseOut(CourseOut):
    """A course in a list."""

    mine: MineOut | None = None
    """The caller's own enrollment, where the list is asked for it; null without one, or when it was withdrawn."""

    @classmethod
    def of(cls, view: CourseView, mine: MineOut | None) -> Self:
        """The course with that enrollment."""
        listed = cls.model_validate(view)
        listed.mine = mine
        return listed


class CategoryOut(Out):
    """A category of the caller's courses."""

    category: str
    """As authors wrote it."""
    courses: int
    """How many there are of it."""


class AppliedPolicyOut(CourseOut):
    """A course whose policy was given to what was completed before."""

    affected: int
    """How many completions that is, or in a dry run would be."""

    @classmethod
    def of(cls, view: CourseView, affected: int) -> Self:
        """The course with that number."""
        fields = {name: getattr(view, name) for name in CourseOut.model_fields}
        return cls.model_validate({**fields, "affected": affected})


class PublishWarningOut(Out):
    """Something that stops nothing, but is probably a mistake."""

    code: Literal["course-can-be-missed", "right-answer-first"]
    """A stable word that programs may switch on."""
    pointer: str
    """Where in the tree, as a JSON pointer."""
    detail: str
    """The same for people, in English."""


class PublishedCourseOut(CourseOut):
    """A course that was published, and what its author may have overlooked."""

    warnings: list[PublishWarningOut]
    """What stops nothing, but is probably a mistake."""
    run_id: Annotated[
        UUID | None,
        Field(description="The run that moves open enrollments, if that was wanted; see `/api/runs/`."),
    ] = WHERE_THERE_IS_ONE


class RemovedHtmlOut(Out):
    """What the sanitizer took out, and where."""

    pointer: str
    """Where in the tree, as a JSON pointer."""
    removed: list[str]
    """The tags and attributes that were taken out."""


class StoredTreeOut(Tree):
    """The tree as stored, and what was removed from what was sent, if anything."""

    removed_html: list[RemovedHtmlOut] = []
    """What the sanitizer took out of what was sent; empty: nothing."""


class VersionOut(Out):
    """A version in a course's history; a draft has no `published_at`. `is_current`: new enrollments get it."""

    number: int
    title: str
    pass_score: Number
    created_at: datetime
    updated_at: datetime
    published_at: datetime | None
    """When it was published; null: it is the draft."""
    published_by: str | None
    """Who published it; null: it is the draft."""
    note: str | None
    is_published: bool
    """Whether it can no longer change."""
    is_current: bool
    """Whether new enrollments get it."""


class ChangeOut(Out):
    """One difference. `before` and `after` are the part's own fields: all of what came or went, those that
    differ of what changed, the parent's key and the position of what moved.
    """

    change: ChangeKind
    """What became of the part."""
    impact: Impact
    """How much it matters to those who learn."""
    kind: PartKind
    """What the part is."""
    key: str | None
    """The part's key; null for the course as a whole."""
    title: str
    """The part's title, or the beginning of its text."""
    pointer: str | None
    """Where it is in `version`; null where it went."""
    pointer_before: str | None
    """Where it was in `against`; null where it came."""
    before: JsonObject | None
    """Its own fields before; null where it came."""
    after: JsonObject | None
    """Its own fields after; null where it went."""


class DiffOut(Out):
    """What is different in `version` from `against`, and the gravest impact of it (null: nothing)."""

    version: int
    """The number of the version that is looked at."""
    against: int
    """The number of the version that it is compared with."""
    impact: Impact | None
    """The gravest of the changes; null: nothing is different."""
    changes: list[ChangeOut]
    """In the order of the tree."""


class GraderOut(Out):
    """A person who may grade the course."""

    user_id: str
    display_name: str | None
    """The member's name; null: not a member."""
    designated_at: datetime
    """When the person was named."""


class LessonItemOut(Out):
    """A lesson with its content."""

    kind: Literal["lesson"]
    id: UUID
    key: str
    title: str
    required: bool
    completed_at: datetime | None
    kept: bool
    """Whether it was done in an earlier enrollment, which a renewal need not do again."""
    body_html: str
    video_url: str | None
    document_url: str | None
    image_url: str | None


class AttestationItemOut(Out):
    """An attestation: a text that the learner signs."""

    kind: Literal["attestation"]
    id: UUID
    key: str
    title: str
    required: bool
    completed_at: datetime | None
    kept: bool
    """Whether it was done in an earlier enrollment, which a renewal need not do again."""
    text_html: str
    text_hash: str


class QuizItemOut(Out):
    """A quiz, or the final assessment, with the caller's standing. Never a question's key."""

    kind: Literal["quiz", "assessment"]
    id: UUID
    key: str
    title: str
    required: bool
    completed_at: datetime | None
    kept: bool
    """Whether it was done in an earlier enrollment, which a renewal need not do again."""
    pass_score: Number
    max_attempts: int | None
    time_limit_seconds: int | None
    retry_delay_seconds: int | None
    question_count: int
    attempts_used: int
    best_score: Number | None
    passed: bool
    """Whether an attempt has passed."""


class ModuleOut(Out):
    """A module and its items in order."""

    id: UUID
    key: str
    title: str
    items: list[Annotated[LessonItemOut | AttestationItemOut | QuizItemOut, Field(discriminator="kind")]]
    """Lessons, attestations and quizzes, in the course's order."""


class ModulesOut(Out):
    """The caller's version of a course, and how far they are."""

    items: list[ModuleOut]
    """The course's modules, in order."""
    next_cursor: None
    """Always null: there is one page."""
    version: int
    """The version that the caller is enrolled in, else the published one."""
    enrollment: ListedEnrollmentOut | None
    """The caller's enrollment; null: there is none."""
    assessment: QuizItemOut | None
    """The final assessment; null: the course has none."""

    @classmethod
    def of(
        cls,
        version: CompiledVersion,
        position: Position | None = None,
        enrollment: ListedEnrollmentOut | None = None,
    ) -> Self:
        """The version with the learner's standing; without a position, no learner's."""
        return cls.model_validate(
            {
                "items": module_views(version, position),
                "next_cursor": None,
                "version": version.number,
                "enrollment": enrollment,
                "assessment": quiz_view(version.assessment, position) if version.assessment else None,
            }
        )


class QuizPreviewOut(Out):
    """A quiz or assessment as its author made it, with its keys."""

    id: UUID
    key: str
    kind: Literal["quiz", "assessment"]
    course_id: UUID
    version: Annotated[int, Field(description="The version of the course in which this quiz stands.")]
    title: str
    required: bool
    pass_score: Number
    max_attempts: int | None
    time_limit_seconds: int | None
    retry_delay_seconds: int | None
    shuffle: bool
    feedback: Feedback
    """When learners see which answers are right."""
    question_count: int
    questions: Annotated[
        Paper, Field(description="As in the course's tree: with right answers, explanations and rubrics.")
    ]

    @classmethod
    def of(cls, place: QuizPlace, tree: Tree) -> Self:
        """The quiz that stands there."""
        [quiz] = [one for _, one in quizzes(tree) if one.key == place.key]
        names = cls.model_fields.keys() & type(quiz).model_fields.keys() - {"kind", "required"}
        return cls(
            id=place.id,
            kind="quiz" if place.kind == "quiz" else "assessment",
            course_id=place.course_id,
            version=place.version,
            required=quiz.required if isinstance(quiz, Quiz) else True,
            question_count=question_count(quiz.questions),
            **{name: getattr(quiz, name) for name in names},
        )

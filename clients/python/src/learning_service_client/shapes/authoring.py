"""Courses as their authors see them: versions, policy, graders, statistics."""

from typing import Literal, NotRequired, TypedDict


class AppliedPolicyOut(TypedDict):
    """A course whose policy was given to what was completed before."""

    id: str
    title: str
    scope: Literal["national", "regional", "chapter"]
    scope_id: str | None
    self_enrollment: bool
    recertification_cadence: str | None
    linked_compliance_requirement: str | None
    published_version: int | None
    draft_version: int | None
    pass_score: float
    archived: bool
    description_html: str
    image_url: str | None
    language: str | None
    estimated_minutes: int | None
    credit_hours: float | None
    category: str | None
    prerequisites: list[str]
    sequence: Literal["free", "ordered"]
    recertification: Literal["full", "delta"]
    affected: int


class CategoryOut(TypedDict):
    """A category of the caller's courses."""

    category: str
    courses: int


class ChangeOut(TypedDict):
    """One difference."""

    change: Literal["added", "removed", "moved", "changed"]
    impact: Literal["cosmetic", "content", "scoring"]
    kind: Literal[
        "course", "module", "lesson", "attestation", "quiz", "assessment", "pool", "question", "answer"
    ]
    key: str | None
    title: str
    pointer: str | None
    pointer_before: str | None
    before: dict[str, object] | None
    after: dict[str, object] | None


class ChoiceStatisticsOut(TypedDict):
    """How one choice was taken."""

    key: str
    chosen: int
    mean_score: float | None


class CoursePolicyChangeIn(TypedDict):
    """Changes of a course's policy; what is absent stays, null clears."""

    self_enrollment: NotRequired[bool]
    recertification_cadence: NotRequired[str | None]
    linked_compliance_requirement: NotRequired[str | None]
    category: NotRequired[str | None]
    prerequisites: NotRequired[list[str]]
    sequence: NotRequired[Literal["free", "ordered"]]
    recertification: NotRequired[Literal["full", "delta"]]
    apply_to_existing: NotRequired[bool]


class DiffOut(TypedDict):
    """What is different in `version` from `against`, and the gravest impact of it (null: nothing)."""

    version: int
    against: int
    impact: Literal["cosmetic", "content", "scoring"] | None
    changes: list[ChangeOut]


FromOperation = TypedDict("FromOperation", {"path": str, "op": Literal["move", "copy"], "from": str})
"""`move` or `copy` from one place to another."""


class GraderOut(TypedDict):
    """A person who may grade the course."""

    user_id: str
    display_name: str | None
    designated_at: str


class QuestionStatisticsOut(TypedDict):
    """What the answers say about a question."""

    question_key: str
    n: int
    facility: float | None
    discrimination: float | None
    choices: list[ChoiceStatisticsOut]
    suspect: Literal["likely-wrong-key", "ambiguous", "too-easy"] | None
    reason: str | None


class QuizStatisticsOut(TypedDict):
    """What the answers say about a quiz or the assessment."""

    quiz_key: str
    title: str
    attempts: int
    mean: float | None
    median: float | None
    alpha: float | None
    questions: list[QuestionStatisticsOut]


class RemoveOperation(TypedDict):
    """`remove` what is at a place."""

    path: str
    op: Literal["remove"]


class ValueOperation(TypedDict):
    """`add`, `replace` or `test`, with a value."""

    path: str
    op: Literal["add", "replace", "test"]
    value: object


class VersionOut(TypedDict):
    """A version in a course's history; a draft has no `published_at`."""

    number: int
    title: str
    pass_score: float
    created_at: str
    updated_at: str
    published_at: str | None
    published_by: str | None
    note: str | None
    is_published: bool
    is_current: bool


class VersionStatisticsOut(TypedDict):
    """What the answers of a version say about its quizzes."""

    made_at: str
    quizzes: list[QuizStatisticsOut]
    under_way: list[str]

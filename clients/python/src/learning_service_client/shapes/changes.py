"""Enrollments as administrators change them, and runs."""

from typing import Literal, NotRequired, TypedDict


class EnrollmentFilterIn(TypedDict):
    """Which enrollments are meant: the filters of their list."""

    user_id: NotRequired[str | None]
    course_id: NotRequired[str | None]
    chapter_id: NotRequired[str | None]
    region_id: NotRequired[str | None]
    status: NotRequired[Literal["assigned", "in_progress", "completed", "failed"] | None]
    q: NotRequired[str | None]
    overdue: NotRequired[bool | None]
    awaiting_review: NotRequired[bool | None]
    due_before: NotRequired[str | None]
    withdrawn: NotRequired[bool]


class BulkIn(TypedDict):
    """One change of many enrollments, named by `ids` or found by `filter`."""

    action: Literal["extend", "remind", "withdraw", "grant_attempts"]
    ids: NotRequired[list[str] | None]
    filter: NotRequired[EnrollmentFilterIn | None]
    due_at: NotRequired[str | None]
    extra: NotRequired[int]
    reason: NotRequired[str | None]


class SkippedEnrollmentOut(TypedDict):
    """An enrollment with which nothing was done."""

    enrollment_id: str
    reason: Literal["not-found", "forbidden", "completed", "withdrawn", "nothing-to-do", "no-address"]


class BulkOut(TypedDict):
    """What a change of many enrollments did."""

    done: int
    skipped: list[SkippedEnrollmentOut]


class CauseOut(TypedDict):
    """What made an enrollment: a person, a rule, an event or a completion to be renewed, and its id."""

    kind: Literal["person", "rule", "event", "completion"]
    id: str
    rule_id: str | None
    run_id: str | None
    event_source: str | None
    event_id: str | None


class EnrollmentChangeIn(TypedDict):
    """Changes of an enrollment."""

    due_at: NotRequired[str | None]
    extra_time_seconds: NotRequired[int]
    reason: NotRequired[str | None]


class SourceOut(TypedDict):
    """What assigned an enrollment, and when."""

    source: Literal["self", "admin", "rule", "recertification", "imported"]
    cause: CauseOut
    due_at: str | None
    assigned_at: str


class GrantOut(TypedDict):
    """What an administrator gave an enrollment since, or its withdrawal, and why."""

    kind: Literal["attempts", "extra_time", "due_at", "withdrawal"]
    quiz_id: str | None
    amount: int | None
    due_at: str | None
    reason: str | None
    granted_by: str
    granted_at: str


class ExplanationOut(TypedDict):
    """Why an enrollment exists, since when, and what was granted to it."""

    enrollment_id: str
    user_id: str
    course_id: str
    source: Literal["self", "admin", "rule", "recertification", "imported"]
    cause: CauseOut
    sources: list[SourceOut]
    assigned_at: str
    started_at: str | None
    ended_at: str | None
    due_at: str | None
    extra_time_seconds: int
    grants: list[GrantOut]


class ListedAttemptOut(TypedDict):
    """An attempt of an enrollment, as administrators and graders see it."""

    attempt_id: str
    number: int
    status: str
    started_at: str
    submitted_at: str | None
    deadline_at: str | None
    score: float | None
    passed: bool | None
    quiz_id: str
    kind: Literal["quiz", "assessment"]
    title: str


class RunProgressOut(TypedDict):
    """What a run did so far."""

    run_id: str
    kind: Literal[
        "assignment",
        "extend",
        "remind",
        "withdraw",
        "grant_attempts",
        "import_assignments",
        "import_extensions",
        "import_completions",
        "migration",
    ]
    status: Literal["running", "done", "failed"]
    total: int
    done: int
    skipped: int
    started_at: str
    finished_at: str | None
    error: str | None


class StartedOut(TypedDict):
    """A run that does it in the background."""

    run_id: str


class LostItemOut(TypedDict):
    """An item whose work counts no more."""

    key: str
    title: str
    enrollments: int


class MovedSampleOut(TypedDict):
    """An enrollment that would move."""

    enrollment_id: str
    from_version: int
    kept: list[str]
    lost: list[str]
    completes: bool


class MigrationForecastOut(TypedDict):
    """What a move to another version would do now."""

    enrollments: int
    kept_items: int
    lost_items: list[LostItemOut]
    would_complete: int
    waiting: int
    staying: int
    sample: list[MovedSampleOut]

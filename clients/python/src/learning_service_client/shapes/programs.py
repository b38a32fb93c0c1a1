"""Programs and a member's way through them."""

from typing import Literal, NotRequired, TypedDict

from learning_service_client.shapes.courses import Scope
from learning_service_client.shapes.enrollments import EnrollmentStatus
from learning_service_client.shapes.trees import Skill

Need = Literal["all"] | int


class Step(TypedDict):
    """Some courses of which all, or so many, are needed."""

    courses: list[str]
    need: NotRequired[Need]


class ProgramIn(TypedDict):
    """A program to be made."""

    title: str
    description_html: NotRequired[str]
    scope: Scope
    scope_id: NotRequired[str | None]
    steps: list[Step]
    ordered: NotRequired[bool]
    due_in_days: NotRequired[int | None]
    certificate: NotRequired[bool]
    mastered_skills: NotRequired[list[Skill]]
    linked_compliance_requirement: NotRequired[str | None]
    self_enrollment: NotRequired[bool]
    recertification_cadence: NotRequired[str | None]


class ProgramChangeIn(TypedDict):
    """Changes of a program; what is absent stays."""

    title: NotRequired[str]
    description_html: NotRequired[str]
    steps: NotRequired[list[Step]]
    ordered: NotRequired[bool]
    due_in_days: NotRequired[int | None]
    certificate: NotRequired[bool]
    mastered_skills: NotRequired[list[Skill]]
    linked_compliance_requirement: NotRequired[str | None]
    self_enrollment: NotRequired[bool]
    recertification_cadence: NotRequired[str | None]


class StepOut(TypedDict):
    """A step of a program."""

    courses: list[str]
    need: Need


class ProgramOut(TypedDict):
    """A program: to its authors its draft, where there is one, to others what is published."""

    id: str
    title: str
    description_html: str
    scope: Scope
    scope_id: str | None
    steps: list[StepOut]
    ordered: bool
    due_in_days: int | None
    certificate: bool
    mastered_skills: list[Skill]
    linked_compliance_requirement: str | None
    self_enrollment: bool
    recertification_cadence: str | None
    published_version: int | None
    draft_version: int | None


class StepCourseOut(TypedDict):
    """A course of a step, and how far the caller is there."""

    course_id: str
    title: str
    done: bool
    excused: Literal["exempt", "evidence"] | None
    status: EnrollmentStatus | None


class OwnStepOut(TypedDict):
    """A step of a program that the caller is enrolled in."""

    courses: list[StepCourseOut]
    need: Need
    done: bool
    open: bool


class OwnProgramOut(TypedDict):
    """A program that the caller is enrolled in."""

    enrollment_id: str
    program_id: str
    title: str
    version: int
    status: EnrollmentStatus
    percent: int
    assigned_at: str
    due_at: str | None
    overdue: bool
    completed_at: str | None
    renewal: bool
    expires_at: str | None
    renewal_opens_at: str | None
    certificate_id: str | None
    ordered: bool
    steps: list[OwnStepOut]

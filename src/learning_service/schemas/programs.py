"""Wire types of programs."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field

from learning_service.domain.completion.rules.programs import Excused
from learning_service.domain.courses.rules.policy import ScopeKind
from learning_service.domain.courses.rules.programs import Need
from learning_service.domain.courses.rules.tree import Skill
from learning_service.schemas.common import Out
from learning_service.schemas.enrollments import EnrollmentStatus


class StepOut(Out):
    """A step of a program: some courses of which all, or so many, are needed."""

    courses: Annotated[list[UUID], Field(description="The courses, by id.")]
    need: Annotated[Need, Field(description="How many of them are needed: `all`, or a number.")]


class ProgramOut(Out):
    """A program: to its authors its draft, where there is one, to others what is published."""

    id: UUID
    title: str
    description_html: str
    scope: ScopeKind
    scope_id: str | None
    steps: Annotated[list[StepOut], Field(description="What is to be done, in order.")]
    ordered: Annotated[bool, Field(description="Whether each step waits for the one before it.")]
    due_in_days: Annotated[
        int | None, Field(description="Days after the day of enrollment; null: it is never due.")
    ]
    certificate: Annotated[bool, Field(description="Whether completing it brings a certificate of its own.")]
    mastered_skills: Annotated[list[Skill], Field(description="Skills that completing it proves.")]
    linked_compliance_requirement: Annotated[
        str | None, Field(description="The requirement that completing it meets.")
    ]
    self_enrollment: Annotated[bool, Field(description="Whether members may enroll themselves.")]
    recertification_cadence: Annotated[
        str | None,
        Field(
            description="How long completing it counts (`P1Y`), to be renewed as a whole; null: without end, "
            "its courses are renewed one by one."
        ),
    ]
    published_version: Annotated[
        int | None, Field(description="The version that new enrollments get; null: none is published.")
    ]
    draft_version: Annotated[
        int | None, Field(description="The version that authors are writing; null: there is no draft.")
    ]


class StepCourseOut(Out):
    """A course of a step, and how far the caller is there."""

    course_id: UUID
    title: str
    done: Annotated[bool, Field(description="Whether it counts as completed in this program.")]
    excused: Annotated[
        Excused | None,
        Field(
            description="Why it counts without having been completed: the caller is `exempt`, or `evidence` shows"
            " that they met its requirement; null: neither, or they completed it."
        ),
    ]
    status: Annotated[
        EnrollmentStatus | None,
        Field(description="The status of the caller's enrollment in the course; null: they have none."),
    ]


class OwnStepOut(Out):
    """A step of a program that the caller is enrolled in."""

    courses: Annotated[list[StepCourseOut], Field(description="Its courses, with how far each is.")]
    need: Annotated[Need, Field(description="How many of them are needed: `all`, or a number.")]
    done: Annotated[bool, Field(description="Whether enough of them are done.")]
    open: Annotated[bool, Field(description="Whether its courses are to be taken now.")]


class OwnProgramOut(Out):
    """A program that the caller is enrolled in."""

    enrollment_id: UUID
    program_id: UUID
    title: str
    version: Annotated[int, Field(description="The version of the program that the caller is on.")]
    status: EnrollmentStatus
    percent: Annotated[int, Field(description="How many of the needed courses are done, rounded down.")]
    assigned_at: datetime
    due_at: datetime | None
    overdue: Annotated[bool, Field(description="Its due time has passed, and it is not completed.")]
    completed_at: Annotated[datetime | None, Field(description="When it was completed; null: it is not.")]
    renewal: Annotated[bool, Field(description="Whether it renews the program: its courses are done anew.")]
    expires_at: Annotated[
        datetime | None,
        Field(description="Until when its completion counts; null: without end, or not completed."),
    ]
    renewal_opens_at: Annotated[
        datetime | None, Field(description="From when on it can be renewed; null: never, or not completed.")
    ]
    certificate_id: Annotated[UUID | None, Field(description="The program's own certificate; null: none.")]
    ordered: Annotated[bool, Field(description="Whether each step waits for the one before it.")]
    steps: Annotated[list[OwnStepOut], Field(description="What is to be done, in order.")]

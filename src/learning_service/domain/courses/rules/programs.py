"""Programs: paths through courses, as authors send and store them. Pure."""

from collections import Counter
from typing import Annotated, Literal, Self, TypeAlias
from uuid import UUID

from pydantic import AfterValidator, Field, model_validator

from learning_service.domain.courses.rules.cadence import Cadence
from learning_service.domain.courses.rules.policy import ScopeKind
from learning_service.domain.courses.rules.tree import Skills
from learning_service.domain.kernel.errors import Wrong
from learning_service.domain.kernel.pointers import at_places
from learning_service.domain.kernel.values import Html, Name, OpaqueId, StrictModel, some

PROGRAM: Literal["program"] = "program"
COURSE: Literal["course"] = "course"
MAX_STEPS = 50
MAX_IN_STEP = 50
Need: TypeAlias = Literal["all"] | Annotated[int, Field(ge=1, le=MAX_IN_STEP)]
"""How many courses of a step are needed: `all`, or a number."""


class Step(StrictModel):
    """Some courses of which all, or so many, are needed."""

    courses: Annotated[tuple[UUID, ...], *some(MAX_IN_STEP)]
    """Published courses for all members whom the program is for."""
    need: Need = "all"
    """How many of them are needed: `all`, or a number of them."""

    @model_validator(mode="after")
    def _has_enough(self) -> Self:
        if self.need != "all" and self.need > len(self.courses):
            raise at_places("needs more courses than the step has", [("need",)], "out-of-range")
        return self

    @property
    def needed(self) -> int:
        """The number of courses that are needed."""
        return len(self.courses) if self.need == "all" else self.need


def _each_once(steps: tuple[Step, ...]) -> tuple[Step, ...]:
    counts = Counter(course for step in steps for course in step.courses)
    again = [
        (n, "courses", at)
        for n, step in enumerate(steps)
        for at, course in enumerate(step.courses)
        if counts[course] > 1
    ]
    if again:
        raise at_places("is in the program twice", again, "twice")
    return steps


Steps: TypeAlias = Annotated[tuple[Step, ...], *some(MAX_STEPS), AfterValidator(_each_once)]
DueInDays: TypeAlias = Annotated[int, Field(ge=1, le=3650)]


class ProgramContent(StrictModel):
    """What a version of a program holds beside its title, description and skills."""

    steps: tuple[Step, ...]
    ordered: bool
    due_in_days: int | None
    certificate: bool


class ProgramIn(StrictModel):
    """A program to be made."""

    title: Name
    description_html: Html = ""
    scope: ScopeKind
    scope_id: OpaqueId | None = None
    steps: Steps
    """What is to be done, in order. A course stands in one step only."""
    ordered: bool = False
    """Whether each step waits for the one before it."""
    due_in_days: DueInDays | None = None
    """Days after the day of enrollment; null: it is never due."""
    certificate: bool = True
    """Whether completing it brings a certificate of its own."""
    mastered_skills: Skills = ()
    """Skills that completing it proves."""
    linked_compliance_requirement: OpaqueId | None = None
    """The requirement that completing it meets."""
    self_enrollment: bool = True
    """Whether members may enroll themselves."""
    recertification_cadence: Cadence | None = None
    """How long completing it counts; it is then renewed as a whole. Null: its courses are renewed one by one."""

    @model_validator(mode="after")
    def _unit_of_scope(self) -> Self:
        if (self.scope == "national") != (self.scope_id is None):
            raise Wrong(
                "scope_id names the region or chapter, and a national program has none", "conflicting"
            )
        return self


class ProgramChangeIn(StrictModel):
    """Changes of a program; what is absent stays. What its versions hold changes in a draft."""

    # Absent, not empty: a factory is no default that a reference could show.
    title: Name = Field(default_factory=str)
    description_html: Html = ""
    steps: Steps = ()
    """What is to be done, in order, all of it anew."""
    ordered: bool = False
    """Whether each step waits for the one before it."""
    due_in_days: DueInDays | None = None
    """Days after the day of enrollment; null: it is never due."""
    certificate: bool = True
    """Whether completing it brings a certificate of its own."""
    mastered_skills: Skills = ()
    """Skills that completing it proves."""
    linked_compliance_requirement: OpaqueId | None = None
    """The requirement that completing it meets; null: none."""
    self_enrollment: bool = True
    """Whether members may enroll themselves."""
    recertification_cadence: Cadence | None = None
    """How long completing it counts; it is then renewed as a whole. Null: its courses are renewed one by one."""

    def sent(self, *names: str) -> dict[str, object]:
        """Those of the fields that were sent."""
        return {name: getattr(self, name) for name in names if name in self.model_fields_set}

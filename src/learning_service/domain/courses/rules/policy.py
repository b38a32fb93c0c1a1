"""What authors say of a course beside its content. Source: the contract, `POST` and `PATCH /api/courses/`."""

from typing import Annotated, Literal, Self, TypeAlias
from uuid import UUID

from pydantic import AfterValidator, Field, model_validator

from learning_service.domain.courses.rules.cadence import Cadence
from learning_service.domain.kernel.errors import Wrong
from learning_service.domain.kernel.values import CleanText, Name, OpaqueId, StrictModel

ScopeKind = Literal["national", "regional", "chapter"]
ItemSequence: TypeAlias = Literal["free", "ordered"]
Recertification: TypeAlias = Literal["full", "delta"]
DELTA: Recertification = "delta"
MAX_PREREQUISITES = 20


def _once(ids: tuple[UUID, ...]) -> tuple[UUID, ...]:
    if len(set(ids)) < len(ids):
        raise Wrong("names a course twice", "twice")
    return ids


Prerequisites: TypeAlias = Annotated[
    tuple[UUID, ...], Field(max_length=MAX_PREREQUISITES), AfterValidator(_once)
]
"""Courses to be completed first; one must be published, and be for all members whom this course is for."""


class CourseIn(StrictModel):
    """A course to be made."""

    title: Name
    scope: ScopeKind
    scope_id: OpaqueId | None = None
    self_enrollment: bool = True
    recertification_cadence: Cadence | None = None
    linked_compliance_requirement: OpaqueId | None = None
    category: Name | None = None
    """Under which the catalogue lists it."""
    prerequisites: Prerequisites = ()
    """Published courses that a member must have completed to begin this one."""
    sequence: ItemSequence = "free"
    """`ordered`: each item waits for the required ones before it."""
    recertification: Recertification = "full"
    """What a renewal asks for: all of the course (`full`), or what changed since the last pass (`delta`)."""

    @model_validator(mode="after")
    def _unit_of_scope(self) -> Self:
        if (self.scope == "national") != (self.scope_id is None):
            raise Wrong("scope_id names the region or chapter, and a national course has none", "conflicting")
        return self


class CoursePolicyChangeIn(StrictModel):
    """Changes of a course's policy; what is absent stays, null clears.

    `apply_to_existing`: a requirement or cadence named here is also given to completions that have none.
    """

    self_enrollment: bool = True
    recertification_cadence: Cadence | None = None
    linked_compliance_requirement: OpaqueId | None = None
    category: Name | None = None
    """As authors wrote it; null: none."""
    prerequisites: Prerequisites = ()
    """Published courses that a member must have completed to begin this one; an empty list: none."""
    sequence: ItemSequence = "free"
    """`ordered`: each item waits for the required ones before it."""
    recertification: Recertification = "full"
    """What a renewal asks for: all of the course (`full`), or what changed since the last pass (`delta`)."""
    apply_to_existing: bool = False
    """`true` also gives the requirement or cadence to completions that have none."""

    def changes(self) -> dict[str, object]:
        """The fields that were sent."""
        return {name: getattr(self, name) for name in sorted(self.model_fields_set - {"apply_to_existing"})}


class PublicationIn(StrictModel):
    """The optional body of a publish."""

    note: Annotated[CleanText, Field(max_length=2000)] | None = None
    open_enrollments: Literal["leave", "invite", "migrate"] = "leave"
    """`migrate` also moves all open enrollments of the course to the new version; `invite`: their learners are told
    and may move themselves; `leave`: they keep theirs."""


MAX_TITLE = 200
COPY_SUFFIX = " (copy)"


def copy_title(title: str) -> str:
    """The title of a course's copy, within the length of a title."""
    return title[: MAX_TITLE - len(COPY_SUFFIX)].rstrip() + COPY_SUFFIX

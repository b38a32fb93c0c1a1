"""Wire types of compliance requirements."""

from typing import Annotated
from uuid import UUID

from pydantic import Field

from learning_service.domain.directory.rules.facts import AdminRole
from learning_service.domain.kernel.values import JsonObject
from learning_service.schemas.common import Out


class LinkedCourseOut(Out):
    """A course that meets a requirement."""

    id: UUID
    title: str


class RequirementOut(Out):
    """A compliance requirement. `linkable_by`: the roles that may link a course to it."""

    id: str
    name: str
    courses: list[LinkedCourseOut]
    """Courses that meet it."""
    audience_filter: Annotated[
        JsonObject | None,
        Field(description="Who must meet it, as it was sent; null: all active members."),
    ]
    linkable_by: list[AdminRole]
    """Roles that may link a course to it."""
    closed: Annotated[bool, Field(description="Retired by the directory: nobody must meet it any more.")]

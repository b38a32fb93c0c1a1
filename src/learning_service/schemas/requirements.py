"""Wire types of compliance requirements."""

from uuid import UUID

from learning_service.domain.directory.rules.facts import AdminRole
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
    linkable_by: list[AdminRole]

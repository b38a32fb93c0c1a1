"""Answers about compliance requirements."""

from uuid import UUID

from learning_service.domain.directory.rules.facts import AdminRole
from learning_service.schemas.common import Answer


class LinkedCourseAnswer(Answer):
    """A course that meets a requirement."""

    id: UUID
    title: str


class RequirementAnswer(Answer):
    """A compliance requirement. `linkable_by`: the roles that may link a course to it."""

    id: str
    name: str
    courses: list[LinkedCourseAnswer]
    linkable_by: list[AdminRole]

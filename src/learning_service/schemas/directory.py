"""Answers of the directory."""

from typing import Any

from learning_service.schemas.common import Answer


class OrganizationAnswer(Answer):
    """An organization as stored."""

    id: str
    name: str
    timezone: str
    authoring_roles: list[str]


class RegionAnswer(Answer):
    """A region as stored."""

    id: str
    organization_id: str
    name: str


class ChapterAnswer(Answer):
    """A chapter as stored."""

    id: str
    region_id: str
    name: str


class RequirementAnswer(Answer):
    """A compliance requirement as stored."""

    id: str
    organization_id: str
    name: str


class MemberAnswer(Answer):
    """A member as stored."""

    user_id: str
    chapter_id: str
    status: str
    display_name: str
    email: str | None
    custom_fields: dict[str, Any]
    locale: str | None
    timezone: str | None


class BatchAnswer(Answer):
    """What a batch did."""

    created: int
    updated: int
    unchanged: int


class EventsAnswer(Answer):
    """What became of the events."""

    accepted: int
    duplicates: int
    stale: int
    parked: int

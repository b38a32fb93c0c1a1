"""Wire types of the directory."""

from typing import Annotated

from pydantic import Field

from learning_service.domain.directory.queries.facets import FieldType
from learning_service.domain.directory.rules.facts import Office
from learning_service.domain.kernel.values import JsonObject
from learning_service.schemas.certificates import CertificateOut
from learning_service.schemas.common import Out
from learning_service.schemas.compliance import ComplianceOut, SkillOut
from learning_service.schemas.enrollments import ListedEnrollmentOut


class OrganizationOut(Out):
    """An organization as stored."""

    id: str
    name: str
    timezone: str
    authoring_roles: list[str]


class RegionOut(Out):
    """A region as stored."""

    id: str
    organization_id: str
    name: str


class ChapterOut(Out):
    """A chapter as stored."""

    id: str
    region_id: str
    name: str


class StoredRequirementOut(Out):
    """A compliance requirement as stored."""

    id: str
    organization_id: str
    name: str


class MemberOut(Out):
    """A member as stored."""

    user_id: str
    chapter_id: str
    status: str
    display_name: str
    email: str | None
    custom_fields: JsonObject
    locale: str | None
    timezone: str | None
    offices: list[Office]


class BatchOut(Out):
    """What a batch did."""

    created: int
    """Members who are new here."""
    updated: int
    """Members of whom something changed."""
    unchanged: int
    """Members who were so already."""


class EventsOut(Out):
    """What became of the events."""

    accepted: int
    """Events that were applied."""
    duplicates: int
    """Events that had come before."""
    stale: int
    """Events that came after newer ones, or are about an erased person: without effect."""
    parked: int
    """Events that wait for a member who is not known yet."""


class ListedRegionOut(Out):
    """A region to choose from."""

    id: str
    name: str
    closed: Annotated[
        bool, Field(description="Only ever true in a list of closed ones too (`?closed=true`).")
    ]


class ListedChapterOut(ListedRegionOut):
    """A chapter to choose from."""

    region_id: str


class ListedMemberOut(Out):
    """A member as administrators see them."""

    user_id: str
    display_name: str
    email: str | None
    chapter_id: str
    chapter_name: str
    region_id: str
    status: str
    custom_fields: JsonObject


class MemberRecordOut(ListedMemberOut):
    """A member with what they have learned: of each list the newest 200."""

    enrollments: Annotated[
        list[ListedEnrollmentOut], Field(description="Newest first; withdrawn ones are left out.")
    ]
    certificates: Annotated[list[CertificateOut], Field(description="Newest first.")]
    skills: list[SkillOut]
    """Skills that passes have proved."""
    compliance: Annotated[
        list[ComplianceOut],
        Field(
            description="One entry for each requirement that the member must meet, also where nothing has begun."
        ),
    ]


class FieldFacetOut(Out):
    """What members have in one custom field."""

    types: Annotated[
        list[FieldType],
        Field(
            description="The JSON types of its values. Null is none: a field that is always null has no type."
        ),
    ]
    values: Annotated[
        list[str | int | float | bool],
        Field(
            description="At most 50 of the commonest values, commonest first. Where two are as common, numbers come"
            " first, by size, then the others by code point. The first 100 elements of lists count as values too,"
            " although an audience compares a list as a whole. Texts of more than 200 characters, objects and null"
            " are no choice."
        ),
    ]


class FacetsOut(Out):
    """What the caller's members have."""

    statuses: Annotated[
        list[str],
        Field(
            description="In alphabetical order, each as its members have it; an audience ignores case in them."
        ),
    ]
    custom_fields: Annotated[dict[str, FieldFacetOut], Field(description="By the field's name.")]

"""Organizations, regions, chapters and members."""

from typing import Literal, NotRequired, TypeAlias, TypedDict

from learning_service_client.shapes.certificates import CertificateOut
from learning_service_client.shapes.enrollments import ComplianceOut, ListedEnrollmentOut
from learning_service_client.shapes.shared import Office, SkillOut

JsonValue: TypeAlias = object


class BatchMemberIn(TypedDict):
    """A member of a batch."""

    chapter_id: str
    status: str
    display_name: str
    email: str | None
    custom_fields: NotRequired[dict[str, JsonValue]]
    locale: NotRequired[str | None]
    timezone: NotRequired[str | None]
    offices: NotRequired[list[Office]]
    user_id: str


class BatchOut(TypedDict):
    """What a batch did."""

    created: int
    updated: int
    unchanged: int


class ChapterIn(TypedDict):
    """What the directory says of a chapter."""

    region_id: str
    name: str


class ChapterOut(TypedDict):
    """A chapter as stored."""

    id: str
    region_id: str
    name: str


class EventsOut(TypedDict):
    """What became of the events."""

    accepted: int
    duplicates: int
    stale: int
    parked: int


class FieldFacetOut(TypedDict):
    """What members have in one custom field."""

    types: list[Literal["string", "number", "boolean", "array", "object"]]
    values: list[str | int | float | bool]


class FacetsOut(TypedDict):
    """What the caller's members have."""

    statuses: list[str]
    custom_fields: dict[str, FieldFacetOut]


class ListedChapterOut(TypedDict):
    """A chapter to choose from."""

    id: str
    name: str
    closed: bool
    region_id: str


class ListedMemberOut(TypedDict):
    """A member as administrators see them."""

    user_id: str
    display_name: str
    email: str | None
    chapter_id: str
    chapter_name: str
    region_id: str
    status: str
    custom_fields: dict[str, object]


class ListedRegionOut(TypedDict):
    """A region to choose from."""

    id: str
    name: str
    closed: bool


class AccommodationsIn(TypedDict):
    """What a person needs at attempts; it replaces what was said before."""

    time_multiplier: NotRequired[float]
    extra_attempts: NotRequired[int]
    reason: str


class AccommodationsOut(TypedDict):
    """What a member needs at each attempt from then on."""

    user_id: str
    time_multiplier: float
    extra_attempts: int
    reason: str
    granted_by: str
    granted_at: str


class MemberBatchIn(TypedDict):
    """Members to make or update, all or none; each at most once."""

    members: list[BatchMemberIn]


class MemberIn(TypedDict):
    """What the directory says of a member."""

    chapter_id: str
    status: str
    display_name: str
    email: str | None
    custom_fields: NotRequired[dict[str, JsonValue]]
    locale: NotRequired[str | None]
    timezone: NotRequired[str | None]
    offices: NotRequired[list[Office]]


class MemberOut(TypedDict):
    """A member as stored."""

    user_id: str
    chapter_id: str
    status: str
    display_name: str
    email: str | None
    custom_fields: dict[str, object]
    locale: str | None
    timezone: str | None
    offices: list[Office]


class MemberRecordOut(TypedDict):
    """A member with what they have learned: of each list the newest 200."""

    user_id: str
    display_name: str
    email: str | None
    chapter_id: str
    chapter_name: str
    region_id: str
    status: str
    custom_fields: dict[str, object]
    enrollments: list[ListedEnrollmentOut]
    certificates: list[CertificateOut]
    skills: list[SkillOut]
    compliance: list[ComplianceOut]


class MembershipData(TypedDict):
    """What the event says: the status that the member has now, and what else changed with it."""

    status: str
    previous_status: NotRequired[str | None]
    chapter_id: NotRequired[str | None]
    custom_fields: NotRequired[dict[str, JsonValue] | None]


class MembershipEventIn(TypedDict):
    """A CloudEvents 1.0 event in JSON format."""

    specversion: Literal["1.0"]
    type: Literal["membership.status_changed"]
    id: str
    source: str
    time: str
    subject: str
    data: MembershipData
    datacontenttype: NotRequired[str | None]
    dataschema: NotRequired[str | None]
    traceparent: NotRequired[str | bool | int | None]
    tracestate: NotRequired[str | bool | int | None]
    partitionkey: NotRequired[str | bool | int | None]
    sequence: NotRequired[str | bool | int | None]
    sequencetype: NotRequired[str | bool | int | None]
    sampledrate: NotRequired[str | bool | int | None]
    correlationid: NotRequired[str | bool | int | None]
    causationid: NotRequired[str | bool | int | None]
    recordedtime: NotRequired[str | bool | int | None]
    expirytime: NotRequired[str | bool | int | None]
    authtype: NotRequired[str | bool | int | None]
    authid: NotRequired[str | bool | int | None]


class OrganizationIn(TypedDict):
    """What the directory says of an organization."""

    name: str
    timezone: str
    authoring_roles: NotRequired[list[Literal["national_admin", "regional_admin", "chapter_admin"]]]


class OrganizationOut(TypedDict):
    """An organization as stored."""

    id: str
    name: str
    timezone: str
    authoring_roles: list[str]


class OrganizationSettingsChangeIn(TypedDict):
    """Changes of an organization's settings."""

    logo: NotRequired[str | None]
    primary_color: NotRequired[str | None]
    signature_image: NotRequired[str | None]
    seal: NotRequired[str | None]
    website: NotRequired[str | None]
    signatory_name: NotRequired[str | None]
    signatory_title: NotRequired[str | None]
    second_signatory_name: NotRequired[str | None]
    second_signatory_title: NotRequired[str | None]
    second_signature_image: NotRequired[str | None]
    paper: NotRequired[Literal["a4", "letter"]]
    orientation: NotRequired[Literal["landscape", "portrait"]]
    locale: NotRequired[str | None]
    score_on_certificates: NotRequired[bool]
    revoked_pdf: NotRequired[Literal["mark", "refuse"]]
    frontend_url: NotRequired[str | None]
    reminder_days: NotRequired[list[int]]
    overdue_days: NotRequired[list[int]]
    officer_digest: NotRequired[Literal["none", "weekly"]]
    recertification_window_days: NotRequired[int]
    video_hosts: NotRequired[list[str]]
    blind_grading: NotRequired[bool]
    skills_by: NotRequired[list[Literal["national_admin", "regional_admin", "chapter_admin"]]]
    required_mails: NotRequired[list[Literal["assigned", "reminders", "results", "digest"]]]
    active_statuses: NotRequired[list[str] | None]


class OrganizationSettingsOut(TypedDict):
    """What the learning service itself keeps of an organization."""

    logo: str | None
    primary_color: str | None
    signature_image: str | None
    seal: str | None
    website: str | None
    signatory_name: str | None
    signatory_title: str | None
    second_signatory_name: str | None
    second_signatory_title: str | None
    second_signature_image: str | None
    paper: Literal["a4", "letter"]
    orientation: Literal["landscape", "portrait"]
    locale: str | None
    score_on_certificates: bool
    revoked_pdf: Literal["mark", "refuse"]
    frontend_url: str | None
    reminder_days: list[int]
    overdue_days: list[int]
    officer_digest: Literal["none", "weekly"]
    recertification_window_days: int
    video_hosts: list[str]
    blind_grading: bool
    skills_by: list[Literal["national_admin", "regional_admin", "chapter_admin"]]
    required_mails: list[Literal["assigned", "reminders", "results", "digest"]]
    active_statuses: list[str] | None


class RegionIn(TypedDict):
    """What the directory says of a region."""

    organization_id: str
    name: str


class RegionOut(TypedDict):
    """A region as stored."""

    id: str
    organization_id: str
    name: str


class RequirementIn(TypedDict):
    """What the directory says of a compliance requirement."""

    organization_id: str
    name: str


class StoredRequirementOut(TypedDict):
    """A compliance requirement as stored."""

    id: str
    organization_id: str
    name: str

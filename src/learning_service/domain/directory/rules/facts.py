"""What the directory accepts: one model for each kind of thing that other services send."""

import re
import zoneinfo
from functools import cache
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import AfterValidator, BeforeValidator, Field, JsonValue, model_validator
from pydantic_core import to_json

from learning_service.domain.kernel.errors import Wrong
from learning_service.domain.kernel.pointers import at_places
from learning_service.domain.kernel.values import (
    CleanText,
    FreeJson,
    JsonObject,
    Name,
    OpaqueId,
    StrictModel,
    Word,
    some,
)

MAX_CUSTOM_FIELDS_BYTES = 64 * 1024
MAX_BATCH = 5000
MAX_OFFICES = 50
_EMAIL = re.compile(r"\A[^\s@<>\"(),:;\\\[\]\x00-\x1f\x7f]{1,64}@[^\s@<>\"(),:;\\\[\]\x00-\x1f\x7f]{1,255}\Z")
_LOCALE = re.compile(r"\A[A-Za-z]{2,3}([_-][A-Za-z0-9]{2,8}){0,3}\Z")


@cache
def _zones() -> frozenset[str]:
    """Looked up once: it walks the file system."""
    return frozenset(zoneinfo.available_timezones())


def _zone(text: str) -> str:
    if text not in _zones():
        raise Wrong("must be an IANA time zone such as America/New_York", "wrong-form")
    return text


def _email(text: str) -> str:
    if not _EMAIL.match(text) or len(text) > 254:
        raise Wrong("must be one e-mail address", "wrong-form")
    return text


def _locale(text: str) -> str:
    if not _LOCALE.match(text):
        raise Wrong("must be a language tag such as en or es-MX", "wrong-form")
    return text


def _small(fields: JsonObject) -> JsonObject:
    if len(to_json(fields)) > MAX_CUSTOM_FIELDS_BYTES:
        raise Wrong(
            f"must be at most {MAX_CUSTOM_FIELDS_BYTES} bytes", "too-long", {"most": MAX_CUSTOM_FIELDS_BYTES}
        )
    return fields


def _object(value: Any) -> Any:
    if not isinstance(value, dict):
        raise Wrong("must be an object", "wrong-type")
    return value


Timezone = Annotated[str, Field(max_length=64), AfterValidator(_zone)]
Email = Annotated[CleanText, AfterValidator(_email)]
Locale = Annotated[str, AfterValidator(_locale)]
CustomFields = Annotated[
    dict[str, JsonValue], BeforeValidator(_object), AfterValidator(_small), FreeJson.__metadata__[0]
]


def distinct(values: tuple[Any, ...]) -> tuple[Any, ...]:
    """The values. Raises ValueError, naming the places, where one stands twice."""
    again = [n for n, value in enumerate(values) if value in values[:n]]
    if again:
        raise at_places("is listed twice", [(n,) for n in again], "twice")
    return values


AdminRole = Literal["national_admin", "regional_admin", "chapter_admin"]
AdminRoles: TypeAlias = Annotated[tuple[AdminRole, ...], Field(max_length=3), AfterValidator(distinct)]
"""Which administrators may do something; national administrators always may."""


class Office(StrictModel):
    """An office that a member holds: who gets officers' mails. It gives no rights; those come from tokens alone."""

    role: AdminRole
    """Over what the office is: the organization, a region or a chapter."""
    scope_id: OpaqueId | None = None
    """The region or chapter of a `regional_admin` or `chapter_admin`; a `national_admin` has none."""

    @model_validator(mode="after")
    def _has_its_scope(self) -> "Office":
        if (self.scope_id is None) != (self.role == "national_admin"):
            said = "is for a region or chapter, not for" if self.scope_id else "must name the unit of"
            raise at_places(f"{said} a {self.role}", [("scope_id",)], "wrong-form")
        return self


Offices: TypeAlias = Annotated[tuple[Office, ...], Field(max_length=MAX_OFFICES), AfterValidator(distinct)]


class OrganizationIn(StrictModel):
    """What the directory says of an organization."""

    name: Name
    timezone: Timezone
    authoring_roles: tuple[AdminRole, ...] = ("national_admin", "regional_admin")


class RegionIn(StrictModel):
    """What the directory says of a region."""

    organization_id: OpaqueId
    name: Name


class ChapterIn(StrictModel):
    """What the directory says of a chapter."""

    region_id: OpaqueId
    name: Name


class MemberIn(StrictModel):
    """What the directory says of a member. `custom_fields` and `offices` replace what was there."""

    chapter_id: OpaqueId
    status: Word
    """The membership's state, in the directory's own words."""
    display_name: Name
    email: Email | None
    custom_fields: CustomFields = {}
    locale: Locale | None = None
    timezone: Timezone | None = None
    offices: Offices = ()


class RequirementIn(StrictModel):
    """What the directory says of a compliance requirement."""

    organization_id: OpaqueId
    name: Name


class BatchMemberIn(MemberIn):
    """A member of a batch."""

    user_id: OpaqueId


class MemberBatchIn(StrictModel):
    """Members to make or update, all or none; each at most once."""

    members: Annotated[tuple[BatchMemberIn, ...], *some(MAX_BATCH)]
    """Up to 5,000, each at most once."""

    @model_validator(mode="after")
    def _each_once(self) -> "MemberBatchIn":
        seen: set[str] = set()
        twice: list[tuple[int | str, ...]] = []
        for n, member in enumerate(self.members):
            if member.user_id in seen:
                twice.append(("members", n, "user_id"))
            seen.add(member.user_id)
        if twice:
            raise at_places("is given twice", twice, "twice")
        return self

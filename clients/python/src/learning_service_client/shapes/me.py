"""Who the caller is, and what they may."""

from typing import TypedDict

from learning_service_client.shapes.courses import Scope


class OwnOrganizationOut(TypedDict):
    """The caller's organization, as a frontend shows it."""

    name: str
    timezone: str
    locale: str | None
    logo_url: str | None
    primary_color: str | None


class OwnMemberOut(TypedDict):
    """The caller as a member."""

    chapter_id: str
    chapter_name: str
    region_id: str
    region_name: str
    status: str
    locale: str | None
    timezone: str | None


class UnitOut(TypedDict):
    """The whole organization, a region or a chapter."""

    scope: Scope
    scope_id: str | None


class RightsOut(TypedDict):
    """What the caller may do. The broadest unit stands for those inside it."""

    author: list[UnitOut]
    administer: list[UnitOut]
    grade: bool


class MeOut(TypedDict):
    """The caller."""

    user_id: str
    organization_id: str
    name: str | None
    roles: list[str]
    scopes: list[str]
    is_member: bool
    organization: OwnOrganizationOut | None
    member: OwnMemberOut | None
    may: RightsOut

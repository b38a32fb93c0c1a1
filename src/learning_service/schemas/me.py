"""Wire types of the caller."""

from typing import Literal

from learning_service.schemas.common import Out


class OwnOrganizationOut(Out):
    """The caller's organization, as a frontend shows it."""

    name: str
    timezone: str
    """IANA name; days begin and end there."""
    locale: str | None
    """How its certificates and mails write dates and words, where the member's own language is not known."""
    logo_url: str | None
    """Where the caller fetches the logo."""
    primary_color: str | None
    """`#rrggbb`."""


class OwnMemberOut(Out):
    """The caller as a member."""

    chapter_id: str
    chapter_name: str
    region_id: str
    region_name: str
    status: str
    locale: str | None
    """As the directory says."""
    timezone: str | None
    """As the directory says; null: the organization's."""


class UnitOut(Out):
    """The whole organization, a region or a chapter."""

    scope: Literal["national", "regional", "chapter"]
    """What it is: the organization, a region or a chapter."""
    scope_id: str | None
    """The region or chapter; null for the whole organization."""


class RightsOut(Out):
    """What the caller may do. The broadest unit stands for those inside it."""

    author: list[UnitOut]
    """Units whose courses the caller may make and change."""
    administer: list[UnitOut]
    """Units whose members the caller administers; calls for administrators of regions refuse those of chapters."""
    grade: bool
    """May grade responses, of all courses or of some."""


class MeOut(Out):
    """The caller."""

    user_id: str
    organization_id: str
    name: str | None
    """As the token says, else as the directory does."""
    roles: list[str]
    """Roles that the token gives."""
    scopes: list[str]
    """Scopes that the token gives."""
    is_member: bool
    """Whether the directory knows the caller as a member."""
    organization: OwnOrganizationOut | None
    """Null while the directory has said nothing of it."""
    member: OwnMemberOut | None
    """Null for a caller who is no member."""
    may: RightsOut
    """As the calls themselves judge it."""

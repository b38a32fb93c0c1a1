"""The caller, in two statements."""

from dataclasses import dataclass
from functools import cache
from typing import Any

from sqlalchemy import ARRAY, Text, and_, any_, bindparam, func, null, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from learning_service.domain.courses.queries.access import places_of
from learning_service.domain.courses.rules.access import Place
from learning_service.domain.directory.models import Chapter, Member, Organization, Region
from learning_service.domain.documents.rules import file_path
from learning_service.domain.grading.queries import is_grader
from learning_service.domain.kernel.principal import Principal
from learning_service.domain.kernel.reads import ORGANIZATION_ID, USER_ID, Kept, fetch_first, kept
from learning_service.domain.me.rules import Rights, administered_units, authored_units
from learning_service.domain.organizations.models import OrganizationSettings

_OwnChapter = aliased(Chapter, name="own_chapter")
_OwnRegion = aliased(Region, name="own_region")
_REGIONS, _CHAPTERS = (bindparam(name, type_=ARRAY(Text())) for name in ("regions", "chapters"))


@dataclass(frozen=True, slots=True)
class OwnOrganization:
    """The caller's organization, as a frontend shows it."""

    name: str
    timezone: str
    locale: str | None
    logo_url: str | None
    primary_color: str | None


@dataclass(frozen=True, slots=True)
class OwnMember:
    """The caller as a member."""

    chapter_id: str
    chapter_name: str
    region_id: str
    region_name: str
    status: str
    locale: str | None
    timezone: str | None


@dataclass(frozen=True, slots=True)
class Me:
    """The caller."""

    user_id: str
    organization_id: str
    name: str | None
    roles: tuple[str, ...]
    scopes: tuple[str, ...]
    is_member: bool
    organization: OwnOrganization | None
    """None while the directory has not said anything of it."""
    member: OwnMember | None
    may: Rights


async def describe_caller(session: AsyncSession, caller: Principal) -> Me:
    """The caller: who they are, in which roles, and what they may do."""
    regions_named, chapters_named = sorted(caller.admin_regions), sorted(caller.admin_chapters)
    given = {
        "organization_id": caller.organization_id,
        "user_id": caller.user_id,
        "regions": regions_named,
        "chapters": chapters_named,
    }
    read = _caller(regions=bool(regions_named), chapters=bool(chapters_named))
    found = await fetch_first(session, read, given)
    grade = await is_grader(session, caller)
    regions = found.regions or () if found is not None else ()
    chapters = [Place(*pair) for pair in found.chapters or ()] if found is not None else []
    member = found is not None and found.chapter_id is not None
    return Me(
        user_id=caller.user_id,
        organization_id=caller.organization_id,
        name=caller.name or (found.display_name if found is not None else None),
        roles=tuple(sorted(caller.roles)),
        scopes=tuple(sorted(caller.scopes)),
        is_member=member,
        organization=_organization(found) if found is not None else None,
        member=OwnMember(*found[7:14]) if member else None,
        may=Rights(
            # Nothing can be authored in an organization that the directory has not sent yet.
            author=authored_units(caller, found.authoring_roles, regions, chapters)
            if found is not None
            else (),
            administer=administered_units(caller, regions, chapters),
            grade=grade,
        ),
    )


def _organization(found: Any) -> OwnOrganization:
    logo = None if found.logo_id is None else file_path(found.logo_id)
    return OwnOrganization(found.name, found.timezone, found.locale, logo, found.primary_color)


@cache
def _caller(*, regions: bool, chapters: bool) -> Kept:
    """The organization is the anchor, because a caller who is not a member has no row of their own."""
    return kept(
        select(
            Organization.name,
            Organization.timezone,
            Organization.authoring_roles,
            OrganizationSettings.locale,
            OrganizationSettings.logo_id,
            OrganizationSettings.primary_color,
            Member.display_name,
            Member.chapter_id,
            _OwnChapter.name.label("chapter_name"),
            _OwnChapter.region_id,
            _OwnRegion.name.label("region_name"),
            Member.status,
            Member.locale.label("member_locale"),
            Member.timezone.label("member_timezone"),
            (_known_regions() if regions else null()).label("regions"),
            (places_of(_CHAPTERS) if chapters else null()).label("chapters"),
        )
        .select_from(Organization)
        .outerjoin(OrganizationSettings, OrganizationSettings.organization_id == Organization.id)
        .outerjoin(
            Member,
            and_(
                Member.organization_id == Organization.id,
                Member.user_id == USER_ID,
                Member.erased_at.is_(None),
            ),
        )
        .outerjoin(
            _OwnChapter,
            and_(_OwnChapter.organization_id == Organization.id, _OwnChapter.id == Member.chapter_id),
        )
        .outerjoin(
            _OwnRegion,
            and_(_OwnRegion.organization_id == Organization.id, _OwnRegion.id == _OwnChapter.region_id),
        )
        .where(Organization.id == ORGANIZATION_ID)
    )


def _known_regions() -> Any:
    """The regions that the caller's roles name and that exist."""
    return (
        select(func.array_agg(Region.id))
        .where(Region.organization_id == ORGANIZATION_ID, Region.id == any_(_REGIONS))
        .scalar_subquery()
    )

"""Writes of organizations, regions, chapters and requirements."""

from sqlalchemy import Boolean, literal_column
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from learning_service.domain.directory.models import (
    Chapter,
    ComplianceRequirement,
    Organization,
    Region,
)
from learning_service.domain.directory.rules import (
    ChapterIn,
    OrganizationIn,
    RegionIn,
    RequirementIn,
)
from learning_service.domain.kernel.base import Columns
from learning_service.domain.kernel.clock import now
from learning_service.domain.kernel.errors import Invalid, NotFound
from learning_service.domain.kernel.principal import Principal
from learning_service.domain.records.audit import AuditAction, record_audit

_INSERTED = literal_column("(xmax = 0)", Boolean)


async def put_organization(
    session: AsyncSession, organization_id: str, facts: OrganizationIn, *, actor: Principal
) -> bool:
    """Make or update the organization; True when it is new. Raises NotFound for any but the caller's own."""
    if organization_id != actor.organization_id:
        raise NotFound
    instant = now(session)
    values = {
        "name": facts.name,
        "timezone": facts.timezone,
        "authoring_roles": list(dict.fromkeys(facts.authoring_roles)),
        "updated_at": instant,
    }
    statement = (
        insert(Organization)
        .values(id=organization_id, created_at=instant, **values)
        .on_conflict_do_update(index_elements=["id"], set_=values)
        .returning(_INSERTED)
    )
    created = bool(await session.scalar(statement))
    action: AuditAction = "organization.created" if created else "organization.updated"
    _audit(session, actor, action, organization_id, facts)
    return created


async def put_region(session: AsyncSession, region_id: str, facts: RegionIn, *, actor: Principal) -> bool:
    """Make or update a region. Raises NotFound, or Invalid while its organization is unknown."""
    _own(facts.organization_id, actor)
    await _require_organization(session, actor.organization_id, "/organization_id")
    created = await _upsert(session, Region, actor, region_id, {"name": facts.name})
    action: AuditAction = "region.created" if created else "region.updated"
    _audit(session, actor, action, region_id, facts)
    return created


async def put_chapter(session: AsyncSession, chapter_id: str, facts: ChapterIn, *, actor: Principal) -> bool:
    """Make or update a chapter; another region moves it there. Raises Invalid for an unknown region."""
    if await session.get(Region, (actor.organization_id, facts.region_id)) is None:
        raise Invalid.at("/region_id", "is not a region of this organization", "not-known")
    values = {"name": facts.name, "region_id": facts.region_id}
    created = await _upsert(session, Chapter, actor, chapter_id, values)
    action: AuditAction = "chapter.created" if created else "chapter.updated"
    _audit(session, actor, action, chapter_id, facts)
    return created


async def put_requirement(
    session: AsyncSession, requirement_id: str, facts: RequirementIn, *, actor: Principal
) -> bool:
    """Make or update a compliance requirement. Raises NotFound, or Invalid while its organization is unknown."""
    _own(facts.organization_id, actor)
    await _require_organization(session, actor.organization_id, "/organization_id")
    created = await _upsert(session, ComplianceRequirement, actor, requirement_id, {"name": facts.name})
    action: AuditAction = "compliance_requirement.created" if created else "compliance_requirement.updated"
    _audit(session, actor, action, requirement_id, facts)
    return created


async def _upsert(
    session: AsyncSession,
    model: type[Region] | type[Chapter] | type[ComplianceRequirement],
    actor: Principal,
    thing_id: str,
    values: Columns,
) -> bool:
    statement = (
        insert(model)
        .values(organization_id=actor.organization_id, id=thing_id, **values)
        .on_conflict_do_update(index_elements=["organization_id", "id"], set_=values)
        .returning(_INSERTED)
    )
    return bool(await session.scalar(statement))


async def _require_organization(session: AsyncSession, organization_id: str, pointer: str) -> None:
    if await session.get(Organization, organization_id) is None:
        raise Invalid.at(pointer, "is not known yet; push the organization first", "not-known")


def _own(organization_id: str, actor: Principal) -> None:
    if organization_id != actor.organization_id:
        raise NotFound


def _audit(
    session: AsyncSession, actor: Principal, action: AuditAction, thing_id: str, facts: object
) -> None:
    record_audit(
        session,
        action,
        organization_id=actor.organization_id,
        actor=actor.user_id,
        subject=(action.partition(".")[0], thing_id),
        details={"fields": sorted(type(facts).model_fields)},  # type: ignore[attr-defined]
    )

"""Writes of organizations, regions, chapters and requirements."""

from collections.abc import Collection, Mapping
from typing import TypeAlias, TypeVar

from sqlalchemy import Boolean, exists, func, literal_column, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from learning_service.domain.directory.models import (
    Chapter,
    ComplianceRequirement,
    Member,
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
from learning_service.domain.kernel.errors import Conflict, Invalid, NotFound
from learning_service.domain.kernel.principal import Principal
from learning_service.domain.records.audit import AuditAction, record_act

_INSERTED = literal_column("(xmax = 0)", Boolean)
Unit: TypeAlias = type[Region] | type[Chapter]
Closable = TypeVar("Closable", Region, Chapter, ComplianceRequirement)


class InUse(Conflict):
    """A chapter has members, or a region open chapters."""

    code = "in-use"


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
    """Make, update or open again a region. Raises NotFound, or Invalid while its organization is unknown."""
    _own(facts.organization_id, actor)
    await _require_organization(session, actor.organization_id, "/organization_id")
    created = await _upsert(session, Region, actor, region_id, {"name": facts.name})
    action: AuditAction = "region.created" if created else "region.updated"
    _audit(session, actor, action, region_id, facts)
    return created


async def put_chapter(session: AsyncSession, chapter_id: str, facts: ChapterIn, *, actor: Principal) -> bool:
    """Make, update or open again a chapter; another region moves it there. Raises Invalid for an unknown region."""
    regions = await units_held(session, Region, actor.organization_id, {facts.region_id})
    if not regions.get(facts.region_id):
        raise Invalid.at("/region_id", "is not a region of this organization", "not-known")
    values = {"name": facts.name, "region_id": facts.region_id}
    created = await _upsert(session, Chapter, actor, chapter_id, values)
    action: AuditAction = "chapter.created" if created else "chapter.updated"
    _audit(session, actor, action, chapter_id, facts)
    return created


async def put_requirement(
    session: AsyncSession, requirement_id: str, facts: RequirementIn, *, actor: Principal
) -> bool:
    """Make, update or open again a compliance requirement. Links of before are the caller's business.

    Raises NotFound, or Invalid while its organization is unknown.
    """
    _own(facts.organization_id, actor)
    await _require_organization(session, actor.organization_id, "/organization_id")
    created = await _upsert(session, ComplianceRequirement, actor, requirement_id, {"name": facts.name})
    action: AuditAction = "compliance_requirement.created" if created else "compliance_requirement.updated"
    _audit(session, actor, action, requirement_id, facts)
    return created


async def close_region(session: AsyncSession, region_id: str, *, actor: Principal) -> None:
    """Close a region. Raises NotFound, or InUse while it has open chapters."""
    chapters = exists().where(
        Chapter.organization_id == actor.organization_id,
        Chapter.region_id == region_id,
        Chapter.closed_at.is_(None),
    )
    region = await hold_open(session, Region, region_id, actor=actor)
    if region is not None and await session.scalar(select(chapters)):
        raise InUse("The region has open chapters. Close them, or move them to another region, first.")
    await _close(session, Region, "region.closed", region_id, actor)


async def close_chapter(session: AsyncSession, chapter_id: str, *, actor: Principal) -> None:
    """Close a chapter. Raises NotFound, or InUse while it has members."""
    members = exists().where(
        Member.organization_id == actor.organization_id,
        Member.chapter_id == chapter_id,
        Member.erased_at.is_(None),
    )
    chapter = await hold_open(session, Chapter, chapter_id, actor=actor)
    if chapter is not None and await session.scalar(select(members)):
        raise InUse("The chapter has members. Move them to another chapter first.")
    await _close(session, Chapter, "chapter.closed", chapter_id, actor)


async def close_requirement(session: AsyncSession, requirement_id: str, *, actor: Principal) -> None:
    """Retire a requirement; what is linked to it is the caller's business."""
    await _close(session, ComplianceRequirement, "compliance_requirement.closed", requirement_id, actor)


async def hold_open(
    session: AsyncSession, model: type[Closable], thing_id: str, *, actor: Principal
) -> Closable | None:
    """The thing, held so that nobody can name it anew meanwhile; None when it is closed. Raises NotFound."""
    key = (actor.organization_id, thing_id)
    found = await session.get(model, key, populate_existing=True, with_for_update=True)
    if found is None:
        raise NotFound
    return None if found.closed_at is not None else found


async def units_held(
    session: AsyncSession, unit: Unit, organization_id: str, ids: Collection[str]
) -> Mapping[str, bool]:
    """Whether each of these ids that the organization has is open; it stays so until the transaction ends."""
    if not ids:
        return {}
    found = await session.execute(
        select(unit.id, unit.closed_at.is_(None))
        .where(unit.organization_id == organization_id, unit.id == func.any(sorted(ids)))
        .order_by(unit.id)
        .with_for_update(key_share=True, read=True)
    )
    return {row[0]: row[1] for row in found}


async def open_chapters(session: AsyncSession, organization_id: str, ids: Collection[str]) -> frozenset[str]:
    """Which of these ids are chapters that members can be in, until the transaction ends."""
    held = await units_held(session, Chapter, organization_id, ids)
    return frozenset(chapter_id for chapter_id, is_open in held.items() if is_open)


async def _close(
    session: AsyncSession, model: type[Closable], action: AuditAction, thing_id: str, actor: Principal
) -> None:
    closed = await session.scalar(
        update(model)
        .where(
            model.organization_id == actor.organization_id, model.id == thing_id, model.closed_at.is_(None)
        )
        .values(closed_at=now(session))
        .returning(model.id)
    )
    if closed is not None:
        record_act(session, actor, action, (action.partition(".")[0], thing_id))


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
        .on_conflict_do_update(index_elements=["organization_id", "id"], set_={**values, "closed_at": None})
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
    record_act(
        session,
        actor,
        action,
        (action.partition(".")[0], thing_id),
        details={"fields": sorted(type(facts).model_fields)},  # type: ignore[attr-defined]
    )

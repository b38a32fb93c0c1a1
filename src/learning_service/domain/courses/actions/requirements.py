"""Requirements and the courses that are linked to them: what is said of a requirement here, and its retirement."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from learning_service.domain.courses.models import Course
from learning_service.domain.courses.queries.requirements import RequirementView, get_requirement
from learning_service.domain.courses.rules.requirements import RequirementChangeIn
from learning_service.domain.directory.actions import put_requirement
from learning_service.domain.directory.actions.units import close_requirement, hold_open
from learning_service.domain.directory.models import ComplianceRequirement
from learning_service.domain.directory.queries.audience import check_audience
from learning_service.domain.directory.rules import RequirementIn
from learning_service.domain.kernel.clock import now
from learning_service.domain.kernel.principal import Principal
from learning_service.domain.records.audit import record_act


async def change_requirement(
    session: AsyncSession, requirement_id: str, change: RequirementChangeIn, *, actor: Principal
) -> RequirementView:
    """Change who must meet a requirement, and which roles may link courses to it; links that are there stay.

    Raises NotFound, or Invalid for a chapter or region that is unknown.
    """
    found = await get_requirement(session, actor, requirement_id)
    changes = change.changes()
    if not changes:
        return found
    if change.audience_filter is not None:
        await check_audience(
            session, actor.organization_id, change.audience_filter, pointer="/audience_filter"
        )
    await _write(session, requirement_id, actor, changes)
    record_act(
        session,
        actor,
        "compliance_requirement.rights_changed",
        ("compliance_requirement", requirement_id),
        details={"fields": sorted(changes)},
    )
    return await get_requirement(session, actor, requirement_id)


async def open_requirement(
    session: AsyncSession, requirement_id: str, facts: RequirementIn, *, actor: Principal
) -> bool:
    """Make or update a requirement; one that was retired is opened again with its links. True when it is new.

    A course that was linked to another one meanwhile stays so. Raises NotFound, Invalid.
    """
    created = await put_requirement(session, requirement_id, facts, actor=actor)
    linked = await session.scalar(
        select(ComplianceRequirement.closed_links).where(
            ComplianceRequirement.organization_id == actor.organization_id,
            ComplianceRequirement.id == requirement_id,
        )
    )
    if linked is not None:
        await _link(session, actor, requirement_id, Course.id == func.any(linked), None)
        await _write(session, requirement_id, actor, {"closed_links": None})
    return created


async def retire_requirement(session: AsyncSession, requirement_id: str, *, actor: Principal) -> None:
    """Take a requirement out of lists, roll-ups and courses. What was completed for it stays. Raises NotFound."""
    if await hold_open(session, ComplianceRequirement, requirement_id, actor=actor) is None:
        return
    linked = await _link(session, actor, None, Course.id.is_not(None), requirement_id)
    await close_requirement(session, requirement_id, actor=actor)
    await _write(session, requirement_id, actor, {"closed_links": linked})


async def _write(
    session: AsyncSession, requirement_id: str, actor: Principal, values: Mapping[str, object]
) -> None:
    await session.execute(
        update(ComplianceRequirement)
        .where(
            ComplianceRequirement.organization_id == actor.organization_id,
            ComplianceRequirement.id == requirement_id,
        )
        .values(**values)
    )


async def _link(
    session: AsyncSession, actor: Principal, to: str | None, courses: Any, before: str | None
) -> list[Any]:
    """Link those courses whose link is the one of `before`; their ids."""
    linked = await session.scalars(
        update(Course)
        .where(
            Course.organization_id == actor.organization_id,
            courses,
            Course.linked_compliance_requirement.is_not_distinct_from(before),
        )
        .values(linked_compliance_requirement=to, updated_at=now(session))
        .returning(Course.id)
    )
    return list(linked)

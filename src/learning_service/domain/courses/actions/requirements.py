"""Changing what this service keeps about compliance requirements."""

from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession

from learning_service.domain.courses.queries.requirements import RequirementView, get_requirement
from learning_service.domain.courses.rules.requirements import RequirementChangeIn
from learning_service.domain.directory.models import ComplianceRequirement
from learning_service.domain.kernel.principal import Principal
from learning_service.domain.records.audit import record_audit


async def change_requirement(
    session: AsyncSession, requirement_id: str, change: RequirementChangeIn, *, actor: Principal
) -> RequirementView:
    """Change which roles may link courses to a requirement; links that are there stay. Raises NotFound."""
    found = await get_requirement(session, actor, requirement_id)
    if "linkable_by" not in change.model_fields_set:
        return found
    await session.execute(
        update(ComplianceRequirement)
        .where(
            ComplianceRequirement.organization_id == actor.organization_id,
            ComplianceRequirement.id == requirement_id,
        )
        .values(linkable_by=list(change.linkable_by))
        .execution_options(synchronize_session=False)
    )
    record_audit(
        session,
        "compliance_requirement.rights_changed",
        organization_id=actor.organization_id,
        actor=actor.user_id,
        subject=("compliance_requirement", requirement_id),
        details={"fields": ["linkable_by"]},
    )
    return await get_requirement(session, actor, requirement_id)

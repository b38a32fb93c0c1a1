"""Changing organization settings."""

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from learning_service.domain.audit import record_audit
from learning_service.domain.organizations.models import OrganizationSettings
from learning_service.domain.organizations.queries import SettingsView, organization_settings
from learning_service.domain.organizations.rules import SettingsChange
from learning_service.domain.principal import Principal

_DEFAULTS = SettingsChange.model_validate({}).model_dump(exclude={"logo"})


async def update_settings(session: AsyncSession, change: SettingsChange, *, actor: Principal) -> SettingsView:
    """Change the settings of the actor's organization; two changes at once both last, field by field.

    Raises NotFound for an organization that the directory does not know.
    """
    organization_id = actor.organization_id
    await organization_settings(session, organization_id)
    changes = change.changes()
    if changes:
        first = {**_DEFAULTS, **changes}
        await session.execute(
            insert(OrganizationSettings)
            .values(organization_id=organization_id, **first)
            .on_conflict_do_update(index_elements=["organization_id"], set_=changes)
        )
        record_audit(
            session,
            "organization.settings_changed",
            organization_id=organization_id,
            actor=actor.user_id,
            subject=("organization", organization_id),
            details={"fields": list(changes)},
        )
    return await organization_settings(session, organization_id)

"""Reads of organization settings."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from learning_service.domain.directory.models import Organization
from learning_service.domain.errors import NotFound
from learning_service.domain.organizations.models import OrganizationSettings
from learning_service.domain.organizations.rules import (
    DEFAULT_RECERTIFICATION_WINDOW_DAYS,
    DEFAULT_REMINDER_DAYS,
)


@dataclass(frozen=True, slots=True)
class SettingsView:
    """An organization's settings, defaults filled in."""

    primary_color: str | None = None
    signatory_name: str | None = None
    signatory_title: str | None = None
    reminder_days: Sequence[int] = DEFAULT_REMINDER_DAYS
    recertification_window_days: int = DEFAULT_RECERTIFICATION_WINDOW_DAYS
    video_hosts: Sequence[str] = ()
    blind_grading: bool = False
    logo: None = None


async def organization_settings(session: AsyncSession, organization_id: str) -> SettingsView:
    """The settings of an organization. Raises NotFound for one that the directory does not know."""
    row = await session.execute(
        select(
            Organization.id,
            OrganizationSettings.organization_id,
            OrganizationSettings.primary_color,
            OrganizationSettings.signatory_name,
            OrganizationSettings.signatory_title,
            OrganizationSettings.reminder_days,
            OrganizationSettings.recertification_window_days,
            OrganizationSettings.video_hosts,
            OrganizationSettings.blind_grading,
        )
        .select_from(Organization)
        .outerjoin(OrganizationSettings, OrganizationSettings.organization_id == Organization.id)
        .where(Organization.id == organization_id)
    )
    found = row.first()
    if found is None:
        raise NotFound
    return SettingsView() if found[1] is None else SettingsView(*found[2:])

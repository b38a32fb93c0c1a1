"""The organization's own settings here, for its national administrators."""

from typing import Annotated

from fastapi import APIRouter, Depends

from learning_service.adapters.pool_work import missing_glyphs
from learning_service.api.idempotency import KeyedRoute
from learning_service.api.parameters import body
from learning_service.api.permissions import IsAdmin
from learning_service.api.requests import Session
from learning_service.domain.kernel.principal import Principal
from learning_service.domain.organizations.actions import update_settings
from learning_service.domain.organizations.queries import organization_settings
from learning_service.domain.organizations.rules import OrganizationSettingsChangeIn
from learning_service.schemas.organization import OrganizationSettingsOut

router = APIRouter(prefix="/api/organization", tags=["organization"], route_class=KeyedRoute)


Admin = Annotated[Principal, Depends(IsAdmin(national=True))]


@router.get("/")
async def read_organization(caller: Admin, session: Session) -> OrganizationSettingsOut:
    """The settings, defaults filled in."""
    settings = await organization_settings(session, caller.organization_id)
    return OrganizationSettingsOut.model_validate(settings)


@router.patch("/")
async def update_organization(
    caller: Admin,
    session: Session,
    change: Annotated[OrganizationSettingsChangeIn, body(OrganizationSettingsChangeIn)],
) -> OrganizationSettingsOut:
    """Change what is sent; null clears what may be empty, such as the color or a signatory."""
    settings = await update_settings(session, change, actor=caller, missing_glyphs=missing_glyphs)
    return OrganizationSettingsOut.model_validate(settings)

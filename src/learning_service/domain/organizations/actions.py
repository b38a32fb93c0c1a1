"""Changing organization settings."""

import uuid
from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from learning_service.domain.documents.models import Document
from learning_service.domain.documents.queries import documents_with_ids
from learning_service.domain.documents.rules import MAX_LOGO_BYTES, MAX_LOGO_PIXELS, PICTURES
from learning_service.domain.kernel.errors import Fault, Invalid
from learning_service.domain.kernel.principal import Principal
from learning_service.domain.organizations.models import OrganizationSettings
from learning_service.domain.organizations.queries import SettingsView, organization_settings
from learning_service.domain.organizations.rules import OrganizationSettingsChangeIn
from learning_service.domain.records.audit import record_audit

_DEFAULTS = OrganizationSettingsChangeIn.model_validate({}).model_dump(exclude={"logo"})


async def update_settings(
    session: AsyncSession,
    change: OrganizationSettingsChangeIn,
    *,
    actor: Principal,
    missing_glyphs: Callable[[str], str],
) -> SettingsView:
    """Change the settings of the actor's organization; two changes at once both last, field by field.

    `missing_glyphs` gives the characters of a text that certificates cannot print. Raises NotFound for an
    organization that the directory does not know, Invalid for what can be no logo or cannot be printed.
    """
    organization_id = actor.organization_id
    await organization_settings(session, organization_id)
    changes = change.changes()
    _check_print(changes, missing_glyphs)
    await _check_logo(session, organization_id, changes.get("logo_id"))
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
            actor_id=actor.user_id,
            subject=("organization", organization_id),
            details={"fields": list(changes)},
        )
    return await organization_settings(session, organization_id)


def _check_print(changes: Mapping[str, Any], missing_glyphs: Callable[[str], str]) -> None:
    faults = [
        Fault(f"/{field}", f"certificates cannot print these characters: {missing[:50]}", "unusable")
        for field in ("signatory_name", "signatory_title")
        if (missing := missing_glyphs(changes.get(field) or ""))
    ]
    if faults:
        raise Invalid(faults)


async def _check_logo(session: AsyncSession, organization_id: str, logo_id: uuid.UUID | None) -> None:
    if logo_id is not None:
        found = await documents_with_ids(session, organization_id, [logo_id])
        if fault := _logo_fault(found.get(logo_id)):
            raise Invalid.at("/logo", fault, "unusable")


def _logo_fault(document: Document | None) -> str | None:
    if document is None:
        return "is not a document of this organization"
    if document.media_type not in PICTURES:
        return "must be a PNG or JPEG picture"
    if document.status != "ready":
        return "has failed" if document.status == "failed" else "is still being checked; try again shortly"
    if document.size > MAX_LOGO_BYTES:
        return f"has more than {MAX_LOGO_BYTES // (1024 * 1024)} MiB"
    if (document.width or 0) * (document.height or 0) > MAX_LOGO_PIXELS:
        return f"has more than {MAX_LOGO_PIXELS // 1_000_000} million pixels"
    return None

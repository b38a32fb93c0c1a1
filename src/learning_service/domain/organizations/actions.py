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
from learning_service.domain.organizations.rules import (
    PICTURE_FIELDS,
    PRINTED_FIELDS,
    OrganizationSettingsChangeIn,
)
from learning_service.domain.records.audit import record_audit

_DEFAULTS = OrganizationSettingsChangeIn.model_validate({}).model_dump(exclude=set(PICTURE_FIELDS))


async def update_settings(
    session: AsyncSession,
    change: OrganizationSettingsChangeIn,
    *,
    actor: Principal,
    missing_glyphs: Callable[[str], str],
) -> SettingsView:
    """Change the settings of the actor's organization; two changes at once both last, field by field.

    `missing_glyphs` gives the characters of a text that certificates cannot print. Raises NotFound for an
    organization that the directory does not know, Invalid for what can be no picture or cannot be printed.
    """
    organization_id = actor.organization_id
    await organization_settings(session, organization_id)
    changes = change.changes()
    _check_print(changes, missing_glyphs)
    await _check_pictures(session, organization_id, changes)
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
        for field in PRINTED_FIELDS
        if (missing := missing_glyphs(changes.get(field) or ""))
    ]
    if faults:
        raise Invalid(faults)


async def _check_pictures(session: AsyncSession, organization_id: str, changes: Mapping[str, Any]) -> None:
    named: dict[str, uuid.UUID] = {
        field: changes[f"{field}_id"] for field in PICTURE_FIELDS if changes.get(f"{field}_id") is not None
    }
    if not named:
        return
    found = await documents_with_ids(session, organization_id, sorted(set(named.values())))
    faults = [
        Fault(f"/{field}", fault, "unusable")
        for field, document_id in named.items()
        if (fault := _picture_fault(found.get(document_id)))
    ]
    if faults:
        raise Invalid(faults)


def _picture_fault(document: Document | None) -> str | None:
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

"""Reads of organization settings."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, and_, exists, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from learning_service.domain.directory.models import Organization
from learning_service.domain.documents.models import Document
from learning_service.domain.documents.rules import reference_to
from learning_service.domain.kernel.errors import NotFound
from learning_service.domain.kernel.reads import ORGANIZATION_ID, Kept, fetch_first, kept
from learning_service.domain.organizations.models import OrganizationSettings
from learning_service.domain.organizations.rules import (
    DEFAULT_OFFICER_DIGEST,
    DEFAULT_ORIENTATION,
    DEFAULT_OVERDUE_DAYS,
    DEFAULT_PAPER,
    DEFAULT_RECERTIFICATION_WINDOW_DAYS,
    DEFAULT_REMINDER_DAYS,
    DEFAULT_REVOKED_PDF,
    DEFAULT_SKILLS_BY,
    OfficerDigest,
    Orientation,
    Paper,
    RevokedPdf,
)

_PICTURES = _LOGO, _SIGNATURE, _SECOND, _SEAL = tuple(aliased(Document) for _ in range(4))

_STORED = (
    OrganizationSettings.primary_color,
    OrganizationSettings.signatory_name,
    OrganizationSettings.signatory_title,
    OrganizationSettings.second_signatory_name,
    OrganizationSettings.second_signatory_title,
    OrganizationSettings.paper,
    OrganizationSettings.orientation,
    OrganizationSettings.locale,
    OrganizationSettings.score_on_certificates,
    OrganizationSettings.revoked_pdf,
    OrganizationSettings.frontend_url,
    OrganizationSettings.reminder_days,
    OrganizationSettings.overdue_days,
    OrganizationSettings.officer_digest,
    OrganizationSettings.recertification_window_days,
    OrganizationSettings.video_hosts,
    OrganizationSettings.blind_grading,
    OrganizationSettings.skills_by,
    OrganizationSettings.required_mails,
    OrganizationSettings.active_statuses,
    OrganizationSettings.website,
    OrganizationSettings.logo_id,
    OrganizationSettings.signature_image_id,
    OrganizationSettings.second_signature_image_id,
    OrganizationSettings.seal_id,
)
"""In the order of the view's fields, then the ids of the pictures in theirs."""


@dataclass(frozen=True, slots=True)
class SettingsView:
    """An organization's settings, defaults filled in."""

    primary_color: str | None = None
    signatory_name: str | None = None
    signatory_title: str | None = None
    second_signatory_name: str | None = None
    second_signatory_title: str | None = None
    paper: Paper = DEFAULT_PAPER
    orientation: Orientation = DEFAULT_ORIENTATION
    locale: str | None = None
    score_on_certificates: bool = False
    revoked_pdf: RevokedPdf = DEFAULT_REVOKED_PDF
    frontend_url: str | None = None
    reminder_days: Sequence[int] = DEFAULT_REMINDER_DAYS
    overdue_days: Sequence[int] = DEFAULT_OVERDUE_DAYS
    officer_digest: OfficerDigest = DEFAULT_OFFICER_DIGEST
    recertification_window_days: int = DEFAULT_RECERTIFICATION_WINDOW_DAYS
    video_hosts: Sequence[str] = ()
    blind_grading: bool = False
    skills_by: Sequence[str] = DEFAULT_SKILLS_BY
    required_mails: Sequence[str] = ()
    active_statuses: Sequence[str] | None = None
    website: str | None = None
    logo: str | None = None
    signature_image: str | None = None
    second_signature_image: str | None = None
    seal: str | None = None
    logo_key: str | None = None
    """Where the logo's file is stored."""
    signature_key: str | None = None
    second_signature_key: str | None = None
    seal_key: str | None = None


@cache
def _settings() -> Kept:
    return kept(
        select(
            Organization.id,
            OrganizationSettings.organization_id,
            *_STORED,
            *(picture.file_key for picture in _PICTURES),
        )
        .select_from(Organization)
        .outerjoin(OrganizationSettings, OrganizationSettings.organization_id == Organization.id)
        .outerjoin(_LOGO, _is(_LOGO, OrganizationSettings.logo_id))
        .outerjoin(_SIGNATURE, _is(_SIGNATURE, OrganizationSettings.signature_image_id))
        .outerjoin(_SECOND, _is(_SECOND, OrganizationSettings.second_signature_image_id))
        .outerjoin(_SEAL, _is(_SEAL, OrganizationSettings.seal_id))
        .where(Organization.id == ORGANIZATION_ID)
    )


async def organization_settings(session: AsyncSession, organization_id: str) -> SettingsView:
    """The settings of an organization. Raises NotFound for one that the directory does not know."""
    found = await fetch_first(session, _settings(), {"organization_id": organization_id})
    if found is None:
        raise NotFound
    if found.organization_id is None:
        return SettingsView()
    many = len(_PICTURES)
    facts: list[Any] = list(found[2:])
    plain, ids, keys = facts[: -2 * many], facts[-2 * many : -many], facts[-many:]
    pictures = [reference_to(one) if one is not None else None for one in ids]
    return SettingsView(*plain, *pictures, *keys)


def _is(picture: Any, document_id: Any) -> ColumnElement[bool]:
    return and_(picture.organization_id == OrganizationSettings.organization_id, picture.id == document_id)


async def is_logo(session: AsyncSession, organization_id: str, document_id: uuid.UUID) -> bool:
    """Whether the document is the organization's logo."""
    logo = OrganizationSettings.logo_id == document_id
    found = await session.scalar(
        select(exists().where(OrganizationSettings.organization_id == organization_id, logo))
    )
    return bool(found)

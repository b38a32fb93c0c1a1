"""Reads of certificates."""

import uuid
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select, text, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from learning_service.domain.certificates.models import Certificate
from learning_service.domain.certificates.rules import PublicCertificate
from learning_service.domain.directory.models import Chapter, Member
from learning_service.domain.errors import NotFound
from learning_service.domain.paging import PageRequest
from learning_service.domain.principal import Principal

_VERIFY = text(
    "SELECT id, recipient_name, course_title, issuer_name, issued_at, expires_at, revoked_at, reissued_as,"
    " renewed_by, timezone FROM verify_certificates(:ids)"
)


async def verify_certificates(
    session: AsyncSession, ids: Sequence[uuid.UUID]
) -> dict[uuid.UUID, PublicCertificate]:
    """The certificates with these ids, of whatever organization, as anyone may see them."""
    rows = await session.execute(_VERIFY, {"ids": list(ids)})
    return {row[0]: PublicCertificate(*row) for row in rows}


async def list_own_certificates(
    session: AsyncSession, caller: Principal, page: PageRequest
) -> Sequence[Certificate]:
    """The caller's certificates, newest first; one more than the page holds."""
    statement = select(Certificate).where(
        Certificate.organization_id == caller.organization_id, Certificate.user_id == caller.user_id
    )
    if page.after is not None:
        issued_at, certificate_id = page.after
        statement = statement.where(
            tuple_(Certificate.issued_at, Certificate.id)
            < tuple_(datetime.fromisoformat(issued_at), uuid.UUID(certificate_id))
        )
    return (
        await session.scalars(
            statement.order_by(Certificate.issued_at.desc(), Certificate.id.desc()).limit(page.limit + 1)
        )
    ).all()


async def access_certificate(
    session: AsyncSession, caller: Principal, certificate_id: uuid.UUID
) -> Certificate:
    """The certificate, for its owner or an administrator over that member. Raises NotFound for others."""
    row = (
        await session.execute(
            select(Certificate, Chapter.region_id)
            .join(
                Member,
                (Member.organization_id == Certificate.organization_id)
                & (Member.user_id == Certificate.user_id),
            )
            .join(
                Chapter,
                (Chapter.organization_id == Member.organization_id) & (Chapter.id == Member.chapter_id),
            )
            .where(Certificate.organization_id == caller.organization_id, Certificate.id == certificate_id)
        )
    ).first()
    if row is None:
        raise NotFound
    certificate: Certificate = row[0]
    if not (
        certificate.user_id == caller.user_id or caller.is_national_admin or row[1] in caller.admin_regions
    ):
        raise NotFound
    return certificate


async def certificate_of_completion(session: AsyncSession, completion_id: uuid.UUID) -> Certificate | None:
    """The current certificate of a completion."""
    found: Certificate | None = await session.scalar(
        select(Certificate).where(
            Certificate.completion_id == completion_id, Certificate.reissued_as.is_(None)
        )
    )
    return found

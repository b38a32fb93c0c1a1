"""The pictures of badges as rows: drawn once for all certificates that look the same."""

from collections.abc import Sequence

from sqlalchemy import and_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from learning_service.domain.certificates.models import BadgePicture, Certificate, CertificateCredential


async def has_picture(session: AsyncSession, certificate: Certificate, picture_id: str) -> bool:
    """Whether this picture has been drawn for the certificate's organization."""
    organization_id = certificate.organization_id
    found = select(BadgePicture.id).where(
        BadgePicture.organization_id == organization_id, BadgePicture.id == picture_id
    )
    return await session.scalar(found) is not None


async def keep_picture(session: AsyncSession, certificate: Certificate, picture_id: str, png: bytes) -> None:
    """Keep a picture; the first to draw it wins."""
    row = {"organization_id": certificate.organization_id, "id": picture_id, "png": png}
    await session.execute(insert(BadgePicture).values(row).on_conflict_do_nothing())


async def give_picture(session: AsyncSession, certificate: Certificate, picture_id: str) -> None:
    """Give a credential of before its picture; one that has one keeps it."""
    await session.execute(
        update(CertificateCredential)
        .where(
            CertificateCredential.organization_id == certificate.organization_id,
            CertificateCredential.certificate_id == certificate.id,
            CertificateCredential.picture_id.is_(None),
        )
        .values(picture_id=picture_id)
    )


async def certificates_without_picture(session: AsyncSession, limit: int) -> Sequence[Certificate]:
    """Certificates whose credentials are of before. Index: `ix_certificate_credentials_without_picture`."""
    rows = await session.scalars(
        select(Certificate)
        .join(
            CertificateCredential,
            and_(
                CertificateCredential.organization_id == Certificate.organization_id,
                CertificateCredential.certificate_id == Certificate.id,
            ),
        )
        .where(CertificateCredential.picture_id.is_(None))
        .order_by(CertificateCredential.certificate_id)
        .limit(limit)
    )
    return rows.all()

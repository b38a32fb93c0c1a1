"""What is taken off certificates, and forgotten of them, when their person is erased."""

from collections.abc import Sequence

from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from learning_service.domain.certificates.models import (
    Certificate,
    CertificateCredential,
    FormerPdf,
    TranscriptPdf,
)
from learning_service.domain.certificates.rules.certificates import transcript_key
from learning_service.domain.certificates.rules.pictures import file_keys
from learning_service.domain.kernel.clock import now

_TAKEN_OFF = (
    "recipient_name",
    "revocation_reason",
    "reissue_reason",
    "score",
    "pdf_sha256",
    "marked_sha256",
    "marked_as",
    "pictured_sha256",
    "marked_pictured_sha256",
    "pdf_ready_at",
    "pdf_drift",
)


async def erase_certificates(session: AsyncSession, *, organization_id: str, user_id: str) -> Sequence[str]:
    """Take a person's name off their certificates, and forget PDFs, transcripts and credentials; the records stay.

    Gives the keys of the stored PDFs, and of the pictures that there may be of them, for the caller to have them
    deleted after the commit.
    """
    theirs = (Certificate.organization_id == organization_id, Certificate.user_id == user_id)
    found = await session.execute(
        select(Certificate.id, Certificate.pdf_sha256, Certificate.marked_sha256)
        .where(*theirs)
        .with_for_update()
    )
    held = found.all()
    stored = [sha256 for _, *digests in held for sha256 in digests if sha256 is not None]
    await session.execute(
        update(Certificate)
        .where(*theirs)
        .values({**dict.fromkeys(_TAKEN_OFF), "pdf_erased_at": now(session)})
    )
    ids = [row.id for row in held]
    await session.execute(
        delete(CertificateCredential).where(
            CertificateCredential.organization_id == organization_id,
            CertificateCredential.certificate_id.in_(ids),
        )
    )
    former = await session.scalars(
        delete(FormerPdf)
        .where(FormerPdf.organization_id == organization_id, FormerPdf.certificate_id.in_(ids))
        .returning(FormerPdf.sha256)
    )
    transcripts = await session.scalars(
        delete(TranscriptPdf)
        .where(TranscriptPdf.organization_id == organization_id, TranscriptPdf.user_id == user_id)
        .returning(TranscriptPdf.pdf_sha256)
    )
    files = [key for sha256 in dict.fromkeys([*stored, *former]) for key in file_keys(sha256)]
    return [*files, *map(transcript_key, transcripts)]

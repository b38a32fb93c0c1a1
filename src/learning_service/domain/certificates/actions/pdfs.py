"""The stored PDFs of certificates: made, marked, checked, and what was found of them."""

import uuid
from collections.abc import Sequence

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from learning_service.domain.certificates.models import Certificate, FormerPdf
from learning_service.domain.certificates.rules.certificates import Mark, generation_key
from learning_service.domain.jobs.outbox import enqueue_job
from learning_service.domain.jobs.payloads import GenerateCertificates
from learning_service.domain.kernel.clock import now
from learning_service.domain.kernel.values import JsonObject
from learning_service.domain.records.audit import SYSTEM_ACTOR, AuditAction, record_audit


def note_on_certificate(
    session: AsyncSession,
    certificate: Certificate,
    action: AuditAction,
    *,
    actor_id: str,
    details: JsonObject,
) -> None:
    """Note what was done to a certificate, with the person and the course that it concerns."""
    record_audit(
        session,
        action,
        organization_id=certificate.organization_id,
        actor_id=actor_id,
        subject=("certificate", certificate.id),
        user_id=certificate.user_id,
        course_id=certificate.course_id,
        details=details,
    )


async def activate_certificate(
    session: AsyncSession, certificate_id: uuid.UUID, sha256: str, *, pictured: bool = False
) -> bool:
    """Note that the PDF with this digest is stored, and its picture where it is `pictured`; the first to say so wins.

    False: another was first, or the member was erased meanwhile. Then this PDF must not stay.
    """
    await session.execute(
        update(Certificate)
        .where(
            Certificate.id == certificate_id,
            Certificate.pdf_sha256.is_(None),
            Certificate.recipient_name.is_not(None),
        )
        .values(
            pdf_sha256=sha256,
            pdf_ready_at=now(session),
            pdf_checked_at=now(session),
            pictured_sha256=sha256 if pictured else None,
        )
    )
    kept = await session.scalar(select(Certificate.pdf_sha256).where(Certificate.id == certificate_id))
    return kept == sha256


async def have_marked(session: AsyncSession, certificate: Certificate, mark: Mark) -> None:
    """Have the PDF made that says that the certificate is not in force, unless that is under way."""
    await enqueue_job(
        session,
        GenerateCertificates(certificate_id=certificate.id, mark=mark),
        organization_id=certificate.organization_id,
        unique_key=generation_key(certificate.id, mark),
    )


async def keep_former_pdfs(session: AsyncSession, ids: Sequence[uuid.UUID]) -> None:
    """Remember the digests of these certificates' PDFs, which are about to be made anew."""
    for digest in (Certificate.pdf_sha256, Certificate.marked_sha256):
        given_out = select(Certificate.organization_id, Certificate.id, digest).where(
            Certificate.id.in_(ids), digest.is_not(None)
        )
        await session.execute(
            insert(FormerPdf)
            .from_select(["organization_id", "certificate_id", "sha256"], given_out)
            .on_conflict_do_nothing()
        )


async def activate_marked(
    session: AsyncSession, certificate_id: uuid.UUID, sha256: str, mark: Mark, *, pictured: bool = False
) -> bool:
    """Note that the PDF with this digest is stored and bears this mark, and its picture where it is `pictured`.

    False when the member was erased.
    """
    await keep_former_pdfs(session, [certificate_id])
    done = await session.execute(
        update(Certificate)
        .where(Certificate.id == certificate_id, Certificate.recipient_name.is_not(None))
        .values(marked_sha256=sha256, marked_as=mark, marked_pictured_sha256=sha256 if pictured else None)
        .returning(Certificate.id)
    )
    return done.first() is not None


async def note_replaced(session: AsyncSession, certificate: Certificate, fields: Sequence[str]) -> None:
    """Keep that these fields were printed with other characters than they have, for the administrators to see."""
    note_on_certificate(
        session,
        certificate,
        "certificate.characters_replaced",
        actor_id=SYSTEM_ACTOR,
        details={"fields": list(fields)},
    )


async def note_pdf_check(session: AsyncSession, certificate: Certificate, *, drift: str | None) -> None:
    """Keep what a look at the stored PDF found: None, `missing` or `changed`. A new finding is audited."""
    await session.execute(
        update(Certificate)
        .where(
            Certificate.organization_id == certificate.organization_id,
            Certificate.id == certificate.id,
            Certificate.pdf_sha256 == certificate.pdf_sha256,
        )
        .values(pdf_checked_at=now(session), pdf_drift=drift)
    )
    if drift is not None and drift != certificate.pdf_drift:
        note_on_certificate(
            session,
            certificate,
            "certificate.pdf_drifted",
            actor_id=SYSTEM_ACTOR,
            details={"drift": drift, "sha256": certificate.pdf_sha256},
        )

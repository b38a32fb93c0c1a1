"""Making the PDFs of certificates, and looking whether the stored ones are still what was stored."""

import asyncio
import hashlib
import uuid
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

import structlog
from prometheus_client import Counter, Gauge

from learning_service.adapters.certificate_content import CertificateContent, UnusableLogo
from learning_service.adapters.certificate_words import percent
from learning_service.adapters.pool_work import draw_certificate, picture_of
from learning_service.adapters.processes import ProcessDied
from learning_service.adapters.storage import ObjectMissing
from learning_service.context import Context
from learning_service.domain.certificates.actions.credentials import version_of
from learning_service.domain.certificates.actions.pdfs import (
    activate_certificate,
    activate_marked,
    note_pdf_check,
    note_replaced,
)
from learning_service.domain.certificates.models import Certificate
from learning_service.domain.certificates.queries.certificates import (
    certificate_of_completion,
    certificates_to_check,
    certificates_with_ids,
    drifted_pdfs,
)
from learning_service.domain.certificates.queries.public import code_of_certificate
from learning_service.domain.certificates.rules.certificates import pdf_key, shown_hours
from learning_service.domain.certificates.rules.pdf_keys import UnusableKey
from learning_service.domain.certificates.rules.pictures import file_keys, picture_key
from learning_service.domain.jobs.outbox import Job, enqueue_job
from learning_service.domain.jobs.payloads import GenerateCertificates, PlanMailOfCertificate, Unworkable
from learning_service.domain.kernel.days import last_day, local_day
from learning_service.domain.organizations.rules import PRINTED_FIELDS
from learning_service.worker.durable import finishing
from learning_service.worker.signing import signed_credential, signed_pdf

log = structlog.get_logger()

PRINTED_TEXTS = ("recipient_name", "course_title", "issuer_name", *PRINTED_FIELDS)
"""Fields of a certificate that are printed as they stand, and may have a character that no font draws."""

SHARE_PER_DAY, AT_LEAST = 25, 2000
"""Each day's audit looks at one PDF in 25, so at all of them within a month; at few, every day."""
BATCH, AT_ONCE = 50, 5
CHECKED = Counter(
    "learning_certificate_pdfs_checked_total", "Stored PDFs looked at, by finding.", ["finding"]
)
DRIFTED = Gauge(
    "learning_certificate_pdfs_drifted", "Stored PDFs that are missing or changed, as of the last audit."
)


async def generate_certificates(context: Context, job: Job) -> None:
    """Render a certificate with its credential, sign it, store it and its picture under its hash, and mark it ready.

    No two signatures are the same, so of two who do this at once, the first one's PDF is kept.
    """
    told = GenerateCertificates.read(job.arguments)
    certificate, mark = await _certificate(context, job, told), told.mark
    made = certificate.marked_as == mark if mark else certificate.pdf_sha256 is not None
    if made or certificate.recipient_name is None:
        return
    credential = await signed_credential(context, certificate)
    if credential is None:
        return
    content = replace(await content_of(context, certificate), mark=mark, credential=credential)
    try:
        drawn = await context.processes.run(draw_certificate, content, PRINTED_TEXTS)
        pdf = await signed_pdf(context, drawn.pdf)
    except (UnusableLogo, UnusableKey) as error:
        raise Unworkable(f"certificate {certificate.id}: {error}") from error
    sha256 = hashlib.sha256(pdf).hexdigest()
    await context.store.put(pdf_key(sha256), pdf, content_type="application/pdf")
    pictured = await _keep_picture(context, job, certificate, sha256, pdf)
    async with finishing(context, job) as session:
        if mark:
            wanted = await activate_marked(session, certificate.id, sha256, mark, pictured=pictured)
        else:
            wanted = await activate_certificate(session, certificate.id, sha256, pictured=pictured)
            if wanted and certificate.reissued_at is None and context.settings.sends_mail:
                await enqueue_job(
                    session,
                    PlanMailOfCertificate(certificate_id=certificate.id),
                    organization_id=certificate.organization_id,
                )
            if wanted and drawn.replaced:
                await note_replaced(session, certificate, list(drawn.replaced))
                log.warning("certificate_characters_replaced", certificate_id=str(certificate.id))
    if not wanted:
        for key in file_keys(sha256):
            await context.store.delete(key)


async def _keep_picture(
    context: Context, job: Job, certificate: Certificate, sha256: str, pdf: bytes
) -> bool:
    """Store the picture of this PDF. False: it could not be drawn, and its page shows none.

    Raises ProcessDied the first time, for a process may die of other work.
    """
    png = None
    try:
        png = await context.processes.run(picture_of, pdf)
    except ProcessDied:
        if not job.failures:
            raise
    if png is None:
        log.warning("certificate_not_pictured", certificate_id=str(certificate.id))
        return False
    await context.store.put(picture_key(sha256), png, content_type="image/png")
    return True


async def _certificate(context: Context, job: Job, told: GenerateCertificates) -> Certificate:
    async with context.transaction(job.organization_id) as session:
        if told.certificate_id is not None:
            found = await certificates_with_ids(session, [told.certificate_id])
            certificate = found[0] if found else None
        elif told.completion_id is not None:
            certificate = await certificate_of_completion(session, told.completion_id)
        else:
            raise Unworkable("it names no certificate")
    if certificate is None:
        raise Unworkable(f"there is no certificate for {job.arguments}")
    return certificate


async def content_of(context: Context, certificate: Certificate) -> CertificateContent:
    """What is printed: days are days where the organization is."""
    zone, expires_at = certificate.timezone, certificate.expires_at

    async def picture(key: str | None) -> bytes | None:
        return await context.store.get(key) if key else None

    async with context.transaction(certificate.organization_id) as session:
        code = await code_of_certificate(session, certificate.id)
        version = await version_of(session, certificate)
    return CertificateContent(
        # The driver's own kind of id would have the process that draws load the driver.
        certificate_id=uuid.UUID(int=certificate.id.int),
        recipient_name=certificate.recipient_name or "",
        course_title=certificate.course_title,
        issuer_name=certificate.issuer_name,
        reissued_on=local_day(certificate.reissued_at, zone) if certificate.reissued_at else None,
        issued_on=local_day(certificate.issued_at, zone),
        expires_on=last_day(expires_at, zone) if expires_at is not None else None,
        verification_url=certificate.verification_url,
        code=code,
        credit_hours=shown_hours(version.credit_hours),
        score=percent(certificate.score, certificate.locale) if certificate.score is not None else None,
        skills=version.skills,
        logo=await picture(certificate.logo_key),
        primary_color=certificate.primary_color,
        locale=certificate.locale,
        paper="letter" if certificate.paper == "letter" else "a4",
        orientation="portrait" if certificate.orientation == "portrait" else "landscape",
        signatory_name=certificate.signatory_name,
        signatory_title=certificate.signatory_title,
        second_signatory_name=certificate.second_signatory_name,
        second_signatory_title=certificate.second_signatory_title,
        signature_image=await picture(certificate.signature_key),
        second_signature_image=await picture(certificate.second_signature_key),
        seal=await picture(certificate.seal_key),
    )


async def audit_certificates(context: Context, at: datetime | None) -> None:
    """Look at stored PDFs, longest unseen first, and report those that are missing or changed. Repairs nothing."""
    async with context.transaction(None) as session:
        chosen = await certificates_to_check(session, share=SHARE_PER_DAY, at_least=AT_LEAST)
    for start in range(0, len(chosen), BATCH):
        await _audit(context, chosen[start : start + BATCH], at)
    async with context.transaction(None) as session:
        drifted = await drifted_pdfs(session)
    DRIFTED.set(drifted)
    log.info("certificates_audited", looked_at=len(chosen), drifted=drifted)


async def _audit(context: Context, ids: Sequence[uuid.UUID], at: datetime | None) -> None:
    async with context.transaction(None) as session:
        certificates = await certificates_with_ids(session, ids)
    hands = asyncio.Semaphore(AT_ONCE)
    findings = await asyncio.gather(*(_drift(context, one, hands) for one in certificates))
    async with context.transaction(None, at=at) as session:
        for certificate, drift in zip(certificates, findings, strict=True):
            await note_pdf_check(session, certificate, drift=drift)
    for certificate, drift in zip(certificates, findings, strict=True):
        CHECKED.labels(drift or "same").inc()
        if drift is not None:
            log.error(
                "certificate_pdf_drifted",
                certificate_id=str(certificate.id),
                organization_id=certificate.organization_id,
                drift=drift,
            )


async def _drift(context: Context, certificate: Certificate, hands: asyncio.Semaphore) -> str | None:
    """None, or how the stored PDF differs from what was stored. Raises StoreUnavailable: no answer is no finding."""
    if certificate.pdf_sha256 is None:
        return None
    async with hands:
        try:
            pdf = await context.store.get(pdf_key(certificate.pdf_sha256))
        except ObjectMissing:
            return "missing"
    return None if hashlib.sha256(pdf).hexdigest() == certificate.pdf_sha256 else "changed"

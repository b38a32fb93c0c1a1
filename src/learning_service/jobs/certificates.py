"""Making the PDF of a certificate."""

import asyncio
import hashlib
import uuid
from zoneinfo import ZoneInfo

from learning_service.adapters.certificate_pdf import CertificateContent, MissingGlyphs, render_certificate
from learning_service.context import Context
from learning_service.domain.certificates.actions import activate_certificate
from learning_service.domain.certificates.models import Certificate
from learning_service.domain.certificates.queries import certificate_of_completion
from learning_service.domain.certificates.rules import pdf_key
from learning_service.domain.outbox import Job, Unworkable
from learning_service.runner import finishing


async def generate_certificates(context: Context, job: Job) -> None:
    """Render the certificate of a completion, store it under its hash, and mark it ready.

    The same content gives the same bytes, so that doing this twice stores one object.
    """
    completion_id = uuid.UUID(job.arguments["completion_id"])
    async with context.transaction(job.organization_id) as session:
        certificate = await certificate_of_completion(session, completion_id)
    if certificate is None:
        raise Unworkable(f"completion {completion_id} has no certificate")
    if certificate.pdf_sha256 is not None or certificate.recipient_name is None:
        return
    try:
        pdf = await asyncio.to_thread(render_certificate, content_of(certificate))
    except MissingGlyphs as error:
        raise Unworkable(f"certificate {certificate.id}: {error}") from error
    sha256 = hashlib.sha256(pdf).hexdigest()
    await context.store.put(pdf_key(sha256), pdf, content_type="application/pdf")
    async with finishing(context, job) as session:
        await activate_certificate(session, certificate.id, sha256)


def content_of(certificate: Certificate) -> CertificateContent:
    """What is printed: days are days where the organization is."""
    zone = ZoneInfo(certificate.timezone)
    expires_at = certificate.expires_at
    return CertificateContent(
        certificate_id=certificate.id,
        recipient_name=certificate.recipient_name or "",
        course_title=certificate.course_title,
        issuer_name=certificate.issuer_name,
        issued_on=certificate.issued_at.astimezone(zone).date(),
        expires_on=expires_at.astimezone(zone).date() if expires_at is not None else None,
        verification_url=certificate.verification_url,
    )

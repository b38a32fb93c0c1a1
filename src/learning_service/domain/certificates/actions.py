"""Issuing certificates. What a certificate says is frozen here; its PDF is made afterwards by a job."""

import uuid

from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession

from learning_service.domain.certificates.models import Certificate
from learning_service.domain.clock import now
from learning_service.domain.directory.models import Member, Organization
from learning_service.domain.enrollments.models import CourseCompletion
from learning_service.domain.events import append_event
from learning_service.domain.outbox import enqueue_job

GENERATE = "generate_certificates"
PUBLIC_URL = "public_url"


def verification_url(session: AsyncSession, certificate_id: uuid.UUID) -> str:
    """The public address of a certificate's page; the process's settings say under which host."""
    return f"{session.info[PUBLIC_URL]}/certificates/{certificate_id}/verify/"


async def issue_certificate(
    session: AsyncSession,
    completion: CourseCompletion,
    *,
    organization: Organization,
    member: Member,
    course_title: str,
) -> Certificate:
    """Issue the completion's certificate and queue its PDF. The id is random: it is a public secret."""
    certificate_id = uuid.uuid4()
    certificate = Certificate(
        id=certificate_id,
        organization_id=completion.organization_id,
        completion_id=completion.id,
        user_id=completion.user_id,
        course_id=completion.course_id,
        recipient_name=member.display_name,
        course_title=course_title,
        issuer_name=organization.name,
        timezone=organization.timezone,
        issued_at=now(session),
        expires_at=completion.expires_at,
        verification_url=verification_url(session, certificate_id),
    )
    session.add(certificate)
    await session.flush()
    await _renew(session, certificate)
    append_event(
        session,
        "learning.certificate.issued",
        organization_id=completion.organization_id,
        user_id=completion.user_id,
        certificate_id=certificate_id,
        completion_id=completion.id,
        course_id=completion.course_id,
        expires_at=completion.expires_at,
    )
    await enqueue_job(
        session,
        GENERATE,
        {"completion_id": str(completion.id)},
        organization_id=completion.organization_id,
        unique_key=f"{GENERATE}:{certificate_id}",
    )
    return certificate


async def _renew(session: AsyncSession, certificate: Certificate) -> None:
    """The member's earlier certificates of the course are superseded by this one when they expire."""
    await session.execute(
        update(Certificate)
        .where(
            Certificate.organization_id == certificate.organization_id,
            Certificate.user_id == certificate.user_id,
            Certificate.course_id == certificate.course_id,
            Certificate.id != certificate.id,
            Certificate.renewed_by.is_(None),
            Certificate.reissued_as.is_(None),
            Certificate.revoked_at.is_(None),
        )
        .values(renewed_by=certificate.id)
        .execution_options(synchronize_session=False)
    )


async def activate_certificate(session: AsyncSession, certificate_id: uuid.UUID, sha256: str) -> None:
    """Note that the PDF with this digest is stored; the first to say so wins, and later ones agree."""
    await session.execute(
        update(Certificate)
        .where(Certificate.id == certificate_id, Certificate.pdf_sha256.is_(None))
        .values(pdf_sha256=sha256, pdf_ready_at=now(session))
        .execution_options(synchronize_session=False)
    )

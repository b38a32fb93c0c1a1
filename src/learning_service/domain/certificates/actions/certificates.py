"""The life of certificates: issued, renewed, reissued, revoked. What one says is frozen when it is issued.

Its PDF is made afterwards by a job.
"""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from sqlalchemy import ARRAY, Text, Uuid, and_, cast, func, select, text, update
from sqlalchemy.ext.asyncio import AsyncSession

from learning_service.domain.certificates.actions.pdfs import have_marked, note_on_certificate
from learning_service.domain.certificates.models import Certificate
from learning_service.domain.certificates.rules.certificates import generation_key, printed_locale
from learning_service.domain.directory.models import Member, Organization
from learning_service.domain.enrollments.models import CourseCompletion
from learning_service.domain.jobs.payloads import GenerateCertificates
from learning_service.domain.jobs.requeueing import requeue_jobs
from learning_service.domain.kernel.clock import now
from learning_service.domain.kernel.errors import Conflict, Gone, NotFound
from learning_service.domain.kernel.tenant import own_key
from learning_service.domain.organizations.queries import SettingsView, organization_settings
from learning_service.domain.records.events import append_event

PUBLIC_URL = "public_url"
_IN_ORDER = text(
    """UPDATE certificates AS c SET renewed_by = (
        SELECT n.id FROM certificates n WHERE n.organization_id = c.organization_id AND n.user_id = c.user_id
            AND n.course_id = c.course_id AND (n.issued_at, n.id) > (c.issued_at, c.id)
            AND n.revoked_at IS NULL AND n.reissued_as IS NULL
        ORDER BY n.issued_at, n.id LIMIT 1)
    FROM (SELECT DISTINCT user_id, course_id
        FROM unnest(CAST(:users AS text[]), CAST(:courses AS uuid[])) AS w(user_id, course_id)) AS w
    WHERE c.organization_id = :organization_id AND c.user_id = w.user_id AND c.course_id = w.course_id
        AND c.renewed_by IS NULL AND c.reissued_as IS NULL AND c.revoked_at IS NULL"""
)


class CertificateRevoked(Conflict):
    """The certificate is revoked, and that cannot be changed."""

    code = "certificate-revoked"

    def __init__(self) -> None:
        super().__init__("This certificate is revoked; nothing more can be done to it.")


class CertificateErased(Gone):
    """The person named on it was erased, and the name does not come back."""

    code = "erased"

    def __init__(self) -> None:
        super().__init__("The person of this certificate was erased; it stays as it is, without a name.")


class CertificateSuperseded(Conflict):
    """Another certificate has taken its place."""

    code = "certificate-superseded"

    def __init__(self, successor: uuid.UUID) -> None:
        super().__init__(f"Certificate {successor} has taken the place of this one; use that.")


def verification_url(session: AsyncSession, certificate_id: uuid.UUID) -> str:
    """The public address of a certificate's page; the process's settings say under which host."""
    return f"{session.info[PUBLIC_URL]}/certificates/{certificate_id}/verify/"


@dataclass(frozen=True, slots=True)
class Named:
    """A completion, and the names that its certificate has."""

    completion: CourseCompletion
    member: Member
    course_title: str


async def issue_certificates(
    session: AsyncSession, completed: Sequence[Named], *, organization: Organization
) -> Sequence[Certificate]:
    """Issue certificates of completions, each of another member, and queue their PDFs.

    The ids are random: they are public secrets.
    """
    looks = await organization_settings(session, organization.id)
    made = [_new(session, one, organization, looks, issued_at=now(session)) for one in completed]
    session.add_all(made)
    await session.flush()
    await _renew(session, made)
    await _announce(session, made)
    return made


async def issue_of_before(
    session: AsyncSession, completed: Sequence[Named], *, organization: Organization
) -> None:
    """Issue the certificates of completions that lie in the past, each of its day, and queue their PDFs.

    Those of a member and course supersede one another in the order of their days.
    """
    looks = await organization_settings(session, organization.id)
    made = [
        _new(session, one, organization, looks, issued_at=one.completion.completed_at) for one in completed
    ]
    session.add_all(made)
    await session.flush()
    await session.execute(
        _IN_ORDER,
        {
            "organization_id": organization.id,
            "users": [one.user_id for one in made],
            "courses": [one.course_id for one in made],
        },
    )
    await _announce(session, made)


def _new(
    session: AsyncSession,
    named: Named,
    organization: Organization,
    looks: SettingsView,
    *,
    issued_at: datetime,
) -> Certificate:
    certificate_id, completion = uuid.uuid4(), named.completion
    return Certificate(
        id=certificate_id,
        organization_id=completion.organization_id,
        completion_id=completion.id,
        user_id=completion.user_id,
        course_id=completion.course_id,
        recipient_name=named.member.display_name,
        course_title=named.course_title,
        issuer_name=organization.name,
        timezone=organization.timezone,
        issued_at=issued_at,
        expires_at=completion.expires_at,
        score=completion.score if looks.score_on_certificates else None,
        verification_url=verification_url(session, certificate_id),
        locale=printed_locale(named.member.locale, looks.locale),
        paper=looks.paper,
        orientation=looks.orientation,
        primary_color=looks.primary_color,
        signatory_name=looks.signatory_name,
        signatory_title=looks.signatory_title,
        second_signatory_name=looks.second_signatory_name,
        second_signatory_title=looks.second_signatory_title,
        logo_key=looks.logo_key,
        signature_key=looks.signature_key,
        second_signature_key=looks.second_signature_key,
        seal_key=looks.seal_key,
    )


def _tell(session: AsyncSession, certificate: Certificate) -> None:
    append_event(
        session,
        "learning.certificate.issued",
        organization_id=certificate.organization_id,
        user_id=certificate.user_id,
        certificate_id=certificate.id,
        completion_id=certificate.completion_id,
        course_id=certificate.course_id,
        expires_at=certificate.expires_at,
    )


async def _announce(session: AsyncSession, made: Sequence[Certificate]) -> None:
    """Tell other services, and have the PDFs made."""
    for one in made:
        _tell(session, one)
    jobs = {
        generation_key(one.id): GenerateCertificates(completion_id=one.completion_id, certificate_id=one.id)
        for one in made
    }
    await requeue_jobs(session, jobs, organization_id=made[0].organization_id)


async def _renew(session: AsyncSession, made: Sequence[Certificate]) -> None:
    """The members' earlier certificates of the course are superseded by these when they expire, or at once."""
    new = (
        func.unnest(
            cast([one.user_id for one in made], ARRAY(Text)), cast([one.id for one in made], ARRAY(Uuid))
        )
        .table_valued("user_id", "id")
        .render_derived()
    )
    await session.execute(
        update(Certificate)
        .where(
            Certificate.organization_id == made[0].organization_id,
            Certificate.user_id == new.c.user_id,
            Certificate.course_id == made[0].course_id,
            Certificate.id != new.c.id,
            Certificate.renewed_by.is_(None),
            Certificate.reissued_as.is_(None),
            Certificate.revoked_at.is_(None),
        )
        .values(renewed_by=new.c.id)
    )


async def _hold(session: AsyncSession, certificate_id: uuid.UUID) -> Certificate:
    """The certificate as it is now, until the transaction ends. Raises NotFound."""
    found: Certificate | None = await session.scalar(
        select(Certificate)
        .where(Certificate.id == certificate_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    if found is None:
        raise NotFound
    return found


async def _hold_member(session: AsyncSession, certificate_id: uuid.UUID) -> None:
    """Keep whom the certificate is of from being erased until the transaction ends, or wait until they are.

    Before the certificate, as an erasure locks: otherwise each waits for the other.
    """
    of_certificate = and_(
        Member.organization_id == Certificate.organization_id, Member.user_id == Certificate.user_id
    )
    await session.execute(
        select(Member.user_id)
        .join(Certificate, of_certificate)
        .where(Certificate.id == certificate_id)
        .with_for_update(read=True, of=Member)
    )


async def reissue_certificate(
    session: AsyncSession, certificate_id: uuid.UUID, *, recipient_name: str, reason: str, actor_id: str
) -> Certificate:
    """Replace a certificate at once by one with another name: a new id, the same completion, day of issue and expiry,
    the organization's present signatories, and the present score if it has that told.

    What it renewed or is renewed by goes over to the new one. Raises CertificateErased, CertificateRevoked,
    CertificateSuperseded.
    """
    await _hold_member(session, certificate_id)
    old = await _hold(session, certificate_id)
    if old.recipient_name is None:
        raise CertificateErased
    if old.revoked_at is not None:
        raise CertificateRevoked
    if successor := _successor(old, now(session)):
        raise CertificateSuperseded(successor)
    new_id = uuid.uuid4()
    await session.execute(
        update(Certificate).where(Certificate.id == old.id).values(reissued_as=new_id, reissue_reason=reason)
    )
    looks = await organization_settings(session, old.organization_id)
    completion = await session.get_one(CourseCompletion, own_key(session, old.completion_id))
    score = completion.score if looks.score_on_certificates else None
    new = _copy(session, old, new_id, recipient_name, looks, score)
    session.add(new)
    await session.flush()
    await _renewed_by(session, old.id, new.id)
    note_on_certificate(
        session,
        old,
        "certificate.reissued",
        actor_id=actor_id,
        details={"reissued_as": str(new.id), "fields": ["recipient_name"]},
    )
    await _announce(session, [new])
    await have_marked(session, old, "superseded")
    return new


def _copy(
    session: AsyncSession,
    old: Certificate,
    new_id: uuid.UUID,
    recipient_name: str,
    looks: SettingsView,
    score: Decimal | None,
) -> Certificate:
    return Certificate(
        id=new_id,
        organization_id=old.organization_id,
        completion_id=old.completion_id,
        user_id=old.user_id,
        course_id=old.course_id,
        recipient_name=recipient_name,
        course_title=old.course_title,
        issuer_name=old.issuer_name,
        timezone=old.timezone,
        issued_at=old.issued_at,
        reissued_at=now(session),
        expires_at=old.expires_at,
        score=score,
        renewed_by=old.renewed_by,
        verification_url=verification_url(session, new_id),
        locale=old.locale,
        paper=old.paper,
        orientation=old.orientation,
        primary_color=old.primary_color,
        signatory_name=looks.signatory_name,
        signatory_title=looks.signatory_title,
        second_signatory_name=looks.second_signatory_name,
        second_signatory_title=looks.second_signatory_title,
        logo_key=old.logo_key,
        signature_key=looks.signature_key,
        second_signature_key=looks.second_signature_key,
        seal_key=old.seal_key,
    )


def _successor(certificate: Certificate, instant: datetime) -> uuid.UUID | None:
    """The certificate that has its place already; a renewal has that from its expiry on, or at once."""
    lapsed = certificate.expires_at is None or certificate.expires_at <= instant
    return certificate.reissued_as or (certificate.renewed_by if lapsed else None)


async def revoke_certificate(
    session: AsyncSession, certificate_id: uuid.UUID, *, reason: str, actor_id: str
) -> Certificate:
    """Revoke a certificate permanently; the caller sees to its completion.

    One that it was to renew stands on its own again. Raises CertificateRevoked, and CertificateSuperseded where a
    reissue has taken its place: revoking that one is what voids the completion.
    """
    certificate = await _hold(session, certificate_id)
    if certificate.revoked_at is not None:
        raise CertificateRevoked
    if certificate.reissued_as is not None:
        raise CertificateSuperseded(certificate.reissued_as)
    certificate.revoked_at = now(session)
    certificate.revocation_reason = reason
    await session.flush()
    await _renewed_by(session, certificate.id, None)
    await have_marked(session, certificate, "revoked")
    append_event(
        session,
        "learning.certificate.revoked",
        organization_id=certificate.organization_id,
        user_id=certificate.user_id,
        certificate_id=certificate.id,
        completion_id=certificate.completion_id,
        course_id=certificate.course_id,
    )
    note_on_certificate(
        session,
        certificate,
        "certificate.revoked",
        actor_id=actor_id,
        details={"completion_id": str(certificate.completion_id)},
    )
    return certificate


async def _renewed_by(session: AsyncSession, before: uuid.UUID, after: uuid.UUID | None) -> None:
    """What the one certificate was to renew, the other does; or none."""
    await session.execute(
        update(Certificate).where(Certificate.renewed_by == before).values(renewed_by=after)
    )

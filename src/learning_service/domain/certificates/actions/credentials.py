"""Credentials as rows: what one is made of, its place in a status list, the signed bytes, which no longer hold."""

import html
import secrets
import uuid
from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

import nh3
from sqlalchemy import ColumnElement, and_, func, or_, select, text, tuple_, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from learning_service.domain.certificates.models import (
    IS_OF_CERTIFICATE,
    AchievementRow,
    Certificate,
    CertificateCredential,
    CertificateOrganization,
    StatusList,
)
from learning_service.domain.certificates.rules.credentials import (
    LIST_BITS,
    Issued,
    list_and_index,
    with_bits,
)
from learning_service.domain.courses.models import CourseVersion, MasteredSkill
from learning_service.domain.directory.models import Member
from learning_service.domain.enrollments.models import CourseCompletion
from learning_service.domain.jobs.payloads import SignCredential
from learning_service.domain.kernel.clock import now
from learning_service.domain.organizations.models import OrganizationSettings

"""The job that signs a certificate's credential."""
LONGEST_DESCRIPTION = 1000
_CANDIDATES = 24
"""Random places tried at once; where all are taken the list is nearly full, and the next one is begun."""
AT_ONCE = 5000
_PATIENCE = text("SELECT set_config('lock_timeout', '20s', true)")
_LOCK = text("SELECT pg_advisory_xact_lock(hashtext('status_lists'))")
_GIVE_PLACE = text("""
UPDATE certificate_organizations SET status_place = (
    SELECT p FROM unnest(CAST(:places AS int[])) AS p
    WHERE NOT EXISTS (SELECT FROM certificate_organizations t WHERE t.status_place = p) LIMIT 1
)
WHERE id = :id AND status_place IS NULL
RETURNING status_place
""")


def signing_key_of(certificate_id: uuid.UUID) -> str:
    """The unique key of the job that signs this certificate's credential."""
    return f"{SignCredential.name}:{certificate_id}"


@dataclass(frozen=True, slots=True)
class Version:
    """What was completed, as a credential tells it."""

    number: int
    description: str
    language: str | None
    skills: tuple[str, ...]
    email: str | None
    website: str | None = None
    """The organization's own, as it is now."""
    credit_hours: Decimal | None = None


async def is_signed(session: AsyncSession, certificate: Certificate) -> bool:
    """Whether the certificate has a credential that says its expiry."""
    found = await session.scalar(
        select(CertificateCredential.certificate_id).where(
            CertificateCredential.organization_id == certificate.organization_id,
            CertificateCredential.certificate_id == certificate.id,
            CertificateCredential.expires_at.is_not_distinct_from(certificate.expires_at),
        )
    )
    return found is not None


async def kept_credential(session: AsyncSession, certificate: Certificate) -> str | None:
    """The certificate's credential, signed by Data Integrity; None where it was erased."""
    kept: str | None = await session.scalar(
        select(CertificateCredential.credential).where(
            CertificateCredential.organization_id == certificate.organization_id,
            CertificateCredential.certificate_id == certificate.id,
        )
    )
    return kept


async def version_of(session: AsyncSession, certificate: Certificate) -> Version:
    """The version of the course that was completed, and the member's address."""
    organization = certificate.organization_id
    row = await session.execute(
        select(CourseVersion, Member.email, OrganizationSettings.website)
        .join_from(
            CourseCompletion,
            CourseVersion,
            and_(
                CourseVersion.organization_id == CourseCompletion.organization_id,
                CourseVersion.id == CourseCompletion.version_id,
            ),
        )
        .outerjoin(
            Member, and_(Member.organization_id == organization, Member.user_id == certificate.user_id)
        )
        .outerjoin(OrganizationSettings, OrganizationSettings.organization_id == organization)
        .where(
            CourseCompletion.organization_id == organization, CourseCompletion.id == certificate.completion_id
        )
    )
    version, email, website = row.one()
    skills = await session.scalars(
        select(MasteredSkill.name)
        .where(MasteredSkill.organization_id == organization, MasteredSkill.version_id == version.id)
        .order_by(MasteredSkill.position)
    )
    plain = " ".join(html.unescape(nh3.clean(version.description_html, tags=set())).split())
    return Version(
        version.number,
        plain[:LONGEST_DESCRIPTION],
        version.language,
        tuple(skills),
        email,
        website,
        version.credit_hours,
    )


def issued(
    certificate: Certificate, version: Version, *, criteria: str, place: int, public_url: str
) -> Issued:
    """What the certificate's credential is made of."""
    return Issued(
        certificate_id=certificate.id,
        course_id=certificate.course_id,
        version=version.number,
        course_title=certificate.course_title,
        description=version.description,
        criteria=criteria,
        language=version.language,
        skills=version.skills,
        issuer_name=certificate.issuer_name,
        issued_at=certificate.issued_at,
        expires_at=certificate.expires_at,
        email=version.email,
        public_url=public_url,
        place=place,
        website=version.website,
    )


async def give_place(session: AsyncSession, certificate: Certificate, signing_key: str) -> int:
    """The certificate's place in a list of this key: the one that it has, else a random one that is free."""
    placed = select(CertificateOrganization.status_place).where(CertificateOrganization.id == certificate.id)
    found: int | None = await session.scalar(placed)
    if found is None:
        # Hundreds may wait in one line here, each for all before it; a job has the time.
        await session.execute(_PATIENCE)
        await session.execute(_LOCK)
        # Whoever held the lock may have been signing the same certificate.
        found = await session.scalar(placed)
    if found is not None:
        return found
    number = await _newest_list(session, signing_key)
    while True:
        first = (number - 1) * LIST_BITS
        places = [first + secrets.randbelow(LIST_BITS) for _ in range(_CANDIDATES)]
        given: int | None = await session.scalar(_GIVE_PLACE, {"places": places, "id": certificate.id})
        if given is not None:
            break
        number = await _begin_list(session, signing_key)
    # One that is revoked already is to be listed at its place.
    await session.execute(
        update(Certificate)
        .where(Certificate.organization_id == certificate.organization_id, Certificate.id == certificate.id)
        .values(listed_at=None)
    )
    return given


async def _newest_list(session: AsyncSession, signing_key: str) -> int:
    found = await session.scalar(
        select(func.max(StatusList.number)).where(StatusList.signing_key == signing_key)
    )
    return found if found is not None else await _begin_list(session, signing_key)


async def _begin_list(session: AsyncSession, signing_key: str) -> int:
    last = await session.scalar(select(func.max(StatusList.number))) or 0
    session.add(StatusList(number=last + 1, signing_key=signing_key, bits=bytes(LIST_BITS // 8)))
    await session.flush()
    return last + 1


async def keep_credential(
    session: AsyncSession, certificate: Certificate, *, credential: str, jwt: str, picture_id: str
) -> bool:
    """Keep the signed bytes; the first to do so wins, but for another expiry. False: the member was erased."""
    name = await session.scalar(
        select(Certificate.recipient_name)
        .where(Certificate.organization_id == certificate.organization_id, Certificate.id == certificate.id)
        .with_for_update(read=True)
    )
    if name is None:
        return False
    new = insert(CertificateCredential).values(
        organization_id=certificate.organization_id,
        certificate_id=certificate.id,
        credential=credential,
        jwt=jwt,
        expires_at=certificate.expires_at,
        signed_at=now(session),
        picture_id=picture_id,
    )
    values = {name: new.excluded[name] for name in ("credential", "jwt", "expires_at", "signed_at")}
    await session.execute(
        new.on_conflict_do_update(
            index_elements=["organization_id", "certificate_id"],
            set_=values,
            where=CertificateCredential.expires_at.is_distinct_from(new.excluded.expires_at),
        )
    )
    return True


async def keep_achievement(
    session: AsyncSession, certificate: Certificate, version: int, document: str
) -> None:
    """Keep what credentials say of this version, for its page; the first to say it wins."""
    await session.execute(
        insert(AchievementRow)
        .values(
            course_id=certificate.course_id,
            number=version,
            organization_id=certificate.organization_id,
            document=document,
            issuer_name=certificate.issuer_name,
        )
        .on_conflict_do_nothing()
    )


def _has_ended(instant: datetime) -> ColumnElement[bool]:
    """Whether a renewal has taken a certificate's place: at its end, and at once where it has none."""
    return func.coalesce(Certificate.expires_at, instant) <= instant


async def set_bits(session: AsyncSession) -> bool:
    """Set the bits of certificates that stopped holding since: revoked, superseded, erased. Whether some are left.

    An expired one needs no bit: its credential says until when it holds. Index: `ix_certificates_unlisted`.
    """
    instant = now(session)
    rows = await session.execute(
        select(Certificate.organization_id, Certificate.id, CertificateOrganization.status_place)
        .join(CertificateOrganization, IS_OF_CERTIFICATE)
        .where(
            Certificate.listed_at.is_(None),
            or_(
                Certificate.revoked_at.is_not(None),
                Certificate.reissued_as.is_not(None),
                and_(Certificate.renewed_by.is_not(None), _has_ended(instant)),
                Certificate.recipient_name.is_(None),
            ),
            CertificateOrganization.status_place.is_not(None),
        )
        .order_by(Certificate.organization_id, Certificate.id)
        .limit(AT_ONCE)
    )
    by_list: defaultdict[int, set[int]] = defaultdict(set)
    found: list[tuple[str, uuid.UUID]] = []
    for organization_id, certificate_id, place in rows:
        assert place is not None
        number, index = list_and_index(place)
        by_list[number].add(index)
        found.append((organization_id, certificate_id))
    if not found:
        return False
    lists = await session.scalars(
        select(StatusList).where(StatusList.number.in_(by_list)).order_by(StatusList.number).with_for_update()
    )
    for one in lists:
        one.bits = with_bits(one.bits, frozenset(by_list[one.number]))
        one.published_at = None
    await session.flush()
    await session.execute(
        update(Certificate)
        .where(tuple_(Certificate.organization_id, Certificate.id).in_(found))
        .values(listed_at=instant)
    )
    return len(found) == AT_ONCE


async def unpublished_list(session: AsyncSession) -> StatusList | None:
    """A list that is not signed as it is now, held until the transaction ends; another's hand is passed over."""
    found: StatusList | None = await session.scalar(
        select(StatusList)
        .where(StatusList.published_at.is_(None))
        .order_by(StatusList.number)
        .limit(1)
        .with_for_update(skip_locked=True)
    )
    return found


def publish(status_list: StatusList, credential: str, at: datetime) -> None:
    """Let the list be seen as it is now."""
    status_list.credential = credential
    status_list.published_at = at


async def unplaced_certificates(session: AsyncSession, limit: int) -> list[Certificate]:
    """Certificates of before credentials. Index: `ix_certificate_organizations_unplaced`."""
    rows = await session.scalars(
        select(Certificate)
        .join(CertificateOrganization, IS_OF_CERTIFICATE)
        .where(CertificateOrganization.status_place.is_(None))
        .order_by(CertificateOrganization.id)
        .limit(limit)
    )
    return list(rows.all())

"""Reads of certificates."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import cache
from typing import Any

from sqlalchemy import DateTime, Uuid, and_, bindparam, func, select, text, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from learning_service.domain.certificates.models import (
    IS_OF_CERTIFICATE,
    Certificate,
    CertificateOrganization,
    SigningKey,
    StatusList,
)
from learning_service.domain.certificates.rules.badges import bake
from learning_service.domain.certificates.rules.certificates import Mark, PublicCertificate, generation_key
from learning_service.domain.certificates.rules.checks import Traces
from learning_service.domain.certificates.rules.pictures import Pictures
from learning_service.domain.directory.models import Chapter, Member
from learning_service.domain.directory.queries.audience import is_within
from learning_service.domain.directory.queries.members import was_member
from learning_service.domain.directory.rules.reach import reach_of
from learning_service.domain.jobs.outbox import OutboxRow
from learning_service.domain.jobs.paused_jobs import JobHalt
from learning_service.domain.kernel.errors import Forbidden, NotFound
from learning_service.domain.kernel.paging import PageRequest
from learning_service.domain.kernel.planning import plan_by_keys
from learning_service.domain.kernel.principal import Principal
from learning_service.domain.kernel.reads import LIMIT, ORGANIZATION_ID, USER_ID, Kept, fetch, kept

# The function is the one way to a certificate of whatever organization.
_VERIFY = text("SELECT c.* FROM unnest(CAST(:ids AS uuid[])) AS wanted, public_certificate(wanted) AS c")
_LOOKS = text(
    "SELECT i.*, score_of_certificate(CAST(:id AS uuid)), logo_of_certificate(CAST(:id AS uuid)), p.*"
    " FROM issuer_of_certificate(CAST(:id AS uuid)) AS i"
    " LEFT JOIN pictures_of_certificate(CAST(:id AS uuid)) AS p ON true"
)
_OF_CODE = text("SELECT certificate_of_code(CAST(:code AS bytea))")
_OF_FILE = text("SELECT certificate_of_file(:sha256)")
_CREDENTIAL = text("SELECT * FROM public_credential(CAST(:id AS uuid))")
_BADGE = text("SELECT * FROM public_badge(CAST(:id AS uuid))")
_ACHIEVEMENT = text("SELECT * FROM public_achievement(CAST(:id AS uuid), CAST(:number AS integer))")
_PAGE = text("SELECT c.*, code_of_certificate(c.id) FROM public_certificate(CAST(:id AS uuid)) AS c")
_CODE = text("SELECT code_of_certificate(CAST(:id AS uuid))")

_DRIFTED = select(func.count()).select_from(Certificate).where(Certificate.pdf_drift.is_not(None))


async def verify_certificates(
    session: AsyncSession, ids: Sequence[uuid.UUID]
) -> dict[uuid.UUID, PublicCertificate]:
    """The certificates with these ids, of whatever organization, as anyone may see them."""
    rows = await session.execute(_VERIFY, {"ids": list(ids)})
    found = (PublicCertificate(*facts) for _instant, *facts in rows)
    return {certificate.id: certificate for certificate in found}


async def certificate_of_page(
    session: AsyncSession, certificate_id: uuid.UUID
) -> tuple[PublicCertificate, bytes] | None:
    """The certificate with this id, of whatever organization, and the code that is printed on it."""
    row = (await session.execute(_PAGE, {"id": certificate_id})).first()
    if row is None:
        return None
    _instant, *facts, code = row
    return PublicCertificate(*facts), code


@dataclass(frozen=True, slots=True)
class PublicLooks:
    """What anyone may know of a certificate and who issued it, beside names and dates."""

    website: str | None = None
    primary_color: str | None = None
    score: Decimal | None = None
    """Percent; None where it is not told."""
    logo_key: str | None = None
    """Where the logo that it bears is stored; None where it bears none, or the person was erased."""


async def looks_of_certificate(
    session: AsyncSession, certificate_id: uuid.UUID
) -> tuple[PublicLooks, Pictures | None]:
    """How this certificate looks, of whatever organization, and the pictures of its PDFs.

    Nothing is known of one that does not exist, and there are no pictures where the person was erased.
    """
    row = (await session.execute(_LOOKS, {"id": certificate_id})).first()
    if row is None:
        return PublicLooks(), None
    website, color, score, logo_key, *pictures = row
    return PublicLooks(website, color, score, logo_key), Pictures(*pictures) if any(pictures) else None


async def certificate_of_code(session: AsyncSession, code: bytes) -> uuid.UUID | None:
    """The id of the certificate on which this code is printed, of whatever organization."""
    found: uuid.UUID | None = await session.scalar(_OF_CODE, {"code": code})
    return found


async def certificate_of_file(session: AsyncSession, sha256: str) -> uuid.UUID | None:
    """The id of the certificate, of whatever organization, that was given out as the file with this digest (hex)."""
    found: uuid.UUID | None = await session.scalar(_OF_FILE, {"sha256": sha256})
    return found


async def certificates_named(
    session: AsyncSession, traces: Traces
) -> Sequence[tuple[PublicCertificate, bytes]]:
    """The certificates, of whatever organization, that a file names, with their codes. Erased ones are left out."""
    codes = {code: await certificate_of_code(session, code) for code in sorted(traces.codes())}
    named = traces.named({code: one for code, one in codes.items() if one is not None})
    found = [await certificate_of_page(session, one) for one in named]
    return [one for one in found if one is not None and one[0].recipient_name is not None]


async def code_of_certificate(session: AsyncSession, certificate_id: uuid.UUID) -> bytes:
    """The code that is printed on this certificate. Raises NotFound."""
    found: bytes | None = await session.scalar(_CODE, {"id": certificate_id})
    if found is None:
        raise NotFound
    return found


@dataclass(frozen=True, slots=True)
class PublicCredential:
    """A certificate's credential as anyone may have it; None: not signed yet, or gone with the person's data."""

    is_erased: bool
    credential: str | None
    jwt: str | None


async def public_credential(session: AsyncSession, certificate_id: uuid.UUID) -> PublicCredential:
    """The credential of a certificate, of whatever organization. Raises NotFound."""
    row = (await session.execute(_CREDENTIAL, {"id": certificate_id})).first()
    if row is None:
        raise NotFound
    return PublicCredential(*row)


@dataclass(frozen=True, slots=True)
class PublicBadge:
    """What a certificate's badge is made of; None: not signed or drawn yet, or gone with the person's data."""

    is_erased: bool
    credential: str | None
    picture: bytes | None

    def baked(self) -> bytes | None:
        """The picture with the credential in it."""
        if self.credential is None or self.picture is None:
            return None
        return bake(self.picture, self.credential)


async def public_badge(session: AsyncSession, certificate_id: uuid.UUID) -> PublicBadge:
    """The badge of a certificate, of whatever organization. Raises NotFound."""
    row = (await session.execute(_BADGE, {"id": certificate_id})).first()
    if row is None:
        raise NotFound
    return PublicBadge(*row)


@dataclass(frozen=True, slots=True)
class PublicAchievement:
    """What credentials say of one version of a course: a JSON document, and who issues."""

    document: str
    issuer_name: str


async def public_achievement(session: AsyncSession, course_id: uuid.UUID, number: int) -> PublicAchievement:
    """What credentials say of this version, of whatever organization. Raises NotFound where none was signed."""
    row = (await session.execute(_ACHIEVEMENT, {"id": course_id, "number": number})).first()
    if row is None:
        raise NotFound
    return PublicAchievement(*row)


@dataclass(frozen=True, slots=True)
class PublicKey:
    """The public half of a key of this installation."""

    id: str
    kind: str
    public_key: bytes


async def public_keys(session: AsyncSession) -> Sequence[PublicKey]:
    """Every key that signs or has signed, the newest first."""
    rows = await session.execute(
        select(SigningKey.id, SigningKey.kind, SigningKey.public_key).order_by(
            SigningKey.created_at.desc(), SigningKey.id
        )
    )
    return [PublicKey(*row) for row in rows]


async def published_list(session: AsyncSession, number: int) -> str | None:
    """The signed status list; None until it was first signed. Raises NotFound."""
    row = (await session.execute(select(StatusList.credential).where(StatusList.number == number))).first()
    if row is None:
        raise NotFound
    found: str | None = row[0]
    return found


async def list_own_certificates(session: AsyncSession, caller: Principal, page: PageRequest) -> Sequence[Any]:
    """The caller's certificates, newest first; one more than the page holds."""
    given = {"organization_id": caller.organization_id, "user_id": caller.user_id, **_page(page)}
    return await fetch(session, _own_certificates(after=page.after is not None), given)


@cache
def _own_certificates(*, after: bool) -> Kept:
    statement = select(*Certificate.__table__.columns).where(
        Certificate.organization_id == ORGANIZATION_ID, Certificate.user_id == USER_ID
    )
    return kept(_paged(statement, after=after))


async def list_certificates(
    session: AsyncSession,
    caller: Principal,
    page: PageRequest,
    *,
    user_id: str | None,
    course_id: uuid.UUID | None,
) -> Sequence[Certificate]:
    """Certificates of the members whom the caller administers, newest first; one more than the page holds."""
    statement = select(Certificate).where(Certificate.organization_id == caller.organization_id)
    if not caller.is_national_admin:
        mine = is_within(caller.organization_id, Certificate.user_id, reach_of(caller), erased=True)
        statement = statement.where(mine)
    if user_id is not None:
        statement = statement.where(Certificate.user_id == user_id)
    if course_id is not None:
        statement = statement.where(Certificate.course_id == course_id)
    await plan_by_keys(session)
    return (await session.scalars(_paged(statement, after=page.after is not None), _page(page))).all()


def _paged(statement: Any, *, after: bool) -> Any:
    """A page of certificates, newest first; its parameters are `_page`'s."""
    if after:
        last = tuple_(
            bindparam("after_issued_at", type_=DateTime(timezone=True)), bindparam("after_id", type_=Uuid())
        )
        statement = statement.where(tuple_(Certificate.issued_at, Certificate.id) < last)
    return statement.order_by(Certificate.issued_at.desc(), Certificate.id.desc()).limit(LIMIT)


def _page(page: PageRequest) -> dict[str, Any]:
    given: dict[str, Any] = {"limit": page.limit + 1}
    if page.after is not None:
        issued_at, certificate_id = page.after
        given["after_issued_at"] = datetime.fromisoformat(issued_at)
        given["after_id"] = uuid.UUID(certificate_id)
    return given


def _with_region(statement: Any) -> Any:
    """Joined with the chapter of the certificate's member; one whose member is gone has none."""
    return statement.outerjoin(
        Member,
        and_(Member.organization_id == Certificate.organization_id, Member.user_id == Certificate.user_id),
    ).outerjoin(
        Chapter, and_(Chapter.organization_id == Member.organization_id, Chapter.id == Member.chapter_id)
    )


async def access_certificate(
    session: AsyncSession, caller: Principal, certificate_id: uuid.UUID, *, administer: bool = False
) -> Certificate:
    """The certificate, for its owner or an administrator over that member.

    Raises NotFound for others; with `administer`, Forbidden for an owner who is no administrator over themselves.
    """
    row = (
        await session.execute(
            _with_region(select(Certificate, Chapter.region_id)).where(
                Certificate.organization_id == caller.organization_id, Certificate.id == certificate_id
            )
        )
    ).first()
    if row is None:
        raise NotFound
    certificate: Certificate = row[0]
    if caller.is_national_admin or row[1] in caller.admin_regions:
        return certificate
    if certificate.user_id != caller.user_id and not await was_member(session, caller, certificate.user_id):
        raise NotFound
    if administer:
        raise Forbidden("Only an administrator can do this to a certificate.")
    return certificate


async def certificate_of_completion(session: AsyncSession, completion_id: uuid.UUID) -> Certificate | None:
    """The current certificate of a completion."""
    found: Certificate | None = await session.scalar(
        select(Certificate).where(
            Certificate.completion_id == completion_id, Certificate.reissued_as.is_(None)
        )
    )
    return found


async def certificates_to_check(session: AsyncSession, *, share: int, at_least: int) -> Sequence[uuid.UUID]:
    """Certificates whose stored PDF was looked at longest ago: one in `share` of them, but always some."""
    stored = (Certificate.pdf_sha256.is_not(None), Certificate.pdf_erased_at.is_(None))
    total = await session.scalar(select(func.count()).select_from(Certificate).where(*stored)) or 0
    chosen = await session.scalars(
        select(Certificate.id)
        .where(*stored)
        .order_by(Certificate.pdf_checked_at, Certificate.id)
        .limit(max(at_least, -(-total // share)))
    )
    return chosen.all()


async def certificates_with_ids(session: AsyncSession, ids: Sequence[uuid.UUID]) -> Sequence[Certificate]:
    """The certificates with these ids; for workers, of every organization."""
    found = (
        select(Certificate)
        .join(CertificateOrganization, IS_OF_CERTIFICATE)
        .where(CertificateOrganization.id.in_(ids))
    )
    return (await session.scalars(found)).all()


async def drifted_pdfs(session: AsyncSession) -> int:
    """How many stored PDFs were missing or changed when last looked at."""
    return await session.scalar(_DRIFTED) or 0


@dataclass(frozen=True, slots=True)
class PdfState:
    """How the making of PDFs stands, in all organizations."""

    halted_at: datetime | None
    waiting: int
    dead: int
    drifted: int


async def pdf_state(session: AsyncSession, job: str) -> PdfState:
    """How the making of PDFs by this job stands; for operators, as the worker's role."""
    rows = select(func.count()).select_from(OutboxRow).where(OutboxRow.job == job)
    row = await session.execute(
        select(
            select(JobHalt.halted_at).where(JobHalt.job == job).scalar_subquery(),
            rows.where(OutboxRow.status.in_(("queued", "leased"))).scalar_subquery(),
            rows.where(OutboxRow.status == "dead").scalar_subquery(),
            _DRIFTED.scalar_subquery(),
        )
    )
    return PdfState(*row.one())


async def is_pdf_given_up(session: AsyncSession, certificate_id: uuid.UUID, mark: Mark | None = None) -> bool:
    """Whether the job that makes the PDF, or the one with that mark, is dead.

    Then nothing happens until an operator retries it.
    """
    dead = select(OutboxRow.id).where(
        OutboxRow.unique_key == generation_key(certificate_id, mark), OutboxRow.status == "dead"
    )
    return await session.scalar(dead) is not None

"""What anyone may read of certificates of whatever organization, by functions that are the one way to them."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cache

from sqlalchemy import Integer, LargeBinary, bindparam, func, select, text, true
from sqlalchemy.ext.asyncio import AsyncSession

from learning_service.domain.certificates.models import SigningKey, StatusList
from learning_service.domain.certificates.rules.badges import bake
from learning_service.domain.certificates.rules.certificates import PublicCertificate
from learning_service.domain.certificates.rules.checks import Traces
from learning_service.domain.certificates.rules.pictures import Pictures
from learning_service.domain.kernel.errors import NotFound
from learning_service.domain.kernel.reads import ROW_ID, Kept, fetch, fetch_first, fetch_value, kept

_VERIFY = text("SELECT c.* FROM unnest(CAST(:ids AS uuid[])) AS wanted, public_certificate(wanted) AS c")
_NUMBER = bindparam("number", type_=Integer())
_OF_FILE = text("SELECT certificate_of_file(:sha256)")
_CODE = text("SELECT code_of_certificate(CAST(:id AS uuid))")


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
    row = await fetch_first(session, _page(), {"row_id": certificate_id})
    return None if row is None else (PublicCertificate(*row[:-1]), row[-1])


@cache
def _page() -> Kept:
    found = func.public_certificate(ROW_ID).table_valued(*PublicCertificate.__slots__)
    return kept(select(*found.c, func.code_of_certificate(found.c.id)))


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
    row = await fetch_first(session, _looks(), {"row_id": certificate_id})
    if row is None:
        return PublicLooks(), None
    website, color, score, logo_key, *pictures = row
    return PublicLooks(website, color, score, logo_key), Pictures(*pictures) if any(pictures) else None


@cache
def _looks() -> Kept:
    issuer = func.issuer_of_certificate(ROW_ID).table_valued("website", "primary_color")
    pictures = func.pictures_of_certificate(ROW_ID).table_valued(*Pictures.__slots__)
    own = func.score_of_certificate(ROW_ID), func.logo_of_certificate(ROW_ID)
    return kept(select(*issuer.c, *own, *pictures.c).select_from(issuer).outerjoin(pictures, true()))


async def certificate_of_code(session: AsyncSession, code: bytes) -> uuid.UUID | None:
    """The id of the certificate on which this code is printed, of whatever organization."""
    found: uuid.UUID | None = await fetch_value(session, _of_code(), {"code": code})
    return found


@cache
def _of_code() -> Kept:
    return kept(select(func.certificate_of_code(bindparam("code", type_=LargeBinary()))))


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
    row = await fetch_first(session, _credential(), {"row_id": certificate_id})
    if row is None:
        raise NotFound
    return PublicCredential(*row)


@cache
def _credential() -> Kept:
    return kept(select(*func.public_credential(ROW_ID).table_valued(*PublicCredential.__slots__).c))


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
    row = await fetch_first(session, _badge(), {"row_id": certificate_id})
    if row is None:
        raise NotFound
    return PublicBadge(*row)


@cache
def _badge() -> Kept:
    return kept(select(*func.public_badge(ROW_ID).table_valued(*PublicBadge.__slots__).c))


@dataclass(frozen=True, slots=True)
class PublicAchievement:
    """What credentials say of one version of a course: a JSON document, and who issues."""

    document: str
    issuer_name: str


async def public_achievement(session: AsyncSession, course_id: uuid.UUID, number: int) -> PublicAchievement:
    """What credentials say of this version, of whatever organization. Raises NotFound where none was signed."""
    row = await fetch_first(session, _achievement(), {"row_id": course_id, "number": number})
    if row is None:
        raise NotFound
    return PublicAchievement(*row)


@cache
def _achievement() -> Kept:
    found = func.public_achievement(ROW_ID, _NUMBER).table_valued(*PublicAchievement.__slots__)
    return kept(select(*found.c))


@dataclass(frozen=True, slots=True)
class PublicKey:
    """The public half of a key of this installation."""

    id: str
    kind: str
    public_key: bytes


async def public_keys(session: AsyncSession) -> Sequence[PublicKey]:
    """Every key that signs or has signed, the newest first."""
    return [PublicKey(*row) for row in await fetch(session, _keys(), {})]


@cache
def _keys() -> Kept:
    columns = SigningKey.id, SigningKey.kind, SigningKey.public_key
    return kept(select(*columns).order_by(SigningKey.created_at.desc(), SigningKey.id))


async def published_list(session: AsyncSession, number: int) -> str | None:
    """The signed status list; None until it was first signed. Raises NotFound."""
    row = await fetch_first(session, _list(), {"number": number})
    if row is None:
        raise NotFound
    found: str | None = row[0]
    return found


@cache
def _list() -> Kept:
    return kept(select(StatusList.credential).where(StatusList.number == _NUMBER))

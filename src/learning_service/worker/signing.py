"""Certificates' credentials signed, once and before the PDF that carries them, and those PDFs.

It happens in threads of the worker: no key leaves this process, and what signs is here already. Processes of the pool
draw, for that takes longer.
"""

import asyncio
import secrets
import uuid
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime
from urllib.parse import urlsplit

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from learning_service.adapters.certificate_content import BadgeLook, UnusableLogo
from learning_service.adapters.certificate_words import known_language, words
from learning_service.adapters.credentials import SigningPair, as_text, make_key, sign_credential, sign_list
from learning_service.adapters.pdf_signature import Signing, sign_pdf
from learning_service.adapters.pool_work import draw_badge
from learning_service.context import Context
from learning_service.core.tracing import span
from learning_service.domain.certificates.actions.badges import give_picture, has_picture, keep_picture
from learning_service.domain.certificates.actions.credentials import (
    Version,
    give_place,
    is_signed,
    issued,
    keep_achievement,
    keep_credential,
    kept_credential,
    publish,
    unpublished_list,
    version_of,
)
from learning_service.domain.certificates.actions.keys import active_key, keep_first_key
from learning_service.domain.certificates.models import Certificate, SigningKey, StatusList
from learning_service.domain.certificates.rules.badges import picture_id
from learning_service.domain.certificates.rules.credentials import (
    Credential,
    achievement_document,
    credential_of,
    status_list,
)
from learning_service.domain.certificates.rules.keys import (
    KeyKind,
    issuer_did,
    jwk_address,
    place_of_key,
    verification_method,
)
from learning_service.domain.kernel.clock import now

log = structlog.get_logger()

_HANDS = ThreadPoolExecutor(2, "signing")
"""For PDFs. More would wait for each other, since all share an interpreter; one may wait for an authority."""


@dataclass(frozen=True, slots=True)
class Unsigned:
    """A credential that is to be signed, as of when."""

    version: Version
    credential: Credential
    created: datetime


async def signed_credential(context: Context, certificate: Certificate) -> str | None:
    """The certificate's credential as it is kept; signed now where it was not. None: its person was erased.

    What is kept is never signed again, but for a new expiry.
    """
    place, keys, issuer = await _place_and_keys(context, certificate)
    unsigned = await _prepare(context, certificate, place, issuer)
    if certificate.recipient_name is None:
        return None
    picture = await _picture(context, certificate)
    if unsigned is not None:
        await publish_changed(context, None)
        made = await asyncio.to_thread(
            sign_credential, unsigned.credential.document(), keys, unsigned.created
        )
    async with context.transaction(certificate.organization_id) as session:
        if unsigned is None:
            await give_picture(session, certificate, picture)
        elif await keep_credential(
            session, certificate, credential=made.data_integrity, jwt=made.jwt, picture_id=picture
        ):
            document = as_text(achievement_document(unsigned.credential))
            await keep_achievement(session, certificate, unsigned.version.number, document)
        return await kept_credential(session, certificate)


async def pdf_signing(context: Context) -> Signing:
    """By what PDFs are signed: the key of the settings, else the installation's own."""
    settings = context.settings
    if settings.pdf_signing_key is not None:
        key = settings.pdf_signing_key.get_secret_value()
    else:
        key = _opened(context, await _active(context, "pdf"))
    return Signing(key, settings.timestamp_authority)


async def signed_pdf(context: Context, pdf: bytes) -> bytes:
    """The PDF with its signature. Raises what `sign_pdf` raises."""
    by = await pdf_signing(context)
    with span("sign_pdf"):
        return await asyncio.get_running_loop().run_in_executor(_HANDS, sign_pdf, pdf, by)


async def _picture(context: Context, certificate: Certificate) -> str:
    """The id of the picture of the certificate's badge, drawn where it was not yet."""
    found = picture_id(certificate.course_title, certificate.primary_color, certificate.logo_key)
    async with context.transaction(certificate.organization_id) as session:
        if await has_picture(session, certificate, found):
            return found
    logo = await context.store.get(certificate.logo_key) if certificate.logo_key else None
    look = BadgeLook(certificate.course_title, certificate.primary_color, logo)
    try:
        png = await context.processes.run(draw_badge, look)
    except UnusableLogo:
        # Its PDF tells the operator; the badge is as of an organization without one.
        png = await context.processes.run(draw_badge, replace(look, logo=None))
    async with context.transaction(certificate.organization_id) as session:
        await keep_picture(session, certificate, found, png)
    return found


async def _place_and_keys(context: Context, certificate: Certificate) -> tuple[int, SigningPair, str]:
    """What is of no organization: the place in a status list, the keys, and who issues."""
    ed25519, rs256 = await _active(context, "ed25519"), await _active(context, "rs256")
    async with context.transaction(None) as session:
        place = await give_place(session, certificate, ed25519.id)
    issuer = _issuer(context, ed25519.id)
    keys = SigningPair(
        bytes.fromhex(_opened(context, ed25519)),
        verification_method(issuer, ed25519.id),
        _opened(context, rs256),
        jwk_address(context.settings.public_url.rstrip("/"), rs256.id),
    )
    return place, keys, issuer


async def _prepare(context: Context, certificate: Certificate, place: int, issuer: str) -> Unsigned | None:
    """The credential to sign; None where it is signed, or its person was erased."""
    if certificate.recipient_name is None:
        return None
    async with context.transaction(certificate.organization_id) as session:
        if await is_signed(session, certificate):
            return None
        version, instant = await version_of(session, certificate), now(session)
    criteria = words(known_language(version.language or certificate.locale))["achievement_criteria"]
    public_url = context.settings.public_url.rstrip("/")
    credential = credential_of(
        issued(certificate, version, criteria=criteria, place=place, public_url=public_url),
        issuer=issuer,
        subject=uuid.uuid4(),
        salt=secrets.token_hex(16),
    )
    return Unsigned(version, credential, instant)


async def publish_changed(context: Context, at: datetime | None) -> None:
    """Sign the status lists that changed since they were last signed."""
    while True:
        async with context.transaction(None, at=at) as session:
            one = await unpublished_list(session)
            if one is None:
                return
            await _publish(context, session, one)


async def _publish(context: Context, session: AsyncSession, one: StatusList) -> None:
    # A list in development is its own key's, by which the credentials in it know their issuer.
    by = await active_key(session, "ed25519")
    if by is None or _issuer(context, by.id) != _issuer(context, one.signing_key):
        by = await session.get_one(SigningKey, one.signing_key)
    issuer, instant = _issuer(context, by.id), now(session)
    document = status_list(
        context.settings.public_url.rstrip("/"), one.number, one.bits, issuer=issuer, valid_from=instant
    )
    key = bytes.fromhex(_opened(context, by))
    method = verification_method(issuer, by.id)
    publish(one, await asyncio.to_thread(sign_list, document, key, method, instant), instant)
    await session.flush()
    log.info("status_list_published", number=one.number)


async def _active(context: Context, kind: KeyKind) -> SigningKey:
    """The key of this kind that signs now, made where there is none yet.

    Making one takes up to a second, in which no lock is held: others would wait for it longer than they may.
    """
    host = urlsplit(context.settings.public_url).hostname or ""
    while True:
        async with context.transaction(None) as session:
            if (found := await active_key(session, kind)) is not None:
                return found
        new = await asyncio.to_thread(make_key, kind, host)
        async with context.transaction(None) as session:
            await keep_first_key(session, new, context.seal)


def _opened(context: Context, key: SigningKey) -> str:
    return context.seal.open(key.sealed_key, place_of_key(key.id))


def _issuer(context: Context, key_id: str) -> str:
    development = context.settings.environment == "development"
    return issuer_did(context.settings.public_url.rstrip("/"), key_id, is_development=development)

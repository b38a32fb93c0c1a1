"""What verifiers of a credential ask for, from any origin: credentials, achievements, status lists, keys."""

import hashlib
import time
from collections import OrderedDict
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.responses import HTMLResponse, JSONResponse, PlainTextResponse

from learning_service.adapters.credentials import jwk, multikey
from learning_service.api.accept import prefers_html
from learning_service.api.achievement_page import ACHIEVEMENT_HEADERS, render_achievement_page
from learning_service.api.guesses import count_unknown
from learning_service.api.idempotency import KeyedRoute
from learning_service.api.openapi.headers import ETAG, RETRY_AFTER, with_headers
from learning_service.api.parameters import path_id
from learning_service.api.permissions import Anyone
from learning_service.api.requests import ContextOf, PublicSession
from learning_service.domain.certificates.queries.public import (
    PublicCredential,
    public_achievement,
    public_badge,
    public_credential,
    public_keys,
    published_list,
)
from learning_service.domain.certificates.rules.keys import jwk_address, verification_method, web_did
from learning_service.domain.kernel.errors import Gone, NotFound, Unavailable
from learning_service.domain.kernel.values import JsonObject

router = APIRouter(tags=["certificates"], route_class=KeyedRoute)
PUBLIC = [Depends(Anyone())]
JSON_LD, JWT, PNG = "application/vc+ld+json", "application/vc+jwt", "image/png"
RETRY_SECONDS = 2
FROM_ANYWHERE = {"Access-Control-Allow-Origin": "*", "Vary": "Accept", "X-Robots-Tag": "noindex"}
"""Verifiers run in browsers, at origins of their own."""
LIST_SECONDS = 10
"""How long a process answers with a status list before it looks whether there is a newer one."""
KEPT_LISTS = 16
LARGEST_NUMBER = 999_999_999


class CredentialErased(Gone):
    """The person of the certificate was erased, and the credential with them."""

    code = "erased"

    def __init__(self) -> None:
        super().__init__("The person of this certificate was erased, and its credential with them.")


class ListNotSigned(Unavailable):
    """The status list has just been begun."""

    code = "list-not-signed"

    def __init__(self) -> None:
        super().__init__("This status list has just been begun; ask again.", retry_after=RETRY_SECONDS)


TEXT: JsonObject = {"type": "string"}
LINKED_DATA: JsonObject = {
    "type": "object",
    "required": ["@context", "id"],
    "properties": {
        "@context": {"type": "array", "items": {"type": "string", "format": "uri"}},
        "id": {"type": "string", "format": "uri"},
    },
}
KEY_SET: JsonObject = {
    "type": "object",
    "required": ["keys"],
    "properties": {"keys": {"type": "array", "items": {"type": "object"}}},
}
SIGNED: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The signed bytes, the same each time",
        "content": {JSON_LD: {"schema": LINKED_DATA}, JWT: {"schema": TEXT}},
    }
    | with_headers(ETAG),
    304: {"description": "As it was"},
    202: {"description": "Not signed yet; see Retry-After", "content": {"text/plain": {"schema": TEXT}}}
    | with_headers(RETRY_AFTER),
    410: {"description": "Its person was erased: `erased`"},
}


@router.get(
    "/api/certificates/{certificate_id}/credential/",
    dependencies=PUBLIC,
    response_class=Response,
    responses=SIGNED,
)
async def read_credential(
    certificate_id: str, request: Request, session: PublicSession, context: ContextOf
) -> Response:
    """A certificate as an Open Badges 3.0 credential, for anyone.

    It names its recipient by a salted digest only. With `Accept: application/vc+jwt` the same as a JWT.
    """
    found = await _credential(certificate_id, request, session, context)
    accepted = request.headers.get("accept", "")
    if "jwt" in accepted and "json" not in accepted.replace("+jwt", ""):
        return _signed(request, found.jwt, JWT)
    return _signed(request, found.credential, JSON_LD)


@router.get(
    "/api/certificates/{certificate_id}/credential.jwt/",
    dependencies=PUBLIC,
    response_class=Response,
    responses={
        **SIGNED,
        200: {"description": "The JWT", "content": {JWT: {"schema": TEXT}}} | with_headers(ETAG),
    },
)
async def read_credential_as_jwt(
    certificate_id: str, request: Request, session: PublicSession, context: ContextOf
) -> Response:
    """The same credential as a JWT (RS256), whose `kid` is an address in `/.well-known/jwks.json`."""
    found = await _credential(certificate_id, request, session, context)
    return _signed(request, found.jwt, JWT)


async def _credential(
    certificate_id: str, request: Request, session: PublicSession, context: ContextOf
) -> PublicCredential:
    try:
        found = await public_credential(session, path_id(certificate_id))
    except NotFound:
        count_unknown(request, context)
        raise
    if found.is_erased:
        raise CredentialErased
    return found


def _pending() -> Response:
    headers = {**FROM_ANYWHERE, "Cache-Control": "no-store", "Retry-After": str(RETRY_SECONDS)}
    return PlainTextResponse("pending\n", 202, headers=headers)


def _signed(request: Request, text: str | None, content_type: str) -> Response:
    if text is None:
        return _pending()
    octets = text.encode()
    return _cached(request, _Body(octets, _etag(octets)), content_type, seconds=300)


@router.get(
    "/api/certificates/{certificate_id}/badge.png/",
    dependencies=PUBLIC,
    response_class=Response,
    responses={
        **SIGNED,
        200: {
            "description": "The picture, the same bytes each time",
            "content": {PNG: {"schema": {"type": "string", "format": "binary"}}},
        }
        | with_headers(ETAG),
    },
)
async def read_badge(
    certificate_id: str, request: Request, session: PublicSession, context: ContextOf
) -> Response:
    """A certificate's badge, for anyone: a picture of 512 by 512 pixels with the credential baked in.

    In the organization's colour, with its logo or the course's initials, as they were at issue.
    """
    try:
        found = await public_badge(session, path_id(certificate_id))
    except NotFound:
        count_unknown(request, context)
        raise
    if found.is_erased:
        raise CredentialErased
    octets = found.baked()
    return _pending() if octets is None else _cached(request, _Body(octets, _etag(octets)), PNG, seconds=300)


@dataclass(frozen=True, slots=True)
class _Body:
    octets: bytes
    etag: str
    read_at: float = 0.0


def _etag(octets: bytes) -> str:
    return f'"{hashlib.sha256(octets).hexdigest()[:32]}"'


def _cached(request: Request, body: _Body, content_type: str, *, seconds: int) -> Response:
    headers = {**FROM_ANYWHERE, "Cache-Control": f"public, max-age={seconds}", "ETag": body.etag}
    if request.headers.get("if-none-match") == body.etag:
        return Response(status_code=304, headers=headers)
    return Response(body.octets, headers=headers, media_type=content_type)


@router.get(
    "/status/{number}/",
    dependencies=PUBLIC,
    response_class=Response,
    responses={
        200: {"description": "The signed list", "content": {JSON_LD: {"schema": LINKED_DATA}}}
        | with_headers(ETAG),
        304: {"description": "As it was"},
    },
)
async def read_status_list(
    number: str, request: Request, session: PublicSession, context: ContextOf
) -> Response:
    """A Bitstring Status List: which credentials no longer hold, because of revocation, a reissue or erasure."""
    key = _number(number)
    lists: OrderedDict[int, _Body] = request.app.state.__dict__.setdefault("status_lists", OrderedDict())
    body = lists.get(key)
    if body is None or time.monotonic() - body.read_at > LIST_SECONDS:
        text = await published_list(session, key)
        if text is None:
            raise ListNotSigned
        octets = text.encode()
        body = lists[key] = _Body(octets, _etag(octets), time.monotonic())
        while len(lists) > KEPT_LISTS:
            lists.popitem(last=False)
    return _cached(request, body, JSON_LD, seconds=LIST_SECONDS)


def _number(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= len(str(LARGEST_NUMBER))):
        raise NotFound
    return int(text)


@router.get(
    "/achievements/{course_id}/{number}/",
    dependencies=PUBLIC,
    response_class=Response,
    responses={
        200: {
            "description": "As JSON-LD, or as a page for a browser",
            "content": {JSON_LD: {"schema": LINKED_DATA}, "text/html": {"schema": TEXT}},
        }
        | with_headers(ETAG),
        304: {"description": "As it was"},
    },
)
async def show_achievement(
    course_id: str,
    number: str,
    request: Request,
    session: PublicSession,
    context: ContextOf,
    lang: Annotated[str | None, Query(description="`en`, `es` or `fr`; else the browser decides")] = None,
) -> Response:
    """What credentials say was achieved: one version of a course, of which a credential was issued."""
    try:
        found = await public_achievement(session, path_id(course_id), _number(number))
    except NotFound:
        count_unknown(request, context)
        raise
    if prefers_html(request.headers.get("accept")):
        language = request.headers.get("accept-language")
        html, spoken = render_achievement_page(found, accept_language=language, chosen=lang)
        return HTMLResponse(html, headers={**ACHIEVEMENT_HEADERS, "Content-Language": spoken})
    octets = found.document.encode()
    return _cached(request, _Body(octets, _etag(octets)), JSON_LD, seconds=300)


def _of_keys(content: JsonObject, content_type: str) -> Response:
    headers = {**FROM_ANYWHERE, "Cache-Control": "public, max-age=300"}
    return JSONResponse(content, headers=headers, media_type=content_type)


@router.get(
    "/.well-known/did.json",
    dependencies=PUBLIC,
    response_class=Response,
    responses={
        200: {"description": "The DID document", "content": {"application/did+json": {"schema": LINKED_DATA}}}
    },
)
async def read_did_document(session: PublicSession, context: ContextOf) -> Response:
    """The service's DID document (did:web): every key that signs or has signed credentials."""
    did = web_did(context.settings.public_url.rstrip("/"))
    keys = [
        {
            "id": verification_method(did, key.id),
            "type": "Multikey",
            "controller": did,
            "publicKeyMultibase": multikey(key.public_key),
        }
        for key in await public_keys(session)
        if key.kind == "ed25519"
    ]
    content: JsonObject = {
        "@context": ["https://www.w3.org/ns/did/v1", "https://w3id.org/security/multikey/v1"],
        "id": did,
        "verificationMethod": keys,
        "assertionMethod": [key["id"] for key in keys],
    }
    return _of_keys(content, "application/did+json")


@router.get(
    "/.well-known/jwks.json",
    dependencies=PUBLIC,
    response_class=Response,
    responses={
        200: {"description": "The keys", "content": {"application/jwk-set+json": {"schema": KEY_SET}}}
    },
)
async def read_jwks(session: PublicSession, context: ContextOf) -> Response:
    """The keys of credentials as JWTs, as a JWK set: every one that signs or has signed."""
    base = context.settings.public_url.rstrip("/")
    keys = [
        {**jwk(key.public_key), "alg": "RS256", "use": "sig", "kid": jwk_address(base, key.id)}
        for key in await public_keys(session)
        if key.kind == "rs256"
    ]
    return _of_keys({"keys": keys}, "application/jwk-set+json")

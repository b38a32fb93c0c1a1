"""Whether a file is the certificate that it says it is: from anyone, as JSON and as a page; nothing is stored."""

import asyncio
import hashlib
from collections.abc import Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.responses import HTMLResponse, JSONResponse
from pydantic import ValidationError

from learning_service.adapters.confinement import work_directory
from learning_service.adapters.credentials import as_text
from learning_service.adapters.inspection.inspections import inspect_certificate
from learning_service.adapters.linked_data import is_signed_by
from learning_service.api.accept import prefers_html
from learning_service.api.guesses import client_of, count_unknown
from learning_service.api.idempotency import KeyedRoute
from learning_service.api.permissions import Anyone
from learning_service.api.requests import NOBODY, ContextOf
from learning_service.api.uploads import FILE_BODY, MIB, FormFile, Places, read_form
from learning_service.api.verification_page import PAGE_HEADERS, render_checked_page, view_of
from learning_service.context import Context
from learning_service.domain.certificates.queries.public import (
    PublicBadge,
    PublicKey,
    certificate_of_file,
    certificate_of_page,
    certificates_named,
    public_badge,
    public_keys,
)
from learning_service.domain.certificates.rules.badges import unbake
from learning_service.domain.certificates.rules.certificates import PublicCertificate
from learning_service.domain.certificates.rules.checks import CheckResult, Traces
from learning_service.domain.certificates.rules.credentials import Credential
from learning_service.domain.kernel.clock import now
from learning_service.domain.kernel.errors import DomainError, Invalid, TooLarge, UnsupportedMediaType
from learning_service.schemas.certificates import PUBLIC_HEADERS, CheckOut, VerificationOut

router = APIRouter(tags=["certificates"], route_class=KeyedRoute)
MAX_FILE = 5 * MIB
SECONDS = 60
"""How long a sender may take; a member with a slow line has longer for larger files."""
OF_ONE_ADDRESS, OF_ALL = 2, 4
"""Files that one process looks at together: each may take a processor for seconds."""
STARTS = (b"%PDF-", b"\x89PNG\r\n\x1a\n")
START_WITHIN = 1024
TYPES, ENDINGS = frozenset({"application/pdf", "image/png"}), (".pdf", ".png")
PAGE_STATUS: dict[type[DomainError], int] = {UnsupportedMediaType: 415, TooLarge: 413, Invalid: 422}
"""What a browser's form is refused with, as a page that says so."""


async def _places_for_strangers(request: Request) -> Places:
    state = request.app.state
    if not hasattr(state, "check_places"):
        state.check_places = Places(per_principal=OF_ONE_ADDRESS, per_organization=OF_ALL)
    places: Places = state.check_places
    return places


@router.post(
    "/api/certificates/check/",
    dependencies=[Depends(Anyone())],
    openapi_extra=FILE_BODY,
    response_model=CheckOut,
    response_model_exclude_unset=True,
)
async def check_certificate(
    request: Request,
    context: ContextOf,
    places: Annotated[Places, Depends(_places_for_strangers)],
    lang: Annotated[
        str | None, Query(description="Of the page that a browser gets: `en`, `es` or `fr`")
    ] = None,
) -> Any:
    """Whether a PDF or PNG of up to 5 MiB is a certificate as we issued it. Nothing is stored.

    `genuine`: it is, byte for byte, whatever became of the certificate since: see its `status`. `altered`: it names a
    certificate of ours and differs from what was issued, if only because it was saved anew or more was added.
    `not-ours`: it names none, or one whose person was erased. A browser gets a page.
    """
    wants_page = prefers_html(request.headers.get("accept"))
    try:
        with places.take("", client_of(request, context)):
            file = await read_form(request, limit=MAX_FILE, seconds=SECONDS)
            result, found = await _check(context, file)
    except (UnsupportedMediaType, TooLarge, Invalid) as refusal:
        if not wants_page:
            raise
        return await _page(request, context, "unreadable", None, lang, PAGE_STATUS[type(refusal)])
    if result != "genuine":
        count_unknown(request, context)
    if wants_page:
        return await _page(request, context, result, found, lang)
    async with context.transaction(None, caller=NOBODY) as session:
        instant = now(session)
    certificate = VerificationOut.of(found[0], instant) if found else None
    answer = CheckOut(result=result, certificate=certificate)
    return JSONResponse(answer.model_dump(mode="json", exclude_unset=True), headers=PUBLIC_HEADERS)


Found = tuple[PublicCertificate, bytes] | None


async def _check(context: Context, file: FormFile) -> tuple[CheckResult, Found]:
    """What the file is, and the certificate that it is or names. Raises UnsupportedMediaType."""
    if not _may_be_one(file):
        raise UnsupportedMediaType("Send a PDF or a PNG.")
    async with context.transaction(None, caller=NOBODY) as session:
        known = await certificate_of_file(session, hashlib.sha256(file.content).hexdigest())
        if known is not None:
            return "genuine", await certificate_of_page(session, known)
    traces = await _look_into(file.content)
    async with context.transaction(None, caller=NOBODY) as session:
        named = await certificates_named(session, traces)
        if traces.credentials and named:
            badge, keys = await public_badge(session, named[0][0].id), await public_keys(session)
            if await asyncio.to_thread(_is_badge, file.content, badge, keys):
                return "genuine", named[0]
    if named:
        return "altered", named[0]
    return ("not-ours" if traces.is_readable else "unreadable"), None


def _is_badge(content: bytes, badge: PublicBadge, keys: Sequence[PublicKey]) -> bool:
    """Whether it is the badge as it is now, or was before its course came to have an expiry."""
    if content == badge.baked():
        return True
    found = unbake(content)
    if found is None or found.picture != badge.picture:
        return False
    try:
        document = Credential.model_validate_json(found.credential).document()
    except ValidationError:
        return False
    return as_text(document) == found.credential and any(
        is_signed_by(document, key.public_key) for key in keys if key.kind == "ed25519"
    )


def _may_be_one(file: FormFile) -> bool:
    """By its content, or by what its sender calls it: of a damaged one the beginning may be gone."""
    head = file.content[:START_WITHIN]
    by_content = any(start in head for start in STARTS)
    return by_content or file.media_type in TYPES or file.name.lower().endswith(ENDINGS)


async def _look_into(content: bytes) -> Traces:
    with work_directory() as directory:
        path = directory / "file"
        await asyncio.to_thread(path.write_bytes, content)
        return await inspect_certificate(path)


async def _page(
    request: Request, context: Context, result: CheckResult, found: Found, lang: str | None, status: int = 200
) -> Response:
    async with context.transaction(None, caller=NOBODY) as session:
        view = await view_of(session, *found) if found else None
    language = request.headers.get("accept-language")
    html, spoken = render_checked_page(result, view, accept_language=language, chosen=lang)
    return HTMLResponse(html, status, headers={**PAGE_HEADERS, "Content-Language": spoken})

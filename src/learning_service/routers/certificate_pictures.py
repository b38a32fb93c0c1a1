"""What verification pages show of a certificate, for anyone and as long as they do: its PDF's picture, its logo."""

import asyncio
import hashlib
from collections import OrderedDict
from typing import Any

from fastapi import APIRouter, Depends, Request, Response

from learning_service.adapters.certificate_content import UnusableLogo
from learning_service.adapters.pool_work import mail_logo
from learning_service.adapters.processes import ProcessDied
from learning_service.adapters.storage import ObjectMissing
from learning_service.api.guesses import count_unknown
from learning_service.api.idempotency import KeyedRoute
from learning_service.api.openapi.headers import ETAG, with_headers
from learning_service.api.parameters import path_id
from learning_service.api.permissions import Anyone
from learning_service.api.requests import NOBODY, ContextOf
from learning_service.context import Context
from learning_service.domain.certificates.queries.public import certificate_of_page, looks_of_certificate
from learning_service.domain.certificates.rules.pictures import picture_key
from learning_service.domain.kernel.clock import now
from learning_service.domain.kernel.errors import NotFound, Unavailable

router = APIRouter(tags=["certificates"], route_class=KeyedRoute)
PNG = "image/png"
KEPT_LOGOS = 64
HEADERS = {
    "Cache-Control": "private, no-cache",
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Robots-Tag": "noindex, nofollow, noarchive",
}
"""It names a person, so whoever kept it asks again whether it is still shown."""
RESPONSES: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The picture",
        "content": {PNG: {"schema": {"type": "string", "format": "binary"}}},
    }
    | with_headers(ETAG),
    304: {"description": "As it was"},
}


@router.get(
    "/api/certificates/{certificate_id}/picture.png/",
    dependencies=[Depends(Anyone())],
    response_class=Response,
    responses=RESPONSES,
)
async def read_picture(certificate_id: str, request: Request, context: ContextOf) -> Response:
    """The first page of a certificate's PDF as a picture whose longer side has 900 pixels, for anyone.

    That of a revoked or superseded certificate is stamped so. 404 where there is none: not made yet, the person was
    erased, or the organization's `revoked_pdf` says `refuse`.
    """
    parsed = path_id(certificate_id)
    # No connection of the database is held while the store is asked.
    async with context.transaction(None, caller=NOBODY) as session:
        known = await certificate_of_page(session, parsed)
        _, pictures = await looks_of_certificate(session, parsed)
        instant = now(session)
    if known is None:
        count_unknown(request, context)
        raise NotFound
    picture = pictures.shown(known[0].status(instant)) if pictures else None
    if picture is None:
        raise NotFound
    headers = {**HEADERS, "ETag": f'"{picture.sha256[:32]}"'}
    if request.headers.get("if-none-match") == headers["ETag"]:
        return Response(status_code=304, headers=headers)
    try:
        png = await context.store.get(picture_key(picture.sha256))
    except ObjectMissing:
        raise NotFound from None
    return Response(png, headers=headers, media_type=PNG)


@router.get(
    "/api/certificates/{certificate_id}/logo.png/",
    dependencies=[Depends(Anyone())],
    response_class=Response,
    responses=RESPONSES,
)
async def read_logo(certificate_id: str, request: Request, context: ContextOf) -> Response:
    """The logo that a certificate bears, as its organization had it at issue, for anyone: at most 360 by 112 pixels.

    404 where it bears none, or the person was erased.
    """
    parsed = path_id(certificate_id)
    async with context.transaction(None, caller=NOBODY) as session:
        known = await certificate_of_page(session, parsed)
        looks, _ = await looks_of_certificate(session, parsed)
    if known is None:
        count_unknown(request, context)
        raise NotFound
    if looks.logo_key is None:
        raise NotFound
    png = await _small_logo(request, context, looks.logo_key)
    headers = {**HEADERS, "ETag": f'"{hashlib.sha256(png).hexdigest()[:32]}"'}
    if request.headers.get("if-none-match") == headers["ETag"]:
        return Response(status_code=304, headers=headers)
    return Response(png, headers=headers, media_type=PNG)


async def _small_logo(request: Request, context: Context, key: str) -> bytes:
    """The logo stored under a key, made small once for many looks. Raises NotFound where it is not there."""
    state = request.app.state.__dict__
    kept: OrderedDict[str, bytes] = state.setdefault("logos", OrderedDict())
    turn: asyncio.Lock = state.setdefault("logos_turn", asyncio.Lock())
    if key not in kept:
        # One after the other: whoever asks for many at once keeps one process busy, not all.
        async with turn:
            if key not in kept:
                try:
                    logo = await context.processes.run(mail_logo, await context.store.get(key))
                except (ObjectMissing, UnusableLogo):
                    raise NotFound from None
                except ProcessDied as error:
                    raise Unavailable("The logo could not be drawn now; ask again.", retry_after=1) from error
                kept[key] = logo.png
                while len(kept) > KEPT_LOGOS:
                    kept.popitem(last=False)
    return kept[key]

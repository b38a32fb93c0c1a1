"""The picture of a certificate's PDF, which the verification page shows: for anyone, as long as that page does."""

from typing import Any

from fastapi import APIRouter, Depends, Request, Response

from learning_service.adapters.storage import ObjectMissing
from learning_service.api.guesses import count_unknown
from learning_service.api.idempotency import KeyedRoute
from learning_service.api.openapi.headers import ETAG, with_headers
from learning_service.api.parameters import path_id
from learning_service.api.permissions import Anyone
from learning_service.api.requests import NOBODY, ContextOf
from learning_service.domain.certificates.queries import certificate_of_page, looks_of_certificate
from learning_service.domain.certificates.rules.pictures import picture_key
from learning_service.domain.kernel.clock import now
from learning_service.domain.kernel.errors import NotFound

router = APIRouter(tags=["certificates"], route_class=KeyedRoute)
PNG = "image/png"
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

"""Short-lived addresses of stored files: redirects, or JSON for callers that carry a token in a header."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from fastapi import Request, Response
from fastapi.responses import JSONResponse, RedirectResponse

from learning_service.adapters.storage import ObjectStore
from learning_service.api.accept import names_json
from learning_service.schemas.common import FileAddressOut

ADDRESS_RESPONSES: Mapping[int | str, dict[str, Any]] = {
    200: {"model": FileAddressOut, "description": "The address, for a caller whose `Accept` names JSON"},
}


async def answer_with_address(
    request: Request, store: ObjectStore, key: str, *, filename: str, content_type: str, instant: datetime
) -> Response:
    """The address of a stored file: 307, or 200 with JSON where the caller's `Accept` names it.

    A browser's `fetch` follows a redirect with the token, which a store refuses; so it asks for the address first.
    """
    url = await store.presigned_url(key, filename=filename, content_type=content_type)
    headers = {"Cache-Control": "no-store", "Vary": "Accept"}
    if not names_json(request.headers.get("accept")):
        return RedirectResponse(url, 307, headers=headers)
    ends = instant + timedelta(seconds=store.presigned_seconds)
    return JSONResponse(FileAddressOut(url=url, expires_at=ends).model_dump(mode="json"), headers=headers)

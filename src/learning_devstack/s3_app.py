"""The S3 server of development: nanio, and in front of it what the service relies on and nanio lacks.

Added are answers to browsers of other origins (CORS), the `response-*` overrides of presigned downloads, and
`If-None-Match: *` (write only when absent), as Amazon's S3 API has them. Signatures are checked by nanio.
"""

import asyncio
import json
import os
from pathlib import Path
from urllib.parse import parse_qs, unquote
from weakref import WeakValueDictionary

from nanio.app import build_app
from starlette.middleware.cors import CORSMiddleware
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

OVERRIDES = {
    "response-content-type": b"content-type",
    "response-content-disposition": b"content-disposition",
    "response-cache-control": b"cache-control",
    "response-content-encoding": b"content-encoding",
    "response-content-language": b"content-language",
    "response-expires": b"expires",
}
EXISTS = '<?xml version="1.0"?><Error><Code>PreconditionFailed</Code><Message>object exists</Message></Error>'


class S3Additions:
    """ASGI middleware around nanio whose objects lie as files below `data`."""

    def __init__(self, inner: ASGIApp, data: Path) -> None:
        self._inner = inner
        self._data = data
        self._writing: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http":
            await self._inner(scope, receive, send)
        elif scope["method"] == "PUT":
            await self._put(scope, receive, send)
        else:
            await self._inner(scope, receive, _overriding(scope, send))

    async def _put(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = unquote(scope["path"])
        # One writer per key at a time: nanio answers 500 to the second, and the test for existence needs it.
        lock = self._writing.setdefault(path, asyncio.Lock())
        async with lock:
            headers = dict(scope["headers"])
            if headers.get(b"if-none-match") == b"*" and self._exists(path):
                await Response(EXISTS, 412, media_type="application/xml")(scope, receive, send)
            else:
                await self._inner(scope, receive, send)

    def _exists(self, path: str) -> bool:
        file = Path(os.path.normpath(self._data / path.lstrip("/")))
        return file.is_relative_to(self._data) and file.is_file()


def _overriding(scope: Scope, send: Send) -> Send:
    query = parse_qs(scope["query_string"].decode("latin-1"))
    wanted = {OVERRIDES[name]: values[0] for name, values in query.items() if name in OVERRIDES}
    if not wanted:
        return send

    async def send_overridden(message: Message) -> None:
        if message["type"] == "http.response.start" and message["status"] in (200, 206):
            kept = [(name, value) for name, value in message["headers"] if name.lower() not in wanted]
            given = [(name, value.encode("utf-8")) for name, value in wanted.items()]
            message = {**message, "headers": kept + given}
        await send(message)

    return send_overridden


def create_app() -> ASGIApp:
    """The server; nanio reads its keys and NANIO_DATA_DIR from the environment.

    Pages of the origins in CORS_ORIGINS, a JSON list, read files, as those of a bucket that `learning-service bucket`
    made.
    """
    return CORSMiddleware(
        S3Additions(build_app(), Path(os.environ["NANIO_DATA_DIR"])),
        allow_origins=json.loads(os.environ.get("CORS_ORIGINS") or "[]"),
        allow_methods=["GET", "HEAD"],
        allow_headers=["Range"],
        expose_headers=["Content-Disposition", "Content-Length", "Content-Range", "ETag"],
    )

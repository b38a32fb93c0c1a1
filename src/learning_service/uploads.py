"""Files in: one part of a multipart form, streamed to the object store and never whole in memory.

Refusals come in the contract's order and as early as the bytes allow: too large, no form, no file that is taken.
What was stored by a call that is refused, or ends midway, is removed again.
"""

import asyncio
import contextlib
import hashlib
import uuid
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from typing import Any

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request

from learning_service.adapters.storage import ObjectMissing, ObjectStore, StoreUnavailable
from learning_service.domain.documents.actions import Received
from learning_service.domain.documents.rules import HEAD_BYTES, clean_name, media_type_of
from learning_service.domain.errors import Invalid, TooLarge, Unavailable, UnsupportedMediaType
from learning_service.wire import ARRIVAL, read_idempotency_key

FORM = "multipart/form-data"
FIELD = "file"
MIB = 1024 * 1024
FORM_OVERHEAD = 64 * 1024
"""What a form may have around its file."""
QUIET_SECONDS, LONGEST_SECONDS = 30, 900
"""How long a sender may be silent, and take altogether."""
AT_ONCE = 16
"""Files that one process receives at a time: each holds some 10 MiB."""
UPLOAD_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            FORM: {
                "schema": {
                    "type": "object",
                    "required": [FIELD],
                    "additionalProperties": False,
                    "properties": {FIELD: {"type": "string", "format": "binary"}},
                }
            }
        },
    }
}
"""`openapi_extra` of a route that takes a file."""
_receiving: set[str] = set()


class _Form:
    """What the parser has seen so far: the file's name, and bytes of it that nobody has taken yet."""

    def __init__(self, boundary: bytes) -> None:
        self.file_name: str | None = None
        self.is_whole = False
        self.has_file = False
        self._ready: list[bytes] = []
        self._name, self._value = bytearray(), bytearray()
        self._parser = MultipartParser(
            boundary,
            {
                "on_part_begin": self._begin,
                "on_header_field": lambda data, start, end: self._name.extend(data[start:end]),
                "on_header_value": lambda data, start, end: self._value.extend(data[start:end]),
                "on_header_end": self._header,
                "on_headers_finished": self._headers_finished,
                "on_part_data": lambda data, start, end: self._ready.append(data[start:end]),
                "on_end": self._end,
            },
        )

    def feed(self, data: bytes) -> list[bytes]:
        """The bytes of the file that were in this piece of the form. Raises Invalid."""
        try:
            self._parser.write(data)
        except FormParserError:
            raise Invalid.at("", "is not a well-formed multipart form", "wrong-form") from None
        ready, self._ready = self._ready, []
        return ready

    def _begin(self) -> None:
        if self.has_file:
            raise Invalid.at("", f"has more than one part; send one file as {FIELD!r}", "too-many")
        self._disposition: dict[bytes, bytes] = {}

    def _header(self) -> None:
        if bytes(self._name).lower() == b"content-disposition":
            _, self._disposition = parse_options_header(bytes(self._value))
        self._name.clear()
        self._value.clear()

    def _headers_finished(self) -> None:
        if self._disposition.get(b"name") != FIELD.encode() or b"filename" not in self._disposition:
            raise Invalid.at("", f"has another part than a file called {FIELD!r}", "too-many")
        self.has_file = True
        self.file_name = self._disposition[b"filename"].decode("utf-8", "replace")

    def _end(self) -> None:
        self.is_whole = True


@dataclass
class _Counted:
    """The file's bytes on their way, measured as they pass."""

    form: _Form
    request: Request
    limit: int
    size: int = 0
    digest: Any = field(default_factory=hashlib.sha256)

    async def chunks(self) -> AsyncIterator[bytes]:
        """The bytes. Raises TooLarge, Invalid, HTTPException 400 or 408."""
        body = self.request.stream()
        while (piece := await _next_piece(body)) is not None:
            for chunk in self.form.feed(piece):
                self.size += len(chunk)
                if self.size > self.limit:
                    raise _too_large(self.limit)
                self.digest.update(chunk)
                yield chunk
        if not self.form.is_whole:
            raise Invalid.at("", "is not a well-formed multipart form: it ends too early", "wrong-form")


async def receive_file(request: Request, store: ObjectStore, *, limit: int) -> Received:
    """Stream the form's file into the store under a key of its own; what it is.

    Raises TooLarge, UnsupportedMediaType, Invalid (UnusableDocument for what is not taken), Unavailable, and
    HTTPException for a sender who gives up or is too slow.
    """
    form = _Form(_boundary(request, limit))
    request.scope[ARRIVAL].pass_on()
    counted = _Counted(form, request, limit)
    key = f"documents/{uuid.uuid4().hex}"
    with _place(key):
        try:
            async with asyncio.timeout(LONGEST_SECONDS):
                chunks = counted.chunks()
                head = await _head(chunks)
                if not form.has_file:
                    raise Invalid.at(f"/{FIELD}", "is missing", "required")
                media_type = media_type_of(head)
                await store.put_stream(key, _again(head, chunks), content_type="application/octet-stream")
        except TimeoutError:
            raise _too_slow() from None
        except ClientDisconnect:
            raise HTTPException(400, "The connection ended before the body did.") from None
    return Received(
        key=key,
        sha256=counted.digest.hexdigest(),
        size=counted.size,
        media_type=media_type,
        name=clean_name(form.file_name),
    )


async def discard_file(store: ObjectStore, key: str) -> None:
    """Remove what a call stored that came to nothing; if the store is away now, collecting does it later."""
    with contextlib.suppress(StoreUnavailable, ObjectMissing):
        await asyncio.shield(store.delete(key))


def _boundary(request: Request, limit: int) -> bytes:
    length = request.headers.get("content-length", "")
    if length.isascii() and length.isdigit() and int(length[:18]) > limit + FORM_OVERHEAD:
        raise _too_large(limit)
    kind, options = parse_options_header(request.headers.get("content-type", ""))
    encoded = request.headers.get("content-encoding", "identity").lower() != "identity"
    if kind != FORM.encode() or encoded:
        raise UnsupportedMediaType(f"Send {FORM}, not compressed.")
    boundary = options.get(b"boundary", b"")
    if not 1 <= len(boundary) <= 70:
        raise Invalid.at("", "has no boundary of 1–70 characters in its content type", "wrong-form")
    read_idempotency_key(request)
    return boundary


@contextlib.contextmanager
def _place(key: str) -> Iterator[None]:
    if len(_receiving) >= AT_ONCE:
        raise Unavailable("Many files are being received; try again shortly.", retry_after=10)
    _receiving.add(key)
    try:
        yield
    finally:
        _receiving.discard(key)


async def _next_piece(body: AsyncIterator[bytes]) -> bytes | None:
    """The next piece that is not empty; None at the end."""
    try:
        async with asyncio.timeout(QUIET_SECONDS):
            async for piece in body:
                if piece:
                    return piece
            return None
    except TimeoutError:
        raise _too_slow() from None


async def _head(chunks: AsyncIterator[bytes]) -> bytes:
    head = bytearray()
    async for chunk in chunks:
        head += chunk
        if len(head) >= HEAD_BYTES:
            break
    return bytes(head)


async def _again(head: bytes, chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    yield head
    async for chunk in chunks:
        yield chunk


def _too_large(limit: int) -> TooLarge:
    return TooLarge(f"The file may have at most {limit // MIB} MiB.")


def _too_slow() -> HTTPException:
    detail = (
        f"The body paused for {QUIET_SECONDS} seconds, or took more than {LONGEST_SECONDS // 60} minutes."
    )
    return HTTPException(408, detail, headers={"Connection": "close"})

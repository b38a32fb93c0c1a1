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
from typing import Annotated, Any

from fastapi import Depends
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request

from learning_service.adapters.storage import ObjectMissing, ObjectStore, StoreUnavailable
from learning_service.api.bodies import ARRIVAL, read_idempotency_key
from learning_service.api.requests import ContextOf
from learning_service.core.rate_limits import Shares
from learning_service.domain.documents.actions import Received
from learning_service.domain.documents.rules import DECKS, HEAD_BYTES, clean_name, media_type_of
from learning_service.domain.kernel.errors import (
    Invalid,
    RateLimited,
    TooLarge,
    Unavailable,
    UnsupportedMediaType,
)
from learning_service.domain.kernel.principal import Principal
from learning_service.domain.kernel.values import JsonObject

FORM = "multipart/form-data"
FIELD, HIDDEN_SLIDES = "file", "hidden_slides"
LONGEST_CHOICE = 16
CHOICES = {b"skip": False, b"include": True}
MIB = 1024 * 1024
FORM_OVERHEAD = 64 * 1024
"""What a form may have around its file."""
QUIET_SECONDS, LONGEST_SECONDS = 30, 900
"""How long a sender may be silent, and take altogether."""
BUSY_SECONDS = 10
_YOURS = "Several files of yours are on their way; send the next one when one of them has arrived."
_THEIRS = "Many files of your organization are on their way; try again shortly."
_ALL = "Many files are being received; try again shortly."
AT_ONCE = 16
"""Files that one process receives at a time: each holds some 10 MiB."""
FILE_BODY: JsonObject = {
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
"""`openapi_extra` of a route that takes a file and nothing else."""
UPLOAD_BODY: JsonObject = {
    "requestBody": {
        "required": True,
        "content": {
            FORM: {
                "schema": {
                    "type": "object",
                    "required": [FIELD],
                    "additionalProperties": False,
                    "properties": {
                        FIELD: {"type": "string", "format": "binary"},
                        HIDDEN_SLIDES: {
                            "type": "string",
                            "enum": ["skip", "include"],
                            "default": "skip",
                            "description": "What becomes of slides that the presentation hides.",
                        },
                    },
                }
            }
        },
    }
}
"""`openapi_extra` of a route that takes a file."""


class _Form:
    """What the parser has seen so far: the choice, the file's name, and bytes of it that have not been read yet.

    The choice may come before the file or after it; both are small parts of a form beside a large one.
    """

    def __init__(self, boundary: bytes) -> None:
        self.file_name: str | None = None
        self.media_type = ""
        self.is_whole = False
        self.has_file = False
        self.hidden_slides = False
        self._choice: bytearray | None = None
        self._is_choice = False
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
                "on_part_data": self._data,
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

    def check_choice(self) -> None:
        """Read whether hidden slides shall be shown. Raises Invalid for no such choice."""
        if self._choice is not None:
            if bytes(self._choice) not in CHOICES:
                raise Invalid.at(
                    f"/{HIDDEN_SLIDES}",
                    "must be skip or include",
                    "not-one-of",
                    {"allowed": ["skip", "include"]},
                )
            self.hidden_slides = CHOICES[bytes(self._choice)]

    def _begin(self) -> None:
        self._disposition: dict[bytes, bytes] = {}

    def _data(self, data: bytes, start: int, end: int) -> None:
        if not self._is_choice:
            self._ready.append(data[start:end])
        elif self._choice is not None:
            # A word that is too long is wrong; the rest of it need not be kept.
            self._choice += data[start : min(end, start + LONGEST_CHOICE - len(self._choice))]

    def _header(self) -> None:
        if bytes(self._name).lower() == b"content-disposition":
            _, self._disposition = parse_options_header(bytes(self._value))
        elif bytes(self._name).lower() == b"content-type":
            self.media_type = parse_options_header(bytes(self._value))[0].decode("latin-1").lower()
        self._name.clear()
        self._value.clear()

    def _headers_finished(self) -> None:
        name, is_file = self._disposition.get(b"name"), b"filename" in self._disposition
        self._is_choice = name == HIDDEN_SLIDES.encode() and not is_file
        if self._is_choice:
            if self._choice is not None:
                raise Invalid.at(f"/{HIDDEN_SLIDES}", "is given twice", "twice")
            self._choice = bytearray()
            return
        if name != FIELD.encode() or not is_file:
            raise Invalid.at(
                "", f"has another part than a file called {FIELD!r} and a text {HIDDEN_SLIDES!r}", "too-many"
            )
        if self.has_file:
            raise Invalid.at("", f"has more than one file; send one as {FIELD!r}", "too-many")
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
        self.form.check_choice()


class Places:
    """Files on their way to this process: each takes some 10 MiB of it, and no caller may take all of the places."""

    def __init__(self, *, per_principal: int, per_organization: int) -> None:
        self._all = Shares(AT_ONCE)
        self._principals = Shares(per_principal)
        self._organizations = Shares(per_organization)

    @contextlib.contextmanager
    def take(self, organization_id: str, who: str) -> Iterator[None]:
        """A place for one file. Raises RateLimited for a sender with too many, Unavailable when all are taken."""
        principal = f"{organization_id}\n{who}"
        with contextlib.ExitStack() as stack:
            for shares, key, refusal in (
                (self._principals, principal, RateLimited(_YOURS, retry_after=BUSY_SECONDS)),
                (self._organizations, organization_id, RateLimited(_THEIRS, retry_after=BUSY_SECONDS)),
                (self._all, "", Unavailable(_ALL, retry_after=BUSY_SECONDS)),
            ):
                if not shares.take(key):
                    raise refusal
                stack.callback(shares.give_back, key)
            yield


async def _places_of(request: Request, context: ContextOf) -> Places:
    state, settings = request.app.state, context.settings
    if not hasattr(state, "upload_places"):
        state.upload_places = Places(
            per_principal=settings.uploads_per_principal, per_organization=settings.uploads_per_organization
        )
    places: Places = state.upload_places
    return places


PlacesOf = Annotated[Places, Depends(_places_of)]
"""The process's places."""


async def receive_file(
    request: Request,
    store: ObjectStore,
    *,
    limit: int,
    sender: Principal,
    places: Places,
    is_private: bool = False,
) -> Received:
    """Stream the form's file into the store under a key of its own; what it is.

    What is private is evidence, which no presentation can be.

    Raises TooLarge, UnsupportedMediaType, Invalid (UnusableDocument for what is not taken), RateLimited, Unavailable,
    and HTTPException for a sender who gives up or is too slow.
    """
    form = _Form(_boundary(request, limit))
    request.scope[ARRIVAL].pass_on()
    counted = _Counted(form, request, limit)
    key = f"documents/{uuid.uuid4().hex}"
    with places.take(*sender.who):
        try:
            async with asyncio.timeout(LONGEST_SECONDS):
                chunks = counted.chunks()
                head = await _head(chunks)
                if not form.has_file:
                    raise Invalid.at(f"/{FIELD}", "is missing", "required")
                media_type = media_type_of(head, proof=is_private)
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
        hidden_slides=form.hidden_slides and media_type in DECKS,
        is_private=is_private,
    )


async def read_file(request: Request, *, limit: int, sender: Principal, places: Places) -> bytes:
    """The form's file, in memory. Raises as `receive_file`, whatever the file is."""
    with places.take(*sender.who):
        return (await read_form(request, limit=limit, seconds=LONGEST_SECONDS)).content


@dataclass(frozen=True, slots=True)
class FormFile:
    """A file as a form brought it, and what its sender calls it."""

    content: bytes
    name: str
    media_type: str


async def read_form(request: Request, *, limit: int, seconds: int) -> FormFile:
    """The form's file, in memory; for a caller that has taken a place. Raises as `receive_file`."""
    form = _Form(_boundary(request, limit))
    request.scope[ARRIVAL].pass_on()
    content = bytearray()
    try:
        async with asyncio.timeout(seconds):
            async for chunk in _Counted(form, request, limit).chunks():
                content += chunk
    except TimeoutError:
        raise _too_slow(seconds) from None
    except ClientDisconnect:
        raise HTTPException(400, "The connection ended before the body did.") from None
    if not form.has_file:
        raise Invalid.at(f"/{FIELD}", "is missing", "required")
    return FormFile(bytes(content), form.file_name or "", form.media_type)


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


def _too_slow(seconds: int = LONGEST_SECONDS) -> HTTPException:
    longest = f"{seconds // 60} minutes" if seconds >= 120 else f"{seconds} seconds"
    detail = f"The body paused for {QUIET_SECONDS} seconds, or took more than {longest}."
    return HTTPException(408, detail, headers={"Connection": "close"})

"""Bodies in and documents out: strict JSON, read once, judged only after the caller's right to call.

Refusals come in the contract's order: who, whether they may, then the body's size, type and content. So the
bytes are received first, without an opinion; `JsonBody` has the opinion, as a dependency that comes after access.
"""

import asyncio
import codecs
import gc
import json
import re
from functools import cached_property
from typing import Any

from pydantic import TypeAdapter, ValidationError
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request

from learning_service.api.known_parameters import faults_of_query
from learning_service.api.outlines import Outline, outline_of
from learning_service.domain.kernel.errors import Invalid, TooLarge, UnsupportedMediaType
from learning_service.domain.kernel.large_work import apart
from learning_service.domain.kernel.values import JsonObject

MIB = 1024 * 1024
PUBLIC, SMALL, LARGE = 64 * 1024, MIB, 8 * MIB
MAX_VALUES = 500_000
BYTES_PER_VALUE = 8
"""A body holds at most so many numbers, texts, arrays and objects, and no more than one for each 8 bytes of its
limit: each costs the validator time."""
MAX_KEYS = 20_000
"""More than any object of the contract can have: each unknown one would become a fault first."""

JUDGED_AT_ONCE = 16 * 1024
"""A larger body is judged in a thread; a smaller one takes less time than the way there and back may."""
RECEIVE_SECONDS, PUBLIC_SECONDS = 60, 5
ARRIVAL = "learning_service.arrival"
"""Where the scope has the request's `concurrency.Arrival`."""
CALLER = "learning_service.caller"
"""Where it has the `Principal`, once that is known."""
_BODY_BY = "learning_service.body_by"
JSON = "application/json"
JSON_PATCH = "application/json-patch+json"
CLOUD_EVENT = "application/cloudevents+json"
CLOUD_EVENTS = "application/cloudevents-batch+json"
_BYTE_ORDER_MARKS = (codecs.BOM_UTF8, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_KEY = re.compile(r"[\x20-\x7e]{1,255}")


def body_deadline(request: Request, seconds: float) -> float:
    """When the body must be there, by the loop's clock, however many wait for it one after the other."""
    by: float = request.scope.setdefault(_BODY_BY, asyncio.get_running_loop().time() + seconds)
    return by


async def receive_body(request: Request, *, public: bool = False) -> bytes | None:
    """The body's bytes, or None when there are more than any call takes; the rest is then left unread.

    Without login (`public`) there is less patience, for size and time alike. Raises HTTPException 408 for a sender
    who takes longer.
    """
    most, seconds = (PUBLIC, PUBLIC_SECONDS) if public else (LARGE, RECEIVE_SECONDS)
    if _announced_size(request) > most:
        return None
    try:
        async with asyncio.timeout_at(body_deadline(request, seconds)):
            return await _receive(request, most)
    except TimeoutError:
        detail = f"The body did not arrive within {seconds} seconds."
        raise HTTPException(408, detail, headers={"Connection": "close"}) from None
    except ClientDisconnect:
        raise HTTPException(400, "The connection ended before the body did.") from None


async def _receive(request: Request, most: int) -> bytes | None:
    chunks, size = [], 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > most:
            return None
        chunks.append(chunk)
    return b"".join(chunks)


def _announced_size(request: Request) -> int:
    text = request.headers.get("content-length", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 20 else 0


class JsonBody:
    """Parses and validates the received body as one type; a FastAPI dependency.

    `optional` gives None for an absent body (the call's fields are all optional). With `parse` False the bytes are
    given: JSON of the right size and kind, which the action itself judges.
    """

    def __init__(
        self,
        type_: Any,
        *,
        limit: int = SMALL,
        media_types: tuple[str, ...] = (JSON,),
        optional: bool = False,
        parse: bool = True,
    ) -> None:
        self.type = type_
        self.adapter: TypeAdapter[Any] = TypeAdapter(type_)
        self.limit = limit
        self.media_types = media_types
        self.optional = optional
        self.parse = parse

    async def __call__(self, request: Request) -> Any:
        """The validated body. Raises TooLarge, UnsupportedMediaType or Invalid, in this order.

        The permission has been asked by now, so first of all a call whose key was used before ends here.
        """
        if (before := getattr(request.state, "before", None)) is not None:
            raise before
        request.state.is_permitted = True
        body: bytes | None = request.state.body
        if body is None or len(body) > self.limit:
            raise TooLarge(f"The body may have at most {self.limit} bytes.")
        absent = self.optional and not body
        if not absent:
            self._check_media_type(request)
        if getattr(request.state, "takes_key", False):
            read_idempotency_key(request)
        if absent:
            return None
        if len(body) <= JUDGED_AT_ONCE:
            return self._judged(body)
        caller = request.scope.get(CALLER)
        who = ("", "") if caller is None else caller.who
        return await apart(*who, self._judged_apart, body)

    def _judged_apart(self, body: bytes) -> Any:
        # Looking for garbage among so many new objects takes longer than making them, and holds up all requests.
        gc.disable()
        try:
            return self._judged(body)
        finally:
            gc.enable()

    def _judged(self, body: bytes) -> Any:
        document = check_json(body, self.limit)
        if not self.parse:
            return body
        if len(body) > JUDGED_AT_ONCE:
            # The validator reads all of an unknown field, for each kind that the body may be of.
            self._outline.look_over(document)
        try:
            return self.adapter.validate_json(body)
        except ValidationError as error:
            self._outline.look_at_lists(document)
            raise Invalid(self._outline.faults(self.adapter, error, document)) from None
        except RecursionError:
            raise Invalid.at("", "is nested too deeply", "too-deep") from None

    @cached_property
    def _outline(self) -> Outline:
        return outline_of(self.adapter.json_schema())

    def _check_media_type(self, request: Request) -> None:
        kind, *parameters = request.headers.get("content-type", "").lower().split(";")
        charset = [p.split("=", 1)[1].strip(' "') for p in parameters if p.strip().startswith("charset=")]
        encoded = request.headers.get("content-encoding", "identity").lower() != "identity"
        if kind.strip() not in self.media_types or charset not in ([], ["utf-8"]) or encoded:
            raise UnsupportedMediaType(f"Send {' or '.join(self.media_types)}, in UTF-8 and not compressed.")


def read_idempotency_key(request: Request) -> str | None:
    """The key that the request brings; none is fine. Raises Invalid for what no key can be."""
    keys = request.headers.getlist("idempotency-key")
    if not keys:
        return None
    if len(keys) > 1 or not _KEY.fullmatch(keys[0]):
        raise Invalid.at(
            "Idempotency-Key", "must be 1–255 printable ASCII characters, given once", "wrong-form"
        )
    return keys[0]


def check_json(body: bytes, limit: int = SMALL) -> Any:
    """What the body says; refuses what lenient parsers let through.

    That is duplicate keys, bytes that are not UTF-8, and nesting without end. `limit` is what the call takes
    in bytes. Raises Invalid.
    """
    if body.startswith(_BYTE_ORDER_MARKS):
        raise Invalid.at("", "begins with a byte order mark; send UTF-8 without one", "not-json")
    most = min(MAX_VALUES, limit // BYTES_PER_VALUE)
    if _values(body) > most and _values(_without_texts(body)) > most:
        raise Invalid.at("", f"holds more than {most} values", "too-many", {"most": most})
    try:
        return json.loads(body.decode(), object_pairs_hook=_no_duplicates, parse_constant=_no_constant)
    except _Duplicate as error:
        raise Invalid.at("", f"has the key {error.key[:64]!r} twice in one object", "twice") from None
    except RecursionError:
        raise Invalid.at("", "is nested too deeply", "too-deep") from None
    except ValueError:
        raise Invalid.at("", "is not valid JSON in UTF-8", "not-json") from None


def keys_of(body: bytes) -> int | None:
    """How many keys all objects of a valid JSON text have together; None where that takes more than counting.

    Outside of texts a colon follows each key, and nothing else.
    """
    return None if b"\\" in body else b"".join(body.split(b'"')[::2]).count(b":")


def _values(body: bytes) -> int:
    """How many values there are at most, by the marks that begin or follow one; parsing would cost too much."""
    return body.count(b",") + body.count(b"[") + body.count(b"{")


def _without_texts(body: bytes) -> bytes:
    if b"\\" in body:
        body = body.replace(rb"\\", b"").replace(rb"\"", b"")
    return b"".join(body.split(b'"')[::2])


class _Duplicate(Exception):
    def __init__(self, key: str) -> None:
        self.key = key.encode("ascii", "backslashreplace").decode()


def _no_duplicates(pairs: list[tuple[str, Any]]) -> JsonObject:
    if len(pairs) > MAX_KEYS:
        raise Invalid.at("", f"has an object with more than {MAX_KEYS} keys", "too-many", {"most": MAX_KEYS})
    result = dict(pairs)
    if len(result) != len(pairs):
        seen: set[str] = set()
        raise _Duplicate(next(key for key, _ in pairs if key in seen or seen.add(key)))  # type: ignore[func-returns-value]
    return result


def _no_constant(name: str) -> Any:
    raise ValueError(name)


def refuse_unknown_parameters(request: Request, known: frozenset[str]) -> None:
    """Refuse unknown parameters where a query is read, before what is wrong with the known ones. Raises Invalid."""
    if faults := faults_of_query(request.query_params, known):
        raise Invalid(faults)

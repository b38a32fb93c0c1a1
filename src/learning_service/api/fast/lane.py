"""The lane beside the router: which requests take it, and how they leave it again."""

import asyncio
import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from pydantic import TypeAdapter, ValidationError
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from learning_service.api import bodies as wire
from learning_service.api.headers import values_of
from learning_service.api.marks_between import call_again
from learning_service.api.problems import database_problem
from learning_service.context import Context, context_of
from learning_service.core.database import DRIVER_ERRORS, Unsure
from learning_service.domain.completion.actions.marking import Unmarked
from learning_service.domain.kernel.errors import DomainError

T = TypeVar("T")
Headers = Sequence[tuple[bytes, bytes]]
Reply = tuple[bytes, Headers]
"""A JSON body, and the headers beside its type and length."""
Handler = Callable[[Request, Context, str], Awaitable[Reply | None]]
"""Takes the id in the path (empty where there is none). None: the ordinary route answers."""

JSON_HEADER = (b"content-type", b"application/json")
# Trouble that the ordinary route meets too, and knows how to report or to mend.
LEFT_TO_THE_ROUTE = (DomainError, Unmarked, OSError, *DRIVER_ERRORS)


@dataclass(frozen=True)
class HotPath:
    """A call with a short way. `path` is its route's template, which logs and metrics name."""

    method: str
    path: str
    pattern: str
    handler: Handler
    status: int = 200
    """Of its replies."""
    queries: bool = False
    """Whether it reads parameters of a query; one that does not leaves them to the route."""
    regex: re.Pattern[str] = field(init=False)

    def __post_init__(self) -> None:
        """Compile the pattern."""
        object.__setattr__(self, "regex", re.compile(self.pattern))


class HotPaths:
    """Pure ASGI, innermost: answers plain requests of hot paths, and hands on all others.

    What those find unmarked is marked from here too: one `try` costs them nothing, a layer of its own would.
    """

    def __init__(self, app: ASGIApp, paths: Sequence[HotPath]) -> None:
        self.app = app
        self._paths = paths
        self._querying = tuple(hot for hot in paths if hot.queries)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] == "http":
            method, path = scope["method"], scope["path"]
            for hot in self._querying if scope["query_string"] else self._paths:
                if hot.method == method and (match := hot.regex.fullmatch(path)) is not None:
                    receive = again = Receiver(receive)
                    if await self._serve(hot, match[match.re.groups], scope, again, send):
                        return
                    again.rewind()
                    break
        unmarked = None
        try:
            await self.app(scope, receive, send)
        except Unmarked as found:
            unmarked = found
        if unmarked is not None:
            await call_again(self.app, unmarked, scope, receive, send)

    async def _serve(self, hot: HotPath, id_: str, scope: Scope, receive: Receive, send: Send) -> bool:
        request = Request(scope, receive)
        try:
            reply = await hot.handler(request, context_of(scope), id_)
        except LEFT_TO_THE_ROUTE:
            reply = None
        except Unsure as error:
            problem = await database_problem(request, error.cause)
            await problem(scope, receive, send)
            return True
        if reply is None:
            return False
        scope["route"] = hot
        await _send(send, hot.status, *reply)
        return True


class Receiver:
    """What arrives, which the ordinary route can read once more from the start."""

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self._seen: list[Message] = []
        self._again: list[Message] = []

    async def __call__(self) -> Message:
        """The next message."""
        if self._again:
            return self._again.pop(0)
        message = await self._receive()
        self._seen.append(message)
        return message

    def rewind(self) -> None:
        """From the start."""
        self._again, self._seen = self._seen, []


async def small_body(request: Request) -> bytes | None:
    """The body; None for one that is too large or breaks off, which is the route's to judge."""
    body, more = b"", True
    async with asyncio.timeout_at(wire.body_deadline(request, wire.RECEIVE_SECONDS)):
        while more:
            message = await request.receive()
            if message["type"] != "http.request" or len(body) > wire.SMALL:
                return None
            body += message.get("body", b"")
            more = message.get("more_body", False)
    return body if len(body) <= wire.SMALL else None


async def plain_body(request: Request, type_: TypeAdapter[T], keys: Callable[[T], int]) -> T | None:
    """The body as this type, as `read_body` reads what `plain_bytes` gives."""
    body = await plain_bytes(request)
    return None if body is None else read_body(body, type_, keys)


async def plain_bytes(request: Request) -> bytes | None:
    """The body where it says to be JSON; None for one that is large or not plain, which is the route's to judge."""
    scope = request.scope
    if values_of(scope, b"content-type") != [wire.JSON] or values_of(scope, b"content-encoding"):
        return None
    body = await small_body(request)
    return None if body is None or len(body) > wire.JUDGED_AT_ONCE else body


def read_body(body: bytes, type_: TypeAdapter[T], keys: Callable[[T], int]) -> T | None:
    """The body as this type; None for a wrong one, which is the route's to judge.

    `keys`: how many keys the objects of a value have together. A body of as many has none twice, so that it need not
    be read once more for that, which takes as long as to validate it.
    """
    try:
        found = type_.validate_json(body)
    except (ValidationError, RecursionError):
        return None
    if wire.keys_of(body) != keys(found):
        wire.check_json(body)
    return found


async def _send(send: Send, status: int, body: bytes, headers: Headers) -> None:
    length = (b"content-length", str(len(body)).encode())
    sent = [length, JSON_HEADER, *headers]
    await send({"type": "http.response.start", "status": status, "headers": sent})
    await send({"type": "http.response.body", "body": body})

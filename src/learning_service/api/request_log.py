"""One log line and one metric for each request, and the headers that every reply has."""

import asyncio
import re
import sys
import time
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

import uuid_utils
from prometheus_client import Counter, Histogram
from pydantic_core import to_json
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from learning_service.api.head import HeadAsGet
from learning_service.api.headers import with_always
from learning_service.core.telemetry import begin_request, logs_requests

REQUESTS = Counter("learning_requests_total", "Requests answered.", ["method", "route", "status"])
SECONDS = Histogram(
    "learning_request_seconds",
    "Time to answer.",
    ["method", "route"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5),
)
DELAY_SECONDS = 0.01
"""How long a line waits for others."""
_OUR_REQUEST_ID = re.compile(r"\A[A-Za-z0-9._-]{8,64}\Z")


class RequestLog:
    """Pure ASGI: gives each request an id, sends it back, and writes one log line and one metric for it.

    Here every reply passes, so here it gets the headers that every reply has.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self.head = HeadAsGet(app)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        request_id, is_private = _read_headers(scope)
        scope["request_id"] = request_id
        facts = {"request_id": request_id}
        begin_request(facts)
        started = time.perf_counter()
        status = 500

        async def observe(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = with_always(
                    message["headers"], (b"x-request-id", request_id.encode()), private=is_private
                )
            await send(message)

        try:
            await (self.head if scope["method"] == "HEAD" else self.app)(scope, receive, observe)
        finally:
            _record(scope, status, time.perf_counter() - started, facts)


def _record(scope: Scope, status: int, seconds: float, facts: dict[str, str]) -> None:
    route = getattr(scope.get("route"), "path", "unmatched")
    method = scope["method"] if scope["method"] in _METHODS else "OTHER"
    answered, took = _meters(method, route, status)
    answered.inc()
    took.observe(seconds)
    if logs_requests():
        # Not by structlog, nor by the standard encoder: both cost several times this line (the row `overhead`).
        _lines.add(
            b'%s%.1f,"event":"request",%s,"level":"info","timestamp":"%s"}\n'
            % (
                _beginning(method, route, status),
                seconds * 1000,
                to_json(facts)[1:-1],
                _instant(),
            )
        )


class _Lines:
    """Lines on their way out: together, since to write one takes as long as to make it.

    A process that is killed takes those of the last `DELAY_SECONDS` along; one that ends writes them first.
    """

    def __init__(self) -> None:
        self._lines: list[bytes] = []
        self._loop: asyncio.AbstractEventLoop | None = None
        """The one that will write them."""

    def add(self, line: bytes) -> None:
        """Write a line soon."""
        self._lines.append(line)
        loop = asyncio.get_running_loop()
        if self._loop is not loop:
            self._loop = loop
            loop.call_later(DELAY_SECONDS, self.write)

    def write(self) -> None:
        """Write what there is."""
        self._loop = None
        lines, self._lines = self._lines, []
        if lines:
            sys.stderr.write(b"".join(lines).decode())


_lines = _Lines()
write_lines = _lines.write
"""Write the lines that wait, as at the end of a process."""


def _instant() -> bytes:
    """Now, as lines say it: `2026-03-01T12:00:00.000000Z`."""
    seconds, micros = divmod(time.time_ns() // 1000, 1_000_000)
    return b"%s.%06dZ" % (_second(seconds), micros)


@lru_cache(maxsize=2)
def _second(seconds: int) -> bytes:
    """Up to its second, which many lines share: to write down a time takes as long as all else of a line."""
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S}".encode()


@lru_cache(maxsize=2048)
def _beginning(method: str, route: str, status: int) -> bytes:
    """Of a line, up to its time."""
    return to_json({"method": method, "route": route, "status": status})[:-1] + b',"ms":'


@lru_cache(maxsize=2048)
def _meters(method: str, route: str, status: int) -> tuple[Any, Any]:
    """The counter and the histogram of these labels; finding them costs as much as counting."""
    return REQUESTS.labels(method, route, str(status)), SECONDS.labels(method, route)


_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


def _read_headers(scope: Scope) -> tuple[str, bool]:
    """The request's id, and whether it brings a token, so that the reply belongs to that caller alone."""
    request_id, is_private = "", False
    for name, value in scope["headers"]:
        if name == b"authorization":
            is_private = True
        elif name == b"x-request-id" and not request_id:
            given = value.decode("latin-1")
            request_id = given if _OUR_REQUEST_ID.match(given) else ""
    return request_id or uuid_utils.uuid4().hex, is_private

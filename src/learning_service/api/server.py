"""The HTTP server's own limits: how large headers may be, and how long a connection may be silent.

uvicorn has neither with httptools: a silent connection is never closed, and a header may have any size.
"""

import asyncio
import socket
from functools import partial
from typing import Any

from pydantic_core import to_json
from uvicorn.protocols.http.flow_control import FlowControl
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from learning_service.api.concurrency import ALWAYS_SERVED
from learning_service.api.headers import with_always
from learning_service.api.problems import MEDIA_TYPE, reason
from learning_service.api.starts import Starts
from learning_service.core.rate_limits import Network, Shares, household, is_within_any, parse_networks
from learning_service.core.settings import Settings

MAX_HEAD_BYTES = 64 * 1024
"""Address and headers together; also what may come between two pieces of a body."""
SILENT_SECONDS = 75.0
KEEP_ALIVE_SECONDS = 75
"""uvicorn's own patience between two requests, which ends at the first byte of the next."""
_AROUND = len(": \r\n")
LOOKS = 5
"""How often a connection is looked at in that time."""
SWITCH_SECONDS = 0.0005
"""How long a thread with large work keeps the interpreter from the event loop, which asks for it at each step of each
request; the usual 5 ms make ten steps last 50."""
MOST_AHEAD = 100
"""Requests that a connection may send ahead of their replies; one read can bring ten thousand."""
KEPT_BY_SYSTEM = 128 * 1024
"""Of a reply, for a client that reads slowly; left alone it keeps megabytes, and copies them in one go."""
_HEAD_END = b"\r\n\r\n"
_LEAST_OF_BODY = 2048
"""A body is read in pieces of no less, whatever it looks like; a few requests may follow it in the last one."""


def _problem(status: int, detail: str, code: str, *further: tuple[bytes, bytes]) -> bytes:
    title = reason(status)
    document = dict(  # noqa: C408 - like every other code of a problem, for the test of docs/errors.md
        type=f"urn:learning-service:problem:{code}", title=title, status=status, detail=detail, code=code
    )
    body = to_json(document)
    headers = with_always(
        [
            (b"content-type", MEDIA_TYPE.encode()),
            (b"connection", b"close"),
            (b"content-length", b"%d" % len(body)),
            *further,
        ]
    )
    lines = [f"HTTP/1.1 {status} {title}".encode(), *(name + b": " + value for name, value in headers)]
    return b"\r\n".join([*lines, b"", body])


_TOO_LARGE = _problem(
    status=431,
    detail=f"Address and headers may have at most {MAX_HEAD_BYTES} bytes together.",
    code="headers-too-large",
)
_NOT_A_REQUEST = _problem(
    status=400,
    detail="What arrived is not a request of HTTP/1.1.",
    code="not-a-request",
)
_TOO_MANY = _problem(
    429, "Too many connections from this address are open.", "rate-limited", (b"retry-after", b"5")
)


class _Refused(Exception):
    """Raised inside the parser, so that it leaves the rest of what has arrived."""


class _Flow(FlowControl):
    """Reads nothing more of a client while what it has sent waits to be read by the parser."""

    is_behind = False

    def resume_reading(self) -> None:
        if not self.is_behind:
            super().resume_reading()


class BoundedProtocol(HttpToolsProtocol):
    """uvicorn's protocol, which ends connections whose client sends too much, or neither sends nor reads.

    A client may take `silent_seconds` to send a request's headers, counted from the reply before, and may read
    nothing of a reply for as long. While a request is worked on, or its body arrives, the application has limits.

    Of requests that are sent ahead, one is looked at while another is answered, and none begins while the client
    leaves replies unread.
    """

    silent_seconds = SILENT_SECONDS
    of_address: Shares | None = None
    """The connections of each; None: unbounded."""
    proxies: tuple[Network, ...] = ()
    """Addresses whose connections carry the requests of many callers, so that they are not counted."""
    starts = Starts()
    flow: _Flow

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._loose = self._arrived = 0
        self._moved = False
        self._is_refused = False
        self._address: str | None = None
        self._waits_since: float | None = None
        self._unsent = 0
        self._still_since = 0.0
        self._look: asyncio.TimerHandle | None = None
        self._rest, self._at = b"", 0
        self._in_body = False
        self._ahead = 0
        self._stalled: tuple[RequestResponseCycle, Any] | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to look, unless the address has too many connections."""
        super().connection_made(transport)
        self.flow = _Flow(transport)
        if (end := transport.get_extra_info("socket")) is not None:
            end.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, KEPT_BY_SYSTEM)
        self._waits_since = self.loop.time()
        self._look_later()
        if not self._is_counted():
            self._refuse(_TOO_MANY)

    def connection_lost(self, exc: Exception | None) -> None:
        """Look no more."""
        if self._look is not None:
            self._look.cancel()
        if self._address is not None and self.of_address is not None:
            self.of_address.give_back(self._address)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Read what may be read now."""
        self._rest = self._rest[self._at :] + data if self._rest else data
        self._at = 0
        self._go_on()

    def _go_on(self) -> None:
        while self._rest and not (self._is_refused or self.pipeline or self._stalled or self.parser is None):
            start, self._at = self._at, self._end_of_piece()
            self._read(self._rest[start : self._at])
            if self._at == len(self._rest):
                self._rest, self._at = b"", 0
        self.flow.is_behind = bool(self._rest)
        if self.flow.is_behind:
            self.flow.pause_reading()
            self._ahead += 1
            if self._ahead > MOST_AHEAD:
                self._refuse()
        else:
            self._ahead = 0

    def _end_of_piece(self) -> int:
        """Where the head of a request ends, so that the next one is not read with it."""
        end = self._rest.find(_HEAD_END, self._at + (_LEAST_OF_BODY if self._in_body else 0))
        return len(self._rest) if end < 0 else end + len(_HEAD_END)

    def _read(self, data: bytes) -> None:
        """Count what completes no headers and belongs to no body."""
        self._moved = False
        self._arrived = self._loose + len(data)
        super().data_received(data)
        self._loose = 0 if self._moved else self._loose + len(data)
        if self._loose > MAX_HEAD_BYTES:
            self._refuse()

    def on_headers_complete(self) -> None:
        """Start the request, if its headers are of a size."""
        self._moved = True
        # What has arrived altogether is hardly ever as much, so the headers need no counting.
        if self._arrived > MAX_HEAD_BYTES and self._head_size() > MAX_HEAD_BYTES:
            self._refuse()
        if self._is_refused:
            raise _Refused
        self._waits_since = None
        self._in_body = True
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """Hand on a piece of the body."""
        self._moved = True
        if not self._is_refused:
            super().on_body(body)

    def on_message_complete(self) -> None:
        """Hand on the end of the body."""
        self._moved = True
        self._in_body = False
        if not self._is_refused:
            super().on_message_complete()

    def on_response_complete(self) -> None:
        """From here on the next request is waited for, unless it has come already."""
        waits = not self.pipeline
        super().on_response_complete()
        if waits:
            self._waits_since = self.loop.time()
        if self.flow.is_behind and not self.transport.is_closing():
            self._go_on()
            self.flow.resume_reading()

    def resume_writing(self) -> None:
        """Begin the request that waited for this."""
        super().resume_writing()
        if self._stalled is not None:
            stalled, self._stalled = self._stalled, None
            self._start_asgi_task(*stalled)
            self._go_on()
            self.flow.resume_reading()

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
        if self.flow.write_paused:
            self._stalled = (cycle, app)
        elif cycle.scope["path"] in ALWAYS_SERVED:
            super()._start_asgi_task(cycle, app)
        else:
            self.starts.begin(self.loop, partial(self._start_unless_gone, cycle, app))

    def _start_unless_gone(self, cycle: RequestResponseCycle, app: Any) -> None:
        if not cycle.disconnected:
            super()._start_asgi_task(cycle, app)

    def send_400_response(self, msg: str) -> None:
        """Refuse what the parser cannot read, unless the connection is refused already."""
        self._refuse(_NOT_A_REQUEST)

    def _is_counted(self) -> bool:
        if self.of_address is None or self.client is None or is_within_any(self.client[0], self.proxies):
            return True
        address = household(self.client[0])
        if not self.of_address.take(address):
            return False
        self._address = address
        return True

    def _head_size(self) -> int:
        return len(self.url) + sum(len(name) + len(value) + _AROUND for name, value in self.headers)

    def _refuse(self, refusal: bytes = _TOO_LARGE) -> None:
        if self._is_refused or self.transport.is_closing():
            return
        self._is_refused = True
        if self.cycle is None or self.cycle.response_complete:
            self.transport.write(refusal)
            self.transport.close()
        else:
            # In the middle of another reply there is no place for this one.
            self.transport.abort()

    def _look_later(self) -> None:
        self._look = self.loop.call_later(self.silent_seconds / LOOKS, self._look_at_client)

    def _look_at_client(self) -> None:
        instant = self.loop.time()
        unsent = self.transport.get_write_buffer_size()
        if unsent != self._unsent:
            self._unsent, self._still_since = unsent, instant
        since = self._still_since if unsent else self._waits_since
        if since is not None and instant - since >= self.silent_seconds:
            self.transport.abort()
        else:
            self._look_later()


def bounded_protocol(settings: Settings) -> type[BoundedProtocol]:
    """The protocol of one process under its settings."""

    class Protocol(BoundedProtocol):
        of_address = Shares(settings.max_connections_of_address)
        proxies = parse_networks(settings.trusted_proxies)
        starts = Starts()

    return Protocol

"""The load: a process of its own that keeps a number of connections busy for a while.

It speaks just enough HTTP/1.1 over asyncio's protocols to know where an answer ends, so that it takes little from
the two cores that it shares with what is measured. Orders come as lines of JSON on standard input, one answer each:

    {"port": 8000, "requests": "/path/to/file", "connections": 16, "seconds": 1.5}
    {"answers": 4711, "seconds": 1.51, "p50_ms": 3.3, "p95_ms": 5.0, "bad": 0}

The file holds a JSON list of requests as text. Connections take the requests in turn; the next order with the same
file goes on where the last one ended.
"""

import asyncio
import json
import re
import sys
import time
from collections.abc import Iterator
from itertools import cycle
from pathlib import Path
from typing import Any

import uvloop

_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_CLOSE = re.compile(rb"\r\nconnection: *close", re.IGNORECASE)
_sources: dict[str, Iterator[bytes]] = {}


class Round:
    """One order: what is sent, and what came back."""

    def __init__(self, order: dict[str, Any]) -> None:
        self.port: int = order["port"]
        self.source = _source(order["requests"])
        self.ends = time.perf_counter() + order["seconds"]
        self.latencies: list[float] = []
        self.bad: list[str] = []
        self.running = 0
        self.done = asyncio.Event()

    async def run(self, connections: int) -> dict[str, Any]:
        """Keep the connections busy until the time is over."""
        started = time.perf_counter()
        self.running = connections
        for _ in range(connections):
            await self.connect()
        await self.done.wait()
        took = time.perf_counter() - started
        ordered = sorted(self.latencies)
        return {
            "answers": len(ordered),
            "seconds": took,
            "p50_ms": ordered[len(ordered) // 2] * 1000 if ordered else 0,
            "p95_ms": ordered[int(len(ordered) * 0.95)] * 1000 if ordered else 0,
            "bad": len(self.bad),
            "example": self.bad[0] if self.bad else None,
        }

    async def connect(self) -> None:
        """One more connection."""
        await asyncio.get_running_loop().create_connection(lambda: Client(self), "127.0.0.1", self.port)

    def finish_one(self) -> None:
        """A connection has ended its work."""
        self.running -= 1
        if not self.running:
            self.done.set()


class Client(asyncio.Protocol):
    """One connection: a request, its answer, the next request."""

    def __init__(self, round_: Round) -> None:
        self.round = round_
        self.got = b""
        self.sent_at = 0.0
        self.waits = False
        """Whether an answer is to come."""
        self.transport: Any = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin."""
        self.transport = transport
        self.send()

    def send(self) -> None:
        """The next request, or the end."""
        self.got = b""
        self.sent_at = time.perf_counter()
        if self.sent_at >= self.round.ends:
            self.transport.close()
            self.round.finish_one()
        else:
            self.waits = True
            self.transport.write(next(self.round.source))

    def data_received(self, data: bytes) -> None:
        """A piece of an answer."""
        self.got = self.got + data if self.got else data
        end = self.got.find(b"\r\n\r\n")
        if end < 0:
            return
        length = _LENGTH.search(self.got, 0, end)
        if length is None:
            raise SystemExit("an answer without Content-Length cannot be measured here")
        if len(self.got) < end + 4 + int(length[1]):
            return
        self.waits = False
        self.round.latencies.append(time.perf_counter() - self.sent_at)
        if self.got[9:12] not in (b"200", b"201"):
            self.round.bad.append(self.got.decode("latin-1")[:2000])
        if _CLOSE.search(self.got, 0, end):
            self.transport.close()
            asyncio.get_running_loop().create_task(self.round.connect())
        else:
            self.send()

    def connection_lost(self, exc: Exception | None) -> None:
        """Nothing waits for a connection that the server ended before its answer."""
        if self.waits:
            self.round.bad.append(repr(exc or "closed before the answer"))
            self.round.finish_one()


def _source(path: str) -> Iterator[bytes]:
    if path not in _sources:
        _sources[path] = cycle([request.encode() for request in json.loads(Path(path).read_text())])
    return _sources[path]


async def serve() -> None:
    """Answer orders until standard input ends."""
    while line := await asyncio.to_thread(sys.stdin.readline):
        order = json.loads(line)
        print(json.dumps(await Round(order).run(order["connections"])), flush=True)


if __name__ == "__main__":
    uvloop.run(serve())

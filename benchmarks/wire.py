"""A client that sends a request when it is due, whatever became of those before: open load, as people make it."""

import asyncio
import re
import time
from dataclasses import dataclass, field

_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_CLOSE = re.compile(rb"\r\nconnection: *close", re.IGNORECASE)
Answer = tuple[int, bytes]


@dataclass
class Wire:
    """Kept connections to one server, as many as are needed at once."""

    port: int
    idle: list[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = field(default_factory=list)

    async def send(self, request: str) -> Answer:
        """Status and body. Status 0 is a connection that broke."""
        try:
            return await self._send(request.encode())
        except (OSError, asyncio.IncompleteReadError):
            return 0, b""

    async def _send(self, request: bytes) -> Answer:
        while self.idle:
            reader, writer = self.idle.pop()
            if not reader.at_eof():
                break
            # The server has ended what nobody used for a minute.
            writer.close()
        else:
            reader, writer = await asyncio.open_connection("127.0.0.1", self.port, limit=2**24)
        try:
            writer.write(request)
            head = await reader.readuntil(b"\r\n\r\n")
            length = _LENGTH.search(head)
            body = await reader.readexactly(int(length[1])) if length else b""
        except BaseException:
            writer.close()
            raise
        if _CLOSE.search(head):
            writer.close()
        else:
            self.idle.append((reader, writer))
        return int(head[9:12]), body

    def close(self) -> None:
        """Hang up."""
        while self.idle:
            self.idle.pop()[1].close()


@dataclass
class Tally:
    """What became of requests: milliseconds, and what was not answered by 200 or 201."""

    took: list[float] = field(default_factory=list)
    bad: list[str] = field(default_factory=list)

    async def ask(self, wire: Wire, request: str) -> bytes:
        """Send one and note it."""
        began = time.perf_counter()
        status, body = await wire.send(request)
        self.took.append((time.perf_counter() - began) * 1000)
        if status not in (200, 201, 202, 204):
            self.bad.append(f"{request.partition(' HTTP')[0]}: {status} {body[:300].decode('latin-1')}")
        return body

    def part(self, share: float) -> float:
        """The milliseconds within which this share of them was answered; 0 where there were none."""
        ordered = sorted(self.took)
        return ordered[min(len(ordered) - 1, int(len(ordered) * share))] if ordered else 0.0


async def sleep_until(moment: float) -> None:
    """Wait for a time of `perf_counter`."""
    await asyncio.sleep(max(0.0, moment - time.perf_counter()))

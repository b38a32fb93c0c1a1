"""A TCP proxy that misbehaves as told: one stands in front of every part, API and receiver of the rig."""

import asyncio
import contextlib
import random
import socket
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Literal

CHUNK = 65536
_RESET = struct.pack("ii", 1, 0)
_chance = random.Random(36)


@dataclass(frozen=True)
class Mishap:
    """What the proxy does to a connection, or to what a client sends on it.

    `refuse`: every connection is reset. `blackhole`: nothing moves, in either direction. `delay`: what the client
    sends arrives `seconds` late. `reset`: it does not arrive, and both ends are reset. `cut`: `after` bytes of it
    arrive. `swallow`: it arrives whole, but the reply does not. `answer`: the proxy itself replies with `reply`.
    The last five concern pieces with `marker` in them only, and of those the share `share`.
    """

    kind: Literal["refuse", "blackhole", "delay", "reset", "cut", "swallow", "answer"]
    share: float = 1.0
    marker: bytes = b""
    seconds: float = 0.0
    after: int = 0
    reply: bytes = b""


class _Link:
    """One client's connection and ours to the target."""

    def __init__(self, client: asyncio.StreamWriter, server: asyncio.StreamWriter) -> None:
        self.client, self.server = client, server
        self.is_deaf = False

    def abort(self) -> None:
        """Reset both ends."""
        for writer in (self.client, self.server):
            # None where the other end has closed it already.
            if (sock := writer.get_extra_info("socket")) is None:
                continue
            with contextlib.suppress(OSError):
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
            writer.transport.abort()


class Proxy:
    """Listens on a port of its own and passes everything on to `target`, a port of this machine."""

    def __init__(self, target: int) -> None:
        self.target = target
        self.port = 0
        self.suffered = 0
        """How many connections or pieces have met with a mishap."""
        self._mishap: Mishap | None = None
        self._links: set[_Link] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._open = asyncio.Event()
        self._open.set()
        self._server: asyncio.Server | None = None

    async def start(self) -> None:
        """Begin to listen."""
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Stop listening and reset what is open."""
        if self._server is not None:
            self._server.close()
        self.reset_all()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def reset_all(self) -> None:
        """Reset every open connection."""
        for link in list(self._links):
            link.abort()

    @asynccontextmanager
    async def suffering(self, mishap: Mishap) -> AsyncIterator[None]:
        """Within the block things go wrong."""
        self._mishap = mishap
        if mishap.kind == "blackhole":
            self._open.clear()
        if mishap.kind == "refuse":
            self.reset_all()
        try:
            yield
        finally:
            self._mishap = None
            self._open.set()

    async def _until_open(self) -> None:
        if not self._open.is_set():
            self.suffered += 1
            await self._open.wait()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        if self._mishap is not None and self._mishap.kind == "refuse":
            self.suffered += 1
            writer.transport.abort()
            return
        try:
            await self._until_open()
            from_server, to_server = await asyncio.open_connection("127.0.0.1", self.target)
        except OSError:
            writer.transport.abort()
            return
        link = _Link(writer, to_server)
        self._links.add(link)
        try:
            await asyncio.gather(self._upstream(reader, link), self._downstream(from_server, link))
        except OSError:
            link.abort()
        finally:
            self._links.discard(link)
            writer.close()
            to_server.close()

    async def _upstream(self, reader: asyncio.StreamReader, link: _Link) -> None:
        while data := await reader.read(CHUNK):
            await self._until_open()
            mishap = self._mishap
            if mishap is not None and _strikes(mishap, data):
                self.suffered += 1
                if not await self._befall(mishap, data, link):
                    return
            else:
                link.server.write(data)
            await link.server.drain()
        if link.server.can_write_eof():
            link.server.write_eof()

    async def _befall(self, mishap: Mishap, data: bytes, link: _Link) -> bool:
        """Whether the connection lives on."""
        match mishap.kind:
            case "delay":
                await asyncio.sleep(mishap.seconds * _chance.random() * 2)
                link.server.write(data)
                return True
            case "swallow":
                link.is_deaf = True
                link.server.write(data)
                return True
            case "cut":
                link.server.write(data[: mishap.after])
                await link.server.drain()
            case "answer":
                link.client.write(mishap.reply)
                with contextlib.suppress(OSError):
                    await link.client.drain()
                link.client.close()
                return False
            case _:
                pass
        link.abort()
        return False

    async def _downstream(self, reader: asyncio.StreamReader, link: _Link) -> None:
        while data := await reader.read(CHUNK):
            await self._until_open()
            if link.is_deaf:
                # The target has done what it was asked for and has said so; nobody will hear it.
                link.abort()
                return
            link.client.write(data)
            await link.client.drain()
        link.client.close()


def _strikes(mishap: Mishap, data: bytes) -> bool:
    if mishap.kind in ("refuse", "blackhole") or mishap.marker not in data:
        return False
    return _chance.random() < mishap.share

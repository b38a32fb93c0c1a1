"""A real NATS server with JetStream, which keeps what it stores in a folder of the test."""

import asyncio
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import nats
from nats.js.errors import NotFoundError

from learning_devstack.ports import LOOPBACK, choose

SUBJECTS = "learning.events.>"


def installed() -> bool:
    """Whether there is a server here."""
    return shutil.which("nats-server") is not None


@dataclass(frozen=True)
class Message:
    """What the stream has stored."""

    subject: str
    id: str
    position: int
    body: bytes


@dataclass
class NatsServer:
    """A server that can be stopped, and started again with what it has stored."""

    port: int
    folder: Path
    process: asyncio.subprocess.Process | None = None

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"nats://{LOOPBACK}:{self.port}"

    async def start(self) -> None:
        """Start, and wait until it listens."""
        words = ("nats-server", "-a", LOOPBACK, "-p", str(self.port), "-js", "-sd", str(self.folder))
        quiet = asyncio.subprocess.DEVNULL
        self.process = await asyncio.create_subprocess_exec(*words, stdout=quiet, stderr=quiet)
        for _ in range(200):
            try:
                _, writer = await asyncio.open_connection(LOOPBACK, self.port)
            except OSError:
                await asyncio.sleep(0.05)
            else:
                writer.close()
                return
        raise AssertionError("nats-server does not listen")

    async def stop(self) -> None:
        """End it at once."""
        if self.process is not None and self.process.returncode is None:
            self.process.kill()
            await self.process.wait()

    async def stored(self) -> list[Message]:
        """All that the stream has, in its order."""
        client = await nats.connect(self.url)
        try:
            stream = client.jetstream()
            try:
                name = await stream.find_stream_name_by_subject(SUBJECTS)
            except NotFoundError:
                return []
            count = (await stream.stream_info(name)).state.messages
            found: list[Message] = []
            reader = await stream.subscribe(SUBJECTS, ordered_consumer=True)
            while len(found) < count:
                message = await reader.next_msg(timeout=10)
                headers = message.headers or {}
                found.append(
                    Message(
                        message.subject,
                        headers["Nats-Msg-Id"],
                        int(headers["Learning-Position"]),
                        message.data,
                    )
                )
            return found
        finally:
            await client.close()


@asynccontextmanager
async def nats_server(folder: Path) -> AsyncIterator[NatsServer]:
    """A server of the test's own."""
    server = NatsServer(choose(), folder)
    await server.start()
    try:
        yield server
    finally:
        await server.stop()

"""Processes of the service beside the tests: the API or a worker as its own command starts it, its log kept."""

import asyncio
import contextlib
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import httpx
from pydantic import SecretStr
from redis.asyncio import Redis

from learning_service.core.settings import Settings

ROOT = Path(__file__).resolve().parents[2]
COMMAND = (sys.executable, "-m", "learning_service.cli.app")


@dataclass
class Running:
    """A process of the service, with what it has written."""

    process: "subprocess.Popen[bytes]"
    log: Path
    port: int

    @property
    def address(self) -> str:
        """Where an API answers."""
        return f"http://127.0.0.1:{self.port}"

    def processor_seconds(self) -> float:
        """What all threads of it have used of the processor so far, by Linux's clock of another process."""
        return time.clock_gettime((~self.process.pid << 3) | 2)


def environment(settings: Settings) -> dict[str, str]:
    """The variables that make a process read these settings."""
    values = json.loads(settings.model_dump_json(exclude_none=True, exclude_defaults=True))
    for name in values:
        if isinstance(secret := getattr(settings, name), SecretStr):
            values[name] = secret.get_secret_value()
        elif name == "secret_keys":
            values[name] = [one.get_secret_value() for one in secret]
    named = {
        name.upper(): value if isinstance(value, str) else json.dumps(value) for name, value in values.items()
    }
    return {**os.environ, **named}


@contextlib.contextmanager
def process(settings: Settings, command: Sequence[str], log: Path, port: int = 0) -> Iterator[Running]:
    """A process of the service, ended with the block."""
    with log.open("wb") as written:
        started = subprocess.Popen(
            command,
            cwd=ROOT,
            env={**environment(settings), "PORT": str(port)},
            stdout=written,
            stderr=subprocess.STDOUT,
        )
    try:
        yield Running(started, log, port)
    finally:
        started.terminate()
        try:
            started.wait(20)
        except subprocess.TimeoutExpired:
            started.kill()
            started.wait()


@contextlib.asynccontextmanager
async def api(
    settings: Settings, log: Path, command: Sequence[str] = (*COMMAND, "api")
) -> AsyncIterator[tuple[Running, httpx.AsyncClient]]:
    """An API process that is alive, and a client of it."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with process(settings, command, log, port) as running:
        async with httpx.AsyncClient(base_url=running.address, timeout=60) as http:
            await _until_alive(http, running)
            yield running, http


@contextlib.asynccontextmanager
async def worker(settings: Settings, log: Path) -> AsyncIterator[Running]:
    """A worker process; it takes some seconds to start."""
    redis = Redis.from_url(settings.redis_url.get_secret_value())
    # Jobs of other tests' databases; those of this one are rows, and are found.
    await redis.delete("learning:jobs")
    await redis.aclose()
    with process(settings, (*COMMAND, "worker"), log, 0) as running:
        yield running


async def _until_alive(http: httpx.AsyncClient, running: Running) -> None:
    # One that cannot start ends; on a busy machine it takes minutes to read its modules.
    for _ in range(3000):
        assert running.process.poll() is None, f"the API ended by itself: {running.log.read_text()}"
        try:
            if (await http.get("/healthz")).status_code == 200:
                return
        except httpx.TransportError:
            await asyncio.sleep(0.1)
    raise AssertionError(f"the API did not start: {running.log.read_text()}")

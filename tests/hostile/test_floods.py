"""Floods from outside against a real process: whoever sends them, everybody else is answered.

A wait is told in the process's own processor time, so that a busy machine makes none longer.
"""

import asyncio
import contextlib
import json
import threading
from collections.abc import AsyncIterator, Callable

import httpx
import pytest
from tests.kit.processes import Running, api
from tests.kit.world import World

from learning_service.core.settings import Settings

pytestmark = pytest.mark.long
SECONDS = 5
LONGEST = 0.4


@pytest.fixture(scope="module")
async def served(
    settings: Settings, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[tuple[Running, httpx.AsyncClient]]:
    async with api(settings, tmp_path_factory.mktemp("floods") / "api.log") as started:
        yield started


class Watcher(threading.Thread):
    """Asks one thing again and again, and remembers its longest wait and what was not answered."""

    def __init__(self, running: Running, path: str, token: str | None = None) -> None:
        super().__init__(daemon=True)
        self.running, self.path = running, path
        self.headers = {} if token is None else {"Authorization": f"Bearer {token}"}
        self.longest, self.asked = 0.0, 0
        self.statuses: set[int] = set()
        self.is_over = False

    def run(self) -> None:
        """Ask until it is over."""
        with httpx.Client(base_url=self.running.address, headers=self.headers, timeout=60) as http:
            while not self.is_over:
                before = self.running.processor_seconds()
                self.statuses.add(http.get(self.path).status_code)
                self.longest = max(self.longest, self.running.processor_seconds() - before)
                self.asked += 1
                threading.Event().wait(0.02)


def request(method: str, path: str, token: str | None = None, body: bytes = b"") -> bytes:
    lines = [f"{method} {path} HTTP/1.1", "Host: x", f"Content-Length: {len(body)}"]
    lines += ["Content-Type: application/json"] if body else []
    lines += [f"Authorization: Bearer {token}"] if token else []
    return "\r\n".join([*lines, "", ""]).encode() + body


async def ask_again_and_again(running: Running, sent: bytes) -> None:
    while True:
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            reader, writer = await asyncio.open_connection("127.0.0.1", running.port)
            with contextlib.closing(writer):
                while True:
                    writer.write(sent)
                    head = (await reader.readuntil(b"\r\n\r\n")).lower()
                    length = head.partition(b"content-length: ")[2].partition(b"\r\n")[0]
                    await reader.readexactly(int(length or 0))
        await asyncio.sleep(0.02)


async def never_read(running: Running, sent: bytes) -> None:
    _, writer = await asyncio.open_connection("127.0.0.1", running.port, limit=1)
    with contextlib.closing(writer):
        writer.write(sent * 90)
        await asyncio.sleep(2 * SECONDS)


def batch(count: int) -> bytes:
    return json.dumps({"members": [{}] * count}).encode()


FLOODS: dict[str, tuple[int, Callable[[World], bytes]]] = {
    "empty members": (16, lambda w: _push(w, batch(1_000))),
    "a batch of nothing": (8, lambda w: _push(w, batch(5_000))),
    "too large a batch of nothing": (8, lambda w: _push(w, batch(16_000))),
    "waits for events": (
        120,
        lambda w: request("GET", "/api/events/?wait=25", w.call_as("reader", scopes=["events:read"]).token),
    ),
    "unreadable tokens": (50, lambda w: request("GET", "/api/courses/", "x.y.z")),
}


def _push(world: World, body: bytes) -> bytes:
    return request("POST", "/api/directory/members/batch/", world.directory.token, body)


async def others_waited(
    served: tuple[Running, httpx.AsyncClient], other: World, flood: list[asyncio.Task[None]]
) -> None:
    running, _ = served
    watchers = [Watcher(running, "/healthz"), Watcher(running, "/api/courses/", other.admin.token)]
    try:
        for watcher in watchers:
            watcher.start()
        await asyncio.sleep(SECONDS)
    finally:
        for watcher in watchers:
            watcher.is_over = True
        for watcher in watchers:
            await asyncio.to_thread(watcher.join)
        for task in flood:
            task.cancel()
        await asyncio.gather(*flood, return_exceptions=True)
    alive, another = watchers
    assert alive.statuses == another.statuses == {200}
    assert alive.asked > 5
    assert alive.longest < LONGEST, f"{alive.longest:.2f} s"
    assert another.longest < 3 * LONGEST, f"{another.longest:.2f} s"


@pytest.mark.parametrize("name", FLOODS)
async def test_a_flood_of_requests_stops_nobody(
    world: World, other_world: World, served: tuple[Running, httpx.AsyncClient], name: str
) -> None:
    senders, sent_by = FLOODS[name]
    sent = sent_by(world)
    flood = [asyncio.create_task(ask_again_and_again(served[0], sent)) for _ in range(senders)]
    await others_waited(served, other_world, flood)


async def test_many_who_do_not_read_stop_nobody(
    other_world: World, served: tuple[Running, httpx.AsyncClient]
) -> None:
    sent = request("GET", "/openapi.json")
    flood = [asyncio.create_task(never_read(served[0], sent)) for _ in range(300)]
    await others_waited(served, other_world, flood)

"""Senders who are slow, silent or endless, over real sockets: they are ended, and nobody else notices."""

import asyncio
import contextlib
import json
import re
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import httpx
import pytest
from tests.kit.processes import COMMAND, Running, api
from tests.kit.service import MakeSettings
from tests.kit.waiting import PATIENCE_SECONDS, until
from tests.kit.world import World

from learning_service.core.settings import Settings

pytestmark = pytest.mark.long
PLACES = 20
ARRIVING = 30
SLOW = (
    b"POST /api/certificates/verify/ HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
    b"Content-Length: %d\r\n%s\r\n{"
)
SILENT_COMMAND = (
    COMMAND[0],
    "-c",
    "from learning_service.cli import app as cli; from learning_service.api import server;"
    " server.BoundedProtocol.silent_seconds = 2.0; import sys; sys.argv[1:] = ['api']; cli.main()",
)

HASTY_COMMAND = (
    COMMAND[0],
    "-c",
    "from learning_service.cli import app as cli; from learning_service.api import bodies;"
    " bodies.RECEIVE_SECONDS = 3; import sys; sys.argv[1:] = ['api']; cli.main()",
)


@pytest.fixture(scope="module")
def small(settings: Settings, make_settings: MakeSettings) -> Settings:
    return make_settings(
        settings.database_url,
        max_concurrent_requests=PLACES,
        max_arriving_bodies=ARRIVING,
        trusted_proxies=["127.0.0.0/8"],
        log_level="info",
    )


@pytest.fixture(scope="module")
async def served(
    small: Settings, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[tuple[Running, httpx.AsyncClient]]:
    async with api(small, tmp_path_factory.mktemp("slow") / "api.log") as started:
        yield started


@contextlib.asynccontextmanager
async def connected(port: int) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        yield reader, writer
    finally:
        writer.close()


async def ended_with(reader: asyncio.StreamReader, seconds: float) -> tuple[int, bytes, float]:
    """The status that a connection got before it was ended (0: none), the answer, and after how long."""
    started = time.monotonic()
    try:
        answer = await asyncio.wait_for(reader.read(), seconds)
    except ConnectionError:
        answer = b""
    status = int(answer.split(b" ", 2)[1]) if answer else 0
    return status, answer, time.monotonic() - started


def addresses() -> Iterator[bytes]:
    n = 0
    while True:
        n += 1
        yield b"X-Forwarded-For: 198.51.%d.%d\r\n" % (n // 250, n % 250)


async def test_slow_bodies_without_login_stop_nobody_and_end_after_five_seconds(
    world: World, served: tuple[Running, httpx.AsyncClient]
) -> None:
    running, http = served
    async with contextlib.AsyncExitStack() as stack:
        readers = []
        for address, _ in zip(addresses(), range(3 * PLACES), strict=False):
            reader, writer = await stack.enter_async_context(connected(running.port))
            writer.write(SLOW % (100, address))
            readers.append(reader)
        ends = [asyncio.create_task(ended_with(reader, PATIENCE_SECONDS)) for reader in readers]
        await asyncio.sleep(0.5)
        headers = {"Authorization": f"Bearer {world.admin.token}"}
        answer = await http.get("/api/courses/", headers=headers)
        assert answer.status_code == 200, answer.text
        assert not any(end.done() for end in ends), "nobody's end made room"
        assert (await http.get("/healthz")).status_code == 200
        for status, text, seconds in await asyncio.gather(*ends):
            assert (status, b"request-timeout" in text) == (408, True)
            assert seconds < 30, "five, and what a busy machine takes"


async def test_one_address_has_so_many_connections(settings: Settings, tmp_path: Path) -> None:
    most = 30
    few = settings.model_copy(update={"max_connections_of_address": most})
    async with api(few, tmp_path / "api.log") as (running, http), contextlib.AsyncExitStack() as stack:
        # The client's own connection is one of them.
        silent = [await stack.enter_async_context(connected(running.port)) for _ in range(most - 1)]
        for _ in range(3):
            reader, _ = await stack.enter_async_context(connected(running.port))
            status, answer, _ = await ended_with(reader, PATIENCE_SECONDS)
            assert (status, b"rate-limited" in answer, b"retry-after: 5" in answer) == (429, True, True)
        assert (await http.get("/healthz")).status_code == 200
        for _, writer in silent[:5]:
            writer.close()
            await writer.wait_closed()

        async def a_place_is_given_back() -> bool:
            async with httpx.AsyncClient(base_url=running.address) as again:
                return (await again.get("/healthz")).status_code == 200

        await until(a_place_is_given_back)


async def test_a_trusted_proxys_connections_are_not_counted(
    settings: Settings, make_settings: MakeSettings, tmp_path: Path
) -> None:
    few = make_settings(settings.database_url, max_connections_of_address=2, trusted_proxies=["127.0.0.0/8"])
    async with api(few, tmp_path / "api.log") as (running, _), contextlib.AsyncExitStack() as stack:
        for _ in range(10):
            reader, writer = await stack.enter_async_context(connected(running.port))
            writer.write(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
            assert b" 200 " in await asyncio.wait_for(reader.readline(), PATIENCE_SECONDS)


async def test_one_address_has_so_many_bodies_on_the_way(served: tuple[Running, httpx.AsyncClient]) -> None:
    running, _ = served
    async with contextlib.AsyncExitStack() as stack:
        readers = []
        for _ in range(ARRIVING + 5):
            reader, writer = await stack.enter_async_context(connected(running.port))
            writer.write(SLOW % (100, b"X-Forwarded-For: 203.0.113.9\r\nConnection: close\r\n"))
            readers.append(reader)
        found = await asyncio.gather(*(ended_with(reader, PATIENCE_SECONDS) for reader in readers))
        statuses = sorted(status for status, _, _ in found)
        assert statuses == [408] * ARRIVING + [429] * 5
        refused = next(text for status, text, _ in found if status == 429)
        assert b"retry-after" in refused.lower()
        assert b"rate-limited" in refused
    one = await asyncio.open_connection("127.0.0.1", running.port)
    body = b"X-Forwarded-For: 203.0.113.9\r\nConnection: close\r\n"
    one[1].write((SLOW % (14, body))[:-1] + b'{"ids": ["x"]}')
    assert (await ended_with(one[0], 5))[0] == 200, "places are free again"
    one[1].close()


async def test_a_caller_holds_so_many_bytes_and_no_more(
    world: World, served: tuple[Running, httpx.AsyncClient]
) -> None:
    """Nine bodies of 7 MiB without their last byte leave 1 MiB of the 64 that are held for one caller."""
    running, http = served
    token = world.directory.token
    size = 7 * 1024 * 1024
    head = (
        "POST /api/directory/members/batch/ HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
        f"Connection: close\r\nAuthorization: Bearer {token}\r\nContent-Length: {size + 1}\r\n\r\n"
    ).encode()
    async with contextlib.AsyncExitStack() as stack:
        for _ in range(9):
            _, writer = await stack.enter_async_context(connected(running.port))
            writer.write(head + b" " * size)
            await asyncio.wait_for(writer.drain(), PATIENCE_SECONDS)
        await asyncio.sleep(1)
        reader, writer = await stack.enter_async_context(connected(running.port))
        ending = asyncio.create_task(ended_with(reader, PATIENCE_SECONDS))
        writer.write(head)
        sent = 0
        while not ending.done() and sent < size:
            writer.write(b" " * 65_536)
            sent += 65_536
            await asyncio.sleep(0.1)
        status, answer, _ = await ending
        assert (status, b"rate-limited" in answer, sent < 3 * 1024 * 1024) == (429, True, True)
    other = {"Authorization": f"Bearer {world.admin.token}"}
    assert (await http.get("/api/courses/", headers=other)).status_code == 200


@pytest.mark.parametrize("size", [64 * 1024 + 1, 1024 * 1024])
async def test_a_public_body_is_small(served: tuple[Running, httpx.AsyncClient], size: int) -> None:
    _, http = served
    content = json.dumps({"ids": ["x"]}).encode()
    headers = {"Content-Type": "application/json"}
    for sent in (content + b" " * (size - len(content)), b"[" * size):
        answer = await http.post("/api/certificates/verify/", content=sent, headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (413, "body-too-large")
        assert "65536" in answer.json()["detail"]


@pytest.mark.parametrize(
    "head",
    [
        b"GET /healthz HTTP/1.1\r\nHost: x\r\nX-A: " + b"a" * 70_000 + b"\r\n\r\n",
        b"GET /healthz HTTP/1.1\r\nHost: x\r\n" + b"X-A: bcd\r\n" * 8_000 + b"\r\n",
        b"GET /healthz?" + b"q" * 70_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
    ],
)
async def test_large_headers_are_refused(served: tuple[Running, httpx.AsyncClient], head: bytes) -> None:
    running, _ = served
    async with connected(running.port) as (reader, writer):
        writer.write(head)
        status, text, _ = await ended_with(reader, 10)
        assert (status, b'"code":"headers-too-large"' in text) == (431, True)


@pytest.mark.parametrize(
    "sent",
    [
        b"garbage\r\n\r\n",
        b"GET / HTTP/9.9\r\nHost: x\r\n\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"CONNECT a:1 HTTP/1.1\r\nHost: x\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: -5\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    ],
)
async def test_what_is_no_request_is_answered_like_any_other_fault(
    served: tuple[Running, httpx.AsyncClient], sent: bytes
) -> None:
    running, _ = served
    async with connected(running.port) as (reader, writer):
        writer.write(sent)
        status, text, _ = await ended_with(reader, 10)
    head, _, body = text.partition(b"\r\n\r\n")
    assert (status, json.loads(body)["code"]) == (400, "not-a-request"), text
    assert json.loads(body)["title"] == "Bad Request"
    for line in (
        b"content-type: application/problem+json",
        b"x-content-type-options: nosniff",
        b"referrer-policy: no-referrer",
        b"content-security-policy: default-src 'none'; frame-ancestors 'none'",
    ):
        assert head.split(b"\r\n").count(line) == 1, line


async def test_requests_far_ahead_of_their_answers_stop_nobody(
    served: tuple[Running, httpx.AsyncClient],
) -> None:
    running, http = served
    ahead = b"GET /healthz HTTP/1.1\r\nHost:x\r\n\r\n"
    spent = running.processor_seconds()
    async with contextlib.AsyncExitStack() as stack:
        readers = []
        for _ in range(20):
            reader, writer = await stack.enter_async_context(connected(running.port))
            writer.write(ahead * 7_000)
            readers.append(reader)
        await asyncio.gather(*(ended_with(reader, PATIENCE_SECONDS) for reader in readers))
    assert running.processor_seconds() - spent < 3, "7,000 of each would take 30"
    assert (await http.get("/healthz")).status_code == 200


async def test_a_few_requests_ahead_are_answered_in_their_order(
    served: tuple[Running, httpx.AsyncClient],
) -> None:
    running, _ = served
    async with connected(running.port) as (reader, writer):
        for n in range(50):
            writer.write(b"GET /healthz HTTP/1.1\r\nHost: x\r\nX-Request-Id: number-%d\r\n\r\n" % (100 + n))
        writer.write(b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        _, text, _ = await ended_with(reader, 10)
    assert text.count(b"HTTP/1.1 200") == 51
    places = [text.index(b"number-%d" % (100 + n)) for n in range(50)]
    assert places == sorted(places)


async def test_who_does_not_read_answers_holds_no_place(
    world: World, served: tuple[Running, httpx.AsyncClient]
) -> None:
    running, http = served
    # In a clone it is made at the first request, and who waits for that has a place.
    await http.get("/openapi.json")
    async with contextlib.AsyncExitStack() as stack:
        for _ in range(PLACES + 10):
            reader, writer = await stack.enter_async_context(connected(running.port))
            writer.write(b"GET /openapi.json HTTP/1.1\r\nHost: x\r\n\r\n" * 60)
        await asyncio.sleep(2)
        headers = {"Authorization": f"Bearer {world.admin.token}"}
        for _ in range(5):
            assert (await http.get("/api/courses/", headers=headers)).status_code == 200
        assert b" 200 " in await asyncio.wait_for(reader.readline(), PATIENCE_SECONDS)


@pytest.mark.parametrize("size", [100, 3_000, 100_000])
async def test_requests_after_a_body_are_answered_in_their_order(
    served: tuple[Running, httpx.AsyncClient], size: int
) -> None:
    """Also where the body looks like the heads of requests."""
    running, _ = served
    body = (b"GET / HTTP/1.1\r\n\r\n" * (size // 18 + 1))[:size]
    post = b"POST /api/courses/ HTTP/1.1\r\nHost: x\r\nX-Request-Id: %b\r\n%b\r\n"
    length, chunks = b"Content-Length: %d\r\n" % size, b"Transfer-Encoding: chunked\r\n"
    async with connected(running.port) as (reader, writer):
        writer.write(b"GET /healthz HTTP/1.1\r\nHost: x\r\nX-Request-Id: number-0\r\n\r\n")
        writer.write(post % (b"number-1", length) + body)
        writer.write(b"GET /healthz HTTP/1.1\r\nHost: x\r\nX-Request-Id: number-2\r\n\r\n")
        writer.write(post % (b"number-3", chunks) + b"%x\r\n%b\r\n0\r\n\r\n" % (size, body))
        writer.write(b"GET /healthz HTTP/1.1\r\nHost: x\r\nX-Request-Id: number-4\r\n")
        writer.write(b"Connection: close\r\n\r\n")
        _, text, _ = await ended_with(reader, PATIENCE_SECONDS)
    assert re.findall(rb"HTTP/1.1 (\d+)", text) == [b"200", b"401", b"200", b"401", b"200"]
    places = [text.index(b"number-%d" % n) for n in range(5)]
    assert places == sorted(places)


async def test_a_header_without_end_is_ended(served: tuple[Running, httpx.AsyncClient]) -> None:
    running, http = served
    async with connected(running.port) as (reader, writer):
        writer.write(b"GET /healthz HTTP/1.1\r\nHost: x\r\nX-A: ")
        ending = asyncio.create_task(ended_with(reader, PATIENCE_SECONDS))
        sent = 0
        with contextlib.suppress(ConnectionError):
            while sent < 20 * 1024 * 1024 and not ending.done():
                writer.write(b"a" * 65_536)
                sent += 65_536
                await writer.drain()
                await asyncio.sleep(0)
        await ending
        assert sent < 10 * 1024 * 1024
    assert (await http.get("/healthz")).status_code == 200


async def test_headers_of_a_usual_size_pass_even_in_pieces(
    world: World, served: tuple[Running, httpx.AsyncClient]
) -> None:
    running, _ = served
    async with connected(running.port) as (reader, writer):
        for _ in range(2):
            request = (
                f"GET /api/courses/ HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {world.admin.token}\r\n"
                f"X-A: {'a' * 50_000}\r\n\r\n"
            ).encode()
            for at in range(0, len(request), 9_000):
                writer.write(request[at : at + 9_000])
                await writer.drain()
                await asyncio.sleep(0.01)
            assert (await asyncio.wait_for(reader.readline(), PATIENCE_SECONDS)).startswith(b"HTTP/1.1 200")
            length = 0
            while (line := await reader.readline()) != b"\r\n":
                if line.lower().startswith(b"content-length"):
                    length = int(line.split(b":")[1])
            await reader.readexactly(length)


async def test_silent_connections_end(small: Settings, tmp_path: Path) -> None:
    """Silence before, within and after a request, and of who does not read. The patience is 75 s, here 2 s."""
    async with (
        api(small, tmp_path / "api.log", SILENT_COMMAND) as (running, http),
        contextlib.AsyncExitStack() as s,
    ):

        async def speak(words: bytes) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
            reader, writer = await s.enter_async_context(connected(running.port))
            writer.write(words)
            return reader, writer

        nothing, _ = await speak(b"")
        midway, dripping = await speak(b"GET /healthz HTTP/1.1\r\nHost: x\r\nX-A: ")
        done, _ = await speak(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
        unauthenticated, _ = await speak(
            b"POST /api/courses/ HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n{"
        )
        deaf, _ = await speak(b"GET /openapi.json HTTP/1.1\r\nHost: x\r\n\r\n" * 60)

        async def drip() -> None:
            with contextlib.suppress(ConnectionError):
                for _ in range(60):
                    dripping.write(b"a")
                    await dripping.drain()
                    await asyncio.sleep(0.1)

        task = asyncio.create_task(drip())
        for reader, status in ((nothing, 0), (midway, 0), (done, 200), (unauthenticated, 401)):
            found, _, _ = await ended_with(reader, PATIENCE_SECONDS)
            assert found == status
        await asyncio.sleep(2)
        with pytest.raises((asyncio.IncompleteReadError, ConnectionError)):
            await asyncio.wait_for(deaf.readexactly(200_000_000), PATIENCE_SECONDS)
        await task
        assert (await http.get("/healthz")).status_code == 200


async def test_floods_of_health_checks_ask_the_parts_once_a_second(
    served: tuple[Running, httpx.AsyncClient],
) -> None:
    _, http = served
    for path in ("/readyz", "/metrics"):
        limits = httpx.Limits(max_connections=20)
        async with httpx.AsyncClient(base_url=http.base_url, limits=limits, timeout=60) as flood:
            await flood.get(path)
            started = time.monotonic()
            answers = await asyncio.gather(*(flood.get(path) for _ in range(300)))
            assert {answer.status_code for answer in answers} == {200}
            assert len({answer.content for answer in answers}) <= 2 + int(time.monotonic() - started)


async def test_a_slow_submission_has_no_more_time_than_any_other_call(
    world: World, small: Settings, tmp_path: Path
) -> None:
    async with (
        api(small, tmp_path / "api.log", HASTY_COMMAND) as (running, _),
        connected(running.port) as (reader, writer),
    ):
        writer.write(
            b"POST /api/quizzes/01a223b7-ec8a-767c-a3f8-1668b0241e24/submit/ HTTP/1.1\r\nHost: x\r\n"
            b"Content-Type: application/json\r\nContent-Length: 100\r\n"
            b"Authorization: Bearer %s\r\n\r\n{" % world.admin.token.encode()
        )
        status, text, seconds = await ended_with(reader, PATIENCE_SECONDS)
    assert (status, b"request-timeout" in text) == (408, True)
    assert seconds < 5

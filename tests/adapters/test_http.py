"""The HTTP client against real servers on 127.0.0.1 that behave badly."""

import asyncio
import gzip
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest
from tests.kit.waiting import PATIENCE_SECONDS

from learning_service.adapters.http import HttpClient
from learning_service.domain.kernel.errors import Unavailable

Answer = Callable[[bytes], Awaitable[bytes]]


@asynccontextmanager
async def server(answer: Answer) -> AsyncIterator[str]:
    """Sends what `answer` makes of the request's head, byte for byte, then closes."""

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            writer.write(await answer(await reader.readuntil(b"\r\n\r\n")))
            await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    listener = await asyncio.start_server(handle, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{listener.sockets[0].getsockname()[1]}/keys"
    finally:
        listener.close()


def reply(body: bytes, *, status: str = "200 OK", headers: bytes = b"") -> bytes:
    return b"HTTP/1.1 %s\r\nConnection: close\r\n%s\r\n%s" % (status.encode(), headers, body)


@pytest.fixture
async def client() -> AsyncIterator[HttpClient]:
    client = HttpClient()
    yield client
    await client.close()


async def test_reads_json(client: HttpClient) -> None:
    async def answer(head: bytes) -> bytes:
        assert head.startswith(b"GET /keys HTTP/1.1\r\n")
        return reply(b'{"keys": []}')

    async with server(answer) as url:
        assert await client.get_json(url, timeout_seconds=2, max_bytes=100) == {"keys": []}


BAD_ANSWERS = {
    "error": (reply(b"{}", status="500 Internal Server Error"), "answered 500"),
    "no content": (reply(b"", status="204 No Content"), "answered 204"),
    "not json": (reply(b"<html>"), "JSON"),
    "not utf-8": (reply(b'"\xff"'), "JSON"),
    "deep json": (reply(b"[" * 50_000), "JSON"),
    "too large": (reply(b'"%s"' % (b"x" * 70_000)), "more than 65536 bytes"),
    "bomb": (reply(gzip.compress(b" " * 10_000_000), headers=b"Content-Encoding: gzip\r\n"), "compressed"),
    "cut off": (reply(b"{}", headers=b"Content-Length: 10\r\n"), "RemoteProtocolError"),
    "not http": (b"SSH-2.0-OpenSSH_9.6\r\n", "RemoteProtocolError"),
}


@pytest.mark.parametrize("case", BAD_ANSWERS)
async def test_bad_answers_are_unavailable(client: HttpClient, case: str) -> None:
    raw, detail = BAD_ANSWERS[case]

    async def answer(head: bytes) -> bytes:
        return raw

    async with server(answer) as url:
        with pytest.raises(Unavailable, match=detail):
            await client.get_json(url, timeout_seconds=5, max_bytes=65_536)


async def test_the_largest_allowed_body_is_read(client: HttpClient) -> None:
    async def answer(head: bytes) -> bytes:
        return reply(b'"%s"' % (b"x" * 65_534))

    async with server(answer) as url:
        assert await client.get_json(url, timeout_seconds=5, max_bytes=65_536) == "x" * 65_534


async def test_redirects_are_not_followed(client: HttpClient) -> None:
    asked: list[bytes] = []

    async def answer(head: bytes) -> bytes:
        asked.append(head)
        return reply(b"", status="302 Found", headers=b"Location: /elsewhere\r\n")

    async with server(answer) as url:
        with pytest.raises(Unavailable, match="answered 302"):
            await client.get_json(url, timeout_seconds=2, max_bytes=100)
    assert len(asked) == 1


async def test_cookies_are_not_kept(client: HttpClient) -> None:
    asked: list[bytes] = []

    async def answer(head: bytes) -> bytes:
        asked.append(head.lower())
        return reply(b"1", headers=b"Set-Cookie: session=abc; Path=/\r\n")

    async with server(answer) as url:
        for _ in range(2):
            await client.get_json(url, timeout_seconds=2, max_bytes=100)
    assert len(asked) == 2
    assert b"cookie" not in asked[1]


async def test_a_slow_answer_ends_at_the_time_limit(client: HttpClient) -> None:
    """The limit is on the whole call: a byte now and then does not prolong it."""

    async def drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            writer.write(reply(b""))
            while True:
                writer.write(b" ")
                await writer.drain()
                await asyncio.sleep(0.05)
        except ConnectionError:
            writer.close()

    listener = await asyncio.start_server(drip, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{listener.sockets[0].getsockname()[1]}/"
    async with asyncio.timeout(PATIENCE_SECONDS):
        with pytest.raises(Unavailable, match=r"within 0\.3 s"):
            await client.get_json(url, timeout_seconds=0.3, max_bytes=1000)
    listener.close()
    await asyncio.sleep(0.2)


BAD_URLS = [
    "http://127.0.0.1:1/", "http://127.0.0.1:99999/", "http://a:b/", "http://xn--/", "ftp://127.0.0.1/", "",
]  # fmt: skip


@pytest.mark.parametrize("url", BAD_URLS)
async def test_unreachable_and_malformed_urls_are_unavailable(client: HttpClient, url: str) -> None:
    with pytest.raises(Unavailable):
        await client.get_json(url, timeout_seconds=2, max_bytes=100)

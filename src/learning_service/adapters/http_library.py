"""Calls by httpx and what is under it. Loaded with the first call of a process, by `http`."""

import asyncio
import functools
import ssl
from collections.abc import Iterable, Mapping
from http.cookiejar import CookieJar, DefaultCookiePolicy

import httpcore
import httpx

from learning_service.adapters.http import Posted
from learning_service.domain.kernel.errors import Unavailable

_AT = " at "
"""Between name and address in what a pool knows a connection by; no name holds it."""
_NO_ANSWER = (
    httpcore.NetworkError,
    httpcore.ProtocolError,
    httpcore.TimeoutException,
    httpcore.UnsupportedProtocol,
    httpx.InvalidURL,
)


@functools.cache
def _usual_trust(*, trust_env: bool) -> ssl.SSLContext:
    """The usual authorities, read once: each time takes some 25 ms of processor."""
    return httpx.create_ssl_context(trust_env=trust_env)


class Calls:
    """Pools of connections for one process. `trust` is that of `HttpClient`."""

    def __init__(self, trust: ssl.SSLContext | None) -> None:
        self._trust = trust
        self._opened: list[httpx.AsyncClient | httpcore.AsyncConnectionPool] = []

    @functools.cached_property
    def _client(self) -> httpx.AsyncClient:
        no_cookies = CookieJar(policy=DefaultCookiePolicy(allowed_domains=[]))
        client = httpx.AsyncClient(
            follow_redirects=False,
            cookies=no_cookies,
            timeout=None,  # noqa: S113
            verify=_usual_trust(trust_env=True),
        )
        self._opened.append(client)
        return client

    @functools.cached_property
    def _direct(self) -> httpcore.AsyncConnectionPool:
        # No proxy: it would connect to an address of its own choosing.
        pool = httpcore.AsyncConnectionPool(
            ssl_context=self._trust or _usual_trust(trust_env=False),
            max_connections=200,
            max_keepalive_connections=50,
            keepalive_expiry=15,
            network_backend=_ToTheAddress(),
        )
        self._opened.append(pool)
        return pool

    async def close(self) -> None:
        """Close every connection."""
        for one in self._opened:
            await one.aclose()

    async def post(
        self,
        url: str,
        body: bytes,
        *,
        headers: Mapping[str, str],
        address: str,
        timeout_seconds: float,
        max_bytes: int,
    ) -> Posted:
        """See `HttpClient.post`."""
        target, name, sent = _addressed(url, headers, address)
        try:
            async with (
                asyncio.timeout(timeout_seconds),
                self._direct.stream(
                    "POST", target, content=body, headers=sent, extensions={"sni_hostname": name}
                ) as response,
            ):
                size = 0
                async for chunk in response.aiter_stream():
                    size += len(chunk)
                    if size > max_bytes:
                        break
                return Posted(response.status, _header(response, b"retry-after"))
        except TimeoutError as error:
            raise Unavailable(f"no answer within {timeout_seconds:g} s") from error
        except (*_NO_ANSWER, ExceptionGroup) as error:
            raise Unavailable(f"no answer: {type(error).__name__}") from error

    async def asked(
        self,
        method: str,
        url: str,
        content: bytes | None,
        *,
        headers: Mapping[str, str],
        timeout_seconds: float,
        max_bytes: int,
    ) -> bytes:
        """The body of a 200 answer, whole. Raises Unavailable."""
        sent = {**headers, "Accept-Encoding": "identity"}
        try:
            async with (
                asyncio.timeout(timeout_seconds),
                self._client.stream(method, url, content=content, headers=sent) as response,
            ):
                return await _body(response, url, max_bytes)
        except TimeoutError as error:
            raise Unavailable(f"{url} did not answer within {timeout_seconds} s") from error
        # A group is what anyio makes of a port out of range, a ValueError what idna makes of a host's name.
        except (httpx.HTTPError, httpx.InvalidURL, ExceptionGroup, ValueError) as error:
            raise Unavailable(f"{url} cannot be read: {type(error).__name__}") from error


async def _body(response: httpx.Response, url: str, max_bytes: int) -> bytes:
    if response.status_code != httpx.codes.OK:
        raise Unavailable(f"{url} answered {response.status_code}")
    if response.headers.get("Content-Encoding", "identity") != "identity":
        raise Unavailable(f"{url} answered compressed, unasked")
    body = bytearray()
    async for chunk in response.aiter_raw():
        body += chunk
        if len(body) > max_bytes:
            raise Unavailable(f"{url} answered more than {max_bytes} bytes")
    return bytes(body)


def _addressed(
    url: str, headers: Mapping[str, str], address: str
) -> tuple[httpcore.URL, str, list[tuple[bytes | str, bytes | str]]]:
    """Where to connect, the name as DNS has it, and what is sent along. Raises Unavailable for what is no URL."""
    try:
        asked = httpx.URL(url)
    except httpx.InvalidURL as error:
        raise Unavailable("no answer: InvalidURL") from error
    port = asked.port or (443 if asked.scheme == "https" else 80)
    # Not `asked.host`, which shows other letters than ASCII, and fails where the name stands for none.
    name = asked.raw_host.decode("ascii")
    place = f"{name}{_AT}{address}".encode("ascii")
    target = httpcore.URL(scheme=asked.raw_scheme, host=place, port=port, target=asked.raw_path)
    return target, name, [*headers.items(), ("Host", asked.netloc), ("Accept-Encoding", "identity")]


class _ToTheAddress(httpcore.AsyncNetworkBackend):
    """Connects to the address after the host's name. The pool compares both, the network needs only this."""

    def __init__(self) -> None:
        self._network = httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """A connection to what follows the name."""
        return await self._network.connect_tcp(
            host.rpartition(_AT)[2], port, timeout, local_address, socket_options
        )

    async def sleep(self, seconds: float) -> None:
        """As the network does."""
        await self._network.sleep(seconds)


def _header(response: httpcore.Response, name: bytes) -> str | None:
    found = [value for key, value in response.headers if key.lower() == name]
    return found[0].decode("latin-1") if found else None

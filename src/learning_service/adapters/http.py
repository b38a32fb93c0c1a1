"""Calls to other HTTP servers. The one module that imports httpx.

The other side is never trusted with our time, memory or state: every call has a limit on its whole duration
and on the size of the answer, redirects are not followed, cookies are not kept, and compressed answers are
refused, because a small one can unfold into a large one. Proxies are taken from the environment, as httpx
does by default.
"""

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass
from http.cookiejar import CookieJar, DefaultCookiePolicy

import httpx

from learning_service.domain.errors import Unavailable


@dataclass(frozen=True, slots=True)
class Posted:
    """How a receiver answered."""

    status: int
    retry_after: str | None


class HttpClient:
    """A pool of connections for one process. Build it once; `close` it when the process ends."""

    def __init__(self) -> None:
        no_cookies = CookieJar(policy=DefaultCookiePolicy(allowed_domains=[]))
        self._client = httpx.AsyncClient(follow_redirects=False, cookies=no_cookies, timeout=None)  # noqa: S113
        # A proxy would connect to an address of its own choosing, so deliveries to vetted addresses use none.
        self._direct = httpx.AsyncClient(
            follow_redirects=False,
            cookies=no_cookies,
            timeout=None,  # noqa: S113
            trust_env=False,
            limits=httpx.Limits(max_connections=200, max_keepalive_connections=50, keepalive_expiry=15),
        )

    async def close(self) -> None:
        """Close every connection."""
        await self._client.aclose()
        await self._direct.aclose()

    async def get_json(self, url: str, *, timeout_seconds: float = 2, max_bytes: int = 256 * 1024) -> object:
        """The JSON value at `url`.

        Raises Unavailable, whose detail is for logs and names the URL, unless a 200 with JSON of at most
        `max_bytes` bytes has arrived whole within `timeout_seconds`.
        """
        try:
            async with asyncio.timeout(timeout_seconds):
                return json.loads(await self._get(url, max_bytes))
        except TimeoutError as error:
            raise Unavailable(f"{url} did not answer within {timeout_seconds} s") from error
        # A group is what anyio makes of a port out of range.
        except (httpx.HTTPError, httpx.InvalidURL, ExceptionGroup) as error:
            raise Unavailable(f"{url} cannot be read: {type(error).__name__}") from error
        except (ValueError, RecursionError) as error:
            raise Unavailable(f"{url} cannot be read as JSON") from error

    async def post(
        self,
        url: str,
        body: bytes,
        *,
        headers: Mapping[str, str],
        address: str,
        timeout_seconds: float = 10,
        max_bytes: int = 64 * 1024,
    ) -> Posted:
        """POST to `url` at this very address, which the caller has vetted; at most `max_bytes` are read back.

        The host's name goes into Host and TLS, so that its certificate is checked as usual. Raises Unavailable
        when no answer came in time.
        """
        host = httpx.URL(url).host
        target = httpx.URL(url).copy_with(host=address)
        sent = {**headers, "Host": httpx.URL(url).netloc.decode("ascii"), "Accept-Encoding": "identity"}
        try:
            async with (
                asyncio.timeout(timeout_seconds),
                self._direct.stream(
                    "POST", target, content=body, headers=sent, extensions={"sni_hostname": host}
                ) as response,
            ):
                size = 0
                async for chunk in response.aiter_raw():
                    size += len(chunk)
                    if size > max_bytes:
                        break
                return Posted(response.status_code, response.headers.get("Retry-After"))
        except TimeoutError as error:
            raise Unavailable(f"no answer within {timeout_seconds:g} s") from error
        except (httpx.HTTPError, httpx.InvalidURL, ExceptionGroup) as error:
            raise Unavailable(f"no answer: {type(error).__name__}") from error

    async def _get(self, url: str, max_bytes: int) -> bytes:
        headers = {"Accept": "application/json", "Accept-Encoding": "identity"}
        async with self._client.stream("GET", url, headers=headers) as response:
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

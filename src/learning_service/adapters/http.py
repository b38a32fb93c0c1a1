"""Calls to other HTTP servers. The one module that imports httpx.

The other side is never trusted with our time, memory or state: every call has a limit on its whole duration
and on the size of the answer, redirects are not followed, cookies are not kept, and compressed answers are
refused, because a small one can unfold into a large one. Proxies are taken from the environment, as httpx
does by default.
"""

import asyncio
import json
from http.cookiejar import CookieJar, DefaultCookiePolicy

import httpx

from learning_service.domain.errors import Unavailable


class HttpClient:
    """A pool of connections for one process. Build it once; `close` it when the process ends."""

    def __init__(self) -> None:
        no_cookies = CookieJar(policy=DefaultCookiePolicy(allowed_domains=[]))
        self._client = httpx.AsyncClient(follow_redirects=False, cookies=no_cookies, timeout=None)  # noqa: S113

    async def close(self) -> None:
        """Close every connection."""
        await self._client.aclose()

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

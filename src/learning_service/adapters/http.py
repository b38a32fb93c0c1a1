"""Calls to other HTTP servers. What knows the library is `http_library`, which is loaded with the first call.

The other side is never trusted with our time, memory or state: every call has a limit on its whole duration
and on the size of the reply, redirects are not followed, cookies are not kept, and compressed replies are
refused, because a small one can unfold into a large one. Proxies are taken from the environment, as httpx
does by default.
"""

import asyncio
import importlib
import json
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from learning_service.domain.kernel.errors import Unavailable

_LIBRARY = "learning_service.adapters.http_library"


@dataclass(frozen=True, slots=True)
class Posted:
    """How a receiver answered."""

    status: int
    retry_after: str | None


class HttpClient:
    """Calls of one process. Build it once; `close` it when the process ends.

    `trust`: whose certificates receivers may show, where the usual authorities are not meant.
    """

    def __init__(self, *, trust: ssl.SSLContext | None = None) -> None:
        self._trust = trust
        self._once = asyncio.Lock()
        self._opened: Any = None

    async def _calls(self) -> Any:
        async with self._once:
            if self._opened is None:
                # Beside the event loop, for it takes a tenth of a second.
                library = await asyncio.to_thread(importlib.import_module, _LIBRARY)
                self._opened = library.Calls(self._trust)
        return self._opened

    async def close(self) -> None:
        """Close every connection."""
        if self._opened is not None:
            await self._opened.close()

    async def get_json(self, url: str, *, timeout_seconds: float = 2, max_bytes: int = 256 * 1024) -> object:
        """The JSON value at `url`.

        Raises Unavailable, whose detail is for logs and names the URL, unless a 200 with JSON of at most
        `max_bytes` bytes has arrived whole within `timeout_seconds`.
        """
        calls = await self._calls()
        body = await calls.asked(
            "GET",
            url,
            None,
            headers={"Accept": "application/json"},
            timeout_seconds=timeout_seconds,
            max_bytes=max_bytes,
        )
        try:
            return json.loads(body)
        except (ValueError, RecursionError) as error:
            raise Unavailable(f"{url} cannot be read as JSON") from error

    async def exchange(
        self,
        url: str,
        body: bytes,
        *,
        headers: Mapping[str, str],
        timeout_seconds: float = 10,
        max_bytes: int = 64 * 1024,
    ) -> bytes:
        """What a server of the operator's choice answers to this body. Raises Unavailable, as `get_json` does."""
        calls = await self._calls()
        answer: bytes = await calls.asked(
            "POST", url, body, headers=headers, timeout_seconds=timeout_seconds, max_bytes=max_bytes
        )
        return answer

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

        The host's name goes into Host and TLS, so that its certificate is checked as usual, and a connection serves
        this name at this address only: for another name no certificate was checked on it. Raises Unavailable
        when no reply came in time.
        """
        calls = await self._calls()
        answer: Posted = await calls.post(
            url,
            body,
            headers=headers,
            address=address,
            timeout_seconds=timeout_seconds,
            max_bytes=max_bytes,
        )
        return answer

"""How calls are sent: with a token and a key, repeated with patience, page after page."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from types import TracebackType
from typing import Self, TypeVar, cast
from uuid import uuid4

import httpx

from learning_service_client.problem import Problem

Token = str | Callable[[], Awaitable[str]]
Query = Mapping[str, str | int | float | bool | None]
T = TypeVar("T")
STILL_BEING_MADE = 202
NOTHING = 204
TOO_BUSY = (429, 503)


class Transport:
    """A connection to the service. Close it, or use it with `async with`."""

    def __init__(
        self,
        base_url: str,
        *,
        token: Token | None = None,
        retries: int = 4,
        patience: float = 60.0,
        timeout: float = 30.0,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        """A call is repeated at most `retries` times, and waits at most `patience` seconds in all."""
        self._http = httpx.AsyncClient(base_url=base_url, timeout=timeout, transport=transport)
        self._token = token
        self._retries = retries
        self._patience = patience

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def _send(
        self,
        method: str,
        path: str,
        *,
        query: Query | None = None,
        body: object = None,
        file: tuple[str, bytes] | None = None,
        fields: Mapping[str, object] | None = None,
        if_match: str | None = None,
        accept: str = "application/json",
        content_type: str | None = None,
        keyed: bool = True,
        wait_until_made: bool = False,
    ) -> httpx.Response:
        """Send a call with a JSON body, or with a file and the fields beside it; `keyed` POSTs are done once."""
        key = str(uuid4()) if keyed and method == "POST" else None
        wanted = {"Idempotency-Key": key, "If-Match": if_match, "Content-Type": content_type}
        headers = {"Accept": accept} | {name: value for name, value in wanted.items() if value is not None}
        files = None if file is None else {"file": file}
        params = {name: value for name, value in (query or {}).items() if value is not None}
        waited = 0.0
        for left in range(self._retries, -1, -1):
            headers |= await self._authorization()
            try:
                response = await self._http.request(
                    method, path, params=params, json=body, data=fields, files=files, headers=headers
                )
            except httpx.TransportError:
                # PUT and DELETE with If-Match may have been done: a repetition would be refused.
                if not left or method not in ("GET", "POST"):
                    raise
                wait = 1.0
                if waited + wait > self._patience:
                    raise
            else:
                asked = _seconds_to_wait(response, wait_until_made=wait_until_made)
                if asked is None or not left or waited + asked > self._patience:
                    if response.is_success:
                        return response
                    raise Problem.of(response)
                wait = asked
            waited += wait
            await asyncio.sleep(wait)
        raise AssertionError("the last try answers or raises")

    async def _authorization(self) -> dict[str, str]:
        if self._token is None:
            return {}
        token = self._token if isinstance(self._token, str) else await self._token()
        return {"Authorization": f"Bearer {token}"}

    async def _get(self, shape: type[T], path: str, **query: str | int | float | bool | None) -> T:
        return cast(T, (await self._send("GET", path, query=query)).json())

    async def _post(self, shape: type[T], path: str, body: object = None) -> T:
        return cast(T, (await self._send("POST", path, body=body)).json())

    async def _pages(
        self, shape: type[T], path: str, **query: str | int | float | bool | None
    ) -> AsyncIterator[T]:
        cursor: str | None = None
        while True:
            page = (await self._send("GET", path, query={**query, "cursor": cursor})).json()
            for item in page["items"]:
                yield cast(T, item)
            cursor = page["next_cursor"]
            if cursor is None:
                return


def _seconds_to_wait(response: httpx.Response, *, wait_until_made: bool) -> float | None:
    """What `Retry-After` asks for; nothing if the call is not to be repeated."""
    if response.status_code not in TOO_BUSY and not (
        wait_until_made and response.status_code == STILL_BEING_MADE
    ):
        return None
    asked = response.headers.get("Retry-After", "1")
    return float(asked) if asked.isascii() and asked.isdigit() else None

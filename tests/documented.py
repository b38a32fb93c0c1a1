"""Every answer that a test gets is one that the reference names for its call."""

from functools import cached_property
from typing import Any

import httpx
from fastapi import FastAPI
from starlette.types import Message, Receive, Scope, Send

ACCIDENT = 500
"""Named nowhere: no caller should plan for it. Tests that provoke one look for it themselves."""


class Documented:
    """ASGI: the application, whose answers are compared with its reference; `check` is the client's response hook."""

    def __init__(self, app: FastAPI) -> None:
        self._app = app
        self._surprises: list[str] = []

    @cached_property
    def _paths(self) -> dict[str, Any]:
        paths: dict[str, Any] = self._app.openapi()["paths"]
        return paths

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, and note an answer that the reference does not name."""

        async def noting(message: Message) -> None:
            if message["type"] == "http.response.start":
                self._compare(scope, message["status"])
            await send(message)

        await self._app(scope, receive, noting)

    def _compare(self, scope: Scope, status: int) -> None:
        path = getattr(scope.get("route"), "path", "")
        operation = self._paths.get(path, {}).get(scope["method"].lower())
        if operation is not None and status != ACCIDENT and str(status) not in operation["responses"]:
            self._surprises.append(
                f"{scope['method']} {path} answered {status}, which the reference does not name"
            )

    async def check(self, response: httpx.Response) -> None:
        """Fail where an answer was a surprise."""
        surprises, self._surprises = self._surprises, []
        assert not surprises, surprises

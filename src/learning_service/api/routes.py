"""The application's routes, those of included routers among them."""

from collections.abc import Iterable, Iterator
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from fastapi import FastAPI
from fastapi.routing import APIRoute
from starlette.routing import Match
from starlette.types import ASGIApp, Message, Receive, Scope, Send


def api_routes(app: FastAPI) -> list[APIRoute]:
    """The service's own routes, in the order in which they are tried."""

    def walk(routes: Iterable[Any]) -> Iterator[APIRoute]:
        for route in routes:
            if isinstance(route, APIRoute):
                yield route
            else:
                yield from walk(getattr(getattr(route, "original_router", None), "routes", ()))

    return list(walk(app.routes))


def allowed_methods(app: FastAPI, scope: Scope) -> list[str]:
    """The methods that the path answers. (The framework names those of the first route that has the path.)"""
    fitting = (route for route in api_routes(app) if route.matches(scope)[0] is not Match.NONE)
    methods = {method for route in fitting for method in route.methods or ()}
    return sorted(methods | ({"HEAD"} if "GET" in methods else set()))


class SlashRedirect:
    """Pure ASGI: makes the redirect to the path with its slash, or without one, name the path only.

    The framework's names the host that the caller has sent, who may be anybody.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def send_path(message: Message) -> None:
            # What a route answers has passed by it; the redirect is the router's own.
            if message["type"] == "http.response.start" and message["status"] == 307 and "route" not in scope:
                message["headers"] = [_of_path(name, value) for name, value in message["headers"]]
            await send(message)

        await self.app(scope, receive, send_path)


def _of_path(name: bytes, value: bytes) -> tuple[bytes, bytes]:
    if name != b"location":
        return name, value
    parts = urlsplit(value)
    # Two slashes at its start would make a host of what follows.
    return name, urlunsplit((b"", b"", b"/" + parts.path.lstrip(b"/"), parts.query, b""))


class HeadAsGet:
    """Pure ASGI: answers HEAD as GET would be answered, without the body."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        if scope["type"] != "http" or scope["method"] != "HEAD":
            await self.app(scope, receive, send)
            return

        async def send_head(message: Message) -> None:
            await send({**message, "body": b""} if message["type"] == "http.response.body" else message)

        # A copy: the server goes by its own scope when it decides whether a body follows.
        asked = {**scope, "method": "GET"}
        try:
            await self.app(asked, receive, send_head)
        finally:
            scope["route"] = asked.get("route")

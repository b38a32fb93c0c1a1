"""From a request to its route's handler, and from there to the answer, without the framework's layers in between."""

from collections import defaultdict
from collections.abc import Callable, Mapping
from contextlib import AsyncExitStack
from functools import cached_property
from typing import Any

from fastapi import FastAPI
from fastapi.routing import APIRoute
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from learning_service.api.routes import api_routes
from learning_service.api.steps import STACK, Handler, holds

Key = tuple[str, str, int]
Refusals = Mapping[Any, Callable[[Request, Any], Any]]
"""What is said to each kind of error; asynchronous functions, which the framework keeps without their types."""


class Lookup:
    """Pure ASGI, innermost: answers what one of the service's own routes takes.

    The framework asks each route in turn, twice, which costs some 2 µs each. Here only those are asked that have the
    method, the noun and the number of segments. What none of them takes (another method, a missing slash) goes on to
    the framework, and so does all else that it serves. Make it when all routes and refusals are there.
    """

    def __init__(self, app: ASGIApp, of: FastAPI) -> None:
        self.app = app
        self._refusals: Refusals = {
            kind: answer for kind, answer in of.exception_handlers.items() if kind not in (500, Exception)
        }
        self._ways: dict[Key, list[_Way]] = defaultdict(list)
        for route in api_routes(of):
            for method in route.methods or ():
                self._ways[_key(method, route.path)].append(_Way(route))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        way = self._way(scope) if scope["type"] == "http" and not scope.get("root_path") else None
        if way is None:
            await self.app(scope, receive, send)
            return
        request = Request(scope, receive, send)
        try:
            response = await way.answer(request)
        except Exception as error:
            response = await self._refusal(request, error)
        await response(scope, receive, send)

    def _way(self, scope: Scope) -> "_Way | None":
        path = scope["path"]
        for way in self._ways.get(_key(scope["method"], path), ()):
            if (parts := way.parts(path)) is not None:
                scope["path_params"] = parts
                scope["route"] = way.route
                return way
        return None

    async def _refusal(self, request: Request, error: Exception) -> Response:
        """What is said to an error. Raises it again where nothing is."""
        for kind in type(error).__mro__:
            if kind in self._refusals:
                refusal: Response = await self._refusals[kind](request, error)
                return refusal
        raise error


class _Way:
    """A route and its handler, which is made when it is first called."""

    def __init__(self, route: APIRoute) -> None:
        self.route = route
        self._match = route.path_regex.fullmatch

    @cached_property
    def _handler(self) -> Handler:
        return self.route.get_route_handler()

    @cached_property
    def _holds(self) -> bool:
        return holds(self.route.dependant)

    def parts(self, path: str) -> dict[str, str] | None:
        """The named parts of a path, if it is this route's."""
        found = self._match(path)
        return None if found is None else found.groupdict()

    async def answer(self, request: Request) -> Response:
        """The answer, when what it was made with is given back."""
        if not self._holds:
            return await self._handler(request)
        async with AsyncExitStack() as stack:
            request.scope[STACK] = stack
            return await self._handler(request)


def _key(method: str, path: str) -> Key:
    parts = path.split("/", 3)
    return method, "/".join(parts[:3]), path.count("/")

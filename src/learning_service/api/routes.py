"""The application's routes, those of included routers among them."""

from collections.abc import Iterable, Iterator
from typing import Any, TypeAlias

from fastapi import FastAPI
from fastapi.routing import APIRoute
from starlette.routing import Match
from starlette.types import Scope

Responses: TypeAlias = dict[int | str, dict[str, Any]]
"""What a route says of its answers by status, in the form of the OpenAPI document."""


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

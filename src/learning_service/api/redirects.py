"""The redirect between a path with its slash and one without."""

import re
from functools import cached_property
from urllib.parse import quote

from fastapi import FastAPI
from starlette.responses import Response
from starlette.routing import Mount, Route
from starlette.types import Receive, Scope, Send

from learning_service.api.problems import IN_PATHS
from learning_service.api.routes import api_routes

_NAME_OF_GROUP = re.compile(r"\?P<\w+>")


class SlashRedirect:
    """Pure ASGI, in place of a router's own end: where a route has the path but for its slash, it names that path.

    The framework's redirect names the host that the caller has sent, and a caller may send any. All paths are one
    pattern here: to ask each route once more was a third of what a 404 costs. Make it when all routes are there.
    """

    def __init__(self, app: FastAPI) -> None:
        routes = [*api_routes(app), *(route for route in app.routes if isinstance(route, Mount | Route))]
        self._patterns = [_NAME_OF_GROUP.sub("?:", route.path_regex.pattern) for route in routes]
        self.otherwise = app.router.default

    @cached_property
    def known(self) -> re.Pattern[str]:
        """All paths. Made when it is first asked for, since it takes as long as a fiftieth of a start."""
        return re.compile("|".join(self._patterns))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request that no route has taken."""
        if scope["type"] == "http" and scope["path"] != "/":
            path = scope["path"].rstrip("/") if scope["path"].endswith("/") else scope["path"] + "/"
            if self.known.match(path):
                await Response(status_code=307, headers={"Location": _location(path, scope)})(
                    scope, receive, send
                )
                return
        await self.otherwise(scope, receive, send)


def _location(path: str, scope: Scope) -> str:
    # Two slashes at its start would make a host of what follows.
    location = "/" + quote(path.lstrip("/"), safe=IN_PATHS)
    query = quote(scope["query_string"], safe=IN_PATHS + "?%")
    return f"{location}?{query}" if query else location

"""The redirect between a path with its slash and one without."""

from urllib.parse import quote

from starlette.responses import Response
from starlette.routing import Match, Router
from starlette.types import Receive, Scope, Send

from learning_service.api.problems import IN_PATHS


class SlashRedirect:
    """Pure ASGI, in place of a router's own end: where a route has the path but for its slash, it names that path.

    The framework's redirect names the host that the caller has sent, and a caller may send any.
    """

    def __init__(self, router: Router) -> None:
        self.router = router
        self.otherwise = router.default

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request that no route has taken."""
        if scope["type"] == "http" and scope["path"] != "/":
            path = scope["path"].rstrip("/") if scope["path"].endswith("/") else scope["path"] + "/"
            other = {**scope, "path": path}
            if any(route.matches(other)[0] is not Match.NONE for route in self.router.routes):
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

"""More requests at once than a process can carry are refused at the door, before they cost anything."""

from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from learning_service.domain.errors import Unavailable
from learning_service.problems import domain_problem

ALWAYS_SERVED = frozenset({"/healthz", "/readyz", "/metrics"})


class ConcurrencyLimit:
    """Pure ASGI: at most `limit` requests under way in this process; further ones are answered 503 at once.

    Unlike the server's own limit it counts requests, not connections that idle, and answers a problem document.
    """

    def __init__(self, app: ASGIApp, limit: int) -> None:
        self.app = app
        self.limit = limit
        self._under_way = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, or refuse it."""
        if scope["type"] != "http" or scope["path"] in ALWAYS_SERVED:
            await self.app(scope, receive, send)
            return
        if self._under_way >= self.limit:
            overloaded = Unavailable("Too many requests are under way; try again shortly.", retry_after=2)
            await domain_problem(Request(scope), overloaded)(scope, receive, send)
            return
        self._under_way += 1
        try:
            await self.app(scope, receive, send)
        finally:
            self._under_way -= 1

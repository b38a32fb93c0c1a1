"""A span for each request, fast paths included; only where tracing is switched on."""

from opentelemetry.trace import SpanKind
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from learning_service.core.telemetry import note_fact
from learning_service.core.tracing import context_of, mark_failed, root, trace_id


class Traced:
    """Pure ASGI, inside the request log, whose lines then name the trace."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        known = {"http.request.method": scope["method"], "learning.request_id": scope["request_id"]}
        with root(scope["method"], SpanKind.SERVER, context_of(Headers(scope=scope)), known) as begun:
            if begun is None or not begun.is_recording():
                await self.app(scope, receive, send)
                return
            note_fact("trace_id", trace_id() or "")
            status = 500

            async def observe(message: Message) -> None:
                nonlocal status
                if message["type"] == "http.response.start":
                    status = message["status"]
                await send(message)

            try:
                await self.app(scope, receive, observe)
            finally:
                route = getattr(scope.get("route"), "path", "unmatched")
                begun.update_name(f"{scope['method']} {route}")
                begun.set_attributes({"http.route": route, "http.response.status_code": status})
                if status >= 500:
                    mark_failed(begun, str(status))

"""The redirect between a path with its slash and one without."""

from urllib.parse import urlsplit, urlunsplit

from starlette.types import ASGIApp, Message, Receive, Scope, Send


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

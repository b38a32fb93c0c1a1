"""Examples for the reference, from real exchanges: `EXAMPLES` names the file that the tests' client writes them to.

`make examples` runs the tests that call everything. Of each call the fullest exchange is kept that is not long; ids
are made anew, the same ones each time, so that a second run changes little.
"""

import gzip
import json
import os
import re
from pathlib import Path
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tests.kit.documented import GZIP

FILE = "EXAMPLES"
MOST_ITEMS = 2
MOST_BYTES = 4000
_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_ORGANIZATION = re.compile(r"org-[0-9a-f]{10}")
_ADDRESS = re.compile(r'http://127\.0\.0\.1[^"]*X-Amz[^"]*')
_SECRET = re.compile(r"whsec_[A-Za-z0-9+/=]+")


class Recorded:
    """ASGI: an application whose JSON exchanges are kept as examples."""

    def __init__(self, app: ASGIApp, paths: dict[str, Any]) -> None:
        self._app = app
        self._paths = paths
        self._found: dict[str, dict[str, Any]] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request and keep what was said."""
        sent, answered, status = bytearray(), bytearray(), 0

        async def hearing() -> Message:
            message = await receive()
            sent.extend(message.get("body", b""))
            return message

        async def noting(message: Message) -> None:
            nonlocal status
            status = message.get("status", status)
            answered.extend(message.get("body", b""))
            await send(message)

        await self._app(scope, hearing, noting)
        path = getattr(scope.get("route"), "path", "")
        operation = self._paths.get(path, {}).get(scope["method"].lower())
        if operation is not None and status < 300:
            self._keep(operation["operationId"], str(status), _json(sent), _json(answered))

    def _keep(self, name: str, status: str, request: Any, answer: Any) -> None:
        example = {"status": status, "request": short(request), "answer": short(answer)}
        size = len(json.dumps(example))
        before = self._found.get(name)
        if before is None or len(json.dumps(before)) < size <= MOST_BYTES:
            self._found[name] = example

    def write(self, path: Path) -> None:
        """Lay what was kept over the file's examples."""
        known = json.loads(path.read_text()) if path.exists() else {}
        text = json.dumps(known | self._found, indent=1, sort_keys=True, ensure_ascii=False)
        path.write_text(neutral(text) + "\n")


def short(value: Any) -> Any:
    """The same with no more than a few entries in each list."""
    if isinstance(value, list):
        return [short(one) for one in value[:MOST_ITEMS]]
    if isinstance(value, dict):
        return {name: short(one) for name, one in value.items()}
    return value


def neutral(text: str) -> str:
    """The same without what each run makes anew: ids, organizations, addresses, secrets."""
    made: dict[str, str] = {}
    for found in _UUID.findall(text):
        made.setdefault(found, f"01a20371-5389-73f6-8a95-{len(made) + 1:012x}")
    text = _UUID.sub(lambda match: made[match[0]], text)
    text = _ADDRESS.sub("https://files.example.org/made-for-you", _ORGANIZATION.sub("demo", text))
    return _SECRET.sub("whsec_c2hvd24gdGhpcyBvbmNl", text)


def recorded(app: ASGIApp, paths: dict[str, Any]) -> ASGIApp:
    """The application, recorded where that is asked for."""
    return Recorded(app, paths) if FILE in os.environ else app


def write_recorded(app: ASGIApp) -> None:
    """Keep what a recorded application said."""
    if isinstance(app, Recorded):
        app.write(Path(os.environ[FILE]))


def _json(body: bytearray) -> Any:
    plain = gzip.decompress(body) if body.startswith(GZIP) else bytes(body)
    try:
        return json.loads(plain) if plain else None
    except ValueError:
        return None

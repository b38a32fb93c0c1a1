"""Every answer that a test gets is one that the reference names for its call."""

import gzip
import json
import re
from functools import cached_property
from typing import Any

import httpx
from fastapi import FastAPI
from starlette.types import Message, Receive, Scope, Send

HEADERS = {b"etag", b"location", b"retry-after", b"idempotency-replayed"}
"""Those that a caller acts on, which the reference names for the status that they come with."""
PROBLEM = b"application/problem+json"
GZIP = b"\x1f\x8b"
"""What a body begins with that left compressed."""
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

        refused: list[bytes] = []

        async def noting(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = {name.lower(): value for name, value in message["headers"]}
                self._compare(scope, message["status"], set(headers))
                if headers.get(b"content-type") == PROBLEM and message["status"] != ACCIDENT:
                    refused.append(b"")
            elif refused:
                refused.append(message.get("body", b""))
                if not message.get("more_body"):
                    sent = b"".join(refused)
                    is_packed = sent.startswith(GZIP)
                    self._compare_code(scope, json.loads(gzip.decompress(sent) if is_packed else sent))
            await send(message)

        await self._app(scope, receive, noting)

    def _compare(self, scope: Scope, status: int, headers: set[bytes]) -> None:
        path = getattr(scope.get("route"), "path", "")
        operation = self._paths.get(path, {}).get(scope["method"].lower())
        if operation is not None and status != ACCIDENT and str(status) not in operation["responses"]:
            self._surprises.append(
                f"{scope['method']} {path} answered {status}, which the reference does not name"
            )
        if operation is not None:
            answer = operation["responses"].get(str(status), {})
            named = {name.lower().encode() for name in answer.get("headers", {})}
            self._surprises += [
                f"{scope['method']} {path} answered {status} with {name.decode()}, which the reference does not name"
                for name in sorted((headers & HEADERS) - named)
            ]
        if operation is not None and status < 400:
            self._surprises += [
                f"{scope['method']} {path} took {name}={text}, which is not {schema}"
                for name, text in scope.get("path_params", {}).items()
                for schema in _path_schemas(operation, name)
                if not _fits(str(text), schema)
            ]

    def _compare_code(self, scope: Scope, problem: dict[str, Any]) -> None:
        path = getattr(scope.get("route"), "path", "")
        operation = self._paths.get(path, {}).get(scope["method"].lower())
        if operation is not None and problem["code"] not in codes_of(operation, str(problem["status"])):
            self._surprises.append(
                f"{scope['method']} {path} refused with {problem['code']}, which the reference does not name"
            )

    async def check(self, response: httpx.Response) -> None:
        """Fail where an answer was a surprise."""
        surprises, self._surprises = self._surprises, []
        assert not surprises, surprises


def codes_of(operation: dict[str, Any], status: str) -> list[str]:
    """The codes that a call can refuse with, as the reference names them."""
    answer = operation["responses"].get(status, {})
    schema = answer.get("content", {}).get(PROBLEM.decode(), {}).get("schema", {})
    codes: list[str] = schema["allOf"][1]["properties"]["code"]["enum"] if "allOf" in schema else []
    return codes


def _path_schemas(operation: dict[str, Any], name: str) -> list[dict[str, Any]]:
    return [
        one["schema"] for one in operation.get("parameters", []) if (one["in"], one["name"]) == ("path", name)
    ]


def _fits(text: str, schema: dict[str, Any]) -> bool:
    form = r"[0-9a-fA-F-]{36}" if schema.get("format") == "uuid" else schema.get("pattern", "")
    return re.search(form, text) is not None

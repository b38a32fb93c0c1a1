"""Headers that callers act on are in the reference, for each status that they come with."""

from typing import Any

import httpx
import pytest
from fastapi import FastAPI, Response
from tests.kit.documented import Documented

REPLAYED = "Idempotency-Replayed"
DRAFT = "/api/courses/{course_id}/draft/"


def _headers(app: FastAPI, method: str, path: str, status: str) -> set[str]:
    responses: dict[str, Any] = app.openapi()["paths"][path][method]["responses"]
    return set(responses[status].get("headers", {}))


@pytest.mark.parametrize(
    ("method", "path", "status", "expected"),
    [
        ("get", DRAFT, "200", {"ETag"}),
        ("put", DRAFT, "200", {"ETag"}),
        ("delete", DRAFT, "204", set()),
        ("post", "/api/courses/{course_id}/versions/{number}/restore/", "200", {"ETag", REPLAYED}),
        ("post", "/api/courses/", "201", {REPLAYED}),
        ("post", "/api/courses/", "429", {"Retry-After"}),
        ("post", "/api/courses/", "409", set()),
        ("get", "/api/certificates/{certificate_id}/pdf/", "202", {"Retry-After"}),
        ("get", "/api/certificates/{certificate_id}/pdf/", "307", {"Location"}),
        ("get", "/api/certificates/{certificate_id}/verify/", "302", {"Location"}),
        ("get", "/api/documents/{document_id}/file/", "202", {"Retry-After"}),
        ("get", "/readyz", "503", {"Retry-After"}),
    ],
)
def test_an_answer_names_the_headers_that_it_has(
    app: FastAPI, method: str, path: str, status: str, expected: set[str]
) -> None:
    assert _headers(app, method, path, status) == expected


async def test_a_header_that_the_reference_does_not_name_fails_the_test_that_meets_it() -> None:
    app = FastAPI()

    @app.get("/silent/")
    async def _silent() -> Response:
        return Response(headers={"ETag": '"1"'})

    @app.get("/said/", responses={200: {"headers": {"ETag": {"schema": {"type": "string"}}}}})
    async def _said() -> Response:
        return Response(headers={"ETag": '"1"'})

    documented = Documented(app)
    transport = httpx.ASGITransport(app=documented)
    async with httpx.AsyncClient(transport=transport, base_url="https://learn.example.org") as http:
        await documented.check(await http.get("/said/"))
        answer = await http.get("/silent/")
    with pytest.raises(AssertionError, match="GET /silent/ answered 200 with etag"):
        await documented.check(answer)

"""The reference names each refusal of each call by its `code`, as the code that runs can give it."""

import re
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from pydantic_core import to_json
from starlette.responses import Response
from tests.kit.documented import Documented, codes_of

from learning_service.api.openapi.refusals import refusals_of
from learning_service.domain.kernel.errors import Conflict, Gone, Invalid, NotFound

ERRORS = Path(__file__).resolve().parents[2] / "docs" / "errors.md"
OF_THE_SERVER = {
    "not-a-request",
    "headers-too-large",
    "method-not-allowed",
    "request-timeout",
    "internal-error",
}
"""Codes that no call declares: they come before the call is known, or are an accident."""


@pytest.mark.parametrize(
    ("method", "path", "expected"),
    [
        (
            "post",
            "/api/courses/{course_id}/enroll/",
            {
                "404": {"not-found"},
                "409": {"already-completed", "enrollment-failed", "not-published", "withdrawn"},
            },
        ),
        (
            "patch",
            "/api/courses/{course_id}/draft/",
            {"422": {"invalid", "patch-failed"}, "412": {"precondition-failed"}},
        ),
        ("post", "/api/courses/{course_id}/publish/", {"422": {"invalid", "not-publishable"}, "428": set()}),
        (
            "post",
            "/api/documents/",
            {"413": {"body-too-large", "quota-exceeded"}, "422": {"unusable-document"}},
        ),
        (
            "get",
            "/api/certificates/{certificate_id}/pdf/",
            {"410": {"gone", "pdf-withdrawn"}, "503": {"pdf-not-made"}},
        ),
        ("get", "/api/users/skills/", {"403": {"not-a-member"}, "404": set(), "409": set()}),
        ("post", "/api/courses/", {"422": {"invalid", "idempotency-key-reused"}}),
    ],
)
def test_a_call_names_the_codes_of_its_refusals(
    app: FastAPI, method: str, path: str, expected: dict[str, set[str]]
) -> None:
    operation = app.openapi()["paths"][path][method]
    for status, codes in expected.items():
        assert codes <= set(codes_of(operation, status)), status
        assert bool(codes) == (status in operation["responses"]), status


def test_each_code_is_of_some_call_and_says_what_it_means(app: FastAPI) -> None:
    told: set[str] = set()
    for item in app.openapi()["paths"].values():
        for operation in item.values():
            for status, answer in operation["responses"].items():
                codes = codes_of(operation, status)
                assert codes == sorted(set(codes)), operation["operationId"]
                for code in codes:
                    assert re.search(rf"^- `{code}`: \w.+\.$", answer["description"], re.MULTILINE), code
                told.update(codes)
    table = ERRORS.read_text().split("## What can be wrong")[0]
    listed = set(re.findall(r"^\| `([a-z-]+)` \| \d{3} ", table, re.MULTILINE))
    assert told == listed - OF_THE_SERVER


class _Stopped(Conflict):
    code = "stopped"


class _Missing(NotFound):
    code = "missing"


class _Away(Gone):
    code = "away"


class _Opened:
    def open(self) -> None:
        self.look()

    def look(self) -> None:
        raise _Missing


class _OpenedAgain(_Opened):
    def open(self) -> None:
        super().open()

    def look(self) -> None:
        raise _Away("away")


def _deep() -> None:
    raise _Stopped("stop")


def _calls() -> None:
    try:
        _deep()
    except Invalid:
        [_OpenedAgain() for _ in range(2)]


def test_refusals_are_found_through_functions_methods_and_bases_but_not_where_they_are_caught(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("learning_service.api.openapi.refusals._PACKAGE", __name__.partition(".")[0])
    assert refusals_of(_calls) == {_Stopped, _Away}
    assert refusals_of(_calls, without=frozenset({_deep})) == {_Away}


async def test_a_code_that_the_reference_does_not_name_fails_the_test_that_meets_it() -> None:
    app = FastAPI()
    problem: dict[str, Any] = {"status": 409, "code": "stopped"}
    named = {
        "content": {
            "application/problem+json": {
                "schema": {"allOf": [{}, {"properties": {"code": {"enum": ["stopped"]}}}]}
            }
        }
    }

    @app.get("/silent/", responses={409: {}})
    async def _silent() -> Response:
        return Response(to_json(problem), 409, media_type="application/problem+json")

    @app.get("/said/", responses={409: named})
    async def _said() -> Response:
        return Response(to_json(problem), 409, media_type="application/problem+json")

    documented = Documented(app)
    transport = httpx.ASGITransport(app=documented)
    async with httpx.AsyncClient(transport=transport, base_url="https://learn.example.org") as http:
        await documented.check(await http.get("/said/"))
        answer = await http.get("/silent/")
    with pytest.raises(AssertionError, match="GET /silent/ refused with stopped"):
        await documented.check(answer)

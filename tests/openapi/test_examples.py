"""The reference's examples are of today: each call has one, and each is what the call takes and answers.

`make examples` makes them anew.
"""

import json
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute
from pydantic import TypeAdapter
from tests.kit.examples import MOST_ITEMS, neutral, short

from learning_service.api.bodies import JsonBody
from learning_service.api.openapi.document import dependencies_of
from learning_service.api.openapi.examples import FILE, JSON
from learning_service.api.openapi.names import operation_id
from learning_service.api.routes import api_routes

KEPT: dict[str, Any] = json.loads(FILE.read_text())
REDIRECTS = {"downloadCertificate", "downloadDocument", "downloadMyTranscript"}


def test_every_call_with_json_has_an_example(app: FastAPI) -> None:
    calls = [call for item in app.openapi()["paths"].values() for call in item.values()]
    wanted = {call["operationId"] for call in calls if _has_json(call)}
    assert wanted - set(KEPT) == REDIRECTS, "run `make examples`"
    assert set(KEPT) <= {call["operationId"] for call in calls}


def _has_json(call: dict[str, Any]) -> bool:
    answers = [answer for status, answer in call["responses"].items() if status[0] == "2"]
    return any(JSON in part.get("content", {}) for part in answers)


@pytest.mark.parametrize("name", sorted(KEPT))
def test_an_example_is_what_the_call_takes_and_answers(app: FastAPI, name: str) -> None:
    [route] = [route for route in api_routes(app) if operation_id(route) == name]
    example = KEPT[name]
    bodies = [call for call in dependencies_of(route) if isinstance(call, JsonBody)]
    if example["request"] is not None:
        assert bodies, name
        bodies[0].adapter.validate_json(json.dumps(example["request"]))
    if example["answer"] is not None:
        TypeAdapter(_answered(route, example["status"])).validate_json(
            json.dumps(example["answer"]), extra="forbid"
        )


def _answered(route: APIRoute, status: str) -> Any:
    further = route.responses.get(int(status), {}).get("model")
    return further or route.response_model


def test_examples_are_shown(app: FastAPI) -> None:
    paths = app.openapi()["paths"]
    course = paths["/api/courses/"]["post"]
    assert course["requestBody"]["content"][JSON]["example"]["scope"] == "chapter"
    assert course["responses"]["201"]["content"][JSON]["example"]["published_version"] is None
    shown = [
        operation
        for item in paths.values()
        for operation in item.values()
        if any(
            "example" in media
            for r in operation["responses"].values()
            for media in r.get("content", {}).values()
        )
    ]
    assert len(shown) > 90


def test_nothing_of_a_run_stays_in_them() -> None:
    said = '{"id": "0f0e0d0c-0b0a-4908-8706-050403020100", "o": "org-707bf97abb", "s": "whsec_abc=", "u": '
    said += '"http://127.0.0.1:1/x?X-Amz-Signature=1"}'
    made = json.loads(neutral(said))
    assert made == {
        "id": "01a20371-5389-73f6-8a95-000000000001",
        "o": "demo",
        "s": "whsec_c2hvd24gdGhpcyBvbmNl",
        "u": "https://files.example.org/made-for-you",
    }
    assert short({"items": [[1, 2, 3], 2, 3]}) == {"items": [[1, 2], 2]}
    assert MOST_ITEMS == 2

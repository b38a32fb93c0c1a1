"""Every POST by a caller with a token takes a key, and no secret of an answer is ever kept."""

import json
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute

from learning_service.api.bodies import JsonBody
from learning_service.api.idempotency import SHOWN_ONCE, KeyedRoute
from learning_service.api.openapi.document import dependencies_of, needs_token, takes_file, takes_key
from learning_service.api.requests import _receive, _session
from learning_service.api.routes import api_routes
from learning_service.domain.records.idempotency import without_fields

SECRETS = ("secret", "token", "password")


def keyed_routes(app: FastAPI) -> list[APIRoute]:
    posts = [route for route in api_routes(app) if "POST" in (route.methods or ())]
    return [route for route in posts if needs_token(route)]


def test_every_post_with_a_token_takes_a_key(app: FastAPI) -> None:
    routes = keyed_routes(app)
    assert len(routes) > 5
    for route in routes:
        calls = dependencies_of(route)
        assert isinstance(route, KeyedRoute), f"{route.path}: its router needs route_class=KeyedRoute"
        if takes_file(route):
            continue  # No transaction is open while a file comes in; tests/documents sends one with a key.
        assert _session in calls, f"{route.path}: the key lives in the request's transaction"
        bodies = [call for call in calls if isinstance(call, JsonBody)]
        assert bodies, f"{route.path}: body(…, optional=True) refuses what is no body and no key"
        before = calls[: calls.index(bodies[0])]
        assert _session in before or _receive in before, f"{route.path}: what receives the body comes first"


def test_the_reference_names_the_key_where_it_is_taken(app: FastAPI) -> None:
    document = app.openapi()
    for route in api_routes(app):
        for method in route.methods or ():
            operation: dict[str, Any] = document["paths"].get(route.path, {}).get(method.lower(), {})
            named = [p for p in operation.get("parameters", []) if p["name"] == "Idempotency-Key"]
            assert len(named) == (method == "POST" and takes_key(route)), f"{method} {route.path}"


def test_secrets_in_answers_are_marked_as_shown_once(app: FastAPI) -> None:
    document = app.openapi()
    for route in keyed_routes(app):
        operation = document["paths"][route.path]["post"]
        marked = (route.openapi_extra or {}).get(SHOWN_ONCE, [])
        for name in _fields_of(operation["responses"], document, set()):
            if any(word in name for word in SECRETS):
                assert name in marked, f"{route.path}: mark {name} with openapi_extra=shown_once(…)"


def _fields_of(schema: Any, document: Any, seen: set[str]) -> set[str]:
    found: set[str] = set()
    if isinstance(schema, list):
        return found.union(*(_fields_of(part, document, seen) for part in schema))
    if not isinstance(schema, dict):
        return found
    reference = schema.get("$ref")
    if isinstance(reference, str) and reference not in seen:
        seen.add(reference)
        kind, name = reference.split("/")[-2:]
        found |= _fields_of(document["components"][kind][name], document, seen)
    found |= set(schema.get("properties", {}))
    return found.union(*(_fields_of(part, document, seen) for part in schema.values()))


@pytest.mark.parametrize(
    ("body", "kept"),
    [
        ('{"id":"1","secret":"s"}', '{"id":"1"}'),
        ('{"items":[{"secret":"s","n":{"secret":{"deep":1}}}]}', '{"items":[{"n":{}}]}'),
        ('["secret"]', '["secret"]'),
        ("", ""),
    ],
)
def test_a_secret_is_left_out_at_any_depth(body: str, kept: str) -> None:
    assert without_fields(body, frozenset({"secret"})) == kept


def test_without_secrets_the_text_is_kept_as_it_is() -> None:
    text = json.dumps({"é": 1.0}, indent=1)
    assert without_fields(text, frozenset()) == text

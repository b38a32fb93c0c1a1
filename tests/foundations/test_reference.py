"""The OpenAPI document describes the whole service and holds together."""

import json
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from pydantic import TypeAdapter
from tests.kit.world import World

from learning_service.api.bodies import JsonBody
from learning_service.api.openapi.document import dependencies_of, permission_of, tell_true_defaults
from learning_service.api.openapi.fields import tell_meanings
from learning_service.api.openapi.links import parameters_of
from learning_service.api.permissions import Anyone
from learning_service.api.routes import api_routes
from learning_service.domain.questions.rules.types import QUESTION_TYPES

METHODS = {"get", "put", "post", "delete", "patch"}


@pytest.fixture
async def document(world: World) -> dict[str, Any]:
    answer = await world.http.get("/openapi.json")
    assert answer.headers["content-type"] == "application/json"
    found: dict[str, Any] = answer.json()
    return found


def inside(node: Any) -> Iterator[dict[str, Any]]:
    """Every object in the document."""
    if isinstance(node, dict):
        yield node
        for part in node.values():
            yield from inside(part)
    elif isinstance(node, list):
        for part in node:
            yield from inside(part)


def operations(document: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, item in document["paths"].items():
        assert set(item) <= METHODS, path
        for method, operation in item.items():
            yield path, method, operation


async def test_no_schema_is_named_by_its_module(document: dict[str, Any]) -> None:
    """Of two schemas with one name, each would be: they become names in generated clients."""
    named = [name for name in document["components"]["schemas"] if "__" in name or "." in name]
    assert named == []


async def test_it_is_openapi_3_1_and_every_reference_leads_somewhere(document: dict[str, Any]) -> None:
    assert document["openapi"].startswith("3.1")
    assert document["info"]["title"]
    targets = {node["$ref"] for node in inside(document) if isinstance(node.get("$ref"), str)}
    assert targets
    for target in targets:
        found: Any = document
        for step in target.removeprefix("#/").split("/"):
            assert step in found, target
            found = found[step]
    used = json.dumps(document["paths"]) + json.dumps(document["components"])
    for name in document["components"]["schemas"]:
        assert f'"#/components/schemas/{name}"' in used, f"nothing uses {name}"


async def test_every_route_is_in_it_with_what_it_says_of_itself(
    document: dict[str, Any], app: FastAPI
) -> None:
    documented = {(path, method) for path, method, _ in operations(document)}
    routes = {(r.path, m.lower()) for r in api_routes(app) for m in r.methods or ()}
    assert documented == routes
    ids = [operation["operationId"] for *_, operation in operations(document)]
    assert len(ids) == len(set(ids))
    for path, method, operation in operations(document):
        assert operation.get("description"), (path, method)
        in_path = {p["name"] for p in operation.get("parameters", []) if p["in"] == "path"}
        assert in_path == {part.strip("{}") for part in path.split("/") if part.startswith("{")}
        names = [(p["in"], p["name"].lower()) for p in operation.get("parameters", [])]
        assert len(names) == len(set(names)), (path, method)
        assert any(status[0] in "23" for status in operation["responses"]), (path, method)


async def test_it_says_who_may_call_and_what_goes_in(document: dict[str, Any], app: FastAPI) -> None:
    for route in api_routes(app):
        permission = permission_of(route)
        assert permission is not None
        for method in route.methods or ():
            operation = document["paths"][route.path][method.lower()]
            assert bool(operation["security"]) == (not isinstance(permission, Anyone)), route.path
            assert ("401" in operation["responses"]) == bool(operation["security"]), route.path
            bodies = [call for call in dependencies_of(route) if isinstance(call, JsonBody)]
            assert len(bodies) <= 1, route.path
            if bodies:
                assert set(operation["requestBody"]["content"]) == set(bodies[0].media_types)
                assert operation["requestBody"]["required"] is not bodies[0].optional
                assert {"413", "415", "422"} <= set(operation["responses"])
    for path, method, operation in operations(document):
        for status, response in operation["responses"].items():
            if status[0] in "45":
                page = status == "404" and path in (
                    "/certificates/{certificate_id}/verify/",
                    "/c/{code}/",
                    "/c/",
                    "/unsubscribe/{token}/",
                )
                expected = "text/html" if page else "application/problem+json"
                if (path, status) == ("/readyz", "503"):
                    expected = "application/json"
                assert list(response["content"]) == [expected], (path, method, status)


async def test_two_models_never_share_a_name(document: dict[str, Any], app: FastAPI) -> None:
    """A request's model that overwrote an answer's of the same name would describe the wrong thing."""
    stored = document["components"]["schemas"]
    for route in api_routes(app):
        for call in dependencies_of(route):
            if not isinstance(call, JsonBody):
                continue
            schema = TypeAdapter(call.type).json_schema(ref_template="#/components/schemas/{model}")
            models = {**schema.pop("$defs", {}), schema.get("title", ""): schema}
            tell_meanings(models)
            for name, expected in models.items():
                tell_true_defaults(expected)
                if name in stored and expected.get("type") == "object":
                    assert stored[name] == expected, (route.path, name)
    answers = {
        name: node
        for name, node in stored.items()
        if "additionalProperties" not in node and "enum" not in node
    }
    assert {"CourseOut", "SubmissionOut", "VerificationOut", "MeOut"} <= set(answers)


def referred(schema: Any) -> set[str]:
    """The names of the schemas that a body may be, or be a list of."""
    if not isinstance(schema, dict):
        return set()
    here = {schema["$ref"].rsplit("/", 1)[1]} if "$ref" in schema else set()
    parts = [*schema.get("anyOf", ()), *schema.get("oneOf", ()), schema.get("items")]
    return here.union(*map(referred, parts))


async def test_what_is_sent_ends_in_in_and_what_is_answered_in_out(document: dict[str, Any]) -> None:
    """A document that goes both ways, and a foreign format, has the bare noun."""
    sent: set[str] = set()
    answered: set[str] = set()
    for _, _, operation in operations(document):
        for media in operation.get("requestBody", {}).get("content", {}).values():
            sent |= referred(media["schema"])
        for status, response in operation["responses"].items():
            if status[0] == "2" and "application/json" in response.get("content", {}):
                answered |= referred(response["content"]["application/json"]["schema"])
    assert min(len(sent), len(answered)) > 20
    patch = {"ValueOperation", "FromOperation", "RemoveOperation"}
    questions = {model.__name__ for model in QUESTION_TYPES.values()}
    assert {name for name in sent if not name.endswith("In")} <= {"Tree", *patch, *questions}
    assert {name for name in answered if not re.fullmatch("[A-Za-z]+Out", name)} == {"Tree"}


async def test_each_success_has_a_typed_body(document: dict[str, Any]) -> None:
    schemas = document["components"]["schemas"]
    for path, method, operation in operations(document):
        for status, response in operation["responses"].items():
            if status[0] != "2" or status == "204":
                continue
            assert response.get("content"), (path, method, status)
            for media in response["content"].values():
                schema = media["schema"]
                while "$ref" in schema:
                    schema = schemas[schema["$ref"].rsplit("/", 1)[1]]
                typed = {"properties", "items", "anyOf", "oneOf"} & set(schema) or schema.get(
                    "type"
                ) == "string"
                assert typed, (path, method, status)


async def test_it_can_be_switched_off(make_settings: Any, settings: Any) -> None:
    from_settings = make_settings(settings.database_url, reference_enabled=False)
    assert from_settings.reference_enabled is False


async def test_links_lead_to_every_id_that_the_service_makes(document: dict[str, Any]) -> None:
    reached: set[str] = set()
    targets = {operation["operationId"]: path for path, _, operation in operations(document)}
    for path, _, operation in operations(document):
        for response in operation["responses"].values():
            for link in response.get("links", {}).values():
                assert set(link["parameters"]) == parameters_of(targets[link["operationId"]]), path
                reached |= set(link["parameters"])
    # A token is in a mail, a code on a certificate.
    made_elsewhere = {"organization_id", "region_id", "chapter_id", "requirement_id", "token", "code"}
    assert reached == {name for path in document["paths"] for name in parameters_of(path)} - made_elsewhere


async def test_patterns_are_of_the_dialect_that_json_schema_means(document: dict[str, Any]) -> None:
    for node in inside(document):
        if isinstance(pattern := node.get("pattern"), str):
            assert not re.search(r"\\[AzZ]|\(\?[a-zP]", pattern), pattern
        if "anyOf" in node:
            assert [one.get("type") for one in node["anyOf"]] != ["number", "string"], node


@pytest.mark.long
def test_the_command_prints_it_without_any_setting(app: FastAPI) -> None:
    """Who generates a client has no database."""
    command = [sys.executable, "-m", "learning_service.cli.app", "openapi"]
    printed = subprocess.run(command, env={}, capture_output=True, text=True, timeout=60, check=False)
    assert printed.returncode == 0, printed.stderr
    assert json.loads(printed.stdout) == app.openapi()


async def test_the_document_is_written_once(client: httpx.AsyncClient) -> None:
    first = await client.get("/openapi.json")
    assert first.headers["content-type"] == "application/json"
    began = time.process_time()
    for _ in range(20):
        assert (await client.get("/openapi.json")).content == first.content
    assert (time.process_time() - began) / 20 < 0.005

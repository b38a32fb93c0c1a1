"""The OpenAPI document: what FastAPI cannot see by itself, added from the routes' own dependencies.

Bodies are read by `JsonBody` after access is settled, so FastAPI does not know them; permissions are
dependencies, so it does not know who may call. Both are written into the document here.
"""

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, get_args

from fastapi import FastAPI, Request, Response
from fastapi.dependencies.models import Dependant
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute
from pydantic import TypeAdapter
from pydantic_core import from_json, to_json

from learning_service.adapters.webhook_http import CONTENT_TYPE
from learning_service.api.bodies import JsonBody
from learning_service.api.idempotency import claim_for
from learning_service.api.known_parameters import known_parameters
from learning_service.api.openapi.built import ServedDocument
from learning_service.api.openapi.examples import show_examples
from learning_service.api.openapi.fields import tell_meanings
from learning_service.api.openapi.glossary import MEANINGS
from learning_service.api.openapi.headers import HEADERS, name_headers
from learning_service.api.openapi.links import links_of
from learning_service.api.openapi.names import delivery_id, summary_of
from learning_service.api.openapi.page import REFERENCE_HEADERS, reference_files, reference_page
from learning_service.api.openapi.refusals import refusals_of
from learning_service.api.parameters import Page, PathOpaqueId
from learning_service.api.permissions import Anyone, Permission
from learning_service.api.problems import MEDIA_TYPE, reason, status_of
from learning_service.api.routes import api_routes
from learning_service.api.uploads import FILE_BODY, UPLOAD_BODY
from learning_service.domain.kernel import errors
from learning_service.domain.kernel.errors import DomainError, FaultCode
from learning_service.domain.kernel.values import JsonObject
from learning_service.domain.webhooks.rules.events import EXAMPLES, EventType, cloud_event
from learning_service.schemas.filters import FLAG
from learning_service.schemas.webhooks import CloudEventOut

DESCRIPTION = """
Courses, assessments, verifiable certificates and compliance for membership organizations.

Send a bearer token of your organization's identity provider. Errors are RFC 9457 problem documents whose `code`
you may switch on. Lists come in keyset pages: `?limit=` and `?cursor=`.
"""
_PAGE = re.compile(rb"\bPageOut_(\w+?)Out_")
"""How Pydantic names a page of a list; `CoursePageOut` is what becomes a name in generated clients."""
_REF = "#/components/schemas/{model}"
_ID = {"type": "string", "format": "uuid"}
_OPAQUE_ID = {"type": "string", "pattern": "^[A-Za-z0-9._:@-]{1,128}$"}
_FILTERS = {"course_id": _ID} | dict.fromkeys(
    ("user_id", "chapter_id", "region_id", "requirement_id"), _OPAQUE_ID
)
_WRITES = {"POST", "PUT", "PATCH", "DELETE"}
_PATH_FORMS = {
    "number": {"type": "integer", "minimum": 1, "maximum": 999_999_999},
    "key": {"type": "string", "pattern": "^[A-Za-z0-9_-]{1,64}$"},
    "token": {"type": "string", "description": "As it stands in a mail"},
    "code": {"type": "string", "description": "As it is printed on a certificate"},
}
_PROBLEM = {
    "type": "object",
    "required": ["type", "title", "status", "detail", "instance", "code", "request_id"],
    "properties": {
        "type": {"type": "string", "description": "The same as `code`, as a URN"},
        "title": {"type": "string", "description": "The standard reason phrase of the status"},
        "status": {"type": "integer", "description": "The status of the answer"},
        "detail": {"type": "string", "description": "For people, in English; it may be worded anew"},
        "instance": {"type": "string", "description": "The path that was called"},
        "code": {"type": "string", "description": "A stable word that callers may switch on"},
        "request_id": {"type": "string", "description": "Quote it when you ask for help"},
        "errors": {
            "type": "array",
            "description": "With 422: each place that is wrong",
            "items": {
                "type": "object",
                "required": ["pointer", "code", "params", "detail"],
                "properties": {
                    "pointer": {
                        "type": "string",
                        "description": "Where in the body; `?name` for a parameter",
                    },
                    "code": {
                        "type": "string",
                        "enum": list(get_args(FaultCode)),
                        "description": "What is wrong, for programs: translate by this and `params`",
                    },
                    "params": {
                        "type": "object",
                        "description": "What the code speaks of: `most`, `least`, `values`, `expected` and the like",
                    },
                    "detail": {"type": "string", "description": "The same for people, in English"},
                },
            },
        },
    },
}


_KEY_PARAMETER = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "schema": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[\\x20-\\x7e]+$"},
    "description": "Makes sending the call again safe for 72 hours: the same body gets the first 2xx answer again"
    " (less what is shown only once), with `Idempotency-Replayed: true`; another body is refused. Refusals are"
    " not kept.",
}


def install_reference(app: FastAPI, *, page: bool) -> None:
    """Make the app able to describe itself whole; with `page`, it does so for callers and people."""

    def openapi() -> JsonObject:
        if app.openapi_schema is None:
            document = get_openapi(
                title=app.title,
                version=app.version,
                description=app.description,
                routes=app.routes,
                tags=app.openapi_tags,
                servers=app.servers,
                contact=app.contact,
                license_info=app.license_info,
            )
            _complete(document, app)
            document["webhooks"] = _webhooks()
            app.openapi_schema = from_json(_PAGE.sub(rb"\1PageOut", to_json(document)))
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]
    if page:
        served = app.state.reference = ServedDocument(lambda: app.openapi())
        app.add_route("/openapi.json", served.answer, methods=["GET"], include_in_schema=False)
        _serve_page(app)


def _serve_page(app: FastAPI) -> None:
    files = {"/docs": reference_page(), **{f"/docs/{name}": file for name, file in reference_files().items()}}

    async def serve(request: Request) -> Response:
        file = files[request.url.path]
        return Response(file.content, media_type=file.media_type, headers=REFERENCE_HEADERS)

    for path in files:
        app.add_route(path, serve, methods=["GET"], include_in_schema=False)


def dependencies_of(route: APIRoute) -> list[Any]:
    """Everything that the route depends on, deep, in order."""
    found: list[Any] = []

    def walk(dependant: Dependant) -> None:
        for child in dependant.dependencies:
            walk(child)
            found.append(child.call)

    walk(route.dependant)
    return found


def permission_of(route: APIRoute) -> Permission | None:
    """Who may call the route; None is a mistake that a test finds."""
    stated = [call for call in dependencies_of(route) if isinstance(call, Permission)]
    # A route may name several (the caller beside the course); the narrowest was written first.
    return stated[0] if stated else None


def needs_token(route: APIRoute) -> bool:
    """Whether the route is for callers with a token."""
    return not isinstance(permission_of(route), Anyone)


def _complete(document: JsonObject, app: FastAPI) -> None:
    components = document.setdefault("components", {})
    schemas = components.setdefault("schemas", {})
    schemas["Problem"] = _PROBLEM
    schemas.pop("HTTPValidationError", None)
    schemas.pop("ValidationError", None)
    components["securitySchemes"] = {"bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}}
    components["headers"] = HEADERS
    for route in api_routes(app):
        for method in route.methods or ():
            operation = document["paths"].get(route.path, {}).get(method.lower())
            if operation is not None:
                _describe(operation, route, schemas)
    tell_meanings(schemas)
    show_examples(document["paths"])
    for schema in schemas.values():
        tell_true_defaults(schema)
    for source, status, name, link in links_of(document["paths"]):
        source["responses"][status].setdefault("links", {})[name] = link


def tell_true_defaults(schema: JsonObject) -> None:
    """A default that the field itself would refuse only says that it may be left out; an exact number is a number."""
    for field in schema.get("properties", {}).values():
        default = field.get("default", field)
        alone = field.get("type", "$ref" if "$ref" in field else "null")
        if (default is None and "null" not in alone) or (default == [] and field.get("minItems")):
            del field["default"]
        elif field.get("type") == "number" and isinstance(default, str):
            field["default"] = float(default)


def _describe(operation: JsonObject, route: APIRoute, schemas: JsonObject) -> None:
    calls = dependencies_of(route)
    permission = permission_of(route)
    operation["security"] = [{"bearer": []}] if needs_token(route) else []
    operation["summary"] = summary_of(route)
    if permission is not None and not isinstance(permission, Anyone):
        operation["x-permission"] = permission.name
        operation["description"] = f"{operation.get('description', '')}\n\nWho: {permission.name}.".strip()
    _describe_parameters(operation, route)
    for call in calls:
        if isinstance(call, JsonBody):
            operation["requestBody"] = _request_body(call, schemas)
        elif isinstance(call, Page):
            operation.setdefault("parameters", []).extend(_page_parameters(call))
    if takes_key(route):
        operation.setdefault("parameters", []).append(_KEY_PARAMETER)
    for parameter in operation.get("parameters", []):
        if parameter["name"] in MEANINGS:
            parameter.setdefault("description", MEANINGS[parameter["name"]])
    asks = any(parameter["in"] == "query" for parameter in operation.get("parameters", []))
    _name_refusals(operation["responses"], route, asks=asks)
    _share_body(operation["responses"], str(route.status_code or 200))
    name_headers(operation["responses"], takes_key=takes_key(route))


def _share_body(responses: JsonObject, first: str) -> None:
    """A further success that says nothing of its body has that of the first."""
    for status, answer in responses.items():
        if status in {"200", "201"} and "content" not in answer and "content" in responses.get(first, {}):
            answer["content"] = responses[first]["content"]


def _name_refusals(responses: JsonObject, route: APIRoute, *, asks: bool) -> None:
    """Each status that the call can refuse with, its codes and what they mean; a page has none."""
    # What the framework judges has a code of its own kind.
    responses.pop("422", None)
    by_status: dict[int, list[type[DomainError]]] = {}
    for kind in sorted(_refusals(route, asks=asks), key=lambda kind: kind.code):
        by_status.setdefault(status_of(kind), []).append(kind)
    for status, kinds in sorted(by_status.items()):
        said = responses.setdefault(str(status), {"description": reason(status)})
        if "content" not in said:
            responses[str(status)] = said | _problem(status, kinds)


def _refusals(route: APIRoute, *, asks: bool) -> set[type[DomainError]]:
    keyed = takes_key(route)
    calls = (route.endpoint, *dependencies_of(route))
    found = refusals_of(*calls, without=frozenset(() if keyed else {claim_for}))
    # What the server, the database and the framework refuse for every call.
    found |= {errors.RateLimited, errors.Unavailable}
    if route.methods and route.methods & _WRITES:
        found.add(errors.Conflict)
    if route.param_convertors:
        found.add(errors.NotFound)
    if asks or known_parameters(route) is not None:
        found.add(errors.Invalid)
    return found


def _describe_parameters(operation: JsonObject, route: APIRoute) -> None:
    """Ids have their form, and a parameter that is left out is not null."""
    opaque = {call.name for call in dependencies_of(route) if isinstance(call, PathOpaqueId)}
    known = {parameter["name"]: parameter for parameter in operation.get("parameters", [])}
    for parameter in known.values():
        schema = parameter["schema"]
        plain = [one for one in schema.get("anyOf", ()) if one != {"type": "null"}]
        parameter["schema"] = plain[0] if len(plain) == 1 else schema
    for name in route.param_convertors:
        schema = _OPAQUE_ID if name in opaque else _PATH_FORMS.get(name, _ID)
        known[name] = {"name": name, "in": "path", "required": True, "schema": schema}
    if known:
        operation["parameters"] = list(known.values())


def takes_key(route: APIRoute) -> bool:
    """Whether the route honours `Idempotency-Key`: a POST by a caller with a token, with a JSON body or a file."""
    calls = dependencies_of(route)
    reads_body = any(isinstance(call, JsonBody) for call in calls) or takes_file(route)
    return "POST" in (route.methods or ()) and needs_token(route) and reads_body


def takes_file(route: APIRoute) -> bool:
    """Whether the route's body is a form with a file."""
    return route.openapi_extra in (UPLOAD_BODY, FILE_BODY)


def _request_body(call: JsonBody, schemas: JsonObject) -> JsonObject:
    schema = TypeAdapter(call.type).json_schema(ref_template=_REF)
    schemas.update(schema.pop("$defs", {}))
    title = schema.get("title")
    if title and schema.get("type") == "object":
        schemas[title] = schema
        schema = {"$ref": _REF.format(model=title)}
    return {
        "required": not call.optional,
        "content": {media_type: {"schema": schema} for media_type in call.media_types},
    }


def _page_parameters(call: Page) -> list[JsonObject]:
    limit = {"type": "integer", "minimum": 1, "maximum": 200, "default": 50}
    cursor = {"type": "string", "pattern": "^[A-Za-z0-9_-]{8,4096}$"}
    filters = ((name, _filter(name, call.words.get(name))) for name in sorted(call.filters))
    names = [("limit", limit), ("cursor", cursor), *filters]
    return [{"name": name, "in": "query", "required": False, "schema": schema} for name, schema in names]


def _filter(name: str, words: tuple[str, ...] | None) -> JsonObject:
    if words is None:
        return _FILTERS.get(name, {"type": "string"})
    return {"type": "boolean"} if words == FLAG else {"type": "string", "enum": list(words)}


def _problem(status: int, kinds: Sequence[type[DomainError]]) -> JsonObject:
    meanings = "\n".join(f"- `{kind.code}`: {_meaning(kind)}" for kind in kinds)
    codes = {"type": "string", "enum": [kind.code for kind in kinds]}
    schema = {
        "allOf": [{"$ref": _REF.format(model="Problem")}, {"type": "object", "properties": {"code": codes}}]
    }
    return {
        "description": f"{reason(status)}\n\n{meanings}",
        "content": {MEDIA_TYPE: {"schema": schema}},
    }


def _meaning(kind: type[DomainError]) -> str:
    return " ".join((kind.__doc__ or "").split())


def _webhooks() -> JsonObject:
    """What receivers get: one CloudEvent per delivery, with an example for each type."""
    return {type_: {"post": _delivery(type_)} for type_ in get_args(EventType)}


def _delivery(type_: str) -> JsonObject:
    example = cloud_event(
        event_id="01a20371-5389-73f6-8a95-f51bcee2adb0",
        type_=type_,
        organization_id="demo",
        user_id="demo-learner",
        at=datetime(2026, 11, 22, 9, tzinfo=UTC),
        data={"organization_id": "demo", "user_id": "demo-learner", **EXAMPLES[type_]},
    )
    headers = [
        {"name": name, "in": "header", "required": True, "schema": {"type": "string"}, "description": text}
        for name, text in (
            ("webhook-id", "The event's id; the same for every try, so that you can drop what you have."),
            ("webhook-timestamp", "Seconds since 1970; refuse what is older than five minutes."),
            ("webhook-signature", "Standard Webhooks: `v1,…` for each secret that signs at present."),
        )
    ]
    return {
        "operationId": delivery_id(type_),
        "summary": f"A delivery of {type_}",
        "description": "Sent to the address of your subscription; what you answer says whether it is sent again.",
        "tags": ["webhooks"],
        "security": [],
        "parameters": headers,
        "requestBody": {
            "required": True,
            "content": {
                CONTENT_TYPE: {
                    "schema": {"$ref": _REF.format(model=CloudEventOut.__name__)},
                    "example": example,
                }
            },
        },
        "responses": {
            "2XX": {"description": "Taken. Anything else is tried again over three days."},
            "410": {"description": "Gone: the subscription is disabled."},
            "429": {"description": "Slow down; Retry-After is honoured."},
        },
    }

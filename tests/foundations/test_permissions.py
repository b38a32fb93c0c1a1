"""Deny by default: a route without a declared permission does not exist for long."""

from fastapi import APIRouter, FastAPI
from fastapi.routing import APIRoute

from learning_service.api.openapi.document import permission_of
from learning_service.api.permissions import Anyone
from learning_service.api.routes import api_routes

PUBLIC = {
    "/healthz",
    "/readyz",
    "/metrics",
    "/api/certificates/{certificate_id}/verify/",
    "/certificates/{certificate_id}/verify/",
    "/api/certificates/check/",
    "/api/certificates/verify/",
    "/c/{code}/",
    "/c/",
    "/api/certificates/{certificate_id}/credential/",
    "/api/certificates/{certificate_id}/credential.jwt/",
    "/api/certificates/{certificate_id}/badge.png/",
    "/api/certificates/{certificate_id}/logo.png/",
    "/api/certificates/{certificate_id}/picture.png/",
    "/achievements/{course_id}/{number}/",
    "/status/{number}/",
    "/.well-known/did.json",
    "/.well-known/jwks.json",
    "/unsubscribe/{token}/",
}
PAGES = {
    "/certificates/{certificate_id}/verify/",
    "/c/{code}/",
    "/c/",
    "/achievements/{course_id}/{number}/",
    "/status/{number}/",
    "/unsubscribe/{token}/",
}
"""For people, and what credentials name: their addresses are short."""
NAMED_BY_OTHERS = {"/healthz", "/readyz", "/metrics", "/.well-known/did.json", "/.well-known/jwks.json"}


def test_every_route_declares_who_may_call_it(app: FastAPI) -> None:
    routes = api_routes(app)
    assert len(routes) > 25
    assert [route.path for route in routes if permission_of(route) is None] == []


def test_a_route_without_a_permission_would_be_found(app: FastAPI) -> None:
    router = APIRouter()

    @router.get("/naked/")
    async def naked() -> None:
        """Nothing."""

    bare = FastAPI()
    bare.include_router(router)
    assert [permission_of(route) for route in api_routes(bare)] == [None]


def test_only_what_the_contract_calls_public_needs_no_token(app: FastAPI) -> None:
    # That all others refuse a caller without one is asked of each in tests/authorization.
    for route in api_routes(app):
        assert isinstance(permission_of(route), Anyone) == (route.path in PUBLIC), route.path


def test_paths_end_with_a_slash_and_start_under_api(app: FastAPI) -> None:
    for route in api_routes(app):
        if route.path not in NAMED_BY_OTHERS:
            assert route.path.endswith("/"), route.path
            assert route.path.startswith("/api/") or route.path in PAGES


def test_no_two_routes_answer_the_same_call(app: FastAPI) -> None:
    calls = [(method, route.path) for route in api_routes(app) for method in route.methods or ()]
    assert len(calls) == len(set(calls))


def test_no_route_is_hidden_behind_an_earlier_one(app: FastAPI) -> None:
    """`/api/certificates/{id}/` before `/api/certificates/verify/` would swallow it."""
    seen: list[APIRoute] = []
    for route in api_routes(app):
        concrete = route.path.replace("{", "").replace("}", "") if "{" in route.path else route.path
        for earlier in seen:
            if (
                earlier.methods
                and route.methods
                and earlier.methods & route.methods
                and "{" not in route.path
            ):
                assert earlier.path_regex.match(concrete) is None, (earlier.path, route.path)
        seen.append(route)

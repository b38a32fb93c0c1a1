"""The list of routes in docs/authorization.md is the one that the application has."""

import re
from pathlib import Path

from fastapi import FastAPI

from learning_service.reference import permission_of
from learning_service.routes import api_routes

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "authorization.md"


def test_every_route_stands_in_the_document_with_its_permission(app: FastAPI) -> None:
    documented = set(re.findall(r"^\| `([A-Z]+) (/\S*)` \| (.+) \|$", DOCUMENT.read_text(), re.MULTILINE))
    routes = {
        (method, route.path, getattr(permission_of(route), "name", "nobody"))
        for route in api_routes(app)
        for method in route.methods or ()
    }
    assert documented == routes

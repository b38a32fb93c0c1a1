"""A client made from the last snapshot, `docs/openapi.json`, works against today's service.

`make snapshot` renews it. A change that breaks clients has a line in the changelog: `Breaking: ` and what this says.
"""

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from tests.kit.breaking import breaking_changes

ROOT = Path(__file__).resolve().parents[2]
SNAPSHOT = ROOT / "docs" / "openapi.json"


def test_no_change_breaks_a_client_unless_the_changelog_says_so(app: FastAPI) -> None:
    changelog = " ".join((ROOT / "CHANGELOG.md").read_text().split())
    broken = breaking_changes(json.loads(SNAPSHOT.read_text()), app.openapi())
    unsaid = [change for change in broken if f"Breaking: {change}" not in changelog]
    assert not unsaid, f"say it in CHANGELOG.md, or run `make snapshot` for what was never released: {unsaid}"


@pytest.fixture
def old(app: FastAPI) -> Any:
    return app.openapi()


Change = Callable[[Any], Any]
COURSES = "/api/courses/"
BREAKING: dict[str, Change] = {
    "GET /api/courses/ is gone": lambda d: d["paths"][COURSES].pop("get"),
    "POST /api/courses/ was createCourse and is makeCourse": lambda d: d["paths"][COURSES]["post"].update(
        operationId="makeCourse"
    ),
    "GET /api/courses/ takes no sort": lambda d: d["paths"][COURSES]["get"].update(
        parameters=[p for p in d["paths"][COURSES]["get"]["parameters"] if p["name"] != "sort"]
    ),
    "GET /api/courses/ needs limit": lambda d: d["paths"][COURSES]["get"]["parameters"][0].update(
        required=True
    ),
    "GET /api/courses/ limit: maximum is 100": lambda d: d["paths"][COURSES]["get"]["parameters"][0][
        "schema"
    ].update(maximum=100),
    "POST /api/courses/ never answers 201": lambda d: d["paths"][COURSES]["post"]["responses"].pop("201"),
    "POST /api/courses/ body: title is refused": lambda d: d["components"]["schemas"]["CourseIn"][
        "properties"
    ].pop("title"),
    "POST /api/courses/ body: language is needed": lambda d: d["components"]["schemas"]["CourseIn"][
        "required"
    ].append("language"),
    "GET /api/certificates/{certificate_id}/verify/ 200: status may be missing": lambda d: d["components"][
        "schemas"
    ]["VerificationOut"]["required"].remove("status"),
}


@pytest.mark.parametrize("expected", BREAKING)
def test_it_finds_what_breaks_clients(app: FastAPI, old: Any, expected: str) -> None:
    new = copy.deepcopy(old)
    BREAKING[expected](new)
    assert expected in breaking_changes(old, new)


def test_it_lets_additions_be(app: FastAPI, old: Any) -> None:
    new = copy.deepcopy(old)
    new["paths"]["/api/new/"] = new["paths"][COURSES]
    new["paths"][COURSES]["get"]["parameters"].append(
        {"name": "more", "in": "query", "schema": {"type": "string"}}
    )
    new["components"]["schemas"]["CourseIn"]["properties"]["more"] = {"type": "string"}
    new["components"]["schemas"]["VerificationOut"]["properties"]["more"] = {"type": "string"}
    assert breaking_changes(old, new) == []

"""The page for frontends names calls and parameters that there are."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "frontends.md").read_text()
ROWS = re.findall(r"^\| (\d+)\. (.+?) \| (.+?) \| (.+?) \|$", PAGE, re.MULTILINE)
REFERENCE = json.loads((ROOT / "docs" / "openapi.json").read_text())
CALLS = {call["operationId"]: call for calls in REFERENCE["paths"].values() for call in calls.values()}
NAMED = set(re.findall(r"`([a-z]+(?:[A-Z][a-z]+)+)`", PAGE)) - {"operationId"}


def test_there_are_fourteen_screens() -> None:
    assert [int(number) for number, *_ in ROWS] == list(range(1, 15))


@pytest.mark.parametrize("name", sorted(NAMED))
def test_each_call_is_in_the_reference(name: str) -> None:
    assert name in CALLS


@pytest.mark.parametrize(("call", "given"), re.findall(r"`(list[A-Z]\w+)` \(([^)]+)\)", PAGE))
def test_each_parameter_is_in_the_reference(call: str, given: str) -> None:
    known = {parameter["name"] for parameter in CALLS[call]["parameters"]}
    assert {name.partition("=")[0] for name in re.findall(r"`([^`]+)`", given)} <= known


NAMES = {
    "user_id": {"display_name", "recipient_name"},
    "course_id": {"course_title", "title"},
    "chapter_id": {"chapter_name"},
    "requirement_id": {"requirement_name"},
}
"""What a person reads in place of an id. A skill names itself, and a run stands below its rule, which has one."""
WITHOUT = {("listMySkills", "course_id"), ("listAssignmentRuns", "course_id")}


def entries_of(call: dict[str, Any]) -> set[str]:
    """The fields of a list's entries; none of what is no list."""
    found: Any = (
        call["responses"].get("200", {}).get("content", {}).get("application/json", {}).get("schema", {})
    )
    for step in ("properties", "items", "items", "properties"):
        found = REFERENCE["components"]["schemas"].get(found.get("$ref", "").rsplit("/", 1)[-1], found)
        found = found.get(step, {})
    return set(found)


def test_lists_have_names_where_a_person_wants_names() -> None:
    bare = {
        (name, key)
        for name, call in CALLS.items()
        for key, names in NAMES.items()
        if name.startswith("list") and key in (fields := entries_of(call)) and not fields & names
    }
    assert bare == WITHOUT

"""The page for frontends names calls and parameters that there are."""

import json
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "frontends.md").read_text()
ROWS = re.findall(r"^\| (\d+)\. (.+?) \| (.+?) \| (.+?) \|$", PAGE, re.MULTILINE)
CALLS = {
    call["operationId"]: call
    for calls in json.loads((ROOT / "docs" / "openapi.json").read_text())["paths"].values()
    for call in calls.values()
}
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

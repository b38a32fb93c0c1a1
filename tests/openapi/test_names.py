"""What generated clients are named by, and what they may choose from."""

import re
from collections import Counter
from typing import Any

import pytest
from fastapi import FastAPI
from tests.kit.world import World

VERBS = (
    "apply|archive|assign|cancel|change|check|claim|close|compare|complete|create|decide|delete|"
    "designate|discard|dismiss|download|duplicate|enable|end|enroll|erase|explain|export|"
    "extend|forecast|give|grade|grant|import|list|mark|move|override|patch|preview|publish|put|read|receive|"
    "reissue|release|remind|remove|replay|restore|retire|retry|return|revoke|rotate|run|"
    "save|search|show|sign|start|submit|suggest|transfer|unarchive|undo|update|upload|verify|"
    "withdraw"
)


@pytest.fixture
def calls(app: FastAPI) -> list[dict[str, Any]]:
    document: dict[str, Any] = app.openapi()
    return [
        operation
        for item in [*document["paths"].values(), *document["webhooks"].values()]
        for operation in item.values()
    ]


def test_each_call_is_a_verb_and_a_noun(calls: list[dict[str, Any]]) -> None:
    """`listCourses`, `submitQuiz`: the name of the route's function. A verb that is missing here may be added."""
    ids = [call["operationId"] for call in calls]
    assert {"listCourses", "submitQuiz"} <= set(ids)
    assert [one for one, times in Counter(ids).items() if times > 1] == []
    for name in ids:
        verb, nouns = re.fullmatch("([a-z]+)((?:[A-Z][a-z]+)*)", name).groups()  # type: ignore[union-attr]
        assert re.fullmatch(VERBS, verb), f"{name}: {verb} is not a verb that the others use"
        assert nouns, f"{name}: what does it {verb}?"


def test_each_call_says_in_a_line_what_it_does(calls: list[dict[str, Any]]) -> None:
    """It is the route's `summary`, or the first sentence of its docstring."""
    for call in calls:
        assert 5 <= len(call["summary"]) <= 160, (call["operationId"], call["summary"])
        assert "\n" not in call["summary"], call["operationId"]
        assert not call["summary"].endswith("."), call["operationId"]


def test_tags_servers_and_security_are_declared(app: FastAPI, calls: list[dict[str, Any]]) -> None:
    document = app.openapi()
    declared = {tag["name"] for tag in document["tags"]}
    assert {tag for call in calls for tag in call["tags"]} == declared
    assert all(tag["description"] for tag in document["tags"])
    assert document["servers"]
    for call in calls:
        assert call["security"] in ([], [{"bearer": []}]), call["operationId"]


async def test_closed_sets_of_parameters_are_enums(world: World, app: FastAPI) -> None:
    """Where a call refuses a word since it is in no set, the reference gives the set."""
    compared = 0
    for path, item in app.openapi()["paths"].items():
        if "get" not in item:
            continue
        address = re.sub(r"\{\w+\}", "1", path)
        for parameter in item["get"].get("parameters", []):
            if parameter["in"] != "query":
                continue
            name, schema = parameter["name"], parameter["schema"]
            answer = await world.admin("GET", address, params={name: "no-such-word"})
            faults = answer.json().get("errors", []) if answer.status_code == 422 else []
            for values in [f["params"]["values"] for f in faults if f["code"] == "not-one-of"]:
                compared += 1
                stated = ["true", "false"] if schema.get("type") == "boolean" else schema.get("enum")
                assert stated == values, (path, name)
    assert compared > 8

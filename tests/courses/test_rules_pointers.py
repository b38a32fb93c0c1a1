"""Pointers name places of the document that was sent."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import Field, ValidationError

from learning_service.domain.courses.rules.tree import Tree
from learning_service.domain.kernel.errors import Fault
from learning_service.domain.kernel.pointers import Path, faults_of, pointer, pointer_of
from learning_service.domain.kernel.values import StrictModel


class Inner(StrictModel):
    count: int = Field(ge=0)
    label: str = ""


class Outer(StrictModel):
    inner: tuple[Inner, ...] = ()
    either: int | Inner | None = None


def faults(document: Any) -> list[Fault]:
    with pytest.raises(ValidationError) as refused:
        Outer.model_validate_json(json.dumps(document))
    return faults_of(refused.value, document)


def resolves(where: str, document: Any) -> bool:
    """Whether the pointer names a place of the document, or a field that one of its objects lacks."""
    node = document
    for step in where.split("/")[1:]:
        name = step.replace("~1", "/").replace("~0", "~")
        if isinstance(node, list):
            node = node[int(name)]
        elif isinstance(node, dict):
            if name not in node:
                return True
            node = node[name]
        else:
            return False
    return True


def test_steps_are_escaped() -> None:
    assert pointer("a/b", 0, "c~d", "") == "/a~1b/0/c~0d/"
    assert pointer() == ""


@pytest.mark.parametrize(
    ("loc", "document", "missing", "where"),
    [
        (("items", 0, "quiz", "title"), {"items": [{"title": 1}]}, False, "/items/0/title"),
        (("items", 0, "quiz", "title"), {"items": [{}]}, True, "/items/0/title"),
        (("items", 0, "quiz"), {"items": [{}]}, False, "/items/0"),
        (("items", 0, "quiz", "quiz"), {"items": [{"quiz": 1}]}, False, "/items/0/quiz"),
        (("items", 0, "quiz", "title"), {"items": [{"quiz": 1, "title": 1}]}, False, "/items/0/title"),
        (("a", "x" * 201), {"a": {"x" * 201: 1}}, False, "/a"),
        (("a", "\ud800"), {"a": {"\ud800": 1}}, False, "/a"),
        (("a",), [], False, ""),
    ],
)
def test_tags_are_left_out_and_keys_stay(loc: Path, document: Any, missing: bool, where: str) -> None:
    assert pointer_of(loc, document, missing=missing) == where


def test_details_are_plain_and_repeat_nothing() -> None:
    found = faults({"inner": [{"count": "secret", "odd/name": 1}, {}], "either": "secret"})
    assert [(fault.pointer, fault.detail) for fault in found[:3]] == [
        ("/inner/0/count", "should be a valid integer"),
        ("/inner/0/odd~1name", "is not a field of this"),
        ("/inner/1/count", "is required"),
    ]
    assert {fault.pointer for fault in found[3:]} == {"/either"}
    assert "secret" not in repr(found)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=4),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["modules", "items", "kind", "quiz", "questions", "type", "title", "key", "a/b", "assessment"]
            )
            | st.text(max_size=3),
            inner | st.sampled_from(["quiz", "lesson", "true_false"]),
            max_size=5,
        )
    ),
    max_leaves=20,
)


@given(JSON)
def test_every_pointer_can_be_followed(document: Any) -> None:
    try:
        Tree.model_validate(document)
    except ValidationError as error:
        for fault in faults_of(error, document):
            assert resolves(fault.pointer, document), fault

"""JSON Patch on a tree: what each operation does, and which refusal names which place."""

import json
from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from learning_service.domain.courses.rules import patching
from learning_service.domain.courses.rules.patching import TreePatch, apply_patch
from learning_service.domain.courses.rules.tree import Tree, dump_tree, parse_tree
from learning_service.domain.kernel.errors import Invalid

PATCH: TypeAdapter[Any] = TypeAdapter(TreePatch)
TREE = parse_tree(
    json.dumps(
        {
            "title": "Course",
            "modules": [
                {"key": "m1", "title": "One", "items": [{"kind": "lesson", "key": "l1", "title": "Read"}]},
                {"key": "m2", "title": "Two"},
            ],
        }
    )
)


def patched(*operations: Any, tree: Tree = TREE) -> Tree:
    """The tree after the operations, which come as JSON."""
    return apply_patch(tree, PATCH.validate_json(json.dumps(operations)))


def refused(*operations: Any, tree: Tree = TREE) -> tuple[str, list[tuple[str, str]]]:
    """Code and faults of the refusal; the tree stays as it is."""
    before = dump_tree(tree)
    with pytest.raises(Invalid) as refusal:
        patched(*operations, tree=tree)
    assert dump_tree(tree) == before
    return refusal.value.code, [(fault.pointer, fault.detail) for fault in refusal.value.faults]


def do(op: str, path: str, **members: Any) -> dict[str, Any]:
    return {"op": op, "path": path, **members}


def test_each_operation_does_what_it_says_in_order() -> None:
    after = patched(
        do("test", "/title", value="Course"),
        do("replace", "/title", value="New"),
        do("test", "/title", value="New"),
        do("add", "/modules/-", value={"title": "Three"}),
        do("move", "/modules/0", **{"from": "/modules/2"}),
        do("remove", "/modules/2"),
        do("copy", "/description_html", **{"from": "/title"}),
    )
    assert after.title == after.description_html == "New"
    assert [module.title for module in after.modules] == ["Three", "One"]
    assert (TREE.title, len(TREE.modules)) == ("Course", 2)


def test_nothing_to_do_leaves_the_same() -> None:
    assert patched() == TREE


def test_the_whole_can_be_replaced() -> None:
    assert patched(do("replace", "", value={"title": "Other"})) == parse_tree('{"title": "Other"}')


@pytest.mark.parametrize(
    ("operation", "member"),
    [
        (do("replace", "/nothing", value=1), "/path"),
        (do("replace", "/modules/5/title", value="x"), "/path"),
        (do("add", "/modules/3", value={"title": "x"}), "/path"),
        (do("remove", "/modules/-"), "/path"),
        (do("remove", "/nothing"), "/path"),
        (do("move", "/modules/0", **{"from": "/modules/9"}), ""),
        (do("move", "/modules/9/title", **{"from": "/title"}), ""),
        (do("copy", "/title", **{"from": "/nothing"}), ""),
        (do("copy", "/modules/0", **{"from": "/modules/-"}), ""),
    ],
)
def test_an_operation_without_its_place_is_named(operation: dict[str, Any], member: str) -> None:
    detail = "cannot be done: the draft has no such place"
    fine = do("test", "/title", value="Course")
    assert refused(operation) == ("patch-failed", [(f"/0{member}", detail)])
    assert refused(fine, operation) == ("patch-failed", [(f"/1{member}", detail)])


def test_a_test_that_fails_is_named() -> None:
    code, faults = refused(do("replace", "/title", value="x"), do("test", "/title", value="Course"))
    assert code == "patch-failed"
    assert faults == [("/1", "the test failed: the draft has something else there")]


def test_what_can_never_be_right_is_named_in_the_patched_tree() -> None:
    code, [(where, _)] = refused(do("replace", "/modules/1/title", value=""))
    assert (code, where) == ("invalid", "/modules/1/title")
    code, [(where, said)] = refused(do("copy", "/modules/-", **{"from": "/modules/0/items"}))
    assert (code, where[:10]) == ("invalid", "/modules/2"), said


def test_copies_are_weighed_together(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patching, "MAX_COPIED", 20)
    title = do("copy", "/description_html", **{"from": "/title"})
    weight = len(json.dumps("Course"))
    assert 2 * weight <= 20 < 3 * weight
    assert patched(title, title, title).description_html == "Course"
    assert refused(*[title] * 4) == ("patch-failed", [("/3", "copies too much")])
    monkeypatch.setattr(patching, "MAX_COPIED", 2 * weight)
    assert patched(title, title, title).description_html == "Course", "as much as is allowed"
    monkeypatch.setattr(patching, "MAX_COPIED", 0)
    assert patched(title).description_html == "Course", "one copy, however large"
    move = do("move", "/description_html", **{"from": "/title"})
    assert patched(move, do("add", "/title", value="T"), title).title == "T", "a move copies nothing"


def test_doubling_ends_in_a_refusal() -> None:
    double = do("copy", "/modules/-", **{"from": "/modules"})
    code, [(_, said)] = refused(*[double] * 40)
    assert (code, said) == ("patch-failed", "copies too much")


def nested(depth: int) -> list[Any]:
    """A list in a list in a list."""
    made: list[Any] = []
    for _ in range(depth):
        made = [made]
    return made


def deep(rounds: int) -> list[dict[str, Any]]:
    """Operations after which `/deep` is 50 lists deeper for each round."""
    again = [
        do("add", "/shell", value=nested(50)),
        do("move", "/shell" + "/0" * 50, **{"from": "/deep"}),
        do("move", "/deep", **{"from": "/shell"}),
    ]
    return [do("add", "/deep", value=[]), *again * rounds]


def test_a_draft_that_becomes_too_deep_is_refused() -> None:
    code, [(where, said)] = refused(*deep(60))
    assert (code, where, said) == ("invalid", "", "is nested too deeply")
    copy = do("copy", "/more", **{"from": "/deep"})
    code, [(where, said)] = refused(*deep(60), copy)
    assert (code, where, said) == ("patch-failed", "/181", "makes the draft too deep")


@pytest.mark.parametrize(
    "operation",
    [
        {"path": "/title", "value": 1},
        do("spoil", "/title"),
        do("add", "/title"),
        do("add", "title", value=1),
        do("add", "/a~2", value=1),
        do("remove", None),  # type: ignore[arg-type]
        do("move", "/title"),
        do("move", "/title", **{"from": "x"}),
        do("remove", "/" + "x" * 1000),
    ],
)
def test_what_is_no_operation_is_refused(operation: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        PATCH.validate_json(json.dumps([operation]))


def test_members_that_the_standard_does_not_define_are_ignored() -> None:
    assert patched(do("replace", "/title", value="N", comment="why", **{"from": "/x"})).title == "N"

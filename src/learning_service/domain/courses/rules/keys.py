"""Keys: what stays the same when a module, item, question or answer is carried from version to version."""

from collections.abc import Callable, Mapping
from typing import Any, Literal, TypeAlias

from learning_service.domain.courses.rules.tree import (
    Assessment,
    Attestation,
    Keyed,
    Lesson,
    Module,
    Quiz,
    Tree,
    keyed_nodes,
)
from learning_service.domain.kernel.errors import Fault
from learning_service.domain.kernel.pointers import pointer
from learning_service.domain.kernel.values import StrictModel
from learning_service.domain.questions.rules.pools import Pool
from learning_service.domain.questions.rules.question import Answer

KeyKind: TypeAlias = Literal[
    "module", "lesson", "attestation", "quiz", "assessment", "pool", "question", "answer"
]


def key_kind(node: Keyed) -> KeyKind:
    """What a key of this part names. A question may change its type and stay the same question."""
    match node:
        case Module():
            return "module"
        case Lesson():
            return "lesson"
        case Attestation():
            return "attestation"
        case Quiz():
            return "quiz"
        case Assessment():
            return "assessment"
        case Answer():
            return "answer"
        case Pool():
            return "pool"
        case _:
            return "question"


def keys_of(tree: Tree) -> dict[str, KeyKind]:
    """Every key in the tree and what it names."""
    return {node.key: key_kind(node) for _, node in keyed_nodes(tree) if node.key is not None}


def unknown_key_faults(tree: Tree, known: Mapping[str, str]) -> list[Fault]:
    """Keys that this course never had, or of another kind. `known`: key → kind, of all its versions."""
    faults = []
    for path, node in keyed_nodes(tree):
        if node.key is None:
            continue
        kind = known.get(node.key)
        if kind is None:
            faults.append(
                Fault(
                    pointer(*path, "key"),
                    "this course never had this key; leave it out to get a new one",
                    "not-known",
                )
            )
        elif kind != key_kind(node):
            faults.append(
                Fault(pointer(*path, "key"), f"this key names a part of another kind: {kind}", "not-known")
            )
    return faults


def assign_keys(tree: Tree, *, known: Mapping[str, str], new_key: Callable[[], str]) -> Tree:
    """The tree with a key on everything: those it has, and new ones that the course never had."""
    taken = set(known) | set(keys_of(tree))

    def keyed(node: Any, **changes: Any) -> Any:
        if node.key is None:
            changes["key"] = _fresh(taken, new_key)
        return node.model_copy(update=changes) if changes else node

    def with_answers(question: Any) -> Any:
        if isinstance(question, Pool):
            return keyed(question, questions=tuple(with_answers(one) for one in question.questions))
        if question.choices:
            return keyed(question, answers=tuple(keyed(answer) for answer in question.choices))
        return keyed(question)

    def with_questions(item: Any) -> Any:
        if isinstance(item, Lesson | Attestation):
            return keyed(item)
        return keyed(item, questions=tuple(with_answers(question) for question in item.questions))

    modules = tuple(
        keyed(module, items=tuple(with_questions(item) for item in module.items)) for module in tree.modules
    )
    assessment = None if tree.assessment is None else with_questions(tree.assessment)
    return tree.model_copy(update={"modules": modules, "assessment": assessment})


def without_keys(tree: Tree) -> Tree:
    """The same content without any key, for a course that is to have its own."""
    stripped: Tree = _stripped(tree)
    return stripped


def _stripped(value: Any) -> Any:
    if isinstance(value, tuple):
        return tuple(_stripped(part) for part in value)
    if not isinstance(value, StrictModel):
        return value
    parts = {name: None if name == "key" else _stripped(part) for name, part in vars(value).items()}
    return value.model_copy(update=parts)


def _fresh(taken: set[str], new_key: Callable[[], str]) -> str:
    key = new_key()
    while key in taken:
        key = new_key()
    taken.add(key)
    return key

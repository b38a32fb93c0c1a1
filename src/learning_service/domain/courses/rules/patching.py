"""JSON Patch (RFC 6902) on a tree: what a patch may be, and its result. Applied whole or not at all."""

import json
from typing import Annotated, Any, Literal, TypeAlias

from jsonpatch import (
    AddOperation,
    JsonPatchException,
    JsonPatchTestFailed,
    MoveOperation,
    ReplaceOperation,
    TestOperation,
)
from jsonpatch import (
    RemoveOperation as Removal,
)
from jsonpointer import EndOfList, JsonPointer, JsonPointerException
from pydantic import BaseModel, ConfigDict, Field

from learning_service.domain.courses.rules.tree import Tree, dump_tree, parse_tree, texts_of
from learning_service.domain.kernel.errors import Fault, Invalid
from learning_service.domain.kernel.pointers import pointer
from learning_service.domain.kernel.values import CleanText, JsonObject, StorableJson

MAX_OPERATIONS = 10_000
MAX_POINTER = 1000
# Beside the largest copy of a patch. A few copies of the whole into itself would fill any memory; a MiB takes 100 ms.
MAX_COPIED = 256 * 1024

Pointer: TypeAlias = Annotated[CleanText, Field(max_length=MAX_POINTER, pattern=r"^(?:/(?:[^~/]|~[01])*)*$")]
"""A JSON pointer (RFC 6901) into the tree; `""` is the whole."""


class _Operation(BaseModel):
    # Members that RFC 6902 does not define are ignored, as it says, and not refused as elsewhere.
    model_config = ConfigDict(
        extra="ignore", strict=True, allow_inf_nan=False, frozen=True, hide_input_in_errors=True
    )

    path: Pointer
    """Where in the tree, as a JSON pointer."""


class ValueOperation(_Operation):
    """`add`, `replace` or `test`, with a value."""

    op: Literal["add", "replace", "test"]
    """What is done there."""
    value: StorableJson
    """What is put there, or for `test` what must be there."""

    def plain(self) -> JsonObject:
        """As the library reads it."""
        return {"op": self.op, "path": self.path, "value": self.value}


class FromOperation(_Operation):
    """`move` or `copy` from one place to another."""

    op: Literal["move", "copy"]
    """What is done."""
    from_: Annotated[Pointer, Field(alias="from")]
    """Where it is taken from, as a JSON pointer."""

    def plain(self) -> JsonObject:
        """As the library reads it."""
        return {"op": self.op, "path": self.path, "from": self.from_}


class RemoveOperation(_Operation):
    """`remove` what is at a place."""

    op: Literal["remove"]
    """Takes away what is there."""

    def plain(self) -> JsonObject:
        """As the library reads it."""
        return {"op": self.op, "path": self.path}


Operation: TypeAlias = Annotated[ValueOperation | FromOperation | RemoveOperation, Field(discriminator="op")]
TreePatch: TypeAlias = Annotated[tuple[Operation, ...], Field(fail_fast=True, max_length=MAX_OPERATIONS)]
"""The operations of a patch, in order."""


class PatchFailed(Invalid):
    """An operation of the patch cannot be done; its pointer is into the patch."""

    code = "patch-failed"


# One by one: a whole `JsonPatch` would read each operation twice.
_OPERATIONS: JsonObject = {
    "add": AddOperation,
    "move": MoveOperation,
    "remove": Removal,
    "replace": ReplaceOperation,
    "test": TestOperation,
}


def apply_patch(tree: Tree, patch: tuple[Operation, ...]) -> Tree:
    """The tree after the patch; the one given stays as it is.

    Raises PatchFailed where an operation cannot be done, and Invalid, with pointers into the patched tree, where
    that can never be right.
    """
    document: Any = json.loads(dump_tree(tree))
    copied = largest = 0
    for n, operation in enumerate(patch):
        try:
            plain = operation.plain()
            if isinstance(operation, FromOperation) and operation.op == "copy":
                text = _text_at(operation.from_, document)
                copied += len(text)
                largest = max(largest, len(text))
                if copied - largest > MAX_COPIED:
                    raise _failed(n, "", "copies too much")
                plain = {"op": "add", "path": operation.path, "value": json.loads(text)}
            document = _OPERATIONS[plain["op"]](plain).apply(document)
        except JsonPatchTestFailed:
            raise _failed(n, "", "the test failed: the draft has something else there") from None
        except (JsonPatchException, JsonPointerException):
            member = "" if isinstance(operation, FromOperation) else "path"
            raise _failed(n, member, "cannot be done: the draft has no such place") from None
        except RecursionError:
            raise _failed(n, "", "makes the draft too deep") from None
    try:
        return parse_tree(json.dumps(document), held=texts_of(tree))
    except RecursionError:
        raise Invalid.at("", "is nested too deeply", "too-deep") from None


def _text_at(place: str, document: Any) -> str:
    value = JsonPointer(place).resolve(document)
    if isinstance(value, EndOfList):
        raise JsonPointerException("there is nothing after the end")
    return json.dumps(value)


def _failed(position: int, member: str, detail: str) -> PatchFailed:
    place = pointer(position, member) if member else pointer(position)
    return PatchFailed([Fault(place, detail, "unusable")])

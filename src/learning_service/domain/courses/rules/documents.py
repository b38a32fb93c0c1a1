"""Which documents a tree shows, and where."""

import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from learning_service.domain.courses.rules.tree import Tree
from learning_service.domain.documents.rules import referenced_id, referenced_ids_in_html
from learning_service.domain.kernel.pointers import Path, pointer
from learning_service.domain.questions.rules.types import AnyQuestion

_ADDRESSES = ("document_url", "image_url")


@dataclass(frozen=True, slots=True)
class ShownDocument:
    """A document at one place of a tree."""

    document_id: uuid.UUID
    pointer: str
    as_picture: bool


def shown_documents(tree: Tree | AnyQuestion) -> list[ShownDocument]:
    """Every place of a sanitized tree, or of a question, that names a document."""
    return list(_inside(tree, ()))


def _inside(node: Any, path: Path) -> Iterator[ShownDocument]:
    for name in type(node).model_fields:
        value = getattr(node, name)
        here = (*path, name)
        if isinstance(value, str):
            if name in _ADDRESSES and (found := referenced_id(value)) is not None:
                yield ShownDocument(found, pointer(*here), name == "image_url")
            elif name.endswith("html"):
                for document_id in sorted(referenced_ids_in_html(value)):
                    yield ShownDocument(document_id, pointer(*here), as_picture=True)
        elif isinstance(value, tuple):
            for n, part in enumerate(value):
                if hasattr(part, "model_fields_set"):
                    yield from _inside(part, (*here, n))
        elif hasattr(value, "model_fields_set"):
            yield from _inside(value, here)

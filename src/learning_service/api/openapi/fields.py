"""What fields mean: the docstring under each in its class, read from the sources when the document is made.

Pydantic can do it as well (`use_attribute_docstrings`), but whenever a process starts, and that takes seconds.
"""

import ast
import inspect
import re
from collections.abc import Iterator
from functools import cache
from itertools import pairwise
from types import ModuleType

from pydantic import BaseModel

from learning_service.api.openapi.glossary import MEANINGS
from learning_service.domain.kernel.values import JsonObject


def tell_meanings(schemas: JsonObject) -> None:
    """Describe each property of each schema: by its class, or by what its name means everywhere."""
    # FastAPI has models of its own with names such as ours, whichever are loaded first.
    classes = {_schema_name(model): model for model in _models(BaseModel) if _is_ours(model.__module__)}
    for name, schema in schemas.items():
        meanings = {**MEANINGS, **(meanings_of(classes[name]) if name in classes else {})}
        for field, said in schema.get("properties", {}).items():
            if field in meanings:
                said.setdefault("description", meanings[field])


def meanings_of(model: type[BaseModel]) -> dict[str, str]:
    """What is said under each field, by its name in JSON; a subclass may say it anew."""
    told: dict[str, str] = {}
    for base in reversed(model.__mro__):
        told |= _docstrings(inspect.getmodule(base)).get(base.__name__.partition("[")[0], {})
    return {field.alias or name: told[name] for name, field in model.model_fields.items() if name in told}


def _models(base: type[BaseModel]) -> Iterator[type[BaseModel]]:
    for model in base.__subclasses__():
        yield model
        yield from _models(model)


def _is_ours(module: str) -> bool:
    return module.startswith("learning_service.")


def _schema_name(model: type[BaseModel]) -> str:
    return re.sub(r"[^\w.-]", "_", model.__name__)


@cache
def _docstrings(module: ModuleType | None) -> dict[str, dict[str, str]]:
    """For each class of a module of ours its fields' docstrings."""
    if module is None or not _is_ours(module.__name__):
        return {}
    classes = [node for node in ast.parse(inspect.getsource(module)).body if isinstance(node, ast.ClassDef)]
    return {node.name: dict(_documented(node.body)) for node in classes}


def _documented(body: list[ast.stmt]) -> Iterator[tuple[str, str]]:
    for field, after in pairwise(body):
        match field, after:
            case (
                ast.AnnAssign(target=ast.Name(id=name)),
                ast.Expr(value=ast.Constant(value=str(text))),
            ):
                yield name, " ".join(text.split())

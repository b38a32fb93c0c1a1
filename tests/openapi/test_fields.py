"""Every field and parameter says what it means.

Where: under the field in its class, or in the glossary for a name that means the same everywhere.
"""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from fastapi import FastAPI
from pydantic import BaseModel, Field

from learning_service.api.openapi.fields import meanings_of
from learning_service.api.openapi.glossary import MEANINGS
from learning_service.schemas.common import PageOut
from learning_service.schemas.courses import CourseOut

EMPTY = {"a", "an", "the", "of", "is", "its", "it", "this", "was", "were", "whether", "when", "at"}


def told(document: dict[str, Any]) -> Iterator[tuple[str, str, str]]:
    """Place, name and description of each field and parameter."""
    for place, schema in document["components"]["schemas"].items():
        for name, field in schema.get("properties", {}).items():
            yield place, name, field.get("description", "")
    for path, item in [*document["paths"].items(), *document["webhooks"].items()]:
        for operation in item.values():
            for parameter in operation.get("parameters", []):
                yield path, parameter["name"], parameter.get("description", "")


def words(text: str) -> set[str]:
    return {word.rstrip("s") for word in re.findall("[a-z]+", text.lower())} - EMPTY


def test_each_field_and_parameter_has_a_meaning(app: FastAPI) -> None:
    found = list(told(app.openapi()))
    assert len(found) > 1300
    missing = [f"{place}.{name}" for place, name, text in found if not text]
    assert not missing, f"say what these mean, with unit and null, in a docstring under the field: {missing}"


def test_no_meaning_only_repeats_the_name(app: FastAPI) -> None:
    assert [one for one in told(app.openapi()) if not words(one[2]) - words(one[1].replace("_", " "))] == []


def test_no_name_of_the_glossary_is_used_nowhere(app: FastAPI) -> None:
    used = {name for _, name, _ in told(app.openapi())}
    assert set(MEANINGS) <= used


@pytest.mark.parametrize(
    ("model", "name", "expected"),
    [
        (CourseOut, "published_version", "The version that new enrollments get; null: none is published."),
        (PageOut[CourseOut], "items", None),
    ],
)
def test_the_docstring_under_a_field_is_its_meaning(
    model: type[BaseModel], name: str, expected: str | None
) -> None:
    assert meanings_of(model).get(name) == expected


def test_a_class_of_another_package_is_not_read() -> None:
    class Foreign(BaseModel):
        number: int = Field(default=1)
        """Not ours."""

    assert meanings_of(Foreign) == {}

"""Question types: each is one file, and everything else asks the list of them."""

import ast
from pathlib import Path

import pytest

from learning_service.domain.courses.models import Question as QuestionRow
from learning_service.domain.questions.rules import types
from learning_service.domain.questions.rules.types import OWN_FIELDS, QUESTION_TYPES, SCORED_FIELDS

SOURCE = Path(types.__file__).parents[3]
NAMES = {model.__name__ for model in QUESTION_TYPES.values()}
NAMES |= {f"{name}Key" for name in NAMES}


@pytest.mark.parametrize("word", QUESTION_TYPES)
def test_a_type_is_in_the_file_of_its_name(word: str) -> None:
    assert QUESTION_TYPES[word].__module__ == f"{types.__package__}.{word}"


def test_no_other_file_of_the_service_knows_a_type_by_name() -> None:
    allowed = {
        Path(types.__file__),
        *(Path(types.__file__).with_name(f"{word}.py") for word in QUESTION_TYPES),
    }
    knowing = {
        str(path.relative_to(SOURCE)): sorted(found)
        for path in SOURCE.rglob("*.py")
        if path not in allowed
        and (
            found := {
                alias.name
                for node in ast.walk(ast.parse(path.read_text()))
                if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("learning_service")
                for alias in node.names
            }
            & NAMES
        )
    }
    assert knowing == {}


def test_what_a_type_has_of_its_own_has_a_column() -> None:
    columns = set(QuestionRow.__table__.columns.keys())
    assert set(OWN_FIELDS) <= columns
    assert set(SCORED_FIELDS) <= set(OWN_FIELDS)

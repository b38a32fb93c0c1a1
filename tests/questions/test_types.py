"""Question types: each is one file, and everything else asks the list of them."""

import ast
from pathlib import Path

import pytest
from tests.kit.source import tree_of

from learning_service.domain.courses.models import Question as QuestionRow
from learning_service.domain.questions.rules import types
from learning_service.domain.questions.rules.types import OWN_FIELDS, QUESTION_TYPES, SCORED_FIELDS
from learning_service.schemas.question_banks import BankQuestionOut

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
                for node in ast.walk(tree_of(path))
                if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("learning_service")
                for alias in node.names
            }
            & NAMES
        )
    }
    assert knowing == {}


def test_beside_its_own_file_only_the_formats_name_a_type() -> None:
    """CONTRIBUTING.md says so. `numeric` and `matching` are words of other things, too."""
    words = {"multiple_choice", "multi_select", "true_false", "short_answer", "free_form", "ordering"}
    rooms = {"questions/rules", "questions/rules/exchange"}
    naming = {
        str(path.relative_to(SOURCE)): sorted(found)
        for path in (SOURCE / "domain").rglob("*.py")
        if str(path.parent.relative_to(SOURCE / "domain")) not in rooms
        and (
            found := {
                node.value
                for node in ast.walk(tree_of(path))
                if isinstance(node, ast.Constant) and isinstance(node.value, str)
            }
            & words
        )
    }
    assert naming == {
        "domain/completion/actions/group_grades.py": ["short_answer"],
        "domain/completion/queries/statistics.py": ["true_false"],
        "domain/courses/rules/corrections.py": ["multiple_choice"],
    }


def test_a_bank_shows_whatever_a_type_has() -> None:
    assert {*OWN_FIELDS, "answers"} <= BankQuestionOut.model_fields.keys()


def test_what_a_type_has_of_its_own_has_a_column() -> None:
    columns = set(QuestionRow.__table__.columns.keys())
    assert set(OWN_FIELDS) <= columns
    assert set(SCORED_FIELDS) <= set(OWN_FIELDS)

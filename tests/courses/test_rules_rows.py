"""Between a tree and its rows: which row holds what, and that a tree comes back from rows in any order."""

import json
import random
from decimal import Decimal
from typing import Any

import pytest

from learning_service.domain.courses.rules.rows import HEAD_COLUMNS, PARENT_COLUMN, TABLES, rows_of, tree_of
from learning_service.domain.courses.rules.tree import Tree, parse_tree

DOCUMENT = {
    "title": "Course",
    "description_html": "<p>About</p>",
    "pass_score": 75,
    "mastered_skills": [{"skill_id": "s", "name": "S"}],
    "modules": [
        {"key": "m0", "title": "One"},
        {
            "key": "m1",
            "title": "Two",
            "items": [
                {
                    "kind": "lesson",
                    "key": "l0",
                    "title": "Read",
                    "body_html": "<p>This</p>",
                    "video_url": "https://v.example/1",
                    "document_url": "https://d.example/1",
                    "image_url": "https://i.example/1",
                    "required": False,
                },
                {
                    "kind": "quiz",
                    "key": "q0",
                    "title": "Check",
                    "pass_score": 60,
                    "max_attempts": 3,
                    "time_limit_seconds": 90,
                    "retry_delay_seconds": 30,
                    "required": False,
                    "shuffle": True,
                    "feedback": "never",
                    "questions": [
                        {
                            "type": "multiple_choice",
                            "key": "a0",
                            "prompt_html": "<p>1</p>",
                            "points": 2,
                            "explanation_html": "<p>Since</p>",
                            "answers": [
                                {"key": "x0", "text": "right", "is_correct": True},
                                {"key": "x1", "text": "wrong"},
                            ],
                        },
                        {"type": "true_false", "key": "a1", "correct": False},
                        {
                            "type": "multi_select",
                            "key": "a2",
                            "scoring": "right_minus_wrong",
                            "answers": [
                                {"key": "x2", "text": "both", "is_correct": True},
                                {
                                    "key": "x3",
                                    "html": "<p>none <b>of</b> it</p>",
                                    "feedback_html": "<p>Look again.</p>",
                                    "pinned": True,
                                },
                            ],
                        },
                    ],
                },
            ],
        },
    ],
    "assessment": {
        "key": "f0",
        "title": "Final",
        "questions": [
            {
                "type": "short_answer",
                "key": "a3",
                "accepted_answers": ["yes", "yea*"],
                "case_sensitive": True,
                "review": "manual",
            },
            {"type": "free_form", "key": "a4", "rubric_html": "<p>Well</p>"},
            {"type": "numeric", "key": "a5", "answer": 3.5, "tolerance_percent": 1, "unit": "kg"},
            {
                "type": "matching",
                "key": "a6",
                "pairs": [{"left": "a", "right": "1"}, {"left": "b", "right": "2"}],
                "distractors": ["3"],
                "scoring": "per_part",
            },
            {"type": "ordering", "key": "a7", "items": ["one", "two"]},
        ],
    },
}
PLAIN = {"html": None, "feedback_html": None, "pinned": False}
QUESTION = {
    "pool": None,
    "draw": None,
    "bank_id": None,
    "tag": None,
    "tags": None,
    "prompt_html": "",
    "points": 1,
    "explanation_html": None,
    "correct": None,
    "scoring": None,
    "accepted_answers": None,
    "case_sensitive": None,
    "review": None,
    "ignore_accents": None,
    "ignore_punctuation": None,
    "rubric_html": None,
    "answer": None,
    "tolerance": None,
    "tolerance_percent": None,
    "unit": None,
    "pairs": None,
    "distractors": None,
    "items": None,
}


def tree(**changes: Any) -> Tree:
    return parse_tree(json.dumps({**DOCUMENT, **changes}))


def test_each_part_is_a_row_of_its_table_under_its_key() -> None:
    rows = rows_of(tree())
    assert tuple(rows) == TABLES
    assert rows["course_modules"] == {
        "m0": {"position": 0, "title": "One"},
        "m1": {"position": 1, "title": "Two"},
    }
    assert rows["lessons"] == {
        "l0": {
            "parent": "m1",
            "position": 0,
            "kind": "lesson",
            "title": "Read",
            "required": False,
            "body_html": "<p>This</p>",
            "video_url": "https://v.example/1",
            "document_url": "https://d.example/1",
            "image_url": "https://i.example/1",
        }
    }
    assert rows["quizzes"] == {
        "q0": {
            "parent": "m1",
            "position": 1,
            "kind": "quiz",
            "required": False,
            "title": "Check",
            "pass_score": 60,
            "max_attempts": 3,
            "time_limit_seconds": 90,
            "retry_delay_seconds": 30,
            "shuffle": True,
            "feedback": "never",
        },
        "f0": {
            "parent": None,
            "position": 0,
            "kind": "assessment",
            "required": True,
            "title": "Final",
            "pass_score": 80,
            "max_attempts": None,
            "time_limit_seconds": None,
            "retry_delay_seconds": None,
            "shuffle": False,
            "feedback": "never",
        },
    }
    assert rows["quiz_answers"] == {
        "x0": {"parent": "a0", "position": 0, "text": "right", "is_correct": True, **PLAIN},
        "x1": {"parent": "a0", "position": 1, "text": "wrong", "is_correct": False, **PLAIN},
        "x2": {"parent": "a2", "position": 0, "text": "both", "is_correct": True, **PLAIN},
        "x3": {
            "parent": "a2",
            "position": 1,
            "text": "none of it",
            "html": "<p>none <b>of</b> it</p>",
            "is_correct": False,
            "feedback_html": "<p>Look again.</p>",
            "pinned": True,
        },
    }


def test_a_question_has_the_columns_of_its_type_and_null_in_the_others() -> None:
    assert rows_of(tree())["questions"] == {
        "a0": {
            **QUESTION,
            "parent": "q0",
            "position": 0,
            "type": "multiple_choice",
            "prompt_html": "<p>1</p>",
            "points": 2,
            "explanation_html": "<p>Since</p>",
        },
        "a1": {**QUESTION, "parent": "q0", "position": 1, "type": "true_false", "correct": False},
        "a2": {
            **QUESTION,
            "parent": "q0",
            "position": 2,
            "type": "multi_select",
            "scoring": "right_minus_wrong",
        },
        "a3": {
            **QUESTION,
            "parent": "f0",
            "position": 0,
            "type": "short_answer",
            "accepted_answers": ["yes", "yea*"],
            "case_sensitive": True,
            "ignore_accents": False,
            "ignore_punctuation": False,
            "review": "manual",
        },
        "a4": {
            **QUESTION,
            "parent": "f0",
            "position": 1,
            "type": "free_form",
            "rubric_html": "<p>Well</p>",
        },
        "a5": {
            **QUESTION,
            "parent": "f0",
            "position": 2,
            "type": "numeric",
            "answer": Decimal("3.5"),
            "tolerance_percent": 1,
            "unit": "kg",
        },
        "a6": {
            **QUESTION,
            "parent": "f0",
            "position": 3,
            "type": "matching",
            "pairs": [{"left": "a", "right": "1"}, {"left": "b", "right": "2"}],
            "distractors": ["3"],
            "scoring": "per_part",
        },
        "a7": {
            **QUESTION,
            "parent": "f0",
            "position": 4,
            "type": "ordering",
            "items": ["one", "two"],
            "scoring": "all_or_nothing",
        },
    }


@pytest.mark.parametrize("changes", [{}, {"assessment": None}, {"modules": []}])
def test_rows_in_any_order_are_the_tree_again(changes: dict[str, Any]) -> None:
    made = tree(**changes)
    order = random.Random(1)
    mixed = {}
    for table, rows in rows_of(made).items():
        entries = list(rows.items())
        order.shuffle(entries)
        mixed[table] = dict(reversed(entries) if table == "quiz_answers" else entries)
    head = {name: getattr(made, name) for name in HEAD_COLUMNS}
    again = tree_of(head, [{"skill_id": "s", "name": "S"}], mixed)
    assert again == made
    assert [type(q) for q in again.modules[1].items[1].questions] if again.modules else True  # type: ignore[union-attr]


def test_a_part_without_a_key_is_no_row() -> None:
    with pytest.raises(ValueError, match="every part needs its key"):
        rows_of(parse_tree('{"title": "T", "modules": [{"title": "M"}]}'))


def test_every_table_but_the_first_hangs_on_another() -> None:
    assert set(PARENT_COLUMN) == set(TABLES[1:])

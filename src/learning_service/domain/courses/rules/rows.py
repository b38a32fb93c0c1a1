"""Between a tree and its rows. Pure: rows are plain dictionaries by table name and key.

A key is unique within a version, so a row is found by it; which row id it has is the caller's affair.
"""

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from functools import cache
from typing import Any, TypeAlias, cast

from learning_service.domain.courses.rules.tree import (
    Assessment,
    Attestation,
    Item,
    Lesson,
    Module,
    Quiz,
    Skill,
    Tree,
)
from learning_service.domain.kernel.values import StrictModel
from learning_service.domain.questions.rules.pools import POOL, Asked, Pool
from learning_service.domain.questions.rules.question import Answer
from learning_service.domain.questions.rules.types import OWN_FIELDS, QUESTION_TYPES, AnyQuestion

Row: TypeAlias = dict[str, Any]
Rows: TypeAlias = dict[str, dict[str, Row]]
"""Table name → key → columns, without ids; `parent` is the key of its parent row."""

TABLES = ("course_modules", "lessons", "quizzes", "questions", "quiz_answers")
"""Parents first."""
PARENT_COLUMN = {
    "lessons": "module_id",
    "quizzes": "module_id",
    "questions": "quiz_id",
    "quiz_answers": "question_id",
}
HEAD_COLUMNS = (
    "title",
    "description_html",
    "image_url",
    "language",
    "estimated_minutes",
    "credit_hours",
    "pass_score",
)
"""What a version's own row says of its tree."""
_QUESTION_COLUMNS = ("prompt_html", "points", "explanation_html")
_ANSWER_COLUMNS = ("html", "is_correct", "feedback_html", "pinned")
_QUIZ_COLUMNS = (
    "title",
    "pass_score",
    "max_attempts",
    "time_limit_seconds",
    "retry_delay_seconds",
    "shuffle",
    "feedback",
)
_LESSON_COLUMNS = ("title", "required", "body_html", "video_url", "document_url", "image_url")


_ATTESTATION: Row = {"video_url": None, "document_url": None, "image_url": None}
"""What an attestation, whose text stands where a lesson's does, has in the other columns of lessons."""
_POOL_COLUMNS = ("draw", "bank_id", "tag")
_POOL: Row = {
    "pool": None,
    "tags": None,
    "type": POOL,
    "prompt_html": "",
    "points": Decimal(0),
    "explanation_html": None,
    **dict.fromkeys(OWN_FIELDS),
}
"""What the row of a pool has in the columns of questions."""


def rows_of(tree: Tree) -> Rows:
    """The content rows of a tree whose every part has its key."""
    rows: Rows = {table: {} for table in TABLES}
    for position, module in enumerate(tree.modules):
        rows["course_modules"][_key(module)] = {"position": position, "title": module.title}
        for place, item in enumerate(module.items):
            _add_item(rows, item, place, parent=module.key)
    if tree.assessment is not None:
        _add_quiz(rows, tree.assessment, 0, parent=None)
    return rows


def _add_item(rows: Rows, item: Item, position: int, *, parent: str | None) -> None:
    if isinstance(item, Quiz):
        _add_quiz(rows, item, position, parent=parent)
        return
    columns: Row
    if isinstance(item, Attestation):
        columns = {**_ATTESTATION, "title": item.title, "required": item.required}
        columns["body_html"] = item.text_html
    else:
        columns = {name: getattr(item, name) for name in _LESSON_COLUMNS}
    rows["lessons"][_key(item)] = {"parent": parent, "position": position, "kind": item.kind, **columns}


def _add_quiz(rows: Rows, quiz: Quiz | Assessment, position: int, *, parent: str | None) -> None:
    rows["quizzes"][_key(quiz)] = {
        "parent": parent,
        "position": position,
        "kind": "quiz" if isinstance(quiz, Quiz) else "assessment",
        "required": quiz.required if isinstance(quiz, Quiz) else True,
        **{name: getattr(quiz, name) for name in _QUIZ_COLUMNS},
    }
    for place, asked in enumerate(quiz.questions):
        if isinstance(asked, Pool):
            rows["questions"][_key(asked)] = {
                **_POOL,
                "parent": quiz.key,
                "position": place,
                **{name: getattr(asked, name) for name in _POOL_COLUMNS},
            }
            for n, question in enumerate(asked.questions):
                _add_question(rows, question, n, quiz=quiz.key, pool=asked.key)
        else:
            _add_question(rows, asked, place, quiz=quiz.key, pool=None)


def _add_question(
    rows: Rows, question: AnyQuestion, place: int, *, quiz: str | None, pool: str | None
) -> None:
    # Not getattr: for a field that a type lacks, pydantic takes ten times as long to say so.
    fields = vars(question)
    rows["questions"][_key(question)] = {
        "parent": quiz,
        "pool": pool,
        **dict.fromkeys(_POOL_COLUMNS),
        "tags": list(question.tags) or None,
        "position": place,
        "type": question.type,
        **{name: fields[name] for name in _QUESTION_COLUMNS},
        **{name: _plain(fields.get(name)) for name in OWN_FIELDS},
    }
    for n, answer in enumerate(question.choices):
        rows["quiz_answers"][_key(answer)] = {
            "parent": question.key,
            "position": n,
            "text": answer.words,
            **{name: getattr(answer, name) for name in _ANSWER_COLUMNS},
        }


def tree_of(head: Mapping[str, Any], skills: Iterable[Mapping[str, Any]], rows: Rows) -> Tree:
    """The tree that these rows came from. `head` has `HEAD_COLUMNS`."""
    answers = _children(rows["quiz_answers"])
    # A question of a pool stands under the pool: keys are unique in the whole version.
    inside = {key: {**row, "parent": row["pool"] or row["parent"]} for key, row in rows["questions"].items()}
    questions = _children(inside)
    items = _children({**rows["lessons"], **rows["quizzes"]})
    quizzes_of = {key: _quiz_fields(row, key, questions, answers) for key, row in rows["quizzes"].items()}
    modules = tuple(
        Module.model_construct(
            key=key,
            title=row["title"],
            items=tuple(_item(k, r, quizzes_of) for k, r in items.get(key, ())),
        )
        for key, row in sorted(rows["course_modules"].items(), key=lambda entry: entry[1]["position"])
    )
    assessments = [quizzes_of[k] for k, r in rows["quizzes"].items() if r["kind"] == "assessment"]
    return Tree.model_construct(
        **{name: head[name] for name in HEAD_COLUMNS},
        mastered_skills=tuple(Skill.model_construct(**skill) for skill in skills),
        modules=modules,
        assessment=Assessment.model_construct(**assessments[0]) if assessments else None,
    )


def _children(rows: Mapping[str, Row]) -> dict[str | None, list[tuple[str, Row]]]:
    result: dict[str | None, list[tuple[str, Row]]] = {}
    for key, row in sorted(rows.items(), key=lambda entry: entry[1]["position"]):
        result.setdefault(row["parent"], []).append((key, row))
    return result


def _item(key: str, row: Row, quizzes_of: Mapping[str, Row]) -> Item:
    if key in quizzes_of:
        return Quiz.model_construct(kind="quiz", required=row["required"], **quizzes_of[key])
    if row["kind"] == "attestation":
        return Attestation.model_construct(
            kind="attestation",
            key=key,
            title=row["title"],
            text_html=row["body_html"],
            required=row["required"],
        )
    return Lesson.model_construct(kind="lesson", key=key, **{name: row[name] for name in _LESSON_COLUMNS})


def _quiz_fields(row: Row, key: str, questions: Any, answers: Any) -> Row:
    return {
        "key": key,
        **{name: row[name] for name in _QUIZ_COLUMNS},
        "questions": tuple(_asked(k, r, questions, answers) for k, r in questions.get(key, ())),
    }


def _asked(key: str, row: Row, questions: Any, answers: Any) -> Asked:
    if row["type"] != POOL:
        return _question(key, row, answers.get(key, ()))
    drawn_from = tuple(_question(k, r, answers.get(k, ())) for k, r in questions.get(key, ()))
    own = {name: row[name] for name in _POOL_COLUMNS}
    return Pool.model_construct(type=POOL, key=key, questions=drawn_from, **own)


def _question(key: str, row: Row, answers: Iterable[tuple[str, Row]]) -> AnyQuestion:
    model = QUESTION_TYPES[row["type"]]
    fields = {name: row[name] for name in ("type", *_QUESTION_COLUMNS)}
    fields["tags"] = tuple(row["tags"] or ())
    for name, part, default in _own_fields(model):
        value = _read(row[name], part)
        # None: of a row from before there was this column.
        fields[name] = default if value is None else value
    if _has_answers(model):
        fields["answers"] = tuple(
            Answer.model_construct(
                key=k,
                text=r["text"] if r["html"] is None else None,
                **{name: r[name] for name in _ANSWER_COLUMNS},
            )
            for k, r in answers
        )
    return cast(AnyQuestion, model.model_construct(key=key, **fields))


@cache
def _own_fields(model: Any) -> Sequence[tuple[str, type[StrictModel] | None, Any]]:
    """What a type has beside the common fields: each with what its parts are, and its default.

    Kept for each type: asking a model for its fields costs more than making a question of them.
    """
    fields = model.model_fields
    return [(name, model.parts_of.get(name), fields[name].default) for name in OWN_FIELDS if name in fields]


@cache
def _has_answers(model: Any) -> bool:
    return "answers" in model.model_fields


def _key(node: Any) -> str:
    if node.key is None:
        raise ValueError("every part needs its key before it becomes a row")
    key: str = node.key
    return key


def _plain(value: Any) -> Any:
    if isinstance(value, tuple):
        return [dict(vars(part)) if isinstance(part, StrictModel) else part for part in value]
    return value


def _read(value: Any, model: type[StrictModel] | None) -> Any:
    if not isinstance(value, list):
        return value
    return tuple(value) if model is None else tuple(model.model_construct(**part) for part in value)

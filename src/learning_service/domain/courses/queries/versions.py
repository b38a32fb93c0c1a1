"""Versions of a course: their trees read from rows."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from learning_service.domain.courses.models import (
    ContentKey,
    CourseModule,
    CourseVersion,
    Lesson,
    MasteredSkill,
    Question,
    Quiz,
    QuizAnswer,
)
from learning_service.domain.courses.rules.rows import PARENT_COLUMN, Rows, tree_of
from learning_service.domain.courses.rules.tree import Tree

CONTENT_MODELS: dict[str, Any] = {
    "course_modules": CourseModule,
    "lessons": Lesson,
    "quizzes": Quiz,
    "questions": Question,
    "quiz_answers": QuizAnswer,
}
_NOT_CONTENT = frozenset({"id", "organization_id", "version_id", "key", *PARENT_COLUMN.values()})


@dataclass(frozen=True, slots=True)
class StoredTree:
    """A version's tree with the id of each keyed row."""

    tree: Tree
    ids: Mapping[str, uuid.UUID]
    rows: Rows


async def load_tree(session: AsyncSession, version_id: uuid.UUID) -> StoredTree:
    """Read a version's rows into its tree: one statement for each kind of row."""
    version = await session.get_one(CourseVersion, version_id, populate_existing=True)
    skills = await session.execute(
        select(MasteredSkill.skill_id, MasteredSkill.name)
        .where(MasteredSkill.version_id == version_id)
        .order_by(MasteredSkill.position)
    )
    ids: dict[str, uuid.UUID] = {}
    keys: dict[uuid.UUID, str] = {}
    rows: Rows = {}
    for table, model in CONTENT_MODELS.items():
        rows[table] = {}
        columns = model.__table__.columns
        for row in (
            await session.execute(select(model.__table__).where(columns.version_id == version_id))
        ).mappings():
            ids[row["key"]] = row["id"]
            keys[row["id"]] = row["key"]
            content = {name: value for name, value in row.items() if name not in _NOT_CONTENT}
            if table in PARENT_COLUMN:
                content["parent"] = keys.get(row[PARENT_COLUMN[table]])
            rows[table][row["key"]] = content
    head = {
        "title": version.title,
        "description_html": version.description_html,
        "pass_score": version.pass_score,
    }
    return StoredTree(tree_of(head, [dict(row) for row in skills.mappings()], rows), ids, rows)


async def known_keys(session: AsyncSession, course_id: uuid.UUID) -> dict[str, str]:
    """Every key that the course ever had, and what it names."""
    found = await session.execute(
        select(ContentKey.key, ContentKey.kind).where(ContentKey.course_id == course_id)
    )
    return {row.key: row.kind for row in found}

"""Writing a tree's rows: one statement for each kind of row, and only the rows that differ."""

import uuid
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from pydantic_core import to_json
from sqlalchemy import Table, Text, bindparam, cast, column, delete, func, select, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, UUID, insert
from sqlalchemy.ext.asyncio import AsyncSession

from learning_service.domain.courses.models import (
    Assessment,
    ContentKey,
    Course,
    CourseVersion,
    DocumentReference,
    MasteredSkill,
)
from learning_service.domain.courses.queries.versions import CONTENT_MODELS, StoredTree
from learning_service.domain.courses.rules.keys import keys_of
from learning_service.domain.courses.rules.rows import PARENT_COLUMN, TABLES, Row, Rows, rows_of
from learning_service.domain.courses.rules.tree import Tree
from learning_service.domain.kernel.base import Columns, moment_of_id, unordered_id

# As `unordered_id` makes them: the version's moment, and chance.
_MIX = text(
    """
UPDATE quiz_answers
SET id = CAST(:moment || '7' || substr(replace(CAST(gen_random_uuid() AS text), '-', ''), 14) AS uuid)
WHERE version_id = :version AND substr(replace(CAST(id AS text), '-', ''), 1, 12) <> :moment
"""
)


async def remember_keys(session: AsyncSession, course: Course, tree: Tree, known: Mapping[str, str]) -> None:
    """Note the keys that are new in the tree, so that later versions may use them."""
    new = [
        {"course_id": course.id, "organization_id": course.organization_id, "key": key, "kind": kind}
        for key, kind in keys_of(tree).items()
        if key not in known
    ]
    await _write(session, ContentKey.__table__, new)


async def write_skills(
    session: AsyncSession, version: CourseVersion, before: Tree | None, tree: Tree
) -> None:
    """Store the skills of a draft, if they differ."""
    if before is not None and before.mastered_skills == tree.mastered_skills:
        return
    await session.execute(delete(MasteredSkill).where(MasteredSkill.version_id == version.id))
    rows = [
        {
            "version_id": version.id,
            "skill_id": skill.skill_id,
            "organization_id": version.organization_id,
            "name": skill.name,
            "position": position,
        }
        for position, skill in enumerate(tree.mastered_skills)
    ]
    await _write(session, MasteredSkill.__table__, rows)


async def write_rows(
    session: AsyncSession, version: CourseVersion, before: StoredTree, tree: Tree
) -> StoredTree:
    """Insert, update and delete exactly the rows of a draft that differ; `before` is what it has now."""
    rows = rows_of(tree)
    # Of the version's moment, all of them: learners see ids, and authors write the right answer first.
    moment = version.created_at
    ids = {key: before.ids.get(key) or unordered_id(moment) for table in TABLES for key in rows[table]}
    has_assessment = _carry_assessment(before, rows, ids)
    for table in TABLES:
        changed = [
            _columns(table, key, row, version, ids)
            for key, row in rows[table].items()
            if before.rows[table].get(key) != row
        ]
        await _write(session, CONTENT_MODELS[table].__table__, changed)
        if table == "quizzes" and not has_assessment:
            await _write_assessment(session, version, rows, ids)
    kept = set(ids.values())
    for table in reversed(TABLES):
        gone = [before.ids[key] for key in before.rows[table] if key not in rows[table]]
        await _delete(session, CONTENT_MODELS[table].__table__, [row for row in gone if row not in kept])
    return StoredTree(tree, ids, rows)


async def mix_answer_ids(session: AsyncSession, version: CourseVersion) -> None:
    """Give the answers of a draft that were stored before ids were mixed such ids; others have them already."""
    await session.execute(_MIX, {"version": version.id, "moment": moment_of_id(version.created_at)})


async def delete_rows(session: AsyncSession, version: CourseVersion) -> None:
    """Delete everything that a draft has."""
    for model in (*(CONTENT_MODELS[table] for table in reversed(TABLES)), MasteredSkill, DocumentReference):
        target = model.__table__
        await session.execute(delete(target).where(target.c.version_id == version.id))


def _assessment_key(rows: Rows) -> str | None:
    return next((key for key, row in rows["quizzes"].items() if row["kind"] == "assessment"), None)


def _carry_assessment(before: StoredTree, rows: Rows, ids: dict[str, uuid.UUID]) -> bool:
    """Whether the draft has an assessment's row; a new assessment takes the row of the one it replaces.

    A version has one assessment at every moment, so the new one cannot come before the old one goes.
    """
    old, new = _assessment_key(before.rows), _assessment_key(rows)
    if old is not None and new is not None:
        ids[new] = before.ids[old]
    return old is not None


async def _write_assessment(
    session: AsyncSession, version: CourseVersion, rows: Rows, ids: Mapping[str, uuid.UUID]
) -> None:
    key = _assessment_key(rows)
    if key is not None:
        row = {"id": ids[key], "organization_id": version.organization_id}
        await _write(session, Assessment.__table__, [row])


def _columns(table: str, key: str, row: Row, version: CourseVersion, ids: Mapping[str, uuid.UUID]) -> Columns:
    columns = {name: value for name, value in row.items() if name != "parent"}
    if table in PARENT_COLUMN:
        parent = row["parent"]
        columns[PARENT_COLUMN[table]] = ids[parent] if parent is not None else None
    return {
        "id": ids[key],
        "organization_id": version.organization_id,
        "version_id": version.id,
        "key": key,
        **columns,
    }


async def _write(session: AsyncSession, table: Any, rows: Sequence[Columns]) -> None:
    """Insert the rows, or update those that are there by primary key, in one statement.

    The rows travel as one JSON text: the driver's own way with many rows is a statement for each.
    """
    if rows:
        connection = await session.connection()
        await connection.execute(_upsert(table), {"rows": to_json(rows).decode()})


@cache
def _upsert(table: Table) -> Any:
    records = (
        func.jsonb_to_recordset(cast(bindparam("rows", type_=Text), JSONB))
        .table_valued(*(column(c.name, c.type) for c in table.columns), name="records")
        .render_derived(with_types=True)
    )
    names = [c.name for c in table.columns]
    statement = insert(table).from_select(names, select(*(records.c[name] for name in names)))
    key = [c.name for c in table.primary_key]
    changes = {name: statement.excluded[name] for name in names if name not in key}
    if not changes:
        return statement.on_conflict_do_nothing(index_elements=key)
    return statement.on_conflict_do_update(index_elements=key, set_=changes)


async def _delete(session: AsyncSession, table: Any, ids: Sequence[uuid.UUID]) -> None:
    if ids:
        wanted = bindparam("ids", list(ids), type_=ARRAY(UUID(as_uuid=True)))
        await session.execute(delete(table).where(table.c.id == func.any(wanted)))

"""Saving drafts. One author at a time holds the course's row; only rows that changed are written."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import delete, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from learning_service.domain.audit import record_audit
from learning_service.domain.base import new_id
from learning_service.domain.clock import now
from learning_service.domain.courses.models import (
    Assessment,
    ContentKey,
    Course,
    CourseVersion,
    MasteredSkill,
)
from learning_service.domain.courses.queries.versions import (
    CONTENT_MODELS,
    StoredTree,
    known_keys,
    load_tree,
)
from learning_service.domain.courses.rules.keys import assign_keys, keys_of, unknown_key_faults
from learning_service.domain.courses.rules.richtext import Removed, sanitize_html, sanitize_tree
from learning_service.domain.courses.rules.rows import PARENT_COLUMN, TABLES, Row, rows_of
from learning_service.domain.courses.rules.tree import Tree
from learning_service.domain.errors import Invalid, PreconditionFailed, PreconditionRequired
from learning_service.domain.principal import Principal

_EMPTY = StoredTree(Tree.model_construct(title=""), {}, {table: {} for table in TABLES})


@dataclass(frozen=True, slots=True)
class Edition:
    """A version's tree with its number and entity tag."""

    version: CourseVersion
    stored: StoredTree
    removed: tuple[Removed, ...] = ()

    @property
    def tree(self) -> Tree:
        """The tree as stored."""
        return self.stored.tree

    @property
    def etag(self) -> str:
        """The strong entity tag, quotes included."""
        return f'"{self.version.etag}"'


async def lock_course(session: AsyncSession, course_id: uuid.UUID) -> Course:
    """The course, its row held until the transaction ends: edits and publishes go one at a time."""
    return (
        await session.execute(
            select(Course)
            .where(Course.id == course_id)
            .with_for_update()
            .execution_options(populate_existing=True)
        )
    ).scalar_one()


async def current_edition(session: AsyncSession, course_id: uuid.UUID) -> Edition:
    """The draft, or the published version when there is none: what the next edit starts from."""
    version = await _current_version(session, course_id)
    return Edition(version, await load_tree(session, version.id))


def check_precondition(if_match: str | None, edition: Edition) -> None:
    """Raises PreconditionRequired without `If-Match`, PreconditionFailed when it names another state."""
    if if_match is None:
        raise PreconditionRequired("Send If-Match with the ETag of the draft that you edited.")
    tags = [tag.strip() for tag in if_match.split(",")]
    if "*" not in tags and edition.etag not in tags:
        raise PreconditionFailed("The draft has changed since you read it. Read it again and merge.")


async def save_draft(
    session: AsyncSession, course_id: uuid.UUID, tree: Tree, *, if_match: str | None, actor: Principal
) -> Edition:
    """Make the tree the course's draft, atomically.

    Raises Invalid for keys that the course never had, then as `check_precondition`.
    """
    course = await lock_course(session, course_id)
    known = await known_keys(session, course_id)
    faults = unknown_key_faults(tree, known)
    if faults:
        raise Invalid(faults)
    before = await current_edition(session, course_id)
    check_precondition(if_match, before)
    return await write_draft(session, course, before, tree, known, actor=actor)


async def write_draft(
    session: AsyncSession,
    course: Course,
    before: Edition,
    tree: Tree,
    known: Mapping[str, str],
    *,
    actor: Principal,
) -> Edition:
    """Store the tree as the draft of a locked course; `before` is what is there now."""
    clean, removed = sanitize_tree(tree, sanitize_html)
    keyed = assign_keys(clean, known=known, new_key=lambda: new_id().hex)
    fresh = before.version.published_at is not None
    version = _next_version(session, course, before.version, keyed) if fresh else before.version
    await session.flush()
    base = _EMPTY if fresh else before.stored
    await _remember_keys(session, course, keyed, known)
    ids = await _write_rows(session, version, base, keyed)
    await _write_head(session, version, None if fresh else before.tree, keyed)
    record_audit(
        session,
        "course.draft_saved",
        organization_id=course.organization_id,
        actor=actor.user_id,
        subject=("course", course.id),
        details={"version": version.number, "etag": version.etag},
    )
    return Edition(version, StoredTree(keyed, ids, rows_of(keyed)), removed)


async def _current_version(session: AsyncSession, course_id: uuid.UUID) -> CourseVersion:
    return (
        await session.execute(
            select(CourseVersion)
            .where(CourseVersion.course_id == course_id)
            .order_by(CourseVersion.number.desc())
            .limit(1)
            .execution_options(populate_existing=True)
        )
    ).scalar_one()


def _next_version(session: AsyncSession, course: Course, last: CourseVersion, tree: Tree) -> CourseVersion:
    version = CourseVersion(
        id=new_id(),
        organization_id=course.organization_id,
        course_id=course.id,
        number=last.number + 1,
        title=tree.title,
        description_html=tree.description_html,
        pass_score=tree.pass_score,
        etag="",
        created_at=now(session),
        updated_at=now(session),
    )
    session.add(version)
    return version


async def _write_head(session: AsyncSession, version: CourseVersion, before: Tree | None, tree: Tree) -> None:
    version.title = tree.title
    version.description_html = tree.description_html
    version.pass_score = tree.pass_score
    version.etag = new_id().hex
    version.updated_at = now(session)
    if before is None or before.mastered_skills != tree.mastered_skills:
        await session.execute(delete(MasteredSkill).where(MasteredSkill.version_id == version.id))
        session.add_all(
            MasteredSkill(
                version_id=version.id,
                skill_id=skill.skill_id,
                organization_id=version.organization_id,
                name=skill.name,
                position=position,
            )
            for position, skill in enumerate(tree.mastered_skills)
        )
    await session.flush()


async def _remember_keys(session: AsyncSession, course: Course, tree: Tree, known: Mapping[str, str]) -> None:
    new = [
        {"course_id": course.id, "organization_id": course.organization_id, "key": key, "kind": kind}
        for key, kind in keys_of(tree).items()
        if key not in known
    ]
    if new:
        await session.execute(insert(ContentKey), new)


async def _write_rows(
    session: AsyncSession, version: CourseVersion, before: StoredTree, tree: Tree
) -> dict[str, uuid.UUID]:
    """Insert, update and delete exactly the rows that differ: at most a few statements for each table."""
    rows = rows_of(tree)
    ids = {key: before.ids.get(key) or new_id() for table in TABLES for key in rows[table]}
    for table in TABLES:
        changed = [
            _columns(table, key, row, version, ids)
            for key, row in rows[table].items()
            if before.rows[table].get(key) != row
        ]
        if changed:
            await _upsert(session, table, changed)
        if table == "quizzes":
            await _write_assessment(session, version, before, rows[table], ids)
    for table in reversed(TABLES):
        gone = [before.ids[key] for key in before.rows[table] if key not in rows[table]]
        if gone:
            model = CONTENT_MODELS[table]
            await session.execute(delete(model.__table__).where(model.__table__.c.id.in_(gone)))
    return ids


def _columns(
    table: str, key: str, row: Row, version: CourseVersion, ids: Mapping[str, uuid.UUID]
) -> dict[str, Any]:
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


async def _upsert(session: AsyncSession, table: str, rows: list[dict[str, Any]]) -> None:
    target = CONTENT_MODELS[table].__table__
    statement = insert(target)
    keep = {c.name: statement.excluded[c.name] for c in target.c if c.name in rows[0] and c.name != "id"}
    connection = await session.connection()
    await connection.execute(statement.on_conflict_do_update(index_elements=["id"], set_=keep), rows)


async def _write_assessment(
    session: AsyncSession,
    version: CourseVersion,
    before: StoredTree,
    quizzes: Mapping[str, Row],
    ids: Mapping[str, uuid.UUID],
) -> None:
    old = [k for k, row in before.rows["quizzes"].items() if row["kind"] == "assessment"]
    new = [k for k, row in quizzes.items() if row["kind"] == "assessment"]
    connection = await session.connection()
    for key in new:
        if key not in old:
            await connection.execute(
                insert(Assessment.__table__),  # type: ignore[arg-type]
                {"id": ids[key], "organization_id": version.organization_id},
            )


async def touch_course(session: AsyncSession, course_id: uuid.UUID) -> None:
    """Note that the course changed."""
    await session.execute(update(Course).where(Course.id == course_id).values(updated_at=now(session)))

"""Versions of a course: their history, and their trees read from rows."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import cache
from typing import Any

from sqlalchemy import Integer, Uuid, bindparam, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from learning_service.domain.courses.models import (
    ContentKey,
    Course,
    CourseModule,
    CourseVersion,
    Lesson,
    MasteredSkill,
    Question,
    Quiz,
    QuizAnswer,
)
from learning_service.domain.courses.queries.access import COURSE_ID
from learning_service.domain.courses.rules.richtext import Removed
from learning_service.domain.courses.rules.rows import HEAD_COLUMNS, PARENT_COLUMN, TABLES, Rows, tree_of
from learning_service.domain.courses.rules.tree import Skill, Tree
from learning_service.domain.kernel.errors import NotFound
from learning_service.domain.kernel.large_work import apart
from learning_service.domain.kernel.paging import PageRequest
from learning_service.domain.kernel.reads import (
    LIMIT,
    ORGANIZATION_ID,
    ROW_ID,
    Kept,
    fetch,
    fetch_first,
    kept,
)
from learning_service.domain.kernel.tenant import own_key

CONTENT_MODELS: dict[str, Any] = {
    "course_modules": CourseModule,
    "lessons": Lesson,
    "quizzes": Quiz,
    "questions": Question,
    "quiz_answers": QuizAnswer,
}
_NOT_CONTENT = frozenset({"id", "organization_id", "version_id", "key", *PARENT_COLUMN.values()})

_VERSION_ID = bindparam("version_id", type_=Uuid())

AT_ONCE = 200
"""Rows that become a tree in a few milliseconds; more of them do so beside the event loop."""


@dataclass(frozen=True, slots=True)
class StoredTree:
    """A version's tree with the id of each keyed row."""

    tree: Tree
    ids: Mapping[str, uuid.UUID]
    rows: Rows

    @property
    def is_large(self) -> bool:
        """Whether going through it takes so long that it is done beside the event loop."""
        return sum(map(len, self.rows.values())) > AT_ONCE


NO_ROWS = StoredTree(Tree.model_construct(title=""), {}, {table: {} for table in TABLES})


@dataclass(frozen=True, slots=True)
class Edition:
    """A version with its tree; after a save, with what the sanitizer took out."""

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


@dataclass(frozen=True, slots=True)
class VersionView:
    """A version in a course's history."""

    number: int
    title: str
    pass_score: Decimal
    created_at: datetime
    updated_at: datetime
    published_at: datetime | None
    published_by: str | None
    note: str | None
    is_published: bool
    is_current: bool
    """Whether new enrollments get it."""


async def current_version(session: AsyncSession, course_id: uuid.UUID) -> CourseVersion:
    """The draft, or the published version when there is none: what the next edit starts from."""
    return (
        await session.execute(
            select(CourseVersion)
            .where(CourseVersion.course_id == course_id)
            .order_by(CourseVersion.number.desc())
            .limit(1)
            .execution_options(populate_existing=True)
        )
    ).scalar_one()


async def find_version(session: AsyncSession, course_id: uuid.UUID, number: int) -> Any:
    """The row of a version by its number, the draft's included. Raises NotFound."""
    found = await fetch_first(session, _numbered(), {"course_id": course_id, "number": number})
    if found is None:
        raise NotFound
    return found


async def current_edition(session: AsyncSession, course_id: uuid.UUID) -> Edition:
    """The current version's row with its tree, to be read: who changes it takes `current_version`."""
    version = await fetch_first(session, _current(), {"course_id": course_id})
    return Edition(version, await read_tree(session, version))


_VERSION = tuple(CourseVersion.__table__.columns)


@cache
def _numbered() -> Kept:
    number = bindparam("number", type_=Integer())
    return kept(select(*_VERSION).where(CourseVersion.course_id == COURSE_ID, CourseVersion.number == number))


@cache
def _current() -> Kept:
    newest = CourseVersion.number.desc()
    return kept(select(*_VERSION).where(CourseVersion.course_id == COURSE_ID).order_by(newest).limit(1))


async def list_versions(
    session: AsyncSession, course_id: uuid.UUID, page: PageRequest
) -> Sequence[VersionView]:
    """A course's versions, newest first, the draft among them; one more than the page holds."""
    given: dict[str, Any] = {"course_id": course_id, "limit": page.limit + 1}
    if page.after is not None:
        given["after"] = int(page.after[0])
    rows = await fetch(session, _listed(after=page.after is not None), given)
    return [VersionView(*row) for row in rows]


@cache
def _listed(*, after: bool) -> Kept:
    statement = (
        select(
            CourseVersion.number,
            CourseVersion.title,
            CourseVersion.pass_score,
            CourseVersion.created_at,
            CourseVersion.updated_at,
            CourseVersion.published_at,
            CourseVersion.published_by,
            CourseVersion.note,
            CourseVersion.published_at.is_not(None),
            func.coalesce(Course.published_version_id == CourseVersion.id, False),
        )
        .join(Course, Course.id == CourseVersion.course_id)
        .where(CourseVersion.course_id == COURSE_ID)
        .order_by(CourseVersion.number.desc())
        .limit(LIMIT)
    )
    if after:
        statement = statement.where(CourseVersion.number < bindparam("after", type_=Integer()))
    return kept(statement)


@dataclass(frozen=True, slots=True)
class QuizPlace:
    """In which version of which course a quiz stands."""

    id: uuid.UUID
    key: str
    kind: str
    course_id: uuid.UUID
    version_id: uuid.UUID
    version: int
    is_published: bool


async def find_quiz(session: AsyncSession, organization_id: str, quiz_id: uuid.UUID) -> QuizPlace | None:
    """Where the quiz or assessment of this id stands, the draft's included."""
    row = await fetch_first(session, _quiz(), {"organization_id": organization_id, "row_id": quiz_id})
    return None if row is None else QuizPlace(*row)


@cache
def _quiz() -> Kept:
    columns = Quiz.__table__.c
    return kept(
        select(
            columns.id,
            columns.key,
            columns.kind,
            CourseVersion.course_id,
            CourseVersion.id.label("version_id"),
            CourseVersion.number,
            CourseVersion.published_at.is_not(None).label("is_published"),
        )
        .join(CourseVersion, CourseVersion.id == columns.version_id)
        .where(columns.organization_id == ORGANIZATION_ID, columns.id == ROW_ID)
    )


async def load_tree(session: AsyncSession, version_id: uuid.UUID) -> StoredTree:
    """The tree of a version."""
    organization_id, row_id = own_key(session, version_id)
    own = {"organization_id": organization_id, "row_id": row_id}
    return await read_tree(session, await fetch_first(session, _version(), own))


@cache
def _version() -> Kept:
    own = CourseVersion.organization_id == ORGANIZATION_ID, CourseVersion.id == ROW_ID
    return kept(select(*_VERSION).where(*own))


async def read_tree(session: AsyncSession, version: Any) -> StoredTree:
    """Read a version's rows into its tree: one statement for each kind of row."""
    skills = await _skill_rows(session, version.id)
    head = {name: getattr(version, name) for name in HEAD_COLUMNS}
    own = {"version_id": version.id}
    found = {table: await fetch(session, _content(table), own) for table in CONTENT_MODELS}
    if sum(map(len, found.values())) <= AT_ONCE:
        return _stored_tree(head, skills, found)
    organization_id, _ = own_key(session, version.id)
    return await apart(organization_id, "", _stored_tree, head, skills, found)


@cache
def _content(table: str) -> Kept:
    rows = CONTENT_MODELS[table].__table__
    return kept(select(rows).where(rows.c.version_id == _VERSION_ID))


def _stored_tree(
    head: Mapping[str, Any], skills: Sequence[Mapping[str, str]], found: Mapping[str, Sequence[Any]]
) -> StoredTree:
    ids: dict[str, uuid.UUID] = {}
    keys: dict[uuid.UUID, str] = {}
    rows: Rows = {}
    for table in CONTENT_MODELS:
        rows[table] = {}
        for found_row in found[table]:
            row = found_row._asdict()
            ids[row["key"]] = row["id"]
            keys[row["id"]] = row["key"]
            content = {name: value for name, value in row.items() if name not in _NOT_CONTENT}
            if table in PARENT_COLUMN:
                content["parent"] = keys.get(row[PARENT_COLUMN[table]])
            rows[table][row["key"]] = content
    return StoredTree(tree_of(head, skills, rows), ids, rows)


async def _skill_rows(session: AsyncSession, version_id: uuid.UUID) -> list[dict[str, str]]:
    return [row._asdict() for row in await fetch(session, _skills(), {"version_id": version_id})]


@cache
def _skills() -> Kept:
    return kept(
        select(MasteredSkill.skill_id, MasteredSkill.name)
        .where(MasteredSkill.version_id == _VERSION_ID)
        .order_by(MasteredSkill.position)
    )


async def load_skills(session: AsyncSession, version_id: uuid.UUID) -> tuple[Skill, ...]:
    """The skills that completing a version adds."""
    rows = await _skill_rows(session, version_id)
    return tuple(Skill.model_construct(skill_id=row["skill_id"], name=row["name"]) for row in rows)


async def known_keys(session: AsyncSession, course_id: uuid.UUID) -> dict[str, str]:
    """Every key that the course ever had, and what it names."""
    found = await session.execute(
        select(ContentKey.key, ContentKey.kind).where(ContentKey.course_id == course_id)
    )
    return {row.key: row.kind for row in found}

"""Organizations for tests: one is founded by the domain's own actions, and those that tests get are copies of it.

A founding takes some thirty statements, and two thousand tests begin with one; a copy is one statement.
"""

import contextlib
import re
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from learning_service.context import Context
from learning_service.domain.directory.actions import (
    put_chapter,
    put_members,
    put_organization,
    put_region,
    put_requirement,
)
from learning_service.domain.directory.rules import (
    BatchMemberIn,
    ChapterIn,
    OrganizationIn,
    RegionIn,
    RequirementIn,
)
from learning_service.domain.kernel.base import new_id
from learning_service.domain.kernel.clock import now
from learning_service.domain.kernel.principal import Principal

MODEL = "org-of-which-others-are-copies"
_ID = re.compile(r"\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b")
_TABLES = text(
    """
    SELECT format('%I', c.table_name), string_agg(format('%I', c.column_name), ', ' ORDER BY c.ordinal_position),
        bool_or(c.column_name = 'organization_id')
    FROM information_schema.columns c JOIN information_schema.tables t USING (table_schema, table_name)
    WHERE c.table_schema = 'public' AND t.table_type = 'BASE TABLE' AND c.is_generated = 'NEVER'
    GROUP BY c.table_name HAVING bool_or(c.column_name = 'organization_id') OR c.table_name = 'organizations'
    """
)


class _Enough(Exception):
    """Ends the transaction in which the model was founded, and the model with it."""


@dataclass(frozen=True)
class Rows:
    """What a table holds of an organization, as JSON text."""

    columns: str
    rows: str


@dataclass(frozen=True)
class Model:
    """The rows of an organization that was founded at that time."""

    held: dict[str, Rows]
    founded_at: str

    def named(self, table: str, organization_id: str, instant: str) -> str:
        """The table's rows for an organization of that name and time, under ids of their own."""
        rows = self.held[table].rows.replace(MODEL, organization_id).replace(self.founded_at, instant)
        return _ID.sub(lambda _: str(new_id()), rows)


_models: list[Model] = []


async def found(context: Context, organization_id: str) -> None:
    """Regions north and south, chapters n1 n2 s1 s2, a member in each."""
    if not _models:
        with contextlib.suppress(_Enough):
            async with context.transaction(None) as session:
                await found_by_actions(session, MODEL)
                _models.append(Model(await rows_of(session, MODEL), await _as_json(session, now(session))))
                raise _Enough
    [model] = _models
    parts = [
        f"_{table} AS (INSERT INTO {table} ({rows.columns}) SELECT {rows.columns}"
        f" FROM jsonb_populate_recordset(NULL::{table}, CAST(:{table} AS jsonb)))"
        for table, rows in model.held.items()
    ]
    copy = text(f"WITH {', '.join(parts)} SELECT 1")
    async with context.transaction(None) as session:
        instant = now(session).isoformat()
        await session.execute(
            copy, {table: model.named(table, organization_id, instant) for table in model.held}
        )


async def found_by_actions(session: AsyncSession, organization_id: str) -> None:
    """The same as the membership service would push it."""
    actor = Principal(organization_id, "membership-service", scopes=frozenset({"directory:write"}))
    facts = OrganizationIn(name="Alpha & Co", timezone="America/New_York")
    await put_organization(session, organization_id, facts, actor=actor)
    await session.flush()
    for region in ("north", "south"):
        named = RegionIn(organization_id=organization_id, name=region.title())
        await put_region(session, region, named, actor=actor)
        for n in (1, 2):
            chapter = ChapterIn(region_id=region, name=f"{region} {n}")
            await put_chapter(session, f"{region[0]}{n}", chapter, actor=actor)
    requirement = RequirementIn(organization_id=organization_id, name="Hazing")
    await put_requirement(session, "hazing", requirement, actor=actor)
    members = [
        BatchMemberIn(
            user_id=user,
            chapter_id=unit,
            status="active",
            display_name=user.title(),
            email=f"{user}@example.org",
        )
        for user, unit in (("ana", "n1"), ("bob", "n1"), ("cyd", "n2"), ("dan", "s1"), ("eve", "s2"))
    ]
    await put_members(session, members, actor=actor)
    await session.flush()


async def rows_of(session: AsyncSession, organization_id: str) -> dict[str, Rows]:
    """What each table holds of an organization."""
    found = {}
    for table, columns, by_organization in await session.execute(_TABLES):
        key = "organization_id" if by_organization else "id"
        rows = text(
            f"SELECT jsonb_agg(to_jsonb(r) ORDER BY to_jsonb(r)::text)::text FROM {table} r WHERE {key} = :id"
        )
        if held := await session.scalar(rows, {"id": organization_id}):
            found[table] = Rows(columns, held)
    return found


async def _as_json(session: AsyncSession, instant: datetime) -> str:
    told = text("SELECT to_jsonb(CAST(:instant AS timestamptz)) #>> '{}'")
    return str(await session.scalar(told, {"instant": instant}))

"""What was made once by the service's own actions, as rows that are copied under ids of their own.

Making takes dozens of statements, and thousands of tests begin with the same things; a copy takes one.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from learning_service.domain.kernel.base import new_id, unordered_id
from learning_service.domain.kernel.clock import now

ID = re.compile(r"\b(?:[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|[0-9a-f]{32})\b")
"""Of rows; without hyphens, keys of content and the tags of drafts, which are chance."""
IN_NO_ORDER = "quiz_answers"
"""The table whose ids say nothing of which row was made first."""
MAY_BE_THERE = {"course_words": "ON CONFLICT DO NOTHING"}
VERSIONS = "course_versions"
_PUBLISH = text(
    """
    UPDATE course_versions v SET published_at = made.published_at
    FROM jsonb_populate_recordset(NULL::course_versions, CAST(:rows AS jsonb)) made
    WHERE v.organization_id = made.organization_id AND v.id = made.id
    """
)
"""Afterwards, for a version that is published takes no more rows."""
_TABLES = text(
    """
    SELECT format('%I', c.table_name), string_agg(format('%I', c.column_name), ', ' ORDER BY c.ordinal_position),
        bool_or(c.column_name = 'organization_id')
    FROM information_schema.columns c JOIN information_schema.tables t USING (table_schema, table_name)
    WHERE c.table_schema = 'public' AND t.table_type = 'BASE TABLE' AND c.is_generated = 'NEVER'
    GROUP BY c.table_name HAVING bool_or(c.column_name = 'organization_id') OR c.table_name = 'organizations'
    ORDER BY c.table_name
    """
)
_AS_JSON = text("SELECT to_jsonb(CAST(:instant AS timestamptz)) #>> '{}'")
_tables: dict[str, tuple[str, str]] = {}
"""The columns of each table that holds things of organizations, and the one that names the organization."""


class Enough(Exception):
    """Ends the transaction in which something was made, and what was made with it."""


Rows = Mapping[str, tuple[str, ...]]
"""What tables hold, each row as JSON text."""


@dataclass(frozen=True)
class Model:
    """Rows of an organization that were made at one time, and what the maker was told."""

    held: Rows
    organization_id: str
    made_at: tuple[str, str]
    """The instant as PostgreSQL and as pydantic write it in JSON."""
    answer: str = ""

    async def copy(self, session: AsyncSession, organization_id: str) -> str:
        """Insert rows like these, made now, for that organization; the answer with their ids."""
        ids = self._new_ids(now(session))
        instant = now(session).isoformat()

        def own(held: str) -> str:
            named = held.replace(self.organization_id, organization_id)
            for made_at in self.made_at:
                named = named.replace(made_at, instant)
            return ID.sub(lambda found: ids[found[0]], named)

        parts = [
            f"_{table} AS (INSERT INTO {table} ({columns}) SELECT {_read(table, columns)}"
            f" FROM jsonb_populate_recordset(NULL::{table}, CAST(:{table} AS jsonb)) {MAY_BE_THERE.get(table, '')})"
            for table, (columns, _) in _tables.items()
            if table in self.held
        ]
        rows = {table: own(f"[{','.join(held)}]") for table, held in self.held.items()}
        await session.execute(text(f"WITH {', '.join(parts)} SELECT 1"), rows)
        if VERSIONS in rows:
            await session.execute(_PUBLISH, {"rows": rows[VERSIONS]})
        return own(self.answer)

    def _new_ids(self, moment: datetime) -> dict[str, str]:
        """An id for each, in the order of those of the model."""
        unordered = {ID.findall(row)[0] for row in self.held.get(IN_NO_ORDER, ())}
        ids = sorted({found for held in self.held.values() for row in held for found in ID.findall(row)})
        made = dict(zip(ids, sorted(str(new_id()) for _ in ids), strict=True))
        made |= {one: str(unordered_id(moment)) for one in unordered}
        return made | {one: unordered_id(moment).hex for one in ids if "-" not in one}


def _read(table: str, columns: str) -> str:
    return columns.replace("published_at", "NULL") if table == VERSIONS else columns


async def model_of(
    session: AsyncSession, organization_id: str, *, before: Rows | None = None, answer: str = ""
) -> Model:
    """What the session's transaction made of the organization since it held `before`."""
    held = await rows_of(session, organization_id)
    new = {
        table: tuple(row for row in rows if row not in (before or {}).get(table, ()))
        for table, rows in held.items()
    }
    instant = now(session)
    made_at = str(await session.scalar(_AS_JSON, {"instant": instant}))
    shown = instant.isoformat().replace("+00:00", "Z")
    return Model(
        {table: rows for table, rows in new.items() if rows}, organization_id, (made_at, shown), answer
    )


async def rows_of(session: AsyncSession, organization_id: str) -> Rows:
    """What each table holds of an organization."""
    if not _tables:
        for table, columns, by_organization in await session.execute(_TABLES):
            _tables[table] = (columns, "organization_id" if by_organization else "id")
    each = (
        f"SELECT '{table}', array_agg(to_jsonb(r)::text ORDER BY to_jsonb(r)::text) FROM {table} r"
        f" WHERE {key} = :id HAVING count(*) > 0"
        for table, (_, key) in _tables.items()
    )
    return {
        table: tuple(rows)
        for table, rows in await session.execute(text(" UNION ALL ".join(each)), {"id": organization_id})
    }

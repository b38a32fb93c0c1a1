"""Straight to the database, past the service: what a test arranges or checks that no route can."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import asyncpg
import pytest

from learning_service.core.settings import Settings
from tests.kit.waiting import WAITING, until


@dataclass(frozen=True)
class Database:
    """A connection of the owner, for whom row-level security does not hold. One statement is one transaction."""

    connection: asyncpg.Connection

    async def __call__(self, statement: str, *arguments: Any) -> list[asyncpg.Record]:
        """The rows of one statement."""
        rows: list[asyncpg.Record] = await self.connection.fetch(statement, *arguments)
        return rows

    async def value(self, statement: str, *arguments: Any) -> Any:
        """The first column of the first row."""
        return await self.connection.fetchval(statement, *arguments)

    async def until_waiting(self, least: int = 1) -> None:
        """Until so many others wait for a lock."""

        async def wait() -> bool:
            return bool(await self.value(WAITING) >= least)

        await until(wait)

    async def counts(self) -> dict[str, int]:
        """How many rows each table has: what must be the same before and after a refused request."""
        names = [row[0] for row in await self(TABLES)]
        parts = [f"SELECT '{name}' AS name, count(*) AS n FROM {name}" for name in names]
        return {row["name"]: row["n"] for row in await self(" UNION ALL ".join(parts))}

    async def digests(self, organization_id: str | None = None) -> dict[str, str]:
        """What each table holds, all of it or of one organization, as one hash: equal while nothing changed."""
        keyed = {row[0] for row in await self(KEYED)}
        names = [row[0] for row in await self(TABLES)]
        if organization_id is not None:
            names = [name for name in names if name in keyed]
        where = "" if organization_id is None else f"WHERE organization_id = '{organization_id}'"
        digest = "SELECT md5(coalesce(string_agg(t::text, ' ' ORDER BY t::text), '')) FROM {} t {}"
        return {name: await self.value(digest.format(name, where)) for name in names}


KEYED = "SELECT table_name FROM information_schema.columns WHERE column_name = 'organization_id'"
TABLES = "SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1"


async def connect(url: str) -> asyncpg.Connection:
    """A plain connection to a database whose address is in SQLAlchemy's form."""
    return await asyncpg.connect(url.replace("postgresql+asyncpg://", "postgresql://"))


@pytest.fixture(scope="session")
async def database(settings: Settings) -> AsyncIterator[Database]:
    """The session's database."""
    connection = await connect(settings.database_url)
    yield Database(connection)
    await connection.close()

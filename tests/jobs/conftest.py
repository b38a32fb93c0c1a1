"""Jobs in a database of their own, so that nothing else is due there; emptied for each test."""

import uuid
from collections.abc import AsyncIterator, Callable, Sequence
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession
from tests.kit.direct import TABLES, Database, connect
from tests.kit.running import Runner
from tests.kit.stack import create_database_from_template, drop_database

from learning_devstack.parts import Parts
from learning_service.context import Context, open_context
from learning_service.core.settings import Settings
from learning_service.domain.jobs import outbox
from learning_service.domain.jobs.outbox import Claim, enqueue_named
from learning_service.worker.durable import JobFunction, Wanted

LEASE = timedelta(seconds=30)


@pytest.fixture(scope="session")
async def jobs_database(parts: Parts, template: str) -> AsyncIterator[tuple[str, str]]:
    """A database that no other tests use, and what empties it."""
    name = f"jobs_{uuid.uuid4().hex[:12]}"
    url = await create_database_from_template(parts, name)
    connection = await connect(url)
    # What the migrations have put there stays.
    filled = [name for name, rows in (await Database(connection).counts()).items() if rows]
    tables = [row[0] for row in await connection.fetch(TABLES) if row[0] not in filled]
    await connection.close()
    yield url, ";".join(["SET session_replication_role = replica", *(f"DELETE FROM {one}" for one in tables)])
    await drop_database(parts, name)


@pytest.fixture
async def job_settings(jobs_database: tuple[str, str], make_settings: Callable[..., Settings]) -> Settings:
    """Settings of that database, emptied, and quick retries."""
    url, emptying = jobs_database
    connection = await connect(url)
    await connection.execute(emptying)
    await connection.close()
    return make_settings(url, job_max_tries=3)


@pytest.fixture
async def context(job_settings: Settings) -> AsyncIterator[Context]:
    """A worker's clients on that database."""
    async with open_context(job_settings, "learning_worker") as made:
        yield made


class Desk:
    """Puts jobs into the database and looks at them, past the code under test."""

    def __init__(self, context: Context) -> None:
        self.context = context

    async def add(self, job: str = "work", count: int = 1, **arguments: Any) -> None:
        """Enqueue jobs; `n` numbers them."""
        async with self.context.transaction(None) as session:
            for n in range(count):
                await enqueue_named(session, job, {"n": n, **arguments}, organization_id="org")

    async def claim(self, limit: int = 10, lease: timedelta = LEASE) -> Claim:
        """Claim what is due of `work` in a transaction of its own."""
        async with self.context.transaction(None) as session:
            due = await self.due(session, limit=limit)
            return await outbox.claim_jobs(session, due, names=["work"], lease=lease, max_tries=3)

    async def due(
        self, session: AsyncSession, *, limit: int = 10, names: Sequence[str] = ("work",)
    ) -> list[Wanted]:
        """What waits in the queue `jobs`, as it can be claimed."""
        due = await outbox.due_jobs(session, queues=["jobs"], names=names, limit=limit, late=LEASE)
        return [(job.id, job.attempt) for job in due]

    async def sql(self, statement: str, **values: Any) -> None:
        """Change rows by hand."""
        async with self.context.transaction(None) as session:
            await session.execute(text(statement), values)

    async def rows(self, columns: str = "status, attempt, failures, error") -> Sequence[tuple[Any, ...]]:
        """All rows, oldest first."""
        async with self.context.transaction(None) as session:
            found = await session.execute(text(f"SELECT {columns} FROM outbox ORDER BY id"))
            return [tuple(row) for row in found]

    def runner(self, function: JobFunction, **more: JobFunction) -> Runner:
        """A runner that knows `work`, and what else is given."""
        return Runner(self.context, "jobs", {"work": function, **more})


@pytest.fixture
def desk(context: Context) -> Desk:
    """The jobs of this test's database."""
    return Desk(context)

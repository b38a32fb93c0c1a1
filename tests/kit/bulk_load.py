"""An organization right after a bulk load, while statistics are from before."""

from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest
from benchmarks.people import add_organization

from learning_service.core.settings import Settings
from tests.kit.direct import KEYED, TABLES, Database
from tests.kit.world import Json, World

MEMBERS = 1_200
COMPLETED = (
    """INSERT INTO course_completions (id, organization_id, enrollment_id, user_id, course_id, version_id,
        requirement_id, completed_at, expires_at)
    SELECT gen_random_uuid(), e.organization_id, e.id, e.user_id, e.course_id, e.version_id, 'hazing', now(),
        now() + interval '50 days'
    FROM enrollments e WHERE e.organization_id = $1 AND e.course_id = $2""",
    """INSERT INTO certificates (id, organization_id, completion_id, user_id, course_id, recipient_name,
        course_title, issuer_name, timezone, issued_at, verification_url, locale, paper,
        orientation)
    SELECT gen_random_uuid(), organization_id, id, user_id, course_id, 'M', 'T', 'I', 'UTC', now(), 'https://x',
        'en', 'a4', 'landscape'
    FROM course_completions WHERE organization_id = $1 AND course_id = $2""",
    """INSERT INTO chapter_compliance_statuses (organization_id, user_id, requirement_id, completion_id,
        completed_at, expires_at)
    SELECT organization_id, user_id, requirement_id, id, completed_at, expires_at
    FROM course_completions WHERE organization_id = $1 AND course_id = $2""",
    """UPDATE enrollments SET status = 'completed', ended_at = now()
    WHERE organization_id = $1 AND course_id = $2""",
)
FORGET = "DELETE FROM pg_statistic", "UPDATE pg_class SET reltuples = -1, relpages = 0 WHERE relkind = 'r'"
SLOW = pytest.mark.slow
MOMENTS = (
    "never",
    "members",
    *(pytest.param(m, marks=pytest.mark.long) for m in ("founded", "bloated", "completed", "uneven")),
    *(pytest.param(m, marks=SLOW) for m in ("empty", "assigned")),
)
"""How far the load was when statistics were last made; `empty`: when there was nothing at all.

`founded`: before the load; `bloated`: the same where many have been before, whose rows are gone, so that tables have
room for the load, and grow by no page that would tell of it.
`completed`: as where most organizations have one row in each table, and this one is new to statistics. `uneven`:
the same, but that nothing has looked at the largest table so far.
"""
ONE_EACH = """UPDATE pg_statistic SET stadistinct = -1, stakind1 = 0, stakind2 = 0, stakind3 = 0, stakind4 = 0,
    stakind5 = 0, stanumbers1 = NULL, stanumbers2 = NULL, stanumbers3 = NULL, stanumbers4 = NULL,
    stanumbers5 = NULL, stavalues1 = NULL, stavalues2 = NULL, stavalues3 = NULL, stavalues4 = NULL, stavalues5 = NULL
    FROM pg_attribute WHERE starelid = attrelid AND staattnum = attnum AND attname = 'organization_id'"""
UNLOOKED = (
    "DELETE FROM pg_statistic WHERE starelid = 'enrollments'::regclass",
    "UPDATE pg_class SET reltuples = -1, relpages = 0 WHERE oid = 'enrollments'::regclass",
)
KEPT = 6
"""After so many calls a connection keeps a plan."""
_MADE_AT = {"bloated": "founded", "uneven": "completed"}
"""When statistics are made, where the moment is not called by it."""


@dataclass(frozen=True)
class Statistics:
    """Statistics that are made once, at the moment that the test is about."""

    database: Database
    url: str
    moment: str

    async def forget(self, world: World) -> None:
        """As in a database that was never looked at, or that was while it was empty, and is this organization's own.

        What other tests left would be counted with it: sweeps go through all organizations. Tables and indexes are as
        large as their rows need, or of one size where they are `bloated`, whatever other tests had in them.
        """
        await self._keep_only(world)
        names = ", ".join(row[0] for row in await self.database(TABLES))
        await self.database(f"VACUUM FULL {names}")
        if self.moment == "bloated":
            await self._bloat(world)
        await self.database("VACUUM")
        for statement in FORGET:
            await self.database(statement)
        if self.moment == "empty":
            await self.database(
                "UPDATE pg_class SET reltuples = 0 WHERE relname IN ('members','enrollments','chapters','events')"
            )

    async def _keep_only(self, world: World) -> None:
        await self.database("SET session_replication_role = replica")
        for [table] in await self.database(KEYED):
            await self.database(f"DELETE FROM {table} WHERE organization_id <> $1", world.id)
        await self.database("RESET session_replication_role")

    async def _bloat(self, world: World) -> None:
        """Leave room for the load before this organization's rows, and more in indexes, which keep what they had."""
        await add_organization(self.url, f"before-{world.id}", 2 * MEMBERS)
        await self.database("SET session_replication_role = replica")
        tables = {row[0] for row in await self.database(TABLES)}
        for table in tables & {row[0] for row in await self.database(KEYED)}:
            moved = f"UPDATE {table} SET organization_id = organization_id WHERE organization_id = $1"
            await self.database(moved, world.id)
        await self.database("RESET session_replication_role")
        await add_organization(self.url, f"after-{world.id}", 4 * MEMBERS)
        await self._keep_only(world)

    async def reached(self, moment: str) -> None:
        """Make them, if it is the moment."""
        if moment != _MADE_AT.get(self.moment, self.moment):
            return
        await self.database("ANALYZE")
        if moment == "completed":
            await self.database(ONE_EACH)
        if self.moment == "uneven":
            for statement in UNLOOKED:
                await self.database(statement)


@pytest.fixture(params=MOMENTS)
async def statistics(
    database: Database, settings: Settings, request: pytest.FixtureRequest
) -> AsyncIterator[Statistics]:
    """For each moment. Nothing else looks at the tables meanwhile, however long the test takes."""
    await database("ALTER SYSTEM SET autovacuum = off")
    await database("SELECT pg_reload_conf()")
    url = settings.database_url.replace("postgresql+asyncpg://", "postgresql://")
    yield Statistics(database, url, request.param)
    await database("ALTER SYSTEM RESET autovacuum")
    await database("SELECT pg_reload_conf()")


def many_members() -> Json:
    """A batch of them, in all chapters."""
    return {
        "members": [
            {
                "user_id": f"m{n}",
                "chapter_id": ("n1", "n2", "s1", "s2")[n % 4],
                "status": "active",
                "display_name": f"Member {n}",
                "email": None,
            }
            for n in range(MEMBERS)
        ]
    }


async def complete(database: Database, world: World, course_id: str) -> None:
    """Everybody who is enrolled in the course has completed it."""
    for statement in COMPLETED:
        await database(statement, world.id, course_id)

"""The second wall: what row-level security hides when a query forgets its organization."""

import asyncio
import re
import uuid
from collections.abc import AsyncIterator, Callable

import asyncpg
import httpx
import pytest
import sqlalchemy as sa
from tests.kit.direct import TABLES, Database, connect
from tests.kit.stack import create_database_from_template, drop_database
from tests.kit.world import Signer, World

from learning_devstack.parts import Parts
from learning_service.context import Context
from learning_service.core.settings import Settings
from learning_service.main import create_app

NOT_TENANTS = {"alembic_version", "job_halts", "schedules", "signing_keys", "status_lists", "workers"}
"""Of the processes, not of an organization; a test checks that they name none and that the API cannot write."""
WITHOUT_POLICY = """
SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = 'public' AND c.relkind IN ('r', 'p')
  AND NOT (c.relrowsecurity AND EXISTS (SELECT FROM pg_policy p WHERE p.polrelid = c.oid))
"""


@pytest.fixture
async def as_api(settings: Settings, world: World, other_world: World) -> AsyncIterator[asyncpg.Connection]:
    """A connection as the API's role, with two organizations' rows in the database."""
    for one in (world, other_world):
        course = await one.course()
        await one.member().ok("POST", f"/api/courses/{course['id']}/enroll/")
    connection = await connect(settings.database_url)
    await connection.execute("SET ROLE learning_api")
    yield connection
    await connection.close()


async def test_every_table_has_a_policy(database: Database) -> None:
    assert {row[0] for row in await database(WITHOUT_POLICY)} == NOT_TENANTS


async def test_a_table_without_a_policy_holds_nothing_of_a_tenant(database: Database) -> None:
    columns = "SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = 'public'"
    for table, column in await database(columns):
        if table in NOT_TENANTS:
            assert not re.search(r"organization|user|member|name$|text|email", column), f"{table}.{column}"
            granted = f"SELECT has_table_privilege('learning_api', '{table}', 'INSERT, UPDATE, DELETE')"
            assert await database.value(granted) is False, table


async def test_every_policy_of_the_api_names_the_organization(database: Database) -> None:
    rows = await database(
        "SELECT tablename, qual, with_check FROM pg_policies WHERE 'learning_api' = ANY (roles)"
    )
    tables = {row[0] for row in await database(TABLES)} - NOT_TENANTS
    assert {row["tablename"] for row in rows} == tables
    for row in rows:
        assert "app.organization_id" in row["qual"], row["tablename"]
        assert "app.organization_id" in (row["with_check"] or row["qual"]), row["tablename"]


async def test_without_an_organization_the_api_sees_no_row_of_any_table(
    as_api: asyncpg.Connection, database: Database
) -> None:
    filled = {name for name, n in (await database.counts()).items() if n}
    assert {"members", "courses", "questions", "enrollments", "audit_entries"} <= filled
    for (table,) in await database(TABLES):
        if table in NOT_TENANTS:
            continue
        assert await as_api.fetchval(f"SELECT count(*) FROM {table}") == 0, table


async def test_with_an_organization_the_api_sees_and_makes_only_its_own(
    as_api: asyncpg.Connection, database: Database, world: World, other_world: World
) -> None:
    async with as_api.transaction():
        await as_api.execute("SELECT set_config('app.organization_id', $1, true)", world.id)
        for (table,) in await database(TABLES):
            if table in NOT_TENANTS:
                continue
            key = "id" if table == "organizations" else "organization_id"
            seen = {row[0] for row in await as_api.fetch(f"SELECT DISTINCT {key} FROM {table}")}
            assert seen <= {world.id}, table
        assert await as_api.fetchval("SELECT count(*) FROM members") == 5
        made = "INSERT INTO regions (organization_id, id, name) VALUES ($1, 'x', 'x')"
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await as_api.execute(made, other_world.id)


async def test_a_workers_transaction_for_one_organization_sees_no_other(
    world: World, other_world: World
) -> None:
    """A worker sees all of them only where it says that it works for none."""
    seen = sa.text("SELECT DISTINCT organization_id FROM members")
    async with world.worker.transaction(world.id) as session:
        assert {*await session.scalars(seen)} == {world.id}
    async with world.worker.transaction(None) as session:
        assert {*await session.scalars(seen)} >= {world.id, other_world.id}


async def test_no_table_lets_the_api_write_into_another_organization(
    as_api: asyncpg.Connection, database: Database, world: World, other_world: World
) -> None:
    """Each foreign row, changed, deleted or copied with the scope forgotten; from the catalog, so of every table."""
    before = await database.digests(other_world.id)
    tried = set()
    for (table,) in await database(TABLES):
        if table in NOT_TENANTS:
            continue
        key = "id" if table == "organizations" else "organization_id"
        columns = [row[0] for row in await database(WRITABLE, table)]
        granted = await database(GRANTS, table)
        may = {row["privilege_type"] for row in granted}
        # A privilege on some columns only is for those.
        one = next((row["column_name"] for row in granted if row["privilege_type"] == "UPDATE"), key)
        # A row of ours becoming theirs, theirs becoming anything, theirs going away, one more of theirs.
        attempts = {
            "UPDATE": [
                f"UPDATE {table} SET {key} = $2 WHERE {key} = $1",
                f"UPDATE {table} SET {one} = {one} WHERE {key} = $2 AND $1::text IS NOT NULL",
            ],
            "DELETE": [f"DELETE FROM {table} WHERE {key} = $2 AND $1::text IS NOT NULL"],
            "INSERT": [copy_to_the_other(table, key, columns)],
        }
        for privilege, statements in attempts.items():
            for statement in statements if privilege in may else ():
                touched = await try_as(as_api, world.id, statement, world.id, other_world.id)
                # Ours cannot become theirs: the policy says so, or a trigger or key before it.
                moves = privilege == "INSERT" or "SET " + key + " = $2" in statement
                assert touched == 0 or (moves and touched is None), f"{statement}: {touched}"
                tried.add((table, privilege))
    assert len(tried) > 40
    assert await database.digests(other_world.id) == before


async def try_as(
    connection: asyncpg.Connection, organization_id: str, statement: str, *arguments: str
) -> int | None:
    """How many rows the statement touches for that organization, None if it is refused; rolled back."""
    transaction = connection.transaction()
    await transaction.start()
    await connection.execute("SELECT set_config('app.organization_id', $1, true)", organization_id)
    try:
        status: str = await connection.execute(statement, *arguments)
        return int(status.split()[-1])
    except asyncpg.PostgresError:
        return None
    finally:
        await transaction.rollback()


GRANTS = """
SELECT privilege_type, column_name FROM information_schema.column_privileges
WHERE table_name = $1 AND grantee = 'learning_api'
UNION
SELECT privilege_type, NULL FROM information_schema.table_privileges
WHERE table_name = $1 AND grantee = 'learning_api' AND privilege_type = 'DELETE'
"""
WRITABLE = """
SELECT column_name FROM information_schema.columns
WHERE table_name = $1 AND is_generated = 'NEVER' AND is_identity = 'NO' ORDER BY ordinal_position
"""


def copy_to_the_other(table: str, key: str, columns: list[str]) -> str:
    """A statement that copies our first row of the table into the other organization."""
    copied = ", ".join("$2" if column == key else column for column in columns)
    return f"INSERT INTO {table} ({', '.join(columns)}) SELECT {copied} FROM {table} WHERE {key} = $1 LIMIT 1"


async def test_the_roles_own_nothing_and_bypass_nothing(database: Database) -> None:
    roles = await database(
        "SELECT rolname, rolsuper, rolbypassrls, rolcreaterole, rolcreatedb, rolcanlogin FROM pg_roles"
        " WHERE rolname LIKE 'learning_%'"
    )
    assert {row["rolname"] for row in roles} >= {"learning_api", "learning_worker"}
    assert not any(any(list(row.values())[1:]) for row in roles)
    owned = "SELECT count(*) FROM pg_class WHERE pg_get_userbyid(relowner) LIKE 'learning_%'"
    assert await database.value(owned) == 0


async def test_functions_that_cross_the_wall_have_a_fixed_search_path(database: Database) -> None:
    rows = await database(
        "SELECT proname, proconfig, proacl::text FROM pg_proc p JOIN pg_namespace n ON n.oid = pronamespace"
        " WHERE prosecdef AND nspname = 'public'"
    )
    assert "public_certificate" in {row["proname"] for row in rows}
    for row in rows:
        assert any(line.startswith("search_path=") for line in row["proconfig"] or []), row["proname"]
        assert "{=X" not in row["proacl"], f"everybody may execute {row['proname']}"
        assert ",=X" not in row["proacl"], f"everybody may execute {row['proname']}"


@pytest.mark.long
async def test_one_connection_never_mixes_two_organizations(
    parts: Parts, make_settings: Callable[..., Settings], signer: Signer, worker_context: Context
) -> None:
    name = f"pool_{uuid.uuid4().hex[:12]}"
    url = await create_database_from_template(parts, name)
    app = create_app(make_settings(url, database_pool_size=1, database_pool_timeout_seconds=30))
    async with app.router.lifespan_context(app):
        transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="https://learn.example.org") as http:
            worlds = [World(http, signer, worker_context) for _ in range(2)]
            for one in worlds:
                await one.push()
                await one.course()
            own = {one.id: (await one.admin.ok("GET", "/api/courses/"))["items"][0]["id"] for one in worlds}

            async def ask(one: World, other: World) -> None:
                listed = await one.member().ok("GET", "/api/courses/")
                assert [course["id"] for course in listed["items"]] == [own[one.id]]
                assert (await one.admin("GET", f"/api/courses/{own[other.id]}/")).status_code == 404
                # A refusal rolls back; what was set for it must not stay on the connection.
                assert (await one.admin("PUT", f"/api/courses/{own[one.id]}/draft/", {})).status_code == 422

            a, b = worlds
            await asyncio.gather(*(ask(*(pair)) for _ in range(6) for pair in ((a, b), (b, a))))
    await drop_database(parts, name)

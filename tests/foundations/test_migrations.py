"""The schema comes from its migrations alone, and they can be taken back."""

import asyncio
import os
import re
import sys
import uuid

import pytest
from tests.kit.direct import TABLES, Database, connect
from tests.kit.migrating import ROOT
from tests.kit.stack import create_database, drop_database

from learning_devstack.parts import Parts

# One process for all steps, since starting one costs more than the steps.
STEPS = """
from alembic import command
from alembic.config import Config
config = Config("alembic.ini")
for step in {steps!r}:
    name, *arguments = step.split()
    getattr(command, name)(config, *arguments)
"""


async def alembic(url: str, *steps: str) -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        STEPS.format(steps=steps),
        cwd=ROOT,
        env={**os.environ, "DATABASE_URL": url},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    output, _ = await process.communicate()
    assert process.returncode == 0, output.decode()


@pytest.mark.long
async def test_up_down_up_leaves_nothing_and_differs_in_nothing(parts: Parts) -> None:
    name = f"migrations_{uuid.uuid4().hex[:12]}"
    url = await create_database(parts, name)
    try:
        await alembic(url, "upgrade head", "check", "downgrade base")
        connection = await connect(url)
        empty = Database(connection)
        assert {row[0] for row in await empty(TABLES)} <= {"alembic_version"}
        left = "SELECT proname FROM pg_proc WHERE pronamespace = 'public'::regnamespace"
        assert await empty(left) == []
        assert (
            await empty(
                "SELECT typname FROM pg_type WHERE typnamespace = 'public'::regnamespace"
                " AND typtype IN ('e', 'd')"
            )
            == []
        )
        await connection.close()
        await alembic(url, "upgrade head", "check")
    finally:
        await drop_database(parts, name)


@pytest.mark.long
async def test_two_who_migrate_at_once_take_turns(parts: Parts) -> None:
    """Whoever waits must not be in the way of an index that is made concurrently."""
    name = f"migrations_{uuid.uuid4().hex[:12]}"
    url = await create_database(parts, name)
    try:
        await asyncio.gather(*(alembic(url, "upgrade head", "check") for _ in range(2)))
    finally:
        await drop_database(parts, name)


@pytest.mark.long
@pytest.mark.parametrize("valid", [True, False])
async def test_a_migration_of_indexes_that_was_interrupted_is_run_again(parts: Parts, valid: bool) -> None:
    """What it made stays; what it did not finish, which is not valid, is made anew."""
    made = "SELECT oid FROM pg_class WHERE relname = 'uq_events_numbered'"
    name = f"migrations_{uuid.uuid4().hex[:12]}"
    url = await create_database(parts, name)
    try:
        await alembic(url, "upgrade 0014")
        connection = await connect(url)
        before = await connection.fetchval(made)
        await connection.execute("UPDATE pg_index SET indisvalid = $1 WHERE indexrelid = $2", valid, before)
        await alembic(url, "stamp 0013", "upgrade head", "check")
        after = await connection.fetchval(made)
        assert (after == before) is valid
        assert await connection.fetchval("SELECT indisvalid FROM pg_index WHERE indexrelid = $1", after)
        await connection.close()
    finally:
        await drop_database(parts, name)


def test_there_is_one_line_of_migrations_and_each_can_be_taken_back() -> None:
    files = sorted((ROOT / "migrations" / "versions").glob("*.py"))
    parents = []
    for path in files:
        text = path.read_text()
        assert re.fullmatch(r"\d{8}_\d{4}_[a-z_]+\.py", path.name), path.name
        assert "def downgrade()" in text, path.name
        found = re.search(r"^down_revision.* = (.+)$", text, re.MULTILINE)
        assert found is not None, path.name
        parents.append(found[1])
    assert len(set(parents)) == len(parents), "two migrations have the same parent"

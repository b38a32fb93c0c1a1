"""The schema comes from its migrations alone, and they can be taken back."""

import asyncio
import os
import re
import shutil
import sys
import uuid
from pathlib import Path

import pytest
from tests.kit.direct import TABLES, Database, connect
from tests.kit.migrating import ROOT
from tests.kit.stack import create_database, drop_database

from learning_devstack.parts import Parts
from learning_service.core.settings import Settings

# One process for all steps, since starting one costs more than the steps.
STEPS = """
from alembic import command
from alembic.config import Config
config = Config("alembic.ini")
for step in {steps!r}:
    name, *arguments = step.split()
    getattr(command, name)(config, *arguments)
"""


NEXT = '''"""The next release's: an index on a table in use."""

from alembic import op
from indexes import create_concurrently

revision = "next"
down_revision = "{head}"
branch_labels = depends_on = None


def upgrade() -> None:
    with op.get_context().autocommit_block():
        create_concurrently("ix_members_updated_at", "members", ["organization_id", "updated_at"])


def downgrade() -> None:
    pass
'''
DEFINITIONS = """
SELECT proname, pg_get_functiondef(oid) FROM pg_proc WHERE pronamespace = 'public'::regnamespace
    AND NOT EXISTS (SELECT FROM pg_depend WHERE objid = pg_proc.oid AND deptype = 'e')
"""


async def alembic(url: str, *steps: str, folder: Path = ROOT) -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        STEPS.format(steps=steps),
        cwd=folder,
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
async def test_a_migration_of_indexes_that_was_interrupted_is_run_again(
    parts: Parts, tmp_path: Path, valid: bool
) -> None:
    """What it made stays; what it did not finish, which is not valid, is made anew."""
    made = "SELECT oid FROM pg_class WHERE relname = 'ix_members_updated_at'"
    name = f"migrations_{uuid.uuid4().hex[:12]}"
    url = await create_database(parts, name)
    try:
        await alembic(url, "upgrade head")
        connection = await connect(url)
        head = await connection.fetchval("SELECT version_num FROM alembic_version")
        shutil.copytree(ROOT / "migrations", tmp_path / "migrations")
        shutil.copy(ROOT / "alembic.ini", tmp_path)
        (tmp_path / "migrations" / "versions" / "29990101_0000_next.py").write_text(NEXT.format(head=head))
        await alembic(url, "upgrade head", folder=tmp_path)
        before = await connection.fetchval(made)
        assert before is not None
        await connection.execute("UPDATE pg_index SET indisvalid = $1 WHERE indexrelid = $2", valid, before)
        await alembic(url, f"stamp {head}", "upgrade head", folder=tmp_path)
        after = await connection.fetchval(made)
        assert (after == before) is valid
        assert await connection.fetchval("SELECT indisvalid FROM pg_index WHERE indexrelid = $1", after)
        assert await connection.fetchval("SELECT 'pk_members'::regclass::oid") > after
        await connection.close()
    finally:
        await drop_database(parts, name)


async def test_each_function_is_as_its_file_says(settings: Settings) -> None:
    """The files are read, the migrations run: a change of one that is not in the other is found here."""
    files = {path.stem: path.read_text() for path in (ROOT / "migrations" / "functions").glob("*.sql")}
    connection = await connect(settings.database_url)
    transaction = connection.transaction()
    await transaction.start()
    installed = {row[0]: row[1] for row in await connection.fetch(DEFINITIONS)}
    assert installed.keys() == files.keys()
    for text in files.values():
        await connection.execute(text)
    assert {row[0]: row[1] for row in await connection.fetch(DEFINITIONS)} == installed
    await transaction.rollback()
    await connection.close()


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

"""Migrations run while the service serves: the code before them goes on, and the code after them starts beside it."""

import asyncio
import shutil
import uuid
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import asyncpg
import httpx
import pytest
from tests.kit import processes
from tests.kit.direct import connect
from tests.kit.migrating import ROOT, migrate
from tests.kit.stack import create_database_from_template, drop_database
from tests.kit.world import Signer, World
from tests.operations.rules_of_migrations import breaches

from learning_devstack.parts import Parts
from learning_service.context import Context
from learning_service.core.settings import Settings

NEXT = '''"""The next release's: a new column, a new table, an index and a check, as docs/operations.md has it."""

import sqlalchemy as sa
from alembic import op

revision = "next"
down_revision = "{head}"
branch_labels = depends_on = None


def upgrade() -> None:
    op.add_column("members", sa.Column("nickname", sa.Text(), nullable=False, server_default=""))
    op.add_column("members", sa.Column("seen_at", sa.DateTime(timezone=True), nullable=True))
    name = op.f("ck_members_nickname")
    op.create_check_constraint(name, "members", "length(nickname) < 99", postgresql_not_valid=True)
    op.create_table("notes", sa.Column("id", sa.BigInteger(), primary_key=True))
    with op.get_context().autocommit_block():
        op.execute("ALTER TABLE members VALIDATE CONSTRAINT ck_members_nickname")
        op.create_index("ix_seen", "enrollments", ["assigned_at"], postgresql_concurrently=True)


def downgrade() -> None:
    op.drop_table("notes")
'''
BLOCKING = '''"""Holds everybody up."""

from alembic import op

revision = "next"
down_revision = "{head}"
branch_labels = depends_on = None


def upgrade() -> None:
    op.execute("LOCK TABLE enrollments")
    op.execute("SELECT pg_sleep(4)")


def downgrade() -> None:
    pass
'''


@dataclass
class Load:
    """What callers got meanwhile: statuses and the longest wait in seconds."""

    statuses: dict[int, int] = field(default_factory=dict)
    slowest: float = 0.0

    def failures(self) -> int:
        """Answers that were no success."""
        return sum(count for status, count in self.statuses.items() if status >= 400)


@asynccontextmanager
async def under_load(world: World, clients: list[httpx.AsyncClient], course: str) -> AsyncIterator[Load]:
    """Four callers who read and write without a pause, at each API in turn."""
    load, over = Load(), asyncio.Event()

    async def go(number: int) -> None:
        turn = 0
        while not over.is_set():
            turn += 1
            there = World(clients[(turn + number) % len(clients)], world.signer, world.worker, id=world.id)
            caller = there.member(("ana", "bob", "cyd", "dan")[number])
            started = asyncio.get_running_loop().time()
            for method, path in (
                ("POST", f"/api/courses/{course}/enroll/"),
                ("GET", "/api/users/enrollments/"),
                ("GET", "/api/me/"),
            ):
                status = (await caller(method, path)).status_code
                load.statuses[status] = load.statuses.get(status, 0) + 1
            body = {"display_name": f"Turn {turn}", "chapter_id": "n1", "status": "active"}
            facts = {**body, "email": None, "custom_fields": {"turn": turn}}
            put = await there.directory("PUT", f"/api/directory/members/u{number}/", facts)
            load.statuses[put.status_code] = load.statuses.get(put.status_code, 0) + 1
            load.slowest = max(load.slowest, asyncio.get_running_loop().time() - started)

    callers = [asyncio.create_task(go(number)) for number in range(4)]
    await asyncio.sleep(0.5)
    yield load
    await asyncio.sleep(0.5)
    over.set()
    await asyncio.gather(*callers)


@dataclass
class Service:
    """A database of its own, and a way to upgrade it by one migration more."""

    settings: Settings
    folder: Path

    async def upgrade(self, source: str) -> str:
        """Add the migration to a copy of ours and run alembic as `learning-service migrate` does."""
        shutil.copytree(ROOT / "migrations", self.folder / "migrations", dirs_exist_ok=True)
        connection = await connect(self.settings.database_url)
        head = await connection.fetchval("SELECT version_num FROM alembic_version")
        await connection.close()
        (self.folder / "migrations" / "versions" / "29990101_0000_next.py").write_text(
            source.format(head=head)
        )
        shutil.copy(ROOT / "alembic.ini", self.folder)
        return await migrate(self.settings.database_url, "upgrade", "head", ini=self.folder / "alembic.ini")


@pytest.fixture
async def service(
    parts: Parts, make_settings: Callable[..., Settings], tmp_path: Path
) -> AsyncIterator[Service]:
    name = f"upgrade_{uuid.uuid4().hex[:12]}"
    url = await create_database_from_template(parts, name)
    yield Service(make_settings(url, lock_timeout_ms=2000), tmp_path)
    await drop_database(parts, name)


async def opened(http: httpx.AsyncClient, signer: Signer, worker: Context) -> tuple[World, str]:
    world = World(http, signer, worker)
    await world.push()
    return world, (await world.course())["id"]


@pytest.mark.long
@pytest.mark.timeout(180)
async def test_old_and_new_code_serve_through_an_upgrade(
    service: Service, signer: Signer, worker_context: Context, tmp_path: Path
) -> None:
    assert breaches(NEXT) == [], "the example obeys the rules"
    async with processes.api(service.settings, tmp_path / "old.log") as (_, old):
        world, course = await opened(old, signer, worker_context)
        async with under_load(world, [old], course) as during:
            await service.upgrade(NEXT)
        async with (
            processes.api(service.settings, tmp_path / "new.log") as (_, new),
            under_load(world, [old, new], course) as after,
        ):
            await asyncio.sleep(2)
    for load in (during, after):
        assert load.failures() == 0, load
        assert sum(load.statuses.values()) > 40
    assert "accident" not in (tmp_path / "old.log").read_text()


@pytest.mark.long
@pytest.mark.timeout(180)
async def test_a_migration_that_holds_a_lock_would_be_seen(
    service: Service, signer: Signer, worker_context: Context, tmp_path: Path
) -> None:
    """The instrument works: callers are told 503 in time, and all is well when the lock is gone."""
    assert breaches(BLOCKING), "the rules see it too"
    async with processes.api(service.settings, tmp_path / "api.log") as (_, http):
        world, course = await opened(http, signer, worker_context)
        async with under_load(world, [http], course) as load:
            await service.upgrade(BLOCKING)
        assert load.statuses.get(503, 0) > 0
        assert set(load.statuses) <= {200, 201, 503}
        assert (await world.member().ok("GET", "/api/users/enrollments/"))["items"]


@pytest.mark.long
@pytest.mark.timeout(180)
async def test_a_migration_that_cannot_get_its_lock_gives_up_and_can_be_run_again(
    service: Service, signer: Signer, worker_context: Context, tmp_path: Path
) -> None:
    """A long reader is in the way: waiting behind it would stop everybody, so the migration ends after 5 seconds."""
    async with processes.api(service.settings, tmp_path / "api.log") as (_, http):
        world, course = await opened(http, signer, worker_context)
        reader: asyncpg.Connection = await connect(service.settings.database_url)
        transaction = reader.transaction()
        await transaction.start()
        await reader.fetch("SELECT count(*) FROM members")
        with pytest.raises(AssertionError, match=r"LockNotAvailable|lock timeout"):
            await service.upgrade(NEXT)
        await transaction.rollback()
        assert await reader.fetchval("SELECT to_regclass('notes')") is None, "nothing is half done"
        await reader.close()
        async with under_load(world, [http], course) as load:
            await service.upgrade(NEXT)
        assert load.failures() == 0, load

"""The drill of a mishap: a base backup and the archived log bring back the moment before it."""

import asyncio
import shutil
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

import asyncpg
import httpx
import pytest
from tests.kit.earned import earn
from tests.kit.migrating import migrate
from tests.kit.processes import environment
from tests.kit.world import Signer, World
from typer.testing import CliRunner

from learning_devstack.binaries import find_postgres
from learning_devstack.identity import PostgresHome, find_home, give_to_user
from learning_devstack.part import Part
from learning_devstack.parts import Parts
from learning_devstack.ports import LOOPBACK, choose
from learning_devstack.postgres import DATABASE, USER, make_postgres
from learning_devstack.process import clean_environment
from learning_service.cli.app import app
from learning_service.context import open_context
from learning_service.core.settings import Settings
from learning_service.main import create_app

pytestmark = [pytest.mark.long, pytest.mark.timeout(400)]
MakeSettings = Callable[..., Settings]
PASSWORD = "drilled"
SECONDS = 60


@dataclass(frozen=True)
class Server:
    """A PostgreSQL of the drill, where its data lies, and where its log is archived."""

    home: PostgresHome
    part: Part
    data: Path
    archive: Path

    def url(self, database: str = DATABASE) -> str:
        """The superuser's address."""
        return f"postgresql://{USER}:{PASSWORD}@{LOOPBACK}:{self.part.port}/{database}"

    async def ask(self, *statements: str) -> object:
        """What the last of these statements gives."""
        connection = await asyncpg.connect(self.url())
        try:
            answers = [await connection.fetchval(statement) for statement in statements]
            return answers[-1]
        finally:
            await connection.close()

    async def until(self, question: str) -> None:
        """Wait until the answer is yes."""
        for _ in range(SECONDS * 10):
            if await self.ask(question):
                return
            await asyncio.sleep(0.1)
        raise AssertionError(question)

    async def run(self, program: str, *arguments: str) -> None:
        """Run one of PostgreSQL's tools as its user."""
        user = self.home.user
        process = await asyncio.create_subprocess_exec(
            *self.home.command(program, *arguments),
            env=clean_environment(),
            cwd=self.home.data_parent,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            user=user,
            group=user,
            extra_groups=None if user is None else [],
        )
        said, _ = await process.communicate()
        assert process.returncode == 0, said.decode(errors="replace")


def _server(parts: Parts, home: PostgresHome, archive: Path) -> Server:
    part = make_postgres(
        home,
        port=choose(),
        password=PASSWORD,
        logs=home.data_parent / "logs",
        guard=parts.guard,
        throwaway=False,
    )
    return Server(home, part, home.data_parent / f"postgres-{home.binaries.major}", archive)


def _folder(home: PostgresHome, name: str) -> Path:
    made = home.data_parent / name
    made.mkdir(mode=0o700)
    give_to_user(made, home.user)
    return made


def _configure(server: Server, *lines: str) -> None:
    with (server.data / "postgresql.auto.conf").open("a") as file:
        file.writelines(f"{line}\n" for line in lines)


@pytest.fixture
async def archived(parts: Parts, tmp_path: Path) -> AsyncIterator[Server]:
    """A server that archives its log."""
    home = find_home(tmp_path, find_postgres())
    first = replace(home, data_parent=_folder(home, "first"))
    server = _server(parts, first, _folder(home, "archive"))
    _configure(
        server,
        "archive_mode = on",
        f"archive_command = 'test ! -f {server.archive}/%f && cp %p {server.archive}/%f'",
    )
    await asyncio.to_thread(server.part.start)
    try:
        yield server
    finally:
        await asyncio.to_thread(server.part.process.stop)
        if home.outside is not None:
            shutil.rmtree(home.outside, ignore_errors=True)


async def _restored(parts: Parts, lost: Server, base: Path, moment: datetime) -> Server:
    """The base backup, brought to the moment by the archived log."""
    parent = base.parent
    server = _server(parts, replace(lost.home, data_parent=parent), lost.archive)
    _configure(
        server,
        "archive_mode = off",
        f"restore_command = 'cp {lost.archive}/%f %p'",
        f"recovery_target_time = '{moment.isoformat()}'",
        "recovery_target_action = 'promote'",
    )
    (server.data / "recovery.signal").touch()
    give_to_user(server.data / "recovery.signal", server.home.user)
    await asyncio.to_thread(server.part.start)
    await server.until("SELECT NOT pg_is_in_recovery()")
    return server


async def test_the_moment_before_a_mishap_is_brought_back(
    parts: Parts, archived: Server, make_settings: MakeSettings, signer: Signer, tmp_path: Path
) -> None:
    await migrate(archived.url().replace("postgresql://", "postgresql+asyncpg://"))
    lived = make_settings(archived.url(), s3_bucket="point-in-time")
    home = replace(archived.home, data_parent=archived.home.data_parent.parent)
    base = _folder(home, "second") / archived.data.name
    async with open_context(lived, "learning_worker") as worker:
        await worker.store.make_bucket()
        service = create_app(lived)
        async with service.router.lifespan_context(service):
            transport = httpx.ASGITransport(app=service)
            async with httpx.AsyncClient(transport=transport, base_url="https://learn.example.org") as http:
                world = World(http, signer, worker)
                await world.found()
                await earn(world)
                await archived.run(
                    *("pg_basebackup", f"--dbname={archived.url('postgres')}", f"--pgdata={base}"),
                    *("--wal-method=none", "--checkpoint=fast", "--no-manifest"),
                )
                earned = await earn(world, "bob")
                await world.run_jobs()
                told = await earned.verify()
                moment = await archived.ask("SELECT clock_timestamp()")
                assert isinstance(moment, datetime)
                await earn(world, "cyd")
    # The mishap, and what is still written after it.
    await archived.ask("TRUNCATE certificates CASCADE")
    segment = await archived.ask("SELECT pg_walfile_name(pg_switch_wal())")
    await archived.until(f"SELECT last_archived_wal >= '{segment}' FROM pg_stat_archiver")
    archived.part.process.kill()

    again = await _restored(parts, archived, base, moment)
    try:
        assert await again.ask("SELECT count(*) FROM certificates") == 2, "ana's and bob's, and not cyd's"
        rescued = make_settings(again.url(), s3_bucket="point-in-time")
        given = {**environment(rescued), "PG_BIN": str(find_postgres().bin)}
        done = await asyncio.to_thread(CliRunner().invoke, app, ("restore", "--verify"), env=given)
        assert (done.exit_code, "2 certificates" in done.output) == (0, True), done.output
        service = create_app(rescued)
        async with service.router.lifespan_context(service):
            transport = httpx.ASGITransport(app=service)
            async with httpx.AsyncClient(transport=transport, base_url="https://learn.example.org") as http:
                shown = await http.get(f"/api/certificates/{earned.id}/verify/")
                assert shown.json() == told
    finally:
        await asyncio.to_thread(again.part.process.stop)

"""A primary and its standby: made, failed over, and the old primary taken back as the standby of the new one."""

import asyncio
import shutil
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import urlsplit

import asyncpg
from tests.faults.rig import Rig
from tests.kit.stack import database_url

from learning_devstack.binaries import find_postgres
from learning_devstack.identity import PostgresHome, find_home, give_to_user
from learning_devstack.part import Part
from learning_devstack.ports import LOOPBACK, choose
from learning_devstack.postgres import USER, make_postgres
from learning_devstack.process import clean_environment

NAME = "standby"
"""What a standby calls itself, and its slot at the primary."""
SECONDS = 60
_SLOT = (
    "SELECT pg_create_physical_replication_slot($1)"
    " WHERE NOT EXISTS (SELECT FROM pg_replication_slots WHERE slot_name = $1)"
)

_NO_SLOT = (
    "DO $$ BEGIN WHILE EXISTS (SELECT FROM pg_replication_slots WHERE active) LOOP PERFORM pg_sleep(0.1); END LOOP;"
    " PERFORM pg_drop_replication_slot(slot_name) FROM pg_replication_slots; END $$"
)


@dataclass(frozen=True)
class Server:
    """A PostgreSQL of the pair and where its data lies."""

    part: Part
    data: Path


class Pair:
    """The rig's PostgreSQL and a standby of it. What is acknowledged is on the disks of both."""

    def __init__(self, rig: Rig, primary: Server, standby: Server, home: PostgresHome) -> None:
        self.rig = rig
        self.primary = primary
        self.standby = standby
        self._home = home
        self._password = urlsplit(rig.parts.database_url).password or ""

    @classmethod
    async def of(cls, rig: Rig) -> "Pair":
        """Copy the rig's server while it serves, and start the copy as its standby."""
        home = find_home(rig.parts.directory, find_postgres())
        name = f"postgres-{home.binaries.major}"
        parent = home.data_parent / NAME
        parent.mkdir(mode=0o700)
        give_to_user(parent, home.user)
        primary = Server(rig.parts.own["postgres"], home.data_parent / name)
        pair = cls(rig, primary, primary, home)
        await pair._run(
            *("pg_basebackup", f"--dbname={pair._at(primary)}", f"--pgdata={parent / name}"),
            *("--wal-method=stream", "--write-recovery-conf", "--create-slot", f"--slot={NAME}"),
            "--checkpoint=fast",
        )
        part = make_postgres(
            replace(home, data_parent=parent),
            port=choose(),
            password="",
            logs=rig.parts.directory / "logs" / NAME,
            guard=rig.parts.guard,
            throwaway=False,
        )
        pair.standby = Server(part, parent / name)
        await pair._follow()
        return pair

    def addresses(self, database: str, *ports: int) -> str:
        """The address of both servers, as the service is told it; through other ports where these are given."""
        known = ports or (self.primary.part.port, self.standby.part.port)
        hosts = ",".join(f"{LOOPBACK}:{port}" for port in known)
        login, _, _ = database_url(self.rig.parts, database).rpartition("@")
        return f"{login.replace('+asyncpg', '')}@{hosts}/{database}"

    async def fail_over(self) -> None:
        """SIGKILL the primary, make the standby the primary, and let it acknowledge alone."""
        self.primary.part.process.kill()
        self.primary, self.standby = self.standby, self.primary
        # As the operator does: without its standby every commit would wait.
        await self._tell(
            "ALTER SYSTEM RESET synchronous_standby_names", "SELECT pg_promote()", "SELECT pg_reload_conf()"
        )

    async def rejoin(self) -> None:
        """Take back what only the old primary has, and start it as the standby of the new one."""
        self.standby.part.prepare()
        await self._tell("CHECKPOINT")
        await self._run(
            *(
                "pg_rewind",
                f"--target-pgdata={self.standby.data}",
                f"--source-server={self._at(self.primary)}",
            ),
            "--write-recovery-conf",
        )
        await self._follow()

    async def end(self) -> None:
        """Stop the standby and let the primary acknowledge alone; nothing of the standby stays. May be said twice."""
        await asyncio.to_thread(self.standby.part.process.stop)
        await self._tell("ALTER SYSTEM RESET synchronous_standby_names", "SELECT pg_reload_conf()", _NO_SLOT)
        shutil.rmtree(self._home.data_parent / NAME, ignore_errors=True)

    async def at_standby(self, statement: str) -> None:
        """Say something to the standby."""
        connection = await asyncpg.connect(self._url(self.standby))
        try:
            await connection.execute(statement)
        finally:
            await connection.close()

    async def _follow(self) -> None:
        """Start the standby, and let commits wait for it once it has caught up."""
        with (self.standby.data / "postgresql.auto.conf").open("a") as settings:
            settings.write(f"primary_conninfo = '{self._at(self.primary)}'\nprimary_slot_name = '{NAME}'\n")
        await self._tell(_SLOT.replace("$1", f"'{NAME}'"))
        await asyncio.to_thread(self.standby.part.start)
        await self._tell(f"ALTER SYSTEM SET synchronous_standby_names = '{NAME}'", "SELECT pg_reload_conf()")
        connection = await asyncpg.connect(self._url(self.primary))
        try:
            async with asyncio.timeout(SECONDS):
                while True:
                    if await connection.fetchval("SELECT sync_state FROM pg_stat_replication") == "sync":
                        return
                    await asyncio.sleep(0.05)
        finally:
            await connection.close()

    async def _tell(self, *statements: str) -> None:
        connection = await asyncpg.connect(self._url(self.primary))
        try:
            for statement in statements:
                await connection.execute(statement)
        finally:
            await connection.close()

    def _url(self, server: Server) -> str:
        return f"postgresql://{USER}:{self._password}@{LOOPBACK}:{server.part.port}/postgres"

    def _at(self, server: Server) -> str:
        """For PostgreSQL's own tools."""
        return (
            f"host={LOOPBACK} port={server.part.port} user={USER} password={self._password}"
            f" dbname=postgres application_name={NAME}"
        )

    async def _run(self, program: str, *arguments: str) -> None:
        command: Sequence[str] = self._home.command(program, *arguments)
        process = await asyncio.create_subprocess_exec(
            *command,
            env=clean_environment(),
            cwd=self._home.data_parent,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            user=self._home.user,
            group=self._home.user,
            extra_groups=None if self._home.user is None else [],
        )
        said, _ = await process.communicate()
        assert process.returncode == 0, f"{program}:\n{said.decode(errors='replace')}"

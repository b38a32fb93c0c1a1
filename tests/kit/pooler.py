"""A real PgBouncer in transaction mode before the tests' PostgreSQL, with few servers and logins that own nothing."""

import asyncio
import os
import shutil
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import asyncpg
from sqlalchemy.engine import make_url

from learning_devstack.ports import choose

SERVERS = 2
"""For each login: fewer than callers, so that the transactions of a connection run on different ones."""
PASSWORD = "pooled"
GRANTS = {"api": "learning_api", "jobs": "learning_api, learning_worker"}
INI = """[databases]
* = host=127.0.0.1 port={server}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
auth_type = plain
auth_file = {logins}
pool_mode = transaction
default_pool_size = {servers}
{user}
"""


@dataclass(frozen=True)
class Pooler:
    """Where it listens, as which logins, and a connection past it that sees what it does."""

    logins: Mapping[str, str]
    """The address of the database by the pooler, for the logins `api` and `jobs`."""
    names: Mapping[str, str]
    """What these logins are called."""
    owner: asyncpg.Connection

    async def servers(self) -> Mapping[str, int]:
        """How many of the database's connections it has opened for each login."""
        asked = "SELECT usename::text, count(*) FROM pg_stat_activity WHERE usename = ANY ($1) GROUP BY 1"
        return dict(map(tuple, await self.owner.fetch(asked, list(self.names.values()))))


def installed() -> bool:
    """Whether there is a PgBouncer here."""
    return shutil.which("pgbouncer") is not None


@asynccontextmanager
async def pooler(database_url: str, folder: Path) -> AsyncIterator[Pooler]:
    """PgBouncer before this database, with logins of its own; both are gone with the block."""
    address = make_url(database_url).set(drivername="postgresql")
    owner = await asyncpg.connect(address.render_as_string(hide_password=False))
    names = {name: f"{address.database}_{name}" for name in GRANTS}
    port = choose()
    files = {name: folder / name for name in ("logins", "pgbouncer.ini")}
    files["logins"].write_text("".join(f'"{name}" "{PASSWORD}"\n' for name in names.values()))
    # It refuses to be root, and then reads its files as somebody else.
    user = "user = nobody" if os.geteuid() == 0 else ""
    files["pgbouncer.ini"].write_text(
        INI.format(server=address.port, port=port, logins=files["logins"], servers=SERVERS, user=user)
    )
    for readable in (folder, *folder.parents[:3]):
        readable.chmod(readable.stat().st_mode | 0o055)
    for name, login in names.items():
        await owner.execute(f"CREATE ROLE {login} LOGIN NOINHERIT PASSWORD '{PASSWORD}'")
        await owner.execute(f"GRANT {GRANTS[name]} TO {login}")
        await owner.execute(f"ALTER ROLE {login} SET role = 'learning_api'")
    quiet = asyncio.subprocess.DEVNULL
    process = await asyncio.create_subprocess_exec(
        "pgbouncer", str(files["pgbouncer.ini"]), stdout=quiet, stderr=quiet
    )
    try:
        by = {
            name: address.set(username=login, password=PASSWORD, port=port).render_as_string(
                hide_password=False
            )
            for name, login in names.items()
        }
        await _until_open(port)
        yield Pooler(by, names, owner)
    finally:
        process.terminate()
        await asyncio.wait_for(process.wait(), 20)
        for login in names.values():
            await owner.execute(f"DROP ROLE {login}")
        await owner.close()


async def _until_open(port: int) -> None:
    async with asyncio.timeout(10):
        while True:
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
            except OSError:
                await asyncio.sleep(0.05)
            else:
                writer.close()
                return

"""A whole database, for the commands that copy one: PostgreSQL's own tools, and a connection that passes all walls.

The tools come from `PG_BIN`, else the PATH; they must not be older than the server.
"""

import asyncio
import os
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import asyncpg
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from learning_service.cli.operating import CommandError
from learning_service.cli.terminal import PAST_POOLERS
from learning_service.core.primary import address_arguments, connect
from learning_service.core.settings import Settings

_WORDS = {"host": "--host", "port": "--port", "user": "--username", "database": "--dbname"}


def address(settings: Settings) -> Mapping[str, Any]:
    """Where the database is, part by part: tools show a whole address, where it is wrong, as it is."""
    if settings.database_pooler is not None:
        raise CommandError(PAST_POOLERS)
    try:
        if make_url(settings.database_url).get_backend_name() == "postgresql":
            arguments = address_arguments(settings.database_url)
            if arguments.get("host"):
                return arguments
    except (ArgumentError, ValueError):
        pass
    raise CommandError("DATABASE_URL must read postgresql://user:password@host:port/name")


async def run_tool(settings: Settings, program: str, *arguments: str) -> None:
    """Run one of PostgreSQL's tools on the database. Raises CommandError with what it said."""
    where, folder = address(settings), os.environ.get("PG_BIN")
    words = [f"{word}={_listed(where[name])}" for name, word in _WORDS.items() if name in where]
    # Every process of the machine may read another one's arguments, but not its environment.
    secret = {"PGPASSWORD": str(where.get("password", "")), "PGSSLMODE": str(where.get("ssl", "prefer"))}
    # Of several servers, the one that takes writes: the others know less, and nothing can be restored into them.
    chosen = {"PGTARGETSESSIONATTRS": "primary"} if isinstance(where["host"], list) else {}
    try:
        process = await asyncio.create_subprocess_exec(
            str(Path(folder) / program) if folder else program,
            *("--no-password", *words, *arguments),
            env={**os.environ, **secret, **chosen},
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
    except FileNotFoundError as error:
        raise CommandError(
            f"{program} is not here: PG_BIN must name the folder of PostgreSQL's tools"
        ) from error
    said, _ = await process.communicate()
    if process.returncode:
        raise CommandError(f"{program} failed:\n{said.decode(errors='replace').strip()}")


def _listed(value: object) -> str:
    return ",".join(map(str, value)) if isinstance(value, list) else str(value)


@asynccontextmanager
async def connected(settings: Settings) -> AsyncIterator[asyncpg.Connection]:
    """A connection as the login itself. Raises CommandError where the database refuses or does not answer."""
    try:
        connection = await connect(**address(settings))
    except (asyncpg.PostgresError, OSError) as error:
        raise CommandError(f"the database: {type(error).__name__}") from error
    try:
        yield connection
    except asyncpg.PostgresError as error:
        raise CommandError(f"the database: {error}") from error
    finally:
        await connection.close()


async def count_rows(connection: asyncpg.Connection) -> dict[str, int]:
    """How many rows each table has."""
    tables = await connection.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1")
    return {
        name: await connection.fetchval(f'SELECT count(*) FROM public."{name}"')  # noqa: S608 - from the catalogue
        for (name,) in tables
    }

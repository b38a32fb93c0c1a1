"""A whole database, for the commands that copy one: PostgreSQL's own tools, and a connection that passes all walls.

The tools come from `PG_BIN`, else the PATH; they must not be older than the server.
"""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import asyncpg
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from learning_service.cli.operating import CommandError
from learning_service.core.settings import Settings


def address(settings: Settings) -> URL:
    """Where the database is. Its parts travel one by one: tools show a whole address, where it is wrong, as it is."""
    try:
        url = make_url(settings.database_url)
        if url.get_backend_name() == "postgresql" and url.host:
            return url
    except (ArgumentError, ValueError):
        pass
    raise CommandError("DATABASE_URL must read postgresql://user:password@host:port/name")


async def run_tool(settings: Settings, program: str, *arguments: str) -> None:
    """Run one of PostgreSQL's tools on the database. Raises CommandError with what it said."""
    url, folder = address(settings), os.environ.get("PG_BIN")
    where = {"--host": url.host, "--port": url.port, "--username": url.username, "--dbname": url.database}
    words = [f"{name}={value}" for name, value in where.items() if value is not None]
    # Every process of the machine may read another one's arguments, but not its environment.
    secret = {"PGPASSWORD": str(url.password or ""), "PGSSLMODE": str(url.query.get("ssl", "prefer"))}
    try:
        process = await asyncio.create_subprocess_exec(
            str(Path(folder) / program) if folder else program,
            *("--no-password", *words, *arguments),
            env={**os.environ, **secret},
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


@asynccontextmanager
async def connected(settings: Settings) -> AsyncIterator[asyncpg.Connection]:
    """A connection as the login itself. Raises CommandError where the database refuses or does not answer."""
    url = address(settings)
    encryption: Any = url.query.get("ssl")
    try:
        connection = await asyncpg.connect(
            host=url.host,
            port=url.port,
            user=url.username,
            password=url.password,
            database=url.database,
            ssl=encryption,
        )
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

"""Back up the database and the bucket into a folder, restore them from it, check what was restored.

    .venv/bin/python scripts/backup.py backup  FOLDER
    .venv/bin/python scripts/backup.py restore FOLDER
    .venv/bin/python scripts/backup.py check

Reads the service's settings from the environment. `DATABASE_URL` must name a login that passes by row-level security
(a superuser, or one with BYPASSRLS), or the dump stops rather than miss rows. `restore` wants an empty database and a
bucket. pg_dump and pg_restore come from `PG_BIN`, else the PATH; they must not be older than the server.

The database is dumped first, then the bucket is copied: files are named by their content and never change, so what
came in between is a file too many, never one too few. For a large installation use continuous archiving and the
store's own replication instead (docs/operations.md); `check` is for those as well.
"""

import asyncio
import hashlib
import os
import subprocess
import sys
from pathlib import Path

import asyncpg
from pydantic import ValidationError
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from learning_service.adapters.storage import ObjectMissing, ObjectStore, open_store
from learning_service.core.settings import Settings
from learning_service.domain.certificates.rules.certificates import pdf_key

DUMP, OBJECTS = "database.dump", "objects"
ROLES = ("learning_api", "learning_worker")
MAKE_ROLE = """DO $$ BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{role}') THEN
        CREATE ROLE {role} NOLOGIN NOSUPERUSER NOBYPASSRLS NOINHERIT;
    END IF;
END $$; GRANT {role} TO CURRENT_USER"""


def say(text: str) -> None:
    """Print a line at once."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def address(settings: Settings) -> URL:
    """Where the database is. Its parts travel one by one: tools show a whole address, where it is wrong, as it is."""
    url = make_url(settings.database_url)
    if url.get_backend_name() != "postgresql" or not url.host:
        raise ValueError
    return url


def run(database: URL, program: str, *arguments: str) -> None:
    """Run one of PostgreSQL's tools on the database; ends everything if it fails."""
    folder = os.environ.get("PG_BIN")
    where = {"--host": database.host, "--port": database.port, "--username": database.username}
    command = [str(Path(folder) / program) if folder else program, "--no-password"]
    command += [f"{name}={value}" for name, value in where.items() if value is not None]
    command += [f"--dbname={database.database}", *arguments]
    # Every process of the machine may read another one's arguments, but not its environment.
    secret = {
        "PGPASSWORD": str(database.password or ""),
        "PGSSLMODE": str(database.query.get("ssl", "prefer")),
    }
    if subprocess.run(command, check=False, env={**os.environ, **secret}).returncode != 0:  # noqa: S603 - our words
        sys.exit(f"{program} failed; see above")


async def connect(database: URL) -> asyncpg.Connection:
    """A connection of our own to the database."""
    return await asyncpg.connect(
        host=database.host,
        port=database.port,
        user=database.username,
        password=database.password,
        database=database.database,
        ssl=database.query.get("ssl"),
    )


async def backup(settings: Settings, store: ObjectStore, folder: Path) -> None:
    """Dump the database, then copy every object."""
    objects = folder / OBJECTS
    objects.mkdir(parents=True, exist_ok=True)
    run(address(settings), "pg_dump", "--format=custom", "--no-owner", f"--file={folder / DUMP}")
    count = 0
    async for key in store.keys():
        target = objects / key
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(await store.get(key))
        count += 1
    say(f"backup: {(folder / DUMP).stat().st_size:,} bytes of database, {count} objects in {folder}")


async def restore(settings: Settings, store: ObjectStore, folder: Path) -> None:
    """Make the roles, fill the empty database, put every object back."""
    connection = await connect(address(settings))
    try:
        if await connection.fetchval("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'"):
            sys.exit("restore: the database is not empty; restore into a new one")
        for role in ROLES:
            await connection.execute(MAKE_ROLE.format(role=role))
    finally:
        await connection.close()
    words = ("--no-owner", "--exit-on-error", "--single-transaction", str(folder / DUMP))
    run(address(settings), "pg_restore", *words)
    # A dump holds no statistics, and without them every list is read whole.
    connection = await connect(address(settings))
    try:
        await connection.execute("ANALYZE")
    finally:
        await connection.close()
    files = sorted(path for path in (folder / OBJECTS).rglob("*") if path.is_file())
    for path in files:
        await store.put_file(path.relative_to(folder / OBJECTS).as_posix(), path, content_type=kind_of(path))
    say(f"restore: the database, and {len(files)} objects")


def kind_of(path: Path) -> str:
    """What an object is served as; presigned addresses say so again for themselves."""
    return "application/pdf" if path.suffix == ".pdf" else "application/octet-stream"


async def check(settings: Settings, store: ObjectStore) -> None:
    """Every certificate's PDF is there with the digest that the database remembers."""
    connection = await connect(address(settings))
    try:
        rows = await connection.fetch("SELECT id, pdf_sha256 FROM certificates ORDER BY id")
        schema = await connection.fetchval("SELECT version_num FROM alembic_version")
    finally:
        await connection.close()
    faults = []
    for certificate_id, digest in rows:
        if digest is None:
            continue
        try:
            found = hashlib.sha256(await store.get(pdf_key(digest))).hexdigest()
        except ObjectMissing:
            found = "missing"
        if found != digest:
            faults.append(
                f"certificate {certificate_id}: PDF {'missing' if found == 'missing' else 'changed'}"
            )
    made = sum(digest is not None for _, digest in rows)
    say(f"check: schema {schema}, {len(rows)} certificates, {made} with a PDF, {len(faults)} faults")
    if faults:
        sys.exit("\n".join(faults))


def read_settings() -> Settings:
    """The settings of the environment. What is wrong with them is told without their values."""
    try:
        settings = Settings()
    except ValidationError as error:
        faults = error.errors(include_input=False, include_context=False, include_url=False)
        sys.exit(
            "\n".join(
                f"{'.'.join(map(str, one['loc'])).upper() or 'settings'}: {one['msg']}" for one in faults
            )
        )
    except ValueError as error:
        sys.exit(str(error))
    try:
        address(settings)
    except (ArgumentError, ValueError):
        sys.exit("DATABASE_URL must read postgresql+asyncpg://user:password@host:port/name")
    return settings


async def main(words: list[str]) -> None:
    """Do what the command line says."""
    settings = read_settings()
    async with open_store(settings) as store:
        match words:
            case ["backup", folder]:
                await backup(settings, store, Path(folder))
            case ["restore", folder]:
                await restore(settings, store, Path(folder))
                await check(settings, store)
            case ["check"]:
                await check(settings, store)
            case _:
                sys.exit(__doc__)


if __name__ == "__main__":
    try:
        asyncio.run(main(sys.argv[1:]))
    except (asyncpg.PostgresError, OSError) as error:
        sys.exit(f"the database: {type(error).__name__}")

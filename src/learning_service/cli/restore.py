"""`learning-service restore`: a backup into an empty database and a bucket, and a look at what was restored."""

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from learning_service.adapters.storage import ObjectStore, StoreUnavailable, open_store
from learning_service.cli.backup import digest_of
from learning_service.cli.copied import DUMP, OBJECTS, read_facts, read_sums
from learning_service.cli.operating import CommandError, operate
from learning_service.cli.postgres_tools import connected, count_rows, run_tool
from learning_service.cli.terminal import fail
from learning_service.cli.verified import verified
from learning_service.core.settings import Settings
from learning_service.core.telemetry import configure_logging

app = typer.Typer()
ROLES = ("learning_api", "learning_worker")
MAKE_ROLE = """DO $$ BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{role}') THEN
        CREATE ROLE {role} NOLOGIN NOSUPERUSER NOBYPASSRLS NOINHERIT;
    END IF;
END $$; GRANT {role} TO CURRENT_USER"""


@app.command()
def restore(
    folder: Annotated[Path | None, typer.Argument(help="What `backup` wrote; none: only look.")] = None,
    *,
    verify: Annotated[
        bool, typer.Option("--verify", help="Look whether everything is there, answers and opens")
    ] = False,
) -> None:
    """Restore a backup into an empty database and a bucket, and with --verify say what is missing.

    Without a folder, --verify looks at what another kind of restore has made. The exit code is 1 where anything is
    missing or changed.
    """
    if folder is None and not verify:
        fail("name a folder that `learning-service backup` wrote, or say --verify")
    faults = operate(_restored, folder, verify=verify)
    if faults:
        fail("\n".join([*faults, f"{len(faults)} faults"]), code=1)


def _restored(settings: Settings, folder: Path | None, *, verify: bool) -> list[str]:
    configure_logging("error")
    try:
        return asyncio.run(_restore_and_look(settings, folder, verify=verify))
    except StoreUnavailable as error:
        raise CommandError(str(error)) from error


async def _restore_and_look(settings: Settings, folder: Path | None, *, verify: bool) -> list[str]:
    faults = []
    if folder is not None:
        faults += await _restore(settings, folder)
    if verify:
        told = await verified(settings)
        typer.echo(told.summary)
        faults += told.faults
    return faults


async def _restore(settings: Settings, folder: Path) -> list[str]:
    """Restore what is there; what the backup's own lists miss is told."""
    facts, sums = read_facts(folder), dict(read_sums(folder))
    if not (folder / DUMP).is_file() or await asyncio.to_thread(digest_of, folder / DUMP) != sums.pop(
        DUMP, None
    ):
        raise CommandError(f"{folder / DUMP} is missing or was changed; nothing was restored")
    await _fill(settings, folder / DUMP)
    async with connected(settings) as connection:
        rows = await count_rows(connection)
    faults = [
        f"table {name}: {rows.get(name, 0)} rows of {count}"
        for name, count in facts.rows.items()
        if rows.get(name) != count
    ]
    async with open_store(settings) as store:
        faults += [
            fault for name, digest in sums.items() if (fault := await _put(store, folder, name, digest))
        ]
    typer.echo(f"restored: the database of {facts.taken_at:%Y-%m-%d %H:%M:%S} UTC, {len(sums)} objects")
    return faults


async def _fill(settings: Settings, dump: Path) -> None:
    async with connected(settings) as connection:
        if await connection.fetchval("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'"):
            raise CommandError("the database is not empty; restore into a new one")
        for role in ROLES:
            await connection.execute(MAKE_ROLE.format(role=role))
    await run_tool(settings, "pg_restore", "--no-owner", "--exit-on-error", "--single-transaction", str(dump))
    # A dump holds no statistics, and without them every list is read whole.
    async with connected(settings) as connection:
        await connection.execute("ANALYZE")


async def _put(store: ObjectStore, folder: Path, name: str, digest: str) -> str | None:
    """Store a file of the backup; says what is wrong with it."""
    file = folder / name
    if not name.startswith(f"{OBJECTS}/") or not file.is_file():
        return f"backup: {name} is missing"
    if await asyncio.to_thread(digest_of, file) != digest:
        return f"backup: {name} was changed"
    # Presigned addresses say the type again for themselves.
    kind = "application/pdf" if file.suffix == ".pdf" else "application/octet-stream"
    await store.put_file(name.removeprefix(f"{OBJECTS}/"), file, content_type=kind)
    return None

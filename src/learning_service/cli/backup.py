"""`learning-service backup`: copy the database and the objects into a folder, while the service runs."""

import asyncio
import hashlib
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from learning_service.adapters.storage import ObjectMissing, ObjectStore, StoreUnavailable, open_store
from learning_service.cli.copied import DUMP, OBJECTS, Facts, write_facts
from learning_service.cli.operating import CommandError, operate
from learning_service.cli.postgres_tools import connected, count_rows, run_tool
from learning_service.core.settings import Settings

app = typer.Typer()
SEALED = (
    "SELECT DISTINCT split_part(text, ':', 2) FROM (SELECT sealed_key FROM signing_keys UNION ALL"
    " SELECT secret FROM webhook_subscriptions UNION ALL SELECT previous_secret FROM webhook_subscriptions"
    ") AS stored (text) WHERE text LIKE 'sealed:%' ORDER BY 1"
)


@app.command()
def backup(folder: Annotated[Path, typer.Argument(help="Where it is written; new or empty.")]) -> None:
    """Copy the database and the objects into a folder; the service may run meanwhile.

    The login of DATABASE_URL must pass by row-level security. SECRET_KEYS are not copied: keep them elsewhere.
    """
    typer.echo(operate(backed_up, folder))


def backed_up(settings: Settings, folder: Path) -> str:
    """Make the backup; says what is in it."""
    try:
        if folder.exists() and any(folder.iterdir()):
            raise CommandError(f"{folder} is not empty")
        (folder / OBJECTS).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise CommandError(f"{folder}: {error.strerror}") from error
    try:
        return asyncio.run(_back_up(settings, folder))
    except StoreUnavailable as error:
        raise CommandError(str(error)) from error


async def _back_up(settings: Settings, folder: Path) -> str:
    """The database first: files are named by their content and never change, so later ones are only too many."""
    facts = await _dump(settings, folder / DUMP)
    sums = {DUMP: await asyncio.to_thread(digest_of, folder / DUMP)}
    async with open_store(settings) as store:
        sums |= {f"{OBJECTS}/{key}": digest for key, digest in (await _copy(store, folder / OBJECTS)).items()}
    write_facts(folder, facts, sums)
    size = (folder / DUMP).stat().st_size
    said = f"{folder}: {sum(facts.rows.values()):,} rows in {size:,} bytes, {len(sums) - 1} objects"
    if facts.sealing_keys:
        said += f"\nits secrets open by the SECRET_KEYS {', '.join(facts.sealing_keys)} only; keep those elsewhere"
    return said


async def _dump(settings: Settings, file: Path) -> Facts:
    """Dump what a moment of the database shows, and count what is in it."""
    async with (
        connected(settings) as connection,
        connection.transaction(isolation="repeatable_read", readonly=True),
    ):
        if not await connection.fetchval("SELECT to_regclass('public.alembic_version') IS NOT NULL"):
            raise CommandError("the database has no schema; is DATABASE_URL right?")
        moment = await connection.fetchval("SELECT pg_export_snapshot()")
        facts = Facts(
            taken_at=datetime.now(UTC),
            revision=await connection.fetchval("SELECT version_num FROM alembic_version"),
            rows=await count_rows(connection),
            sealing_keys=[key for (key,) in await connection.fetch(SEALED)],
        )
        await run_tool(
            settings, "pg_dump", "--format=custom", "--no-owner", f"--snapshot={moment}", f"--file={file}"
        )
    return facts


async def _copy(store: ObjectStore, folder: Path) -> dict[str, str]:
    """Copy every object; the digest of each. One that is collected meanwhile is no longer needed."""
    digests = {}
    async for key in store.keys():
        target = folder / key
        if ".." in target.parts or not target.is_relative_to(folder):
            raise CommandError(f"the object {key} is not one of ours")
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            digests[key] = await store.get_file(key, target)
        except ObjectMissing:
            target.unlink(missing_ok=True)
    return digests


def digest_of(file: Path) -> str:
    """The SHA-256 of a file, in hex."""
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()

"""The restore drill: a backup of a living service, restored on another machine's empty parts, serves on."""

import asyncio
import os
import sys
import uuid
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import httpx
import pytest
from tests.kit.direct import Database, connect
from tests.kit.earned import earn
from tests.kit.processes import environment
from tests.kit.stack import create_database, create_database_from_template, drop_database
from tests.kit.world import Signer, World

from learning_devstack.binaries import find_postgres
from learning_devstack.parts import Parts, start_throwaway_parts
from learning_service.context import open_context
from learning_service.core.settings import Settings
from learning_service.main import create_app

SCRIPT = Path(__file__).resolve().parents[2] / "scripts" / "backup.py"
MakeSettings = Callable[..., Settings]


async def drill(settings: Settings, *words: str) -> tuple[int, str]:
    """Run the script as an operator does: its exit code, and what it said."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        str(SCRIPT),
        *words,
        env={
            **environment(settings),
            "PG_BIN": str(find_postgres().bin),
            "TMPDIR": os.environ.get("TMPDIR", "/tmp"),
        },
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    output, _ = await process.communicate()
    return process.returncode or 0, output.decode()


async def digests(settings: Settings) -> dict[str, str]:
    connection = await connect(settings.database_url)
    try:
        return await Database(connection).digests()
    finally:
        await connection.close()


async def is_analyzed(settings: Settings) -> bool:
    """Whether PostgreSQL knows what is in the tables that a restore has just filled."""
    connection = await connect(settings.database_url)
    try:
        query = (
            "SELECT count(DISTINCT tablename) FROM pg_stats WHERE tablename IN ('members', 'certificates')"
        )
        return bool(await connection.fetchval(query) == 2)
    finally:
        await connection.close()


@pytest.fixture
async def elsewhere() -> AsyncIterator[Parts]:
    """Another machine: parts that never saw the service."""
    started = await asyncio.to_thread(start_throwaway_parts)
    yield started
    await asyncio.to_thread(started.stop)


@pytest.mark.long
@pytest.mark.timeout(180)
async def test_a_backup_restored_elsewhere_serves_the_same(
    parts: Parts, elsewhere: Parts, make_settings: MakeSettings, signer: Signer, tmp_path: Path
) -> None:
    name = f"backed_up_{uuid.uuid4().hex[:12]}"
    lived = make_settings(await create_database_from_template(parts, name), s3_bucket=name.replace("_", "-"))
    rescued = make_settings(
        await create_database(elsewhere, "restored"),
        s3_endpoint_url=elsewhere.s3_endpoint_url,
        s3_access_key_id=elsewhere.s3_access_key_id,
        s3_secret_access_key=elsewhere.s3_secret_access_key,
    )
    folder = tmp_path / "backup"
    try:
        async with open_context(lived, "learning_worker") as worker:
            await worker.store.make_bucket()
            app = create_app(lived)
            async with app.router.lifespan_context(app):
                transport = httpx.ASGITransport(app=app)
                async with httpx.AsyncClient(
                    transport=transport, base_url="https://learn.example.org"
                ) as http:
                    world = World(http, signer, worker)
                    await world.found()
                    earned = await earn(world)
                    await world.run_jobs()
                    told, before = await earned.verify(), await digests(lived)
                    code, said = await drill(lived, "backup", str(folder))
                    assert code == 0, said
        assert await digests(lived) == before, "a backup only reads"
        code, said = await drill(lived, "restore", str(folder))
        assert (code, "not empty" in said) == (1, True), said

        code, said = await drill(rescued, "restore", str(folder))
        assert (code, "1 certificates, 1 with a PDF, 0 faults" in said) == (0, True), said
        assert await digests(rescued) == before
        assert await is_analyzed(rescued)
        await serves_on(rescued, world, earned.id, told)
        await is_noticed(rescued, folder)
    finally:
        await drop_database(parts, name)


async def serves_on(rescued: Settings, world: World, certificate: str, told: object) -> None:
    """The certificate verifies, its PDF opens, row-level security stands, and work goes on."""
    app = create_app(rescued)
    async with app.router.lifespan_context(app), open_context(rescued, "learning_worker") as worker:
        transport = httpx.ASGITransport(app=app)
        async with httpx.AsyncClient(transport=transport, base_url="https://learn.example.org") as http:
            there = World(http, world.signer, worker, id=world.id)
            assert (await http.get(f"/api/certificates/{certificate}/verify/")).json() == told
            moved = await there.member()("GET", f"/api/certificates/{certificate}/pdf/")
            assert moved.status_code == 307, moved.text
            async with httpx.AsyncClient() as browser:
                pdf = await browser.get(moved.headers["location"])
            assert pdf.content.startswith(b"%PDF-")
            await earn(there, "bob")
            await there.run_jobs()
            other = World(http, world.signer, worker)
            assert (await other.admin.ok("GET", "/api/certificates/"))["items"] == []


async def is_noticed(rescued: Settings, folder: Path) -> None:
    """A PDF that was lost or changed on the way is found by the check."""
    [copy] = list((folder / "objects").rglob("*.pdf"))
    key = copy.relative_to(folder / "objects").as_posix()
    async with open_context(rescued, "learning_worker") as worker:
        await worker.store.put(key, copy.read_bytes() + b"\n", content_type="application/pdf")
        code, said = await drill(rescued, "check")
        assert (code, "PDF changed" in said) == (1, True), said
        await worker.store.delete(key)
    code, said = await drill(rescued, "check")
    assert (code, "PDF missing" in said) == (1, True), said

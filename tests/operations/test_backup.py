"""The restore drill: a backup of a living service, restored on another machine's empty parts, serves on."""

import asyncio
import json
import uuid
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import httpx
import pytest
from pydantic import SecretStr
from tests.kit import documents as files
from tests.kit.direct import Database, connect
from tests.kit.earned import earn
from tests.kit.processes import environment
from tests.kit.sending import send
from tests.kit.stack import create_database, create_database_from_template, drop_database
from tests.kit.world import Signer, World
from typer.testing import CliRunner

from learning_devstack.binaries import find_postgres
from learning_devstack.parts import Parts, start_throwaway_parts
from learning_service.cli.app import app
from learning_service.context import open_context
from learning_service.core.settings import Settings
from learning_service.main import create_app

MakeSettings = Callable[..., Settings]


async def drill(settings: Settings, *words: str) -> tuple[int, str]:
    """Run the command with the environment of an operator: its exit code, and what it said."""
    given = {**environment(settings), "PG_BIN": str(find_postgres().bin)}
    done = await asyncio.to_thread(CliRunner().invoke, app, words, env=given)
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exc_info
    return done.exit_code, done.output


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
@pytest.mark.timeout(400)
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
            service = create_app(lived)
            async with service.router.lifespan_context(service):
                transport = httpx.ASGITransport(app=service)
                async with httpx.AsyncClient(
                    transport=transport, base_url="https://learn.example.org"
                ) as http:
                    world = World(http, signer, worker)
                    await world.found()
                    earned = await earn(world)
                    await send(world.admin, files.pdf())
                    hook = {"url": "https://hook.example.org/", "event_types": ["learning.course.failed"]}
                    manager = world.call_as("boss", scopes=["webhooks:manage"])
                    await manager.ok("POST", "/api/webhooks/", hook)
                    await world.run_jobs()
                    told, before = await earned.verify(), await digests(lived)
                    code, said = await drill(lived, "backup", str(folder))
                    assert code == 0, said
        assert await digests(lived) == before, "a backup only reads"
        code, said = await drill(lived, "backup", str(folder))
        assert (code, "not empty" in said) == (1, True), said
        code, said = await drill(lived, "restore", str(folder))
        assert (code, "the database is not empty" in said) == (1, True), said

        code, said = await drill(rescued, "restore", str(folder), "--verify")
        assert (
            code,
            ", 1 certificates, 1 PDFs, 1 credentials, 1 documents, 4 secrets, 0 faults" in said,
        ) == (0, True), said
        assert await digests(rescued) == before
        assert await is_analyzed(rescued)
        await serves_on(rescued, world, earned.id, told)
        await is_noticed(rescued, folder)
    finally:
        await drop_database(parts, name)


async def serves_on(rescued: Settings, world: World, certificate: str, told: object) -> None:
    """The certificate verifies, its PDF opens, row-level security stands, and work goes on."""
    service = create_app(rescued)
    async with service.router.lifespan_context(service), open_context(rescued, "learning_worker") as worker:
        transport = httpx.ASGITransport(app=service)
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
    """What was lost or changed on the way is found: PDFs, uploaded files, credentials, keys, rows."""
    [copy] = (folder / "objects" / "certificates").glob("*.pdf")
    key = copy.relative_to(folder / "objects").as_posix()
    other = rescued.model_copy(update={"secret_keys": [SecretStr("k" * 40)]})
    async with open_context(rescued, "learning_worker") as worker:
        await worker.store.put(key, copy.read_bytes() + b"\n", content_type="application/pdf")
        code, said = await drill(rescued, "restore", "--verify")
        assert (code, said.count("PDF changed"), "1 faults" in said) == (1, 1, True), said
        await worker.store.delete(key)
        [original, *_] = [key async for key in worker.store.keys("documents/")]
        await worker.store.delete(original)
    connection = await connect(rescued.database_url)
    try:
        await connection.execute("UPDATE alembic_version SET version_num = '0001'")
        await connection.execute(
            "UPDATE certificate_credentials SET credential = replace(credential, 'Hazing', 'Fire')"
        )
    finally:
        await connection.close()
    code, said = await drill(other, "restore", "--verify")
    assert code == 1
    assert "schema 0001: this version wants" in said, said
    assert said.count("PDF missing") == 1, said
    assert "original missing" in said, said
    assert said.count("credential changed") == 2, said
    assert said.count("its key is missing in SECRET_KEYS") == 4, said


async def test_a_backup_that_is_not_whole_restores_nothing(settings: Settings, tmp_path: Path) -> None:
    code, said = await drill(settings, "restore", str(tmp_path))
    assert (code, "holds no whole backup" in said) == (1, True), said
    facts = {"taken_at": "2026-11-29T12:00:00Z", "revision": "x", "rows": {}, "sealing_keys": []}
    (tmp_path / "backup.json").write_text(json.dumps(facts))
    (tmp_path / "database.dump").write_bytes(b"PGDMP changed")
    (tmp_path / "SHA256SUMS").write_text(f"{'0' * 64}  database.dump\n")
    code, said = await drill(settings, "restore", str(tmp_path))
    assert (code, "nothing was restored" in said) == (1, True), said
    (tmp_path / "SHA256SUMS").write_text(f"{'0' * 64}  ../../etc/passwd\n")
    code, said = await drill(settings, "restore", str(tmp_path))
    assert (code, "is no list of digests" in said) == (1, True), said

"""A document that nobody will settle does not stay under way for ever."""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import text
from tests.kit import documents as files
from tests.kit.sending import seen, send
from tests.kit.world import World

from learning_service.adapters import office
from learning_service.api.shared import SHARED_SECONDS
from learning_service.domain.documents.actions import CONVERTER
from learning_service.domain.jobs.heartbeats import show_life
from learning_service.domain.kernel.base import new_id
from learning_service.worker.jobs.documents import settle_documents


async def converter(world: World) -> str:
    await asyncio.sleep(SHARED_SECONDS)
    answer = await world.http.get("/readyz")
    assert answer.status_code == 200
    word: str = answer.json()["parts"]["converter"]
    return word


async def forget_converters(world: World) -> None:
    async with world.worker.transaction(None) as session:
        await session.execute(text("DELETE FROM workers"))


async def test_a_presentation_without_any_converter_fails_with_that_reason(world: World) -> None:
    await forget_converters(world)
    assert await converter(world) == "absent"
    made = (await send(world.admin, files.pptx())).json()
    await settle_documents(world.worker, None)
    assert (await seen(world, made["id"]))["status"] == "converting", "one may still come"
    later = datetime.now(UTC) + timedelta(minutes=11)
    async with world.worker.transaction(None, at=later) as session:
        await show_life(session, new_id(), queue=CONVERTER, host="elsewhere")
    await settle_documents(world.worker, later)
    assert (await seen(world, made["id"]))["status"] == "converting", "one is there, and busy"
    await forget_converters(world)
    await settle_documents(world.worker, later)
    failed = await seen(world, made["id"])
    assert (failed["status"], failed["error_code"]) == ("failed", "no-converter")
    assert "LibreOffice" in failed["error"]


async def test_a_converter_that_is_there_is_named(world: World) -> None:
    async with world.worker.transaction(None) as session:
        await show_life(session, new_id(), queue=CONVERTER, host="here")
    assert await converter(world) == "ok"
    await forget_converters(world)


async def test_a_document_whose_job_is_dead_fails(world: World) -> None:
    made = (await send(world.admin, files.pdf())).json()
    async with world.worker.transaction(None) as session:
        await session.execute(
            text("UPDATE outbox SET status = 'dead' WHERE arguments ->> 'document_id' = :id"),
            {"id": made["id"]},
        )
    await settle_documents(world.worker, None)
    assert (await seen(world, made["id"]))["status"] == "converting", "its job may have ended just now"
    await settle_documents(world.worker, datetime.now(UTC) + timedelta(minutes=2))
    failed = await seen(world, made["id"])
    assert (failed["status"], failed["error_code"]) == ("failed", "gave-up")
    assert (await world.admin.ok("POST", f"/api/documents/{made['id']}/retry/"))["status"] == "converting"
    await world.run_jobs()
    assert (await seen(world, made["id"]))["status"] == "ready"


async def test_what_is_missing_on_this_machine_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nonexistent")
    monkeypatch.setattr(office, "_PLACES", ())
    assert await office.office_problem("bwrap") == "LibreOffice was not found"
    monkeypatch.setattr(office, "find_office", lambda: Path("/usr/lib/libreoffice/program/soffice.bin"))
    problem = await office.office_problem("bwrap")
    assert problem is not None
    assert "bwrap" in problem
    assert "CONVERT_SANDBOX=container" in problem
    assert await office.office_problem("none") is None

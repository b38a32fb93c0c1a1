"""Nobody takes all the room: places for uploads, an organization's storage; nobody learns what others have sent."""

import asyncio
import uuid
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from sqlalchemy import text
from tests.kit import documents as files
from tests.kit.sending import send, settled
from tests.kit.world import Caller, World

from learning_service.core.settings import Settings
from learning_service.domain.documents.rules import MIB
from learning_service.main import create_app
from learning_service.worker.jobs.unused_files import collect_files

pytestmark = pytest.mark.usefixtures("looks_here")

FORM = "multipart/form-data; boundary=b"
HEAD = b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.pdf"\r\n\r\n%PDF-'


@pytest.fixture
async def http(settings: Settings, make_settings: Any) -> AsyncIterator[httpx.AsyncClient]:
    """A process with small limits."""
    small = make_settings(
        settings.database_url, organization_storage_mib=2, uploads_per_principal=2, uploads_per_organization=3
    )
    application = create_app(small)
    async with application.router.lifespan_context(application):
        transport = httpx.ASGITransport(app=application, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="https://learn.example.org") as client:
            yield client


def here(http: httpx.AsyncClient, caller: Caller) -> Caller:
    return Caller(http, caller.token, caller.user)


async def test_an_organization_stores_so_much_and_no_more(
    world: World, other_world: World, http: httpx.AsyncClient
) -> None:
    boss = here(http, world.admin)
    large = files.pdf(padding=MIB)
    assert (await send(boss, large)).status_code == 202
    assert (await send(boss, large)).status_code == 202, "the same bytes take no more room"
    before = [key async for key in world.worker.store.keys("documents/")]
    answers = [await send(boss, files.pdf(2, padding=MIB)) for _ in range(2)]
    answers += [await send(here(http, world.call_as("r", "regional_admin:north")), files.pdf(3, padding=MIB))]
    for answer in answers:
        assert (answer.status_code, answer.json()["code"]) == (413, "quota-exceeded")
        assert "2 MiB" in answer.json()["detail"]
    assert [key async for key in world.worker.store.keys("documents/")] == before, "nothing is kept of it"
    assert (await send(boss, files.pdf(4))).status_code == 202, "what fits is taken"
    assert (await send(here(http, other_world.admin), files.pdf(2, padding=MIB))).status_code == 202


async def test_two_that_fit_alone_do_not_both_fit(world: World, http: httpx.AsyncClient) -> None:
    callers = [here(http, world.call_as(f"r{n}", "regional_admin:north")) for n in range(3)]
    answers = await asyncio.gather(
        *(send(caller, files.pdf(n + 1, padding=MIB)) for n, caller in enumerate(callers))
    )
    assert sorted(answer.status_code for answer in answers) == [202, 413, 413]


async def test_what_is_collected_frees_its_room_and_what_is_made_counts(
    world: World, http: httpx.AsyncClient
) -> None:
    boss = here(http, world.admin)
    made = (await send(boss, files.pdf(padding=MIB))).json()
    await settled(world, made["id"])
    assert (await send(boss, files.pdf(2, padding=MIB))).status_code == 413
    await collect_files(world.worker, datetime.now(UTC) + timedelta(days=31))
    again = (await send(boss, files.pdf(2, padding=MIB))).json()
    async with world.worker.transaction(world.id) as session:
        statement = "UPDATE documents SET size = 10, file_size = :size WHERE id = :id"
        await session.execute(text(statement), {"id": uuid.UUID(again["id"]), "size": 2 * MIB})
    assert (await send(boss, files.pdf(3))).status_code == 413


async def test_places_are_shared_fairly(world: World, other_world: World, http: httpx.AsyncClient) -> None:
    """Two for each author, three for an organization; then somebody else's are still free."""
    done, begun = asyncio.Event(), asyncio.Semaphore(0)

    async def slow() -> AsyncIterator[bytes]:
        yield HEAD
        begun.release()
        await done.wait()
        yield files.pdf()[5:] + b"\r\n--b--\r\n"

    def begin(caller: Caller) -> "asyncio.Task[httpx.Response]":
        call = here(http, caller)("POST", "/api/documents/", content=slow(), headers={"Content-Type": FORM})
        return asyncio.create_task(call)

    regional = world.call_as("r", "regional_admin:north")
    under_way = [begin(world.admin) for _ in range(2)]
    for _ in under_way:
        await begun.acquire()
    refused = await send(here(http, world.admin), files.pdf(7))
    assert (refused.status_code, refused.json()["code"]) == (429, "rate-limited")
    assert refused.headers["retry-after"]
    under_way.append(begin(regional))
    await begun.acquire()
    assert (await send(here(http, regional), files.pdf(7))).status_code == 429
    assert (await send(here(http, other_world.admin), files.pdf(7))).status_code == 202
    done.set()
    assert {(await one).status_code for one in under_way} == {202}
    assert (await send(here(http, world.admin), files.pdf(7))).status_code == 202, "places are free again"


async def test_nobody_learns_from_an_upload_what_another_author_has_sent(world: World) -> None:
    body = files.pdf(2)
    first = (await send(world.admin, body, "Dismissals 2027.pdf")).json()
    await settled(world, first["id"])
    answer = await send(world.call_as("r", "regional_admin:south"), body, "mine.pdf")
    theirs = answer.json()
    assert (theirs["name"], theirs["status"]) == ("mine.pdf", "converting"), "nor that it was there"
    assert theirs["id"] != first["id"]
    assert "Dismissals" not in answer.text
    again = (await send(world.admin, body, "again.pdf")).json()
    assert (again["id"], again["name"]) == (first["id"], "Dismissals 2027.pdf")


def form(*parts: tuple[str, str | None, bytes]) -> dict[str, Any]:
    body = b""
    for name, filename, content in parts:
        more = f'; filename="{filename}"' if filename else ""
        body += (
            f'--b\r\nContent-Disposition: form-data; name="{name}"{more}\r\n\r\n'.encode() + content + b"\r\n"
        )
    return {"content": body + b"--b--\r\n", "headers": {"Content-Type": FORM}}


async def test_hidden_slides_are_an_authors_choice(world: World) -> None:
    deck = ("file", "a.pptx", files.pptx(3, hidden=frozenset({2})))

    async def post(*parts: tuple[str, str | None, bytes]) -> httpx.Response:
        return await world.admin("POST", "/api/documents/", **form(*parts))

    shown = (await post(("hidden_slides", None, b"include"), deck)).json()
    left_out = (await post(deck, ("hidden_slides", None, b"skip"))).json()
    assert (shown["hidden_slides"], left_out["hidden_slides"]) == (True, False)
    assert shown["id"] != left_out["id"]
    assert (await post(deck)).json()["id"] == left_out["id"], "left out unless asked for"
    assert (await post(deck, ("hidden_slides", None, b"include"))).json()["id"] == shown["id"]
    pdf = ("file", "a.pdf", files.pdf())
    assert (await post(("hidden_slides", None, b"include"), pdf)).json()["hidden_slides"] is False
    before = [key async for key in world.worker.store.keys("documents/")]
    for wrong in (b"", b"yes", b"INCLUDE", b"include" * 1000, b"\xff"):
        for parts in ((("hidden_slides", None, wrong), pdf), (pdf, ("hidden_slides", None, wrong))):
            answer = await post(*parts)
            assert (answer.status_code, answer.json()["code"]) == (422, "invalid")
            assert answer.json()["errors"][0]["pointer"] == "/hidden_slides"
    twice = [("hidden_slides", None, b"skip"), ("hidden_slides", None, b"include"), pdf]
    assert (await post(*twice)).status_code == 422
    assert [key async for key in world.worker.store.keys("documents/")] == before

"""Files in a browser of another origin, with the token in a header: first the address, then the file."""

import asyncio
import json
import os
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.responses import HTMLResponse
from starlette.routing import Route
from starlette.types import ASGIApp
from tests.kit import documents as files
from tests.kit.chromium import Tab, chromium, find_chromium
from tests.kit.earned import earn
from tests.kit.learner import lesson, tree
from tests.kit.s3_servers import free_port
from tests.kit.sending import send, settled
from tests.kit.world import Json, Signer, World

from learning_service.api.accept import names_json
from learning_service.context import open_context
from learning_service.core.settings import Settings
from learning_service.main import create_app


@pytest.mark.parametrize(
    ("accept", "named"),
    [
        ("application/json", True),
        ("application/json, text/plain, */*", True),
        ("Application/JSON;q=0.9, */*;q=0.1", True),
        ("application/pdf;q=0.5, application/json", True),
        (None, False),
        ("", False),
        ("*/*", False),
        ("application/*", False),
        ("text/html,application/xhtml+xml,*/*;q=0.8", False),
        ("application/pdf, application/json;q=0.5", False),
        ("application/json;q=0", False),
        ("application/json;q=x", False),
        ("application/problem+json", False),
    ],
)
def test_who_names_json(accept: str | None, named: bool) -> None:
    assert names_json(accept) is named


async def test_an_address_as_a_redirect_or_as_json(world: World) -> None:
    earned = await earn(world)
    document = (await send(world.admin, files.pdf(2), "Slides.pdf")).json()
    ready = await settled(world, document["id"])
    for caller, path in ((earned.member, f"/api/certificates/{earned.id}/pdf/"), (world.admin, ready["url"])):
        before = datetime.now(UTC)
        redirect = await caller("GET", path)
        assert redirect.status_code == 307
        answer = await caller("GET", path, headers={"Accept": "application/json"})
        assert (answer.status_code, set(answer.json())) == (200, {"url", "expires_at"})
        for one in (redirect, answer):
            assert (one.headers["cache-control"], one.headers["vary"]) == ("no-store", "Accept")
        ends = datetime.fromisoformat(answer.json()["expires_at"])
        seconds = world.worker.store.presigned_seconds
        assert abs(ends - before - timedelta(seconds=seconds)) < timedelta(seconds=60)
        async with httpx.AsyncClient() as store:
            files_ = [await store.get(url) for url in (answer.json()["url"], redirect.headers["location"])]
        assert [one.content[:5] for one in files_] == [b"%PDF-"] * 2
    stranger = await world.member("dan")(
        "GET", f"/api/certificates/{earned.id}/pdf/", headers={"Accept": "application/json"}
    )
    assert (stranger.status_code, stranger.json()["code"]) == (404, "not-found")


@asynccontextmanager
async def served(app: ASGIApp) -> AsyncIterator[str]:
    """The application on a port of its own."""
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    config = uvicorn.Config(app, lifespan="off", log_level="warning", ws="none")
    server = uvicorn.Server(config)
    server.install_signal_handlers = lambda: None  # type: ignore[attr-defined]
    task = asyncio.create_task(server.serve(sockets=[listener]))
    yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    server.should_exit = True
    await task
    listener.close()


async def _page(_request: object) -> HTMLResponse:
    return HTMLResponse("<!doctype html><title>A frontend</title>")


FRONTEND = Starlette(routes=[Route("/", _page)])


@contextmanager
def store_for(origin: str, directory: Path) -> Iterator[str]:
    """The development copy's store, which lets pages of this origin alone read files."""
    (directory / "learning" / ".nanio-meta").mkdir(parents=True)
    port = free_port()
    environment = {
        **os.environ,
        "NANIO_ACCESS_KEY": "key",
        "NANIO_SECRET_KEY": "secret",
        "NANIO_DATA_DIR": str(directory),
        "CORS_ORIGINS": json.dumps([origin]),
    }
    factory = "learning_devstack.s3_app:create_app"
    command = [
        sys.executable,
        "-m",
        "uvicorn",
        "--factory",
        factory,
        "--port",
        str(port),
        "--log-level",
        "error",
    ]
    with subprocess.Popen(command, env=environment) as process:
        try:
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()


FETCH = """
(async () => {
    const address = await fetch(%s, {headers: {Authorization: %s, Accept: "application/json"}});
    const {url} = await address.json();
    const file = await fetch(url);
    const bytes = new Uint8Array(await file.arrayBuffer());
    const begins = String.fromCharCode(...bytes.slice(0, 5));
    return [address.status, file.status, begins, file.headers.get("Content-Disposition")].join(" ");
})().catch(error => String(error))
"""


async def fetched(tab: Tab, address: str, token: str) -> str:
    return str(await tab.evaluate(FETCH % (json.dumps(address), json.dumps(f"Bearer {token}"))))


@pytest.mark.long
async def test_a_browser_of_another_origin_loads_a_certificate_and_a_slide(
    settings: Settings, signer: Signer, tmp_path: Path, no_jobs: None
) -> None:
    executable = find_chromium()
    if executable is None:
        pytest.skip("no Chromium here: install chromium, or name one in CHROMIUM_PATH")
    async with served(FRONTEND) as frontend, served(FRONTEND) as stranger:
        with store_for(frontend, tmp_path / "s3") as store:
            there: Json = {
                "s3_endpoint_url": store,
                "s3_access_key_id": "key",
                "s3_secret_access_key": "secret",
            }
            changed = Settings(**{**settings.model_dump(), **there, "cors_origins": [frontend]})
            app = create_app(changed)
            async with (
                app.router.lifespan_context(app),
                served(app) as service,
                httpx.AsyncClient(base_url=service, timeout=30) as http,
                open_context(changed, "learning_worker") as worker,
                chromium(executable, tmp_path / "profile") as tab,
            ):
                world = World(http, signer, worker)
                await world.found()
                slides = await settled(
                    world, (await send(world.admin, files.pdf(2), "Slides.pdf")).json()["id"]
                )
                shown = tree(lesson(document_url=f"document:{slides['id']}"), title="Harm")
                earned = await earn(world, course=await world.course(shown))
                await world.run_jobs()
                token = world.member("ana").token
                paths = {f"/api/certificates/{earned.id}/pdf/": "Harm", slides["url"]: "Slides"}
                await tab.goto(f"{frontend}/")
                for path, name in paths.items():
                    told = await fetched(tab, f"{service}{path}", token)
                    assert told.startswith("200 200 %PDF- inline"), told
                    assert name in told
                await tab.goto(f"{stranger}/")
                for path in paths:
                    assert "Failed to fetch" in await fetched(tab, f"{service}{path}", token)
                url = (
                    await world.member("ana").ok("GET", slides["url"], headers={"Accept": "application/json"})
                )["url"]
                refused = await tab.evaluate(f"fetch({json.dumps(url)}).catch(error => String(error))")
                assert "Failed to fetch" in str(refused), "the store does not let it read either"

"""`/docs`: for people, from our own files, under a policy; and no page at all without one."""

import asyncio
import re
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from tests.kit.browser import address
from tests.kit.chromium import chromium, find_chromium
from tests.kit.world import World

from learning_service.api.routes import api_routes
from learning_service.core.settings import Settings

__all__ = ["address"]
PRODUCTION: dict[str, Any] = {
    "database_url": "postgresql+asyncpg://app:secret@db/learning",
    "environment": "production",
}


async def test_the_page_names_nothing_elsewhere(world: World) -> None:
    page = await world.http.get("/docs")
    assert page.headers["content-type"].startswith("text/html")
    named = re.findall(r'(?:src|href)="([^"]+)"', page.text)
    assert len(named) == 4
    for name in named:
        file = await world.http.get(name)
        assert file.status_code == 200
        assert name.startswith("/docs/")
        assert file.headers["x-content-type-options"] == "nosniff"
    assert (await world.http.get("/docs/secrets.json")).status_code == 404


async def test_every_page_has_a_policy(world: World, app: FastAPI) -> None:
    unknown = "4e9e7b5e-0a5a-4a0a-9a3e-0d1f0a7c9b11"
    pages = 0
    paths = ["/docs", "/docs/", "/nowhere", *(route.path for route in api_routes(app))]
    for path in paths:
        answer = await world.http.get(re.sub(r"\{\w+\}", unknown, path), headers={"Accept": "text/html"})
        if answer.headers.get("content-type", "").startswith("text/html"):
            pages += 1
            policy = answer.headers["content-security-policy"]
            assert "default-src 'none'" in policy, path
            assert "frame-ancestors 'none'" in policy, path
            assert "unsafe" not in policy, path
    assert pages >= 2


@pytest.mark.long
async def test_a_browser_shows_it_and_asks_nobody_else(world: World, address: str, tmp_path: Path) -> None:
    executable = find_chromium()
    if executable is None:
        pytest.skip("no Chromium here: install chromium, or name one in CHROMIUM_PATH")
    async with chromium(executable, tmp_path / "profile") as tab:
        await tab.goto(f"{address}/docs")
        for _ in range(100):
            if await tab.evaluate("document.querySelectorAll('.opblock').length") > 25:
                break
            await asyncio.sleep(0.1)
        else:
            raise AssertionError("the operations are not shown")
        await tab.evaluate("document.querySelector('.opblock-summary-control').click()")
        await asyncio.sleep(0.5)
        assert "parameters" in (await tab.evaluate("document.body.innerText")).lower()
        assert {url for url in tab.requests if not url.startswith((f"{address}/", "data:"))} == set()
        assert tab.errors == []


def test_production_shows_neither_reference_nor_figures_unless_told() -> None:
    quiet = Settings(**PRODUCTION)
    assert (quiet.reference_enabled, quiet.metrics_enabled) == (False, False)
    open_ = Settings(**PRODUCTION, reference_enabled=True, metrics_enabled=True)
    assert (open_.reference_enabled, open_.metrics_enabled) == (True, True)
    there = Settings(**{**PRODUCTION, "environment": "development"})
    assert (there.reference_enabled, there.metrics_enabled) == (True, True)

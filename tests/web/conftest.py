"""The web application as `make run` serves it, before one browser that all its tests share."""

import json
import uuid
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from tests.kit.browser import serving
from tests.kit.chromium import Browser, Tab, find_axe, find_chromium, running
from tests.kit.clerk import Clerk
from tests.kit.direct import database
from tests.kit.world import Signer, World

from learning_service.api.web_app import WEB_FILES
from learning_service.core.settings import Settings
from learning_service.main import create_app

__all__ = ["database"]
PHONE, DESK = 360, 1440
each_width = pytest.mark.parametrize(
    "width", [pytest.param(width, marks=pytest.mark.long) for width in (PHONE, DESK)]
)
"""A story of which every screen is judged, on a telephone and at a desk."""


@dataclass(frozen=True)
class Site:
    """The running application, and where the people are kept whom it offers to be."""

    address: str
    people: Path


@dataclass
class Stage:
    """One test's browser window and the people of its organization."""

    site: Site
    browser: Browser
    tab: Tab
    world: World
    signer: Signer
    thorough: bool
    """Whether screens are judged in the dark, too: what is itself marked `long` does that."""
    offered: list[dict[str, str]] = field(default_factory=list)

    def offers(self, user: str, name: str, *roles: str, role: str = "learner", **claims: Any) -> None:
        """Let the sign-in offer this person; again: with a new token."""
        token = self.signer.token(self.world.id, user, name=name, roles=list(roles), **claims)
        person = {"user_id": user, "name": name, "role": role, "token": token}
        self.offered = [*(one for one in self.offered if one["user_id"] != user), person]
        self.site.people.write_text(json.dumps({"people": self.offered}))

    def person(self, width: int, tab: Tab | None = None) -> Clerk:
        """Whoever sits before the window, or before another tab of it."""
        schemes = ("light", "dark") if self.thorough else ("light",)
        return Clerk(tab or self.tab, self.site.address, width, schemes)


@pytest.fixture(params=[pytest.param(True, marks=pytest.mark.long)], ids=["thorough"])
def thorough(request: pytest.FixtureRequest) -> bool:
    """A story that is told with a look at every screen, light and dark, on a telephone, too."""
    return bool(request.param)


@pytest.fixture(scope="session")
async def browser(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Browser]:
    """A real browser."""
    executable = find_chromium()
    if executable is None or find_axe() is None:
        pytest.skip("no Chromium or no axe-core here: install chromium, npm ci")
    async with running(executable, tmp_path_factory.mktemp("profile")) as made:
        yield made


@pytest.fixture(scope="session")
async def window(browser: Browser) -> AsyncIterator[Tab]:
    """A tab that all stages share: a new one costs a second of processor, and would compile all files anew."""
    async with browser.tab() as tab:
        yield tab


@pytest.fixture(scope="session")
def built_web() -> None:
    """The application's files."""
    if not (WEB_FILES / "index.html").is_file():
        pytest.skip("the web application is not built here: make web")


@pytest.fixture(scope="session")
async def site(
    built_web: None, settings: Settings, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Site]:
    """The service with the web application, at an address."""
    people = tmp_path_factory.mktemp("web") / f"{uuid.uuid4().hex}.json"
    app = create_app(settings.model_copy(update={"demonstration_people": people, "web_enabled": True}))
    async with app.router.lifespan_context(app), serving(app) as address:
        yield Site(address, people)


@pytest.fixture
async def stage(
    request: pytest.FixtureRequest,
    site: Site,
    browser: Browser,
    window: Tab,
    world: World,
    signer: Signer,
    settings: Settings,
) -> AsyncIterator[Stage]:
    """A clean window; what the page itself says went wrong, and a request elsewhere, are failures."""
    # All that have a browser are long; what says so itself is thorough.
    thorough = any(not mark.args for mark in request.node.iter_markers("long"))
    made = Stage(site, browser, window, world, signer, thorough)
    yield made
    errors, requests = window.heard()
    await window.clean(site.address)
    window.heard()
    assert errors == []
    # The store gives out files by addresses of its own; the browser shows a PDF by an extension of its own.
    ours = (site.address, f"{settings.s3_endpoint_url}", "data:", "chrome-extension:")
    assert [url for url in requests if not url.startswith(ours)] == []

"""The application on a database of its own, as fixtures: of all tests, and once more of those that look at all of it.

A conftest that imports them gives the tests of its folder another copy, empty of what other tests leave.
"""

import os
import uuid
from collections.abc import AsyncIterator, Callable
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from learning_service.context import Context, open_context
from learning_service.core.settings import Settings
from learning_service.main import create_app
from tests.kit.documented import Documented
from tests.kit.examples import recorded, write_recorded
from tests.kit.stack import GIVEN, create_database_from_template, drop_database

MakeSettings = Callable[..., Settings]
_references: list[dict[str, Any]] = []
"""What applications of this process say of themselves: the same, and it takes seconds to make."""


@pytest.fixture(scope="session")
async def settings(parts: object, make_settings: MakeSettings) -> AsyncIterator[Settings]:
    """Settings of the session's own database."""
    name = f"main_{uuid.uuid4().hex[:12]}"
    url = await create_database_from_template(parts, name)  # type: ignore[arg-type]
    yield make_settings(url)
    if GIVEN in os.environ:
        await drop_database(parts, name)  # type: ignore[arg-type]


@pytest.fixture(scope="session")
async def app(settings: Settings) -> AsyncIterator[FastAPI]:
    """The application, started."""
    application = create_app(settings)
    async with application.router.lifespan_context(application):
        yield application


@pytest.fixture(scope="session")
async def worker_context(settings: Settings) -> AsyncIterator[Context]:
    """The clients of a worker."""
    async with open_context(settings, "learning_worker") as context:
        yield context


@pytest.fixture(scope="session")
async def client(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    """An HTTP client of the application; fails on an answer that the reference does not name."""
    if _references:
        app.openapi_schema = _references[0]
    documented = Documented(app)
    _references.append(app.openapi())
    heard = recorded(documented, app.openapi()["paths"])
    transport = httpx.ASGITransport(app=heard, raise_app_exceptions=False)
    hooks = {"response": [documented.check]}
    async with httpx.AsyncClient(
        transport=transport, base_url="https://learn.example.org", event_hooks=hooks
    ) as http:
        yield http
    write_recorded(heard)

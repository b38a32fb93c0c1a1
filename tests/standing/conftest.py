"""An application that lives at another time."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime

import httpx
import pytest
from sqlalchemy.ext.asyncio import AsyncSession
from tests.kit.world import World
from tests.standing.facts import Clock

from learning_service import main
from learning_service.context import Context
from learning_service.core.settings import Settings
from learning_service.main import create_app


@pytest.fixture
async def clock() -> AsyncIterator[Clock]:
    """Every transaction of the service happens as of this clock's time, jobs and requests alike."""
    made = Clock(datetime.now(UTC))
    really = Context._open

    async def as_of(
        self: Context, session: AsyncSession, organization_id: str | None, at: datetime | None
    ) -> None:
        await really(self, session, organization_id, at or made.tick())

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Context, "_open", as_of)
        yield made


@pytest.fixture
async def years(world: World, settings: Settings, clock: Clock) -> AsyncIterator[World]:
    """The same organization through an application without hot paths and without reads by the driver alone: their
    time is the database's.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(main, "HOT_PATHS", ())
        application = create_app(settings)
    async with application.router.lifespan_context(application):
        application.state.context.readers.is_off = True
        transport = httpx.ASGITransport(app=application, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="https://learn.example.org") as http:
            yield replace(world, http=http)

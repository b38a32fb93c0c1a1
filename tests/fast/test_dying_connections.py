"""A connection whose backend has just been ended, where the driver has read why and not yet that it is closed."""

from typing import Any

import pytest
from fastapi import FastAPI
from tests.kit.learner import Learner, lesson, quiz, tree
from tests.kit.world import World

from learning_service.context import Context
from learning_service.core.database import Unsure

FIELDS = b"SFATAL\0VFATAL\0C57P01\0Mterminating connection due to administrator command\0\0"
ENDED = b"E" + (len(FIELDS) + 4).to_bytes(4, "big") + FIELDS


@pytest.fixture
def context(app: FastAPI) -> Context:
    found: Context = app.state.context
    return found


def end_all(context: Context) -> int:
    """Tell each idle connection what PostgreSQL tells it at its end; how many there were."""
    idle: list[Any] = context.direct._idle
    for connection in idle:
        connection._protocol.data_received(ENDED)
    return len(idle)


async def test_callers_do_not_notice(world: World, context: Context) -> None:
    at = await Learner.enter(world, tree(lesson(), quiz("Q")), user="ana")
    for path in ("/api/courses/", f"/api/courses/{at.course}/modules/"):
        await at.call.ok("GET", path)
        assert end_all(context)
        await at.call.ok("GET", path)
    await at.call.ok("GET", "/api/courses/")
    assert end_all(context)
    assert (await at.submit("Q"))["number"] == 1


async def test_of_a_write_nobody_knows(context: Context) -> None:
    await context.direct.close()  # of several that others left, the next one would be ended too
    assert await context.direct.row("SELECT 1") is not None
    assert end_all(context)
    with pytest.raises(Unsure):
        await context.direct.write("SELECT 1")
    assert await context.direct.row("SELECT 1") is not None

"""Fixtures of these tests beside the common ones."""

import pytest
from tests.contract.course import Course, open_course
from tests.kit.direct import database
from tests.kit.world import World

__all__ = ["database"]


@pytest.fixture
async def course(world: World) -> Course:
    """A course that ana is enrolled in."""
    return await open_course(world)

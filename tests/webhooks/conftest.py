"""Who manages webhooks in these tests."""

import pytest

from tests.kit.world import Caller, World


@pytest.fixture
def manager(world: World) -> Caller:
    """A service that manages webhooks and reads the feed."""
    return world.call_as("platform", scopes=["webhooks:manage", "events:read"])

"""What tests do differently while mutmut tries changes: thousands of runs, each of which needs one failure."""

import os

import pytest
from hypothesis import HealthCheck, Phase, settings

from tests.kit.drawn import some_of

MODE = "LEARNING_MUTATION"
"""`pure`: without the tests that need parts; `parts`: with them; unset: this is no such run."""


class PureOnly:
    """Leaves out the tests that would start PostgreSQL, Redis and S3."""

    def pytest_collection_modifyitems(self, config: pytest.Config, items: list[pytest.Item]) -> None:
        """Deselect whatever asks for the fixture `parts`, also by way of others."""
        beside = [item for item in items if "parts" in getattr(item, "fixturenames", ())]
        config.hook.pytest_deselected(items=beside)
        items[:] = [item for item in items if item not in beside]


def set_up_hypothesis(config: pytest.Config) -> None:
    """Call from `pytest_configure`. The same examples each time, and no search for a smaller failure.

    No example is held to a time in any run: a busy machine stands still now and then.
    """
    mode = os.environ.get(MODE)
    if not mode:
        settings.register_profile("plain", deadline=None, max_examples=some_of())
        settings.load_profile("plain")
        return
    settings.register_profile(
        "mutation",
        max_examples=25,
        phases=(Phase.explicit, Phase.generate),
        derandomize=True,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    settings.load_profile("mutation")
    if mode == "pure":
        config.pluginmanager.register(PureOnly(), "pure-only")

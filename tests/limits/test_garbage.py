"""The search for garbage, which stops every call for as long as it takes, leaves out what lasts."""

import subprocess
import sys

import pytest
from tests.kit.processes import ROOT, environment

from learning_service.core.settings import Settings

LOOK = """
import gc
from learning_service.api.openapi import built
from learning_service.cli.api import settled_app
from learning_service.core.settings import Settings
app = settled_app(Settings())
frozen, left = gc.get_freeze_count(), len(gc.get_objects())
from starlette.testclient import TestClient
built.written = None
print(frozen, left, TestClient(app).get("/openapi.json").status_code)
"""


@pytest.mark.long
def test_a_search_for_garbage_does_not_look_at_the_application(settings: Settings) -> None:
    ran = subprocess.run(
        [sys.executable, "-c", LOOK],
        cwd=ROOT,
        env=environment(settings),
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    frozen, left, status = ran.stdout.split()
    assert int(frozen) > 100_000
    assert int(left) < 10_000
    assert status == "200", "the reference is written and compressed before the first call"

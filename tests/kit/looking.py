"""Looks inside files in the tests' own process: most tests need what a look finds, and not its confinement.

A confined process for each file takes a quarter of a second. The tests of uploads, inspections and checks that are
about it go through one.
"""

import asyncio
import importlib
import json
from collections.abc import Sequence
from pathlib import Path

import pytest
from PIL import Image

from learning_service.adapters.confinement import Ended
from learning_service.adapters.inspection import inspections
from learning_service.adapters.inspection.findings import found_by


async def _look(argv: Sequence[str], **_confinement: object) -> Ended:
    *_, module, path = argv
    look = importlib.import_module(module).look
    found = await asyncio.to_thread(found_by, look, Path(path))
    return Ended(0, json.dumps(dict(found)).encode())


@pytest.fixture
def looks_here(monkeypatch: pytest.MonkeyPatch) -> None:
    """Files are looked at by this process."""
    monkeypatch.setattr(inspections, "run_confined", _look)
    # A look sets it for its process.
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", Image.MAX_IMAGE_PIXELS)

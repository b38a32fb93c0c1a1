"""A process that is killed between commit and reply: whoever asks again gets the answer it owed."""

import asyncio
import contextlib
import signal
import sys
import uuid
from pathlib import Path

import httpx
import pytest
from tests.kit import processes
from tests.kit.world import Caller, World

from learning_service.core.settings import Settings

pytestmark = [pytest.mark.timeout(180), pytest.mark.long]
APP = "tests.idempotency.dying_api:create_dying_app"
DYING = (
    sys.executable,
    "-c",
    f"import os, uvicorn; uvicorn.run({APP!r}, factory=True, port=int(os.environ['PORT']))",
)


async def test_killed_between_commit_and_reply(world: World, settings: Settings, tmp_path: Path) -> None:
    key = {"Idempotency-Key": uuid.uuid4().hex}
    body = {"title": "Ethics", "scope": "national"}
    async with processes.api(settings, tmp_path / "log", DYING) as (running, http):
        answer = None
        with contextlib.suppress(httpx.TransportError):
            answer = await Caller(http, world.admin.token, "boss")("POST", "/api/courses/", body, headers=key)
        assert answer is None
        assert await asyncio.to_thread(running.process.wait, 10) == -signal.SIGKILL
    again = await world.admin("POST", "/api/courses/", body, headers=key)
    assert again.status_code == 201
    assert again.headers["idempotency-replayed"] == "true"
    [course] = (await world.admin.ok("GET", "/api/courses/"))["items"]
    assert course == again.json()

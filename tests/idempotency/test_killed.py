"""A process that is killed between commit and reply: whoever asks again gets the answer it owed."""

import asyncio
import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import uuid
from pathlib import Path

import httpx
import pytest
from tests.world import Caller, World

from learning_service.settings import Settings

pytestmark = [pytest.mark.timeout(180), pytest.mark.long]
ROOT = Path(__file__).resolve().parents[2]


def _environment(settings: Settings) -> dict[str, str]:
    values = json.loads(settings.model_dump_json(exclude_none=True, exclude_defaults=True))
    for name in ("redis_url", "s3_secret_access_key"):
        values[name] = getattr(settings, name).get_secret_value()
    named = {
        name.upper(): value if isinstance(value, str) else json.dumps(value) for name, value in values.items()
    }
    return {**os.environ, **named}


async def test_killed_between_commit_and_reply(world: World, settings: Settings) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "uvicorn", "--factory", "tests.idempotency.dying_api:create_dying_app"]
    process = subprocess.Popen(  # noqa: ASYNC220
        [*command, "--port", str(port), "--log-level", "error"], cwd=ROOT, env=_environment(settings)
    )
    key = {"Idempotency-Key": uuid.uuid4().hex}
    body = {"title": "Ethics", "scope": "national"}
    try:
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as http:
            await _until_alive(http)
            answer = None
            with contextlib.suppress(httpx.TransportError):
                answer = await Caller(http, world.admin.token, "boss")(
                    "POST", "/api/courses/", body, headers=key
                )
            assert answer is None
        assert await asyncio.to_thread(process.wait, 10) == -signal.SIGKILL
    finally:
        process.kill()
        process.wait()
    again = await world.admin("POST", "/api/courses/", body, headers=key)
    assert again.status_code == 201
    assert again.headers["idempotency-replayed"] == "true"
    [course] = (await world.admin.ok("GET", "/api/courses/"))["items"]
    assert course == again.json()


async def _until_alive(http: httpx.AsyncClient) -> None:
    for _ in range(400):
        try:
            if (await http.get("/healthz")).status_code == 200:
                return
        except httpx.TransportError:
            await asyncio.sleep(0.1)
    raise AssertionError("the process did not start")

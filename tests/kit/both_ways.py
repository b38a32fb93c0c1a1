"""The same call by its hot path and by its ordinary route."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest

from learning_service import main
from learning_service.core.settings import Settings
from learning_service.main import create_app
from tests.kit.world import Caller


@asynccontextmanager
async def without_hot_paths(settings: Settings) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the same application without hot paths."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(main, "HOT_PATHS", ())
        application = create_app(settings)
    async with application.router.lifespan_context(application):
        transport = httpx.ASGITransport(app=application, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="https://learn.example.org") as http:
            yield http


def normal(value: Any) -> Any:
    """JSON with times in one form: PostgreSQL leaves out zeros at the end of a second's fraction."""
    if isinstance(value, dict):
        return {name: normal(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [normal(inner) for inner in value]
    if isinstance(value, str) and re.fullmatch(r"[0-9-]{10}T[0-9:]{8}(\.[0-9]+)?Z", value):
        whole, _, fraction = value[:-1].partition(".")
        return f"{whole}.{fraction.rstrip('0')}"
    return value


async def compare(plain: httpx.AsyncClient, caller: Caller, path: str) -> httpx.Response:
    """Both answers, which must be alike but for the request's id and the time."""
    hot = await caller("GET", path)
    ordinary = await Caller(plain, caller.token, caller.user)("GET", path)
    assert hot.status_code == ordinary.status_code, path
    differing = {"x-request-id", "content-length"}
    assert {n: v for n, v in hot.headers.items() if n not in differing} == {
        n: v for n, v in ordinary.headers.items() if n not in differing
    }
    bodies = [normal(answer.json()) for answer in (hot, ordinary)]
    for body in bodies:
        body.pop("request_id", None)
        body.pop("instance", None)
    assert bodies[0] == bodies[1], path
    if hot.status_code == 200:
        assert list(hot.json()) == list(ordinary.json())
    return hot

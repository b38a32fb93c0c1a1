"""Limits through the application, and shared by two processes through Redis."""

import asyncio
import uuid
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from tests.kit.service import MakeSettings
from tests.kit.world import Caller, World, choice, right, small_tree

from learning_service.core.rate_limits import WINDOW_SECONDS
from learning_service.core.settings import Settings
from learning_service.core.tokens import TokenVerifier
from learning_service.main import create_app

SETTLED = 0.5


@asynccontextmanager
async def started(settings: Settings) -> AsyncIterator[FastAPI]:
    application = create_app(settings)
    async with application.router.lifespan_context(application):
        yield application


def client_of(application: FastAPI, address: str | None = None) -> httpx.AsyncClient:
    """A client from an address of its own, so that tests do not count each other's guesses."""
    address = address or str(uuid.uuid4().int % 2**32)
    transport = httpx.ASGITransport(app=application, raise_app_exceptions=False, client=(address, 1))
    return httpx.AsyncClient(transport=transport, base_url="https://learn.example.org")


@pytest.fixture
async def two(settings: Settings, make_settings: MakeSettings) -> AsyncIterator[tuple[FastAPI, FastAPI]]:
    """Two API processes with small budgets."""
    small = make_settings(
        settings.database_url,
        principal_requests_per_second=1,
        principal_burst=20,
        unknown_certificates_per_minute=6,
        trusted_proxies=["10.0.0.0/8"],
    )
    async with AsyncExitStack() as stack:
        first = await stack.enter_async_context(started(small))
        second = await stack.enter_async_context(started(small))
        yield first, second


def unknown() -> str:
    return f"/api/certificates/{uuid.uuid4()}/verify/"


async def test_a_principal_has_a_budget(world: World, two: tuple[FastAPI, FastAPI]) -> None:
    async with client_of(two[0]) as http:
        caller = Caller(http, world.member().token, "ana")
        statuses = [(await caller("GET", "/api/courses/")).status_code for _ in range(20)]
        assert statuses == [200] * 20
        while (refused := await caller("GET", "/api/courses/")).status_code == 200:
            pass
        assert refused.status_code == 429
        assert refused.json()["code"] == "rate-limited"
        assert refused.headers["content-type"] == "application/problem+json"
        assert refused.headers["retry-after"] == "1"
        another = Caller(http, world.member("bob").token, "bob")
        assert (await another("GET", "/api/courses/")).status_code == 200
        await asyncio.sleep(1.1)
        assert (await caller("GET", "/api/courses/")).status_code == 200


async def test_whose_calls_are_spent_is_refused_at_the_door(
    world: World, two: tuple[FastAPI, FastAPI], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    tokens = two[0].state.context.tokens

    async def counted(verifier: TokenVerifier, token: str, **named: Any) -> Any:
        asked.append(token)
        return await verify(verifier, token, **named)

    verify = TokenVerifier.verify
    async with client_of(two[0]) as http:
        caller = Caller(http, world.member().token, "ana")
        while (refused := await caller("GET", "/api/courses/")).status_code == 200:
            pass
        assert refused.headers["connection"] == "close"
        monkeypatch.setattr(type(tokens), "verify", counted)
        answers = [await caller("GET", "/api/me/") for _ in range(20)]
        assert {(answer.status_code, answer.json()["code"]) for answer in answers} == {(429, "rate-limited")}
        assert asked == []
        path = f"/api/certificates/{uuid.uuid4()}/verify/"
        assert (await caller("GET", path)).status_code == 404, "what anyone may ask"


async def test_two_processes_share_a_principals_budget(world: World, two: tuple[FastAPI, FastAPI]) -> None:
    token = world.member().token
    async with client_of(two[0]) as here, client_of(two[1]) as there:
        for _ in range(20):
            await Caller(here, token, "ana")("GET", "/api/courses/")
        caller = Caller(there, token, "ana")
        # Fewer than are let through where the other process is not heard of.
        for _ in range(15):
            if (await caller("GET", "/api/courses/")).status_code == 429:
                return
            await asyncio.sleep(SETTLED / 2)
        pytest.fail("it counts for itself alone")


@pytest.mark.parametrize("as_page", [False, True])
async def test_guesses_are_limited_and_what_is_known_is_answered(
    world: World, two: tuple[FastAPI, FastAPI], as_page: bool
) -> None:
    known = await _certificate(world)
    kind = "" if as_page else "/api"
    async with client_of(two[0]) as http:
        for _ in range(6):
            answer = await http.get(f"{kind}/certificates/{uuid.uuid4()}/verify/")
            assert answer.status_code == 404
        refused = await http.get(f"{kind}/certificates/{uuid.uuid4()}/verify/")
        assert refused.status_code == 429
        assert refused.json()["code"] == "rate-limited"
        assert 1 <= int(refused.headers["retry-after"]) <= WINDOW_SECONDS
        assert (await http.get(f"{kind}/certificates/{known}/verify/")).status_code == 200
        many = await http.post("/api/certificates/verify/", json={"ids": [known]})
        assert many.status_code == 200
        assert (await http.get("/api/certificates/nonsense/verify/")).status_code == 404
    async with client_of(two[0]) as elsewhere:
        assert (await elsewhere.get(unknown())).status_code == 404


async def test_a_picture_of_the_unknown_is_a_guess_and_one_that_is_not_shown_is_none(
    world: World, two: tuple[FastAPI, FastAPI]
) -> None:
    known = await _certificate(world)
    async with client_of(two[0]) as http:
        for number in [known] * 8 + [str(uuid.uuid4()) for _ in range(6)]:
            assert (await http.get(f"/api/certificates/{number}/picture.png/")).status_code == 404
        assert (await http.get(f"/api/certificates/{uuid.uuid4()}/picture.png/")).status_code == 429
        assert (await http.get(f"/api/certificates/{known}/picture.png/")).status_code == 404


async def test_each_unknown_id_of_many_counts(two: tuple[FastAPI, FastAPI]) -> None:
    async with client_of(two[0]) as http:
        ids = [str(uuid.uuid4()) for _ in range(6)]
        answer = await http.post("/api/certificates/verify/", json={"ids": ids})
        assert answer.status_code == 200
        assert (await http.get(unknown())).status_code == 429
        again = await http.post("/api/certificates/verify/", json={"ids": ids[:1]})
        assert again.status_code == 429


async def test_files_that_are_no_certificate_count(two: tuple[FastAPI, FastAPI]) -> None:
    async with client_of(two[0]) as http:
        for expected in (200,) * 6 + (429,):
            file = {"file": ("a.png", b"\x89PNG\r\n\x1a\n", "image/png")}
            assert (await http.post("/api/certificates/check/", files=file)).status_code == expected


@pytest.mark.long
async def test_two_processes_count_guesses_together(two: tuple[FastAPI, FastAPI]) -> None:
    address = str(uuid.uuid4().int % 2**32)
    async with client_of(two[0], address) as here, client_of(two[1], address) as there:
        for _ in range(6):
            assert (await here.get(unknown())).status_code == 404
        for _ in range(5):
            await asyncio.sleep(SETTLED)
            if (await there.get(unknown())).status_code == 429:
                return
        pytest.fail("it counts for itself alone")


async def test_proxies_are_believed_only_when_they_are_ours(two: tuple[FastAPI, FastAPI]) -> None:
    visitor = f"2001:db8:{uuid.uuid4().int % 65536:x}:{uuid.uuid4().int % 65536:x}::"
    async with client_of(two[0], "10.1.2.3") as proxied:
        for n in range(6):
            headers = {"X-Forwarded-For": f"9.9.9.{n}, {visitor}{n}"}
            assert (await proxied.get(unknown(), headers=headers)).status_code == 404
        assert (await proxied.get(unknown(), headers={"X-Forwarded-For": f"{visitor}ff"})).status_code == 429
        assert (await proxied.get(unknown(), headers={"X-Forwarded-For": "9.9.9.1"})).status_code == 404
    async with client_of(two[0]) as stranger:
        for n in range(6):
            await stranger.get(unknown(), headers={"X-Forwarded-For": f"9.8.9.{n}"})
        assert (await stranger.get(unknown(), headers={"X-Forwarded-For": "9.8.9.7"})).status_code == 429


async def _certificate(world: World) -> str:
    tree = small_tree(modules=[], assessment={"title": "Final", "pass_score": 80, "questions": [choice()]})
    course, ana = await world.course(tree), world.member()
    await ana.ok("POST", f"/api/courses/{course['id']}/enroll/")
    final = (await ana.ok("GET", f"/api/courses/{course['id']}/modules/"))["assessment"]["id"]
    shown = await ana.ok("GET", f"/api/assessments/{final}/")
    answers = [right(question, {"texts": ["right"]}) for question in shown["questions"]]
    result = await ana.ok("POST", f"/api/assessments/{final}/submit/", {"responses": answers})
    return str(result["certificate"]["id"])

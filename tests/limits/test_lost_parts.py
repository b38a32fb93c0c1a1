"""Parts that die, hang or are overloaded: every answer comes soon and says when to retry, and all ends by itself."""

import asyncio
import os
import signal
import time
import uuid
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from statistics import median

import asyncpg
import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import text
from tests.kit.migrating import migrate
from tests.kit.waiting import PATIENCE_SECONDS
from tests.kit.world import Signer, World

from learning_devstack.parts import Parts, start_throwaway_parts
from learning_service.api import bodies as wire
from learning_service.api.shared import SHARED_SECONDS
from learning_service.context import open_context
from learning_service.core.settings import Issuer, Settings
from learning_service.main import create_app

pytestmark = [pytest.mark.timeout(180), pytest.mark.long]
COURSES = "/api/courses/"
SUBMIT = f"/api/quizzes/{uuid.uuid4()}/submit/"
COURSE = {"title": "Ethics", "scope": "national"}


@dataclass
class Stack:
    """A service with parts of its own, which may be hurt."""

    parts: Parts
    app: FastAPI
    world: World
    settings: Settings

    def signal(self, part: str, number: int) -> None:
        """Send a signal to every process of a part."""
        pid = self.parts.own[part].process.pid
        assert pid is not None
        os.killpg(pid, number)

    def revive(self, part: str) -> None:
        """Start a part that was killed."""
        self.parts.own[part].begin()
        self.parts.own[part].wait()


@pytest.fixture(scope="module")
def own_parts() -> Iterator[Parts]:
    started = start_throwaway_parts()
    yield started
    for name in ("redis", "postgres"):
        pid = started.own[name].process.pid
        if pid is not None and started.own[name].process.is_running():
            os.killpg(pid, signal.SIGCONT)
    started.stop()


@pytest.fixture(scope="module")
async def stack(own_parts: Parts, signer: Signer) -> AsyncIterator[Stack]:
    await migrate(own_parts.database_url)
    settings = Settings(
        environment="development",
        database_url=own_parts.database_url,
        redis_url=own_parts.redis_url,
        s3_endpoint_url=own_parts.s3_endpoint_url,
        s3_access_key_id=own_parts.s3_access_key_id,
        s3_secret_access_key=own_parts.s3_secret_access_key,
        auth_issuers=[Issuer(issuer=signer.issuer, jwks_file=signer.jwks_file)],
        database_pool_size=4,
        max_concurrent_requests=20,
        log_level="error",
    )
    application = create_app(settings)
    async with application.router.lifespan_context(application):
        transport = httpx.ASGITransport(app=application, raise_app_exceptions=False)
        async with (
            httpx.AsyncClient(transport=transport, base_url="https://learn.example.org", timeout=60) as http,
            open_context(settings, "learning_worker") as worker,
        ):
            world = World(http, signer, worker)
            await world.push()
            await keep(own_parts)
            yield Stack(own_parts, application, world, settings)


async def keep(parts: Parts) -> None:
    """Put on disk what has been committed: the tests' PostgreSQL may lose its last second when it is killed."""
    connection = await asyncpg.connect(parts.database_url.replace("+asyncpg", ""))
    await connection.execute("CHECKPOINT")
    await connection.close()


async def timed(call: object) -> tuple[httpx.Response, float]:
    started = time.monotonic()
    response: httpx.Response = await call  # type: ignore[misc]
    return response, time.monotonic() - started


def assert_unavailable(response: httpx.Response) -> None:
    assert response.status_code == 503, response.text
    assert response.json()["code"] == "unavailable"
    assert int(response.headers["retry-after"]) >= 1


async def until_served(stack: Stack, seconds: float) -> float:
    """How long it took until a request was served again."""
    started = time.monotonic()
    while True:
        response = await stack.world.admin("GET", COURSES)
        if response.status_code == 200:
            return time.monotonic() - started
        assert_unavailable(response)
        assert time.monotonic() - started < seconds
        await asyncio.sleep(0.1)


@pytest.mark.parametrize("how", [signal.SIGSTOP, signal.SIGKILL])
async def test_without_redis_requests_are_served_and_guessing_is_limited(stack: Stack, how: int) -> None:
    if how == signal.SIGKILL:
        stack.parts.own["redis"].process.kill()
    else:
        stack.signal("redis", how)
    try:
        times = []
        for n in range(20):
            body = {"name": f"North {n}", "region_id": "north"}
            push = stack.world.directory("PUT", "/api/directory/chapters/n1/", body)
            response, seconds = await timed(push)
            assert response.status_code == 200
            response, more = await timed(stack.world.admin("POST", COURSES, COURSE))
            assert response.status_code == 201
            times.append(seconds + more)
        # Not each of them waits for Redis; on a busy machine some wait for the processor.
        assert median(times) < 0.6, times
        statuses = [(await stack.world.http.get(_unknown())).status_code for _ in range(61)]
        assert statuses[-1] == 429
        ready, seconds = await _ask_anew(stack)
        assert (ready.status_code, ready.json()["status"], ready.json()["parts"]["redis"]) == (
            200,
            "degraded",
            "down",
        )
        assert seconds < 10
    finally:
        if how == signal.SIGSTOP:
            stack.signal("redis", signal.SIGCONT)
        else:
            stack.revive("redis")
    await _until_ready(stack)


async def test_a_hanging_database_is_said_soon_and_recovers(stack: Stack) -> None:
    await stack.world.admin.ok("GET", COURSES)
    _freeze_postgres(stack, signal.SIGSTOP)
    try:
        ready, seconds = await _ask_anew(stack)
        assert ready.status_code == 503
        assert "retry-after" in ready.headers
        assert seconds < 10
        answers = await asyncio.gather(*(timed(stack.world.admin("GET", COURSES)) for _ in range(12)))
        for response, _ in answers:
            assert_unavailable(response)
        slowest = max(seconds for _, seconds in answers)
        print(f"slowest answer from a hanging database: {slowest:.1f} s")
        assert slowest < 30
    finally:
        _freeze_postgres(stack, signal.SIGCONT)
    print(f"served again after {await until_served(stack, PATIENCE_SECONDS):.1f} s")


async def test_a_killed_database_is_said_soon_and_recovers(stack: Stack) -> None:
    await stack.world.admin.ok("GET", COURSES)
    stack.parts.own["postgres"].process.kill()
    response, seconds = await timed(stack.world.admin("GET", COURSES))
    assert_unavailable(response)
    assert seconds < 20
    response, seconds = await timed(stack.world.http.get(_unknown()))
    assert_unavailable(response)
    ready, seconds = await _ask_anew(stack)
    assert (ready.status_code, ready.json()["parts"]["database"]) == (503, "down")
    assert seconds < 10
    alive = await stack.world.http.get("/healthz")
    assert alive.status_code == 200
    await asyncio.to_thread(stack.revive, "postgres")
    print(f"served again after {await until_served(stack, PATIENCE_SECONDS):.1f} s")


async def test_a_restarted_database_is_not_even_noticed(stack: Stack) -> None:
    await asyncio.gather(*(stack.world.admin.ok("GET", COURSES) for _ in range(4)))
    stack.parts.own["postgres"].process.kill()
    await asyncio.to_thread(stack.revive, "postgres")
    answers = await asyncio.gather(*(stack.world.admin("GET", COURSES) for _ in range(4)))
    assert [answer.status_code for answer in answers] == [200] * 4


async def test_a_locked_row_costs_its_waiter_two_seconds_and_nobody_else_any(stack: Stack) -> None:
    async with stack.world.worker.transaction(None) as session:
        await session.execute(text("SELECT 1 FROM chapters WHERE id = 'n2' FOR UPDATE"))
        body = {"name": "Locked", "region_id": "north"}
        path = "/api/directory/chapters/n2/"
        waiting = asyncio.create_task(timed(stack.world.directory("PUT", path, body)))
        await asyncio.sleep(0.2)
        assert (await stack.world.admin("GET", COURSES)).status_code == 200
        assert not waiting.done()
        refused, seconds = await waiting
        assert_unavailable(refused)
        assert 1.5 < seconds < 20
    assert (await stack.world.directory("PUT", path, body)).status_code == 200


async def test_an_exhausted_pool_refuses_after_its_patience(stack: Stack) -> None:
    async with stack.world.worker.transaction(None) as session:
        await session.execute(text("SELECT 1 FROM chapters WHERE id = 'n2' FOR UPDATE"))
        body = {"name": "Locked", "region_id": "north"}
        pushes = [stack.world.directory("PUT", "/api/directory/chapters/n2/", body) for _ in range(8)]
        answers = await asyncio.gather(*(timed(push) for push in pushes))
        for response, seconds in answers:
            assert_unavailable(response)
            assert seconds < 30


async def test_a_slow_sender_is_answered_and_holds_no_connection(
    stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wire, "RECEIVE_SECONDS", 3)
    slow = [asyncio.create_task(_send_slowly(stack)) for _ in range(8)]
    await asyncio.sleep(0.2)
    assert (await stack.world.admin("GET", COURSES)).status_code == 200
    assert not any(one.done() for one in slow), "nobody's end made room"
    for answer in await asyncio.gather(*slow):
        assert (answer.status_code, answer.json()["code"]) == (408, "request-timeout")
        assert answer.headers["connection"] == "close"


async def test_more_at_once_than_the_process_can_carry_is_refused_at_once(stack: Stack) -> None:
    waiting = [
        asyncio.create_task(_wait_for_events(stack)) for _ in range(stack.settings.max_concurrent_requests)
    ]
    await asyncio.sleep(1.5)
    refused = await stack.world.admin("GET", COURSES)
    assert_unavailable(refused)
    assert not any(one.done() for one in waiting), "it waited for a place"
    assert refused.headers["x-request-id"]
    assert (await stack.world.http.get("/healthz")).status_code == 200
    assert (await stack.world.http.get("/readyz")).status_code == 200
    assert {answer.status_code for answer in await asyncio.gather(*waiting)} == {200}
    assert (await stack.world.admin("GET", COURSES)).status_code == 200


async def test_slow_senders_take_no_place_and_who_comes_when_all_are_taken_waits_its_turn(
    stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A body that is there only when all places are taken is refused like any other request, in both lanes."""
    monkeypatch.setattr(wire, "RECEIVE_SECONDS", 2)
    slow = [
        asyncio.create_task(_send_slowly(stack)) for _ in range(2 * stack.settings.max_concurrent_requests)
    ]
    await asyncio.sleep(0.3)
    assert (await stack.world.admin("GET", COURSES)).status_code == 200
    assert {answer.status_code for answer in await asyncio.gather(*slow)} == {408}
    late = [asyncio.create_task(_send_slowly(stack, path=path, pause=1)) for path in (COURSES, SUBMIT)]
    await asyncio.sleep(0.2)
    waiting = [
        asyncio.create_task(_wait_for_events(stack)) for _ in range(stack.settings.max_concurrent_requests)
    ]
    for answer in await asyncio.gather(*late):
        assert_unavailable(answer)
    assert {answer.status_code for answer in await asyncio.gather(*waiting)} == {200}


async def _wait_for_events(stack: Stack) -> httpx.Response:
    """A call that is worked on for five seconds, without a connection to the database."""
    last = (await stack.world.admin("GET", "/api/events/?limit=200")).json()["next_cursor"]
    return await stack.world.admin("GET", f"/api/events/?wait=5&after={last}")


async def _send_slowly(stack: Stack, *, path: str = COURSES, pause: float = 30) -> httpx.Response:
    async def drip() -> AsyncIterator[bytes]:
        yield b'{"title": '
        await asyncio.sleep(pause)
        yield b'"Late"}'

    token = stack.world.admin.token
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    return await stack.world.http.post(path, content=drip(), headers=headers)


def _unknown() -> str:
    return f"/api/certificates/{uuid.uuid4()}/verify/"


def _freeze_postgres(stack: Stack, number: int) -> None:
    # Every backend is a session of its own, so the group is not enough.
    leader = stack.parts.own["postgres"].process.pid
    assert leader is not None
    children = [
        int(entry) for entry in os.listdir("/proc") if entry.isdigit() and _parent_of(entry) == leader
    ]
    for pid in (leader, *children):
        os.kill(pid, number)


def _parent_of(pid: str) -> int:
    try:
        with open(f"/proc/{pid}/stat") as file:
            return int(file.read().rpartition(")")[2].split()[1])
    except OSError:
        return 0


async def _ask_anew(stack: Stack) -> tuple[httpx.Response, float]:
    """What /readyz says, not what it has said less than a second ago."""
    await asyncio.sleep(SHARED_SECONDS)
    return await timed(stack.world.http.get("/readyz"))


async def _until_ready(stack: Stack) -> None:
    for _ in range(100):
        if (await stack.world.http.get("/readyz")).json()["status"] == "ok":
            return
        await asyncio.sleep(0.1)
    raise AssertionError("it is not ready again")

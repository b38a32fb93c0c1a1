"""Many events for many receivers, some of them dead: the others do not notice, and nothing is lost."""

import asyncio
import random
import time
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import text

from learning_service.core.settings import Settings
from learning_service.domain.records.events import append_event
from learning_service.worker.jobs.webhooks import number_all_events
from tests.kit import processes
from tests.kit.receiver import Receiver, answer
from tests.kit.running import Runner
from tests.kit.webhooks import make_due
from tests.kit.world import World

TYPE = "learning.skill.mastered"


class Stopwatch(Receiver):
    """Notes how long after its commit each event came."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: dict[str, float] = {}
        self.doubled = 0

    def note(self) -> None:
        """Take what has come since the last time."""
        for got in self.requests:
            self.doubled += got.event["id"] in self.seen
            lag = datetime.now(UTC) - datetime.fromisoformat(got.event["time"])
            self.seen.setdefault(got.event["id"], lag.total_seconds())
        self.requests.clear()


async def write(world: World, events: int, per_second: float) -> None:
    """Events in small commits, at this pace."""
    began = time.monotonic()
    for n in range(0, events, 5):
        async with world.worker.transaction(world.id) as session:
            for k in range(5):
                append_event(session, TYPE, organization_id=world.id, user_id=f"u{n + k}")
        await asyncio.sleep(max(0.0, began + n / per_second - time.monotonic()))


async def nine_of_ten(
    world: World, settings: Settings, log: Path, events: int, per_second: float
) -> list[float]:
    """A worker process sends to ten receivers, one of which never answers: the lags of the nine, sorted."""
    manager = world.call_as("platform", scopes=["webhooks:manage"])
    async with AsyncExitStack() as stack:
        dead = await stack.enter_async_context(Receiver(answers=[b"hang"]))
        alive = [await stack.enter_async_context(Stopwatch()) for _ in range(9)]
        for receiver in [dead, *alive]:
            body = {"url": receiver.url, "event_types": [TYPE]}
            await manager.ok("POST", "/api/webhooks/", body)
        await stack.enter_async_context(processes.worker(settings, log))
        await asyncio.sleep(5)
        writing = asyncio.create_task(write(world, events, per_second))
        end = time.monotonic() + events / per_second + 120
        while time.monotonic() < end and any(len(receiver.seen) < events for receiver in alive):
            await asyncio.sleep(0.01)
            for receiver in alive:
                receiver.note()
        await writing
        assert {len(receiver.seen) for receiver in alive} == {events}
        print(
            "doubled:", sum(receiver.doubled for receiver in alive), "probes of the dead:", len(dead.requests)
        )
    return sorted(lag for receiver in alive for lag in receiver.seen.values())


@pytest.mark.long
@pytest.mark.timeout(240)
async def test_a_dead_receiver_leaves_the_others_alone(
    world: World, settings: Settings, tmp_path: Path
) -> None:
    lags = await nine_of_ten(world, settings, tmp_path / "log", 200, 20)
    print(f"p50 {lags[len(lags) // 2]:.2f} s, p99 {lags[len(lags) * 99 // 100]:.2f} s")


@pytest.mark.slow
@pytest.mark.timeout(1200)
async def test_ten_thousand_events_to_ten_receivers(world: World, settings: Settings, tmp_path: Path) -> None:
    lags = await nine_of_ten(world, settings, tmp_path / "log", 10_000, 20)
    p99 = lags[len(lags) * 99 // 100]
    print(f"p50 {lags[len(lags) // 2]:.2f} s, p99 {p99:.2f} s")
    assert p99 < 5


@pytest.mark.long
@pytest.mark.timeout(120)
async def test_whatever_runs_at_the_same_time_no_delivery_is_left_without_a_sender(world: World) -> None:
    """Events are written, numbered and sent at once by several, to receivers of every temper."""
    manager = world.call_as("platform", scopes=["webhooks:manage"])
    moody = [random.choice([answer("200 OK"), answer("500 No"), answer("204 None")]) for _ in range(40)]
    async with Receiver() as calm, Receiver(answers=[*moody, answer("200 OK")]) as mood:
        for receiver in (calm, mood):
            await manager.ok("POST", "/api/webhooks/", {"url": receiver.url, "event_types": [TYPE]})
        runners = [Runner(world.worker, "webhooks") for _ in range(2)]
        writing = asyncio.gather(*(write(world, 60, 60) for _ in range(3)))

        async def turn(runner: Runner) -> None:
            while not writing.done():
                await number_all_events(world.worker)
                await runner.drain()
                await asyncio.sleep(random.random() / 50)

        await asyncio.gather(writing, *(turn(runner) for runner in runners))
        for _ in range(100):
            await number_all_events(world.worker)
            await make_due(world)
            await runners[0].run_until_idle()
            await runners[1].run_until_idle()
            if not await pending(world):
                break
        assert await pending(world) == 0
        for receiver in (calm, mood):
            assert len({got.event["id"] for got in receiver.requests}) == 180
        assert len(calm.requests) == 180


async def pending(world: World) -> int:
    async with world.worker.transaction(world.id) as session:
        left = await session.scalar(
            text("SELECT count(*) FROM webhook_deliveries WHERE organization_id = :o AND status = 'pending'"),
            {"o": world.id},
        )
    return int(left or 0)

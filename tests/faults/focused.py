"""Experiments that each aim at one promise: what they find under a planted bug, they must not find without it."""

import asyncio
import signal
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from tests.faults.disturbances import COMMIT, on
from tests.faults.experiment import DUE, Fault, Laboratory, Scene
from tests.faults.proxy import Mishap

PATIENCE_SECONDS = 12
FROZEN_SECONDS = 6
JOBS = 10
INSERT = (
    "INSERT INTO outbox (id, organization_id, queue, job, arguments, as_of, status, attempt, run_at, created_at)"
    " SELECT gen_random_uuid(), 'org', 'jobs', 'dawdle', jsonb_build_object('n', n), clock_timestamp(), 'queued',"
    " 0, clock_timestamp(), clock_timestamp() FROM generate_series(1, $1::int) AS n"
)
EFFECTS = "SELECT count(*) - count(DISTINCT arguments->>'n') FROM outbox WHERE job = 'effect'"


def commits_take(seconds: float) -> Mishap:
    """Each transaction is open longer than it should be, some longer than others."""
    return Mishap("delay", 1, COMMIT, seconds=seconds)


async def harm(laboratory: Laboratory, fault: Fault, *, seats: int, reminded: int = 2) -> int:
    """How much was lost or doubled."""
    outcome = await laboratory.run(
        fault, seconds=4, seats=seats, reminded=reminded, patience=PATIENCE_SECONDS
    )
    return len(outcome.findings.lost) + len(outcome.findings.doubled)


async def commits_fail(laboratory: Laboratory) -> int:
    """A third of the commits never reach the database."""
    return await harm(laboratory, on("postgres", Mishap("reset", 0.33, COMMIT)), seats=6)


async def everybody_enrolls_twice(laboratory: Laboratory) -> int:
    """Double clicks on "enroll", each with a key of its own."""

    async def double_clicks(scene: Scene) -> None:
        async with scene.rig.proxies["postgres"].suffering(commits_take(0.1)):
            for n in range(10):
                await scene.crowd.add_member(f"d{n}")
                await scene.crowd.enroll(f"d{n}", scene.crowd.plain, doubly=True)

    return await harm(laboratory, double_clicks, seats=2)


async def a_worker_freezes(laboratory: Laboratory) -> int:
    """A worker stops in the middle of ten jobs, another does them, and it goes on. Counts effects made twice."""
    service, database = laboratory.service, laboratory.database
    await database.execute(INSERT, JOBS)
    await _until(laboratory, "status = 'leased'", 1)
    service.signal("chaotic-1", signal.SIGSTOP)
    try:
        await asyncio.sleep(FROZEN_SECONDS)
    finally:
        service.signal("chaotic-1", signal.SIGCONT)
    await _until(laboratory, "status = 'done'", JOBS)
    await asyncio.sleep(2)
    return int(await database.fetchval(EFFECTS))


async def _until(laboratory: Laboratory, state: str, many: int) -> None:
    deadline = time.monotonic() + 60
    query = f"SELECT count(*) FROM outbox WHERE job = 'dawdle' AND {state}"
    while await laboratory.database.fetchval(query) < many:
        assert time.monotonic() < deadline, state
        await asyncio.sleep(0.02)


async def commits_overtake_each_other(laboratory: Laboratory) -> int:
    """Transactions commit in another order than they began, and the feed is read all the time."""
    return await harm(laboratory, on("postgres", commits_take(0.4)), seats=12)


async def many_schedulers(laboratory: Laboratory) -> int:
    """Eight runs of the reminder job at once in two workers."""

    async def all_at_once(scene: Scene) -> None:
        await asyncio.sleep(2.5)
        async with scene.rig.proxies["postgres"].suffering(commits_take(0.3)):
            await scene.database.execute(DUE, 8)
            await asyncio.sleep(scene.seconds)

    return await harm(laboratory, all_at_once, seats=1, reminded=40)


async def commits_are_slow(laboratory: Laboratory) -> int:
    """Between cause and commit there is time enough for a worker."""
    return await harm(laboratory, on("postgres", commits_take(1)), seats=8)


@dataclass(frozen=True)
class Planted:
    """A bug, the experiment that has to find it, and what it takes."""

    bug: str
    """What it is called in the table."""
    experiment: Callable[[Laboratory], Awaitable[int]]
    patch: str = "none"
    """See `planted.py`."""
    dropped: str = ""
    """An index that is taken out of the rig's database."""
    names: Sequence[str] = ("api-1", "api-2", "worker-1", "worker-2")


CHAOTIC = ("chaotic-1", "chaotic-2")
PLANTED = (
    Planted("commit after the reply", commits_fail, "commit_after_the_reply"),
    Planted("no unique constraint", everybody_enrolls_twice, dropped="uq_enrollments_open"),
    Planted("no fencing", a_worker_freezes, "no_fencing", names=CHAOTIC),
    Planted("feed by id", commits_overtake_each_other, "feed_by_id"),
    Planted("reminders checked, then inserted", many_schedulers, dropped="uq_reminders_claim"),
    Planted("enqueued before the commit", commits_are_slow, "enqueue_before_commit"),
)

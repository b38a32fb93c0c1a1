"""Experiments that each aim at one promise: what they find under a planted bug, they must not find without it."""

import asyncio
import signal
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from tests.faults.disturbances import COMMIT, on
from tests.faults.experiment import DUE, Fault, Laboratory, Scene
from tests.kit.proxy import Mishap

SHORT_PATIENCE = 6
"""Seconds, for a service with a bug: it may never get done."""
SECOND_THOUGHTS = 4
"""Seconds for a worker that was frozen to finish what it thinks its own."""
JOBS = 10
INSERT = (
    "INSERT INTO outbox (id, organization_id, queue, job, arguments, as_of, status, attempt, run_at, created_at)"
    " SELECT gen_random_uuid(), 'org', 'jobs', 'dawdle', jsonb_build_object('n', n), clock_timestamp(), 'queued',"
    " 0, clock_timestamp(), clock_timestamp() FROM generate_series(1, $1::int) AS n"
)
EFFECTS = "SELECT arguments->>'n', count(*) FROM outbox WHERE job = 'effect' GROUP BY 1 HAVING count(*) > 1"


def commits_take(seconds: float) -> Mishap:
    """Each transaction is open longer than it should be, some longer than others."""
    return Mishap("delay", 1, COMMIT, seconds=seconds)


async def harm(
    laboratory: Laboratory, patience: float, fault: Fault, *, seats: int, reminded: int = 2
) -> list[str]:
    """What was found, once all was done or patience was at its end."""
    outcome = await laboratory.run(fault, seconds=4, seats=seats, reminded=reminded, patience=patience)
    found = outcome.findings
    return found.lost + found.doubled + found.wrong


async def commits_fail(laboratory: Laboratory, patience: float) -> list[str]:
    """A third of the commits never reach the database."""
    return await harm(laboratory, patience, on("postgres", Mishap("reset", 0.33, COMMIT)), seats=6)


async def everybody_enrolls_twice(laboratory: Laboratory, patience: float) -> list[str]:
    """Double clicks on "enroll", each with a key of its own."""

    async def double_clicks(scene: Scene) -> None:
        async with scene.rig.proxies["postgres"].suffering(commits_take(0.1)):
            for n in range(10):
                await scene.crowd.add_member(f"d{n}")
                await scene.crowd.enroll(f"d{n}", scene.crowd.plain, doubly=True)

    return await harm(laboratory, patience, double_clicks, seats=2)


async def a_worker_freezes(laboratory: Laboratory, patience: float) -> list[str]:
    """A worker stops in the middle of ten jobs, another does them, and it goes on: effects made twice."""
    service, database = laboratory.service, laboratory.database
    service.signal("chaotic-2", signal.SIGSTOP)
    await database.execute(INSERT, JOBS)
    await _until(laboratory, "status = 'leased'", JOBS)
    service.signal("chaotic-1", signal.SIGSTOP)
    service.signal("chaotic-2", signal.SIGCONT)
    await _until(laboratory, "status = 'done'", JOBS)
    service.signal("chaotic-1", signal.SIGCONT)
    await asyncio.sleep(SECOND_THOUGHTS)
    return [f"effect of job {row[0]}: {row[1]}" for row in await database.fetch(EFFECTS)]


async def _until(laboratory: Laboratory, state: str, many: int) -> None:
    deadline = time.monotonic() + 60
    query = f"SELECT count(*) FROM outbox WHERE job = 'dawdle' AND {state}"
    while await laboratory.database.fetchval(query) < many:
        assert time.monotonic() < deadline, state
        await asyncio.sleep(0.02)


async def commits_overtake_each_other(laboratory: Laboratory, patience: float) -> list[str]:
    """Transactions commit in another order than they began, and the feed is read all the time."""

    async def assign_at_once(scene: Scene) -> None:
        crowd, users = scene.crowd, [f"o{n}" for n in range(24)]
        await asyncio.gather(*(crowd.add_member(user) for user in users))
        async with scene.rig.proxies["postgres"].suffering(commits_take(0.5)):
            for course in (crowd.plain, crowd.written):
                await asyncio.gather(*(crowd.assign([user], course) for user in users))

    return await harm(laboratory, patience, assign_at_once, seats=2)


async def many_schedulers(laboratory: Laboratory, patience: float) -> list[str]:
    """Eight runs of the reminder job at once in two workers."""

    async def all_at_once(scene: Scene) -> None:
        await asyncio.sleep(2.5)
        async with scene.rig.proxies["postgres"].suffering(commits_take(0.3)):
            await scene.database.execute(DUE, 8)
            await asyncio.sleep(scene.seconds)

    return await harm(laboratory, patience, all_at_once, seats=1, reminded=40)


async def commits_are_slow(laboratory: Laboratory, patience: float) -> list[str]:
    """Between cause and commit there is time enough for a worker."""
    return await harm(laboratory, patience, on("postgres", commits_take(1)), seats=8)


@dataclass(frozen=True)
class Planted:
    """A bug, the experiment that has to find it, and what it takes."""

    bug: str
    """What it is called in the table."""
    experiment: Callable[[Laboratory, float], Awaitable[list[str]]]
    aim: tuple[str, ...]
    """How those findings begin that only this bug can cause."""
    patch: str = "none"
    """See `planted.py`."""
    dropped: str = ""
    """An index that is taken out of the rig's database."""
    names: Sequence[str] = ("api-1", "api-2", "worker-1", "worker-2")


ACKNOWLEDGED = ("submission", "answers of", "enrollment", "assignment", "grade")
CHAOTIC = ("chaotic-1", "chaotic-2")
PLANTED = (
    Planted("commit after the reply", commits_fail, ACKNOWLEDGED, "commit_after_the_reply"),
    Planted(
        "no unique constraint", everybody_enrolls_twice, ("enrollment of",), dropped="uq_enrollments_open"
    ),
    Planted("no fencing", a_worker_freezes, ("effect of",), "no_fencing", names=CHAOTIC),
    Planted("feed by id", commits_overtake_each_other, ("event in the feed",), "feed_by_id"),
    Planted(
        "reminders checked, then inserted",
        many_schedulers,
        ("mail (",),
        "claim_out_of_turn",
        dropped="uq_reminders_each",
    ),
    Planted("enqueued before the commit", commits_are_slow, ("dead job", "PDF of"), "enqueue_before_commit"),
)

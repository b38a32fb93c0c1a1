"""Ten thousand jobs through two workers while Redis is flushed and killed and workers are killed: none is lost."""

import asyncio
import contextlib
import os
import random
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import asyncpg
import pytest
from redis.asyncio import Redis
from redis.exceptions import RedisError
from tests.faults.forms import SHORT
from tests.kit.stack import create_database_from_template

from learning_devstack.parts import Parts
from learning_service.core.settings import Settings

JOBS, POISON, SECONDS = int(os.environ.get("CHAOS_JOBS", "1000" if SHORT else "10000")), 100, 1800
KILL_AFTER = min(1500, JOBS // 3)
"""Finished jobs between two kills: time would be no measure where starting a worker takes as long as its work."""
INSERT = """
INSERT INTO outbox (id, organization_id, queue, job, arguments, as_of, status, attempt, run_at, created_at)
SELECT gen_random_uuid(), 'org', 'jobs', $1, jsonb_build_object('n', n), clock_timestamp(), 'queued', 0,
       clock_timestamp() + random() * interval '1 second', clock_timestamp()
FROM generate_series(1, $2::int) AS n
"""
OPEN = "SELECT count(*) FROM outbox WHERE job IN ('work', 'poison') AND status IN ('queued', 'leased')"


class Workers:
    """Two worker processes; one that is killed is started again, as a supervisor does."""

    def __init__(self, environment: dict[str, str]) -> None:
        self.environment = environment
        self.running = [self._start(), self._start()]
        self.kills = 0

    def _start(self) -> "subprocess.Popen[bytes]":
        program = Path(__file__).with_name("chaotic_worker.py")
        return subprocess.Popen([sys.executable, str(program)], env=self.environment)

    def kill_one(self) -> None:
        """SIGKILL, in the middle of whatever it does."""
        n = random.randrange(2)
        assert self.running[n].poll() is None, "a worker ended by itself"
        self.running[n].kill()
        self.running[n].wait()
        self.running[n] = self._start()
        self.kills += 1

    def stop(self) -> None:
        """End both, and see that they end when told to."""
        for process in self.running:
            process.terminate()
        assert [process.wait(30) for process in self.running] == [0, 0]


@pytest.fixture
def workers(parts: Parts, make_settings: object, database: str) -> Iterator[Workers]:
    """Two workers with short leases and quick last tries."""
    made = Workers(
        {
            **os.environ,
            **parts.environment(),
            "DATABASE_URL": database,
            "ENVIRONMENT": "development",
            "LOG_LEVEL": "error",
            "JOB_LEASE_SECONDS": "5",
            "JOB_MAX_TRIES": "5",
        }
    )
    yield made
    for process in made.running:
        with contextlib.suppress(ProcessLookupError):
            process.kill()


@pytest.fixture
async def database(parts: Parts, template: str) -> str:
    """The address of an empty database."""
    return await create_database_from_template(parts, f"chaos_{uuid.uuid4().hex[:12]}")


async def flush_often(parts: Parts) -> None:
    """Every few seconds Redis forgets everything."""
    redis = Redis.from_url(parts.redis_url)
    try:
        for _ in range(1_000_000):
            await asyncio.sleep(random.uniform(1, 3))
            with contextlib.suppress(RedisError, OSError):
                await redis.flushall()
    finally:
        await redis.aclose()


@pytest.mark.slow
@pytest.mark.timeout(SECONDS + 60)
async def test_nothing_is_lost_and_no_effect_happens_twice(
    parts: Parts, database: str, workers: Workers, make_settings: Callable[..., Settings]
) -> None:
    connection = await asyncpg.connect(database.replace("+asyncpg", ""))
    await connection.execute(INSERT, "poison", POISON)
    await connection.execute(INSERT, "work", JOBS)
    disturbance = asyncio.create_task(flush_often(parts))
    deadline = time.monotonic() + SECONDS
    next_kill = JOBS + POISON - KILL_AFTER
    while left := await connection.fetchval(OPEN):
        assert not disturbance.done(), disturbance
        assert time.monotonic() < deadline, f"{left} jobs are left, {workers.kills} workers were killed"
        if left < next_kill:
            workers.kill_one()
            next_kill -= KILL_AFTER
        await asyncio.sleep(0.2)
    disturbance.cancel()
    workers.stop()
    counts = {
        (job, status): n
        for job, status, n in await connection.fetch("SELECT job, status, count(*) FROM outbox GROUP BY 1, 2")
    }
    runs = counts.pop(("run", "queued"))
    print(f"{workers.kills} workers killed, {runs} runs of {JOBS} jobs")
    assert counts == {("work", "done"): JOBS, ("poison", "dead"): POISON, ("effect", "queued"): JOBS}
    assert runs >= JOBS
    assert workers.kills >= 1
    distinct = "SELECT count(DISTINCT arguments->>'n') FROM outbox WHERE job = 'effect'"
    assert await connection.fetchval(distinct) == JOBS
    reasons = await connection.fetch("SELECT arguments->>'n' AS n, error FROM outbox WHERE job = 'poison'")
    assert [row for row in reasons if not str(row["error"]).endswith(f": poison {row['n']}")] == []
    await connection.close()

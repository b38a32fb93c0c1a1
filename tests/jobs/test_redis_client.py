"""What a worker's Redis client gives arq: jobs that there are hands for, in few round trips."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import urlsplit

import pytest
from arq import func
from arq.worker import Worker
from redis.asyncio.connection import AbstractConnection

from learning_service.core.queue import MARK_SECONDS
from learning_service.core.settings import Settings
from learning_service.worker.redis_client import WorkerRedis

QUEUE = "learning:test"


@pytest.fixture
async def url(job_settings: Settings) -> AsyncIterator[str]:
    """A Redis database that no other test uses."""
    made = urlsplit(job_settings.redis_url.get_secret_value())._replace(path="/8").geturl()
    async with client(made) as redis:
        await redis.flushdb()
        yield made
        await redis.flushdb()


@asynccontextmanager
async def client(url: str, hands: int = 3) -> AsyncIterator[WorkerRedis]:
    redis = WorkerRedis(url, hands)
    try:
        yield redis
    finally:
        await redis.aclose(close_connection_pool=True)


async def fill(redis: WorkerRedis, count: int, name: str = "work") -> list[str]:
    ids = [f"job-{n:04}" for n in range(count)]
    for id_ in ids:
        await redis.enqueue_job(name, _job_id=id_, _queue_name=QUEUE)
    return ids


async def look(redis: WorkerRedis) -> list[str]:
    found = await redis.zrangebyscore(QUEUE, min=float("-inf"), max=float("inf"), start=0, num=1000)
    return [job.decode() for job in found]


async def start(redis: WorkerRedis, id_: str) -> bool:
    """arq's questions at the start of a job."""
    key = f"arq:in-progress:{id_}"
    async with redis.pipeline(transaction=True) as pipe:
        await pipe.watch(key)
        if await pipe.exists(key) or not await pipe.zscore(QUEUE, id_):
            return False
        pipe.multi()  # type: ignore[no-untyped-call]
        pipe.psetex(key, 1000, b"1")
        await pipe.execute()
        return True


async def test_a_worker_takes_what_it_has_hands_for_and_no_two_take_the_same(url: str) -> None:
    async with client(url) as one, client(url) as other:
        ids = await fill(one, 8)
        assert await look(one) == ids[:3]
        assert all([await start(one, id_) for id_ in ids[:3]])
        assert await look(other) == ids[3:6]
        assert 0 < await one.pttl(f"arq:in-progress:{ids[0]}") <= MARK_SECONDS * 1000
        with one.calling(ids[0]), one.calling(ids[1]):
            assert await look(one) == ids[6:7], "one hand is free"
        assert await look(one) == ids[6:], "two have ended, so more may come"


async def test_what_was_marked_and_not_started_is_given_back(url: str) -> None:
    async with client(url) as one, client(url) as other:
        ids = await fill(one, 3)
        assert await look(one) == ids
        assert await start(one, ids[0])
        with one.calling(ids[0]), one.calling("x"), one.calling("y"):
            assert await look(one) == []
        assert await look(other) == ids[1:]


async def test_a_job_that_ended_between_look_and_mark_is_not_started(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with client(url) as redis:
        ids = await fill(redis, 2)
        mark = redis._mark

        async def late(name: str, jobs: Any) -> None:
            await redis.zrem(QUEUE, ids[0])
            await mark(name, jobs)

        monkeypatch.setattr(redis, "_mark", late)
        assert await look(redis) == ids[1:]
        assert not await redis.exists(f"arq:in-progress:{ids[0]}")


async def test_a_job_costs_few_round_trips_and_commands(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[int] = []
    send = AbstractConnection.send_packed_command

    async def count(self: Any, command: Any, check_health: bool = True) -> None:
        whole = command if isinstance(command, bytes) else b"".join(command)
        # Each command begins with the number of its words.
        sent.append(len(re.findall(rb"(?:^|\r\n)\*\d+\r\n", whole)))
        await send(self, command, check_health)

    done: list[str] = []

    async def work(ctx: dict[str, Any]) -> None:
        with ctx["redis"].calling(ctx["job_id"]):
            done.append(ctx["job_id"])

    async with client(url, hands=20) as redis:
        ids = await fill(redis, 200)
        worker = Worker(
            [func(work, name="work", keep_result=0)],
            queue_name=QUEUE,
            redis_pool=redis,
            max_jobs=500,
            poll_delay=0.02,
            burst=True,
            handle_signals=False,
            job_serializer=redis.job_serializer,
            job_deserializer=redis.job_deserializer,
        )
        monkeypatch.setattr(AbstractConnection, "send_packed_command", count)
        await worker.main()
        monkeypatch.undo()
        assert sorted(done) == ids
        assert len(sent) < 200, "arq alone: 1,200"
        # 1,020, and more where the machine is busy: what there was no room for is marked again.
        assert sum(sent) < 8 * 200, "arq alone: 2,800"
        assert [key for key in await redis.keys("*") if b"health" not in key] == []


async def test_an_error_of_one_jobs_key_is_not_anothers(url: str) -> None:
    async with client(url) as redis:
        await redis.set("good", "1")
        await redis.lpush("bad", "1")  # type: ignore[misc]
        async with redis.pipeline() as good, redis.pipeline() as bad:
            good.get("good")
            bad.get("bad")
            results = await asyncio.gather(good.execute(), bad.execute(), return_exceptions=True)
        assert results[0] == [b"1"]
        assert isinstance(results[1], Exception)

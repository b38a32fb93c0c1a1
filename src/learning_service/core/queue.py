"""Handing jobs to arq. Beside the workers' settings this is the one module that knows arq.

The jobs themselves are rows. What Redis holds of them may be lost, doubled or late: that costs time and nothing else.
"""

import asyncio
import json
import time
import uuid
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import structlog
from arq.connections import ArqRedis
from arq.constants import in_progress_key_prefix, job_key_prefix
from arq.jobs import serialize_job
from prometheus_client import Counter
from redis.asyncio import ConnectionPool
from redis.exceptions import RedisError

log = structlog.get_logger()

HAND_OVER_SECONDS = 0.25
QUIET_SECONDS = 1.0
"""After a failure nothing is handed over for so long, so that a Redis which hangs is not waited for each time."""
CHUNK = 250
EXPIRES_SECONDS = 24 * 3600
SERVED_BY: Mapping[str, str] = {"webhooks": "jobs"}
"""Queues of rows whose jobs the worker of another queue runs."""
MARK_SECONDS = 60
"""So long a worker's mark keeps others from a job, should it be killed; the rows do that for longer runs."""
NOT_HANDED = Counter("learning_job_handovers_failed_total", "Times that Redis took no jobs after a commit.")


class Handed(Protocol):
    """A job as its row has it; see `DueJob`."""

    @property
    def id(self) -> uuid.UUID: ...
    @property
    def attempt(self) -> int: ...
    @property
    def queue(self) -> str: ...
    @property
    def job(self) -> str: ...
    @property
    def arguments(self) -> Mapping[str, Any] | str: ...
    @property
    def is_late(self) -> bool: ...


def serialize(value: dict[str, Any]) -> bytes:
    """JSON instead of arq's pickle, which would run code for anyone who can write to Redis."""
    return json.dumps(value, default=str).encode()


def deserialize(value: bytes) -> dict[str, Any]:
    """The other half of `serialize`."""
    result: dict[str, Any] = json.loads(value)
    return result


def arq_queue(name: str) -> str:
    """arq's name of the queue in which jobs of a queue of ours wait."""
    return f"learning:{SERVED_BY.get(name, name)}"


def arq_id(job_id: uuid.UUID, attempt: int) -> str:
    """arq's id of the job that is a row's next claim."""
    return f"{job_id}:{attempt}"


def row_of(arq_job_id: str) -> tuple[uuid.UUID, int] | None:
    """The row and claim number in an id that `arq_id` made; None for the id of another service's job."""
    row_id, colon, attempt = arq_job_id.partition(":")
    try:
        found = uuid.UUID(row_id), int(attempt)
    except ValueError:
        return None
    return found if colon and arq_id(*found) == arq_job_id else None


class Queue:
    """Hands jobs to arq, best effort and never for longer than `HAND_OVER_SECONDS`."""

    def __init__(self, url: str) -> None:
        # Shorter than the whole, so that a Redis which hangs fails one step cleanly instead of being cut off in it.
        step = HAND_OVER_SECONDS * 0.6
        pool = ConnectionPool.from_url(url, socket_connect_timeout=step, socket_timeout=step)
        self._redis = ArqRedis(pool)
        self._quiet_until = float("-inf")

    async def hand_over(self, due: Sequence[Handed]) -> None:
        """Give arq these jobs; those that it has already stay as they are. What is left waits for the relay."""
        begun = time.monotonic()
        if not due or begun < self._quiet_until:
            return
        try:
            async with asyncio.timeout(HAND_OVER_SECONDS):
                for start in range(0, len(due), CHUNK):
                    if time.monotonic() - begun > HAND_OVER_SECONDS / 2:
                        return
                    await _write(self._redis, due[start : start + CHUNK])
        except (RedisError, OSError, TimeoutError) as error:
            self._quiet_until = time.monotonic() + QUIET_SECONDS
            NOT_HANDED.inc()
            log.warning("hand_over_failed", error=type(error).__name__)

    async def is_alive(self) -> bool:
        """Whether Redis answers in time."""
        try:
            async with asyncio.timeout(1):
                return bool(await self._redis.ping())
        except (RedisError, OSError, TimeoutError):
            return False

    async def close(self) -> None:
        """Give back the connections."""
        await self._redis.aclose(close_connection_pool=True)


async def hand_over_missing(redis: ArqRedis, queue: str, due: Sequence[Handed], late_seconds: float) -> None:
    """Give arq those of these jobs that it does not have in a queue. Raises RedisError or OSError."""
    for start in range(0, len(due), CHUNK):
        jobs = due[start : start + CHUNK]
        keys = [arq_id(job.id, job.attempt) for job in jobs]
        marks = [in_progress_key_prefix + key for key, job in zip(keys, jobs, strict=True) if job.is_late]
        known = await redis.zmscore(arq_queue(queue), keys)
        await _remove_old(redis, marks, late_seconds)
        await _write(redis, [job for job, score in zip(jobs, known, strict=True) if score is None])


async def _remove_old(redis: ArqRedis, marks: Sequence[str], seconds: float) -> None:
    """Remove what is left from a worker that was killed before it claimed the row; arq would wait for its end."""
    present = (
        [mark for mark, value in zip(marks, await redis.mget(marks), strict=True) if value] if marks else []
    )
    async with redis.pipeline(transaction=False) as pipe:
        for mark in present:
            pipe.pttl(mark)
        lives = await pipe.execute()
    young = (MARK_SECONDS - seconds) * 1000
    if old := [mark for mark, life in zip(present, lives, strict=True) if -2 < life < young]:
        await redis.delete(*old)


async def _write(redis: ArqRedis, due: Sequence[Handed]) -> None:
    instant = int(time.time() * 1000)
    async with redis.pipeline(transaction=False) as pipe:
        for job in due:
            key, payload = arq_id(job.id, job.attempt), _payload(job.arguments)
            call = serialize_job(job.job, (), payload, None, instant, serializer=serialize)
            pipe.set(job_key_prefix + key, call, ex=EXPIRES_SECONDS, nx=True)
            pipe.zadd(arq_queue(job.queue), {key: instant}, nx=True)
        await pipe.execute()


def _payload(arguments: Mapping[str, Any] | str) -> dict[str, Any]:
    """What arq shows of the job. Arguments that cannot be read are the row's affair, which is read at the claim."""
    try:
        read = json.loads(arguments) if isinstance(arguments, str) else arguments
    except (ValueError, RecursionError):
        return {}
    return dict(read) if isinstance(read, Mapping) else {}

"""Waking a worker through Redis, after a commit. The one module that talks to arq.

A wake carries nothing: the jobs themselves are rows. A lost, doubled or late wake costs time and nothing else.
"""

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterable
from typing import Any

import structlog
from arq import func
from arq.connections import ArqRedis, RedisSettings
from arq.worker import Worker
from redis.asyncio import ConnectionPool
from redis.asyncio.retry import Retry
from redis.backoff import ExponentialBackoff
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import RedisError
from redis.exceptions import TimeoutError as RedisTimeoutError

log = structlog.get_logger()

WAKE = "wake"
WAKE_SECONDS = 0.25


def serialize(value: dict[str, Any]) -> bytes:
    """JSON instead of arq's pickle, which would run code for whoever can write to Redis."""
    return json.dumps(value, default=str).encode()


def deserialize(value: bytes) -> dict[str, Any]:
    """The other half of `serialize`."""
    result: dict[str, Any] = json.loads(value)
    return result


def arq_queue(name: str) -> str:
    """Redis key of a queue of ours."""
    return f"learning:{name}"


def make_listener(url: str, queue: str, on_wake: Callable[[], Awaitable[None]]) -> Worker:
    """An arq worker that calls `on_wake` for each wake-up of the queue, and outlives Redis."""

    async def wake(_ctx: dict[str, Any]) -> None:
        await on_wake()

    redis = RedisSettings.from_dsn(url)
    # Without these arq's worker dies with Redis.
    redis.retry_on_timeout = True
    redis.retry_on_error = [RedisConnectionError, RedisTimeoutError, OSError]
    redis.retry = Retry(ExponentialBackoff(cap=2, base=0.1), 1_000_000)
    redis.conn_retries = 1_000_000
    return Worker(
        functions=[func(wake, name=WAKE, keep_result=0, timeout=60, max_tries=1)],
        queue_name=arq_queue(queue),
        redis_settings=redis,
        poll_delay=0.05,
        max_jobs=50,
        queue_read_limit=1000,
        keep_result=0,
        health_check_interval=15,
        job_serializer=serialize,
        job_deserializer=deserialize,
        handle_signals=True,
        log_results=False,
    )


class Queue:
    """Wakes workers, best effort and never for longer than `WAKE_SECONDS`."""

    def __init__(self, url: str) -> None:
        pool = ConnectionPool.from_url(url, socket_connect_timeout=WAKE_SECONDS, socket_timeout=WAKE_SECONDS)
        self._redis = ArqRedis(pool, job_serializer=serialize, job_deserializer=deserialize)

    async def wake(self, queues: Iterable[str]) -> None:
        """Wake a worker of each queue; when Redis is away, the workers' sweep finds the jobs."""
        for queue in queues:
            try:
                async with asyncio.timeout(WAKE_SECONDS):
                    await self._redis.enqueue_job(WAKE, _queue_name=arq_queue(queue))
            except (RedisError, OSError, TimeoutError) as error:
                log.warning("wake_failed", queue=queue, error=type(error).__name__)

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

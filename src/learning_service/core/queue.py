"""Waking workers through Redis, after a commit. The one module that knows arq.

A wake carries nothing: the jobs themselves are rows. A lost, doubled or late wake costs time and nothing else.
"""

import asyncio
import json
import random
import time
from collections.abc import Callable, Collection, Mapping
from typing import Any

import structlog
from arq import func
from arq.connections import ArqRedis
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
QUIET_SECONDS = 1.0
"""After a failed wake nobody is woken for so long, so that a Redis which hangs is not waited for each time."""
POLL_SECONDS = 0.06
LISTEN_TIMEOUT_SECONDS = 5
ANSWERED_BY: Mapping[str, str] = {"webhooks": "jobs"}
"""Queues that another one's worker serves too. Their wakes go to its place in Redis, for each place that is polled
costs a worker 1 % of a core while nothing happens."""
_chance = random.SystemRandom()


def serialize(value: dict[str, Any]) -> bytes:
    """JSON instead of arq's pickle, which would run code for whoever can write to Redis."""
    return json.dumps(value, default=str).encode()


def deserialize(value: bytes) -> dict[str, Any]:
    """The other half of `serialize`."""
    result: dict[str, Any] = json.loads(value)
    return result


def arq_queue(name: str) -> str:
    """Redis key at which the worker of a queue of ours listens."""
    return f"learning:{ANSWERED_BY.get(name, name)}"


def _wake_id(queue: str) -> str:
    """Wakes of one second that nobody has answered yet are one wake.

    None is lost by that: a worker looks at its queue after the wake's key is gone (see `listen`), so whoever
    still found the key has committed before that look. The second bounds what a worker killed in between can
    hold up.
    """
    return f"{WAKE}:{arq_queue(queue)}:{int(time.time())}"


class Queue:
    """Wakes workers, best effort and never for longer than `WAKE_SECONDS`."""

    def __init__(self, url: str) -> None:
        # Shorter than the whole, so that a Redis which hangs fails one step cleanly instead of being cut off in it.
        step = WAKE_SECONDS * 0.6
        pool = ConnectionPool.from_url(url, socket_connect_timeout=step, socket_timeout=step)
        self._redis = ArqRedis(pool, job_serializer=serialize, job_deserializer=deserialize)
        self._quiet_until = float("-inf")
        self._here: dict[str, Callable[[], None]] = {}

    def serve(self, queue: str, on_wake: Callable[[], None]) -> None:
        """From now on this process looks for the queue's jobs itself, and need not hear from Redis of its own.

        A worker so busy that it misses Redis's answers would else wait for its sweep between any two jobs.
        """
        self._here[queue] = on_wake

    async def wake(self, queues: Collection[str]) -> None:
        """Wake a worker of each queue; when Redis is away, the workers' sweep finds the jobs."""
        for queue in self._here.keys() & queues:
            self._here[queue]()
        for queue in queues:
            if time.monotonic() < self._quiet_until:
                return
            try:
                async with asyncio.timeout(WAKE_SECONDS):
                    await self._redis.enqueue_job(WAKE, _job_id=_wake_id(queue), _queue_name=arq_queue(queue))
            except (RedisError, OSError, TimeoutError) as error:
                self._quiet_until = time.monotonic() + QUIET_SECONDS
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


async def listen(url: str, queue: str, on_wake: Callable[[], None]) -> None:
    """Call `on_wake` after each wake of the queue, for ever; cancel it to end it.

    Whatever becomes of Redis is waited out: after a failure arq's worker is simply started again, for it holds
    nothing that could be lost.
    """
    while True:
        try:
            await _listen(url, queue, on_wake)
        except Exception as error:
            log.warning("redis_away", queue=queue, error=type(error).__name__)
        await asyncio.sleep(_chance.uniform(0.3, 1))


async def _listen(url: str, queue: str, on_wake: Callable[[], None]) -> None:
    pool = ConnectionPool.from_url(
        url,
        socket_connect_timeout=2,
        socket_timeout=LISTEN_TIMEOUT_SECONDS,
        retry=Retry(ExponentialBackoff(cap=1, base=0.05), 5),
        retry_on_error=[RedisConnectionError, RedisTimeoutError, OSError],
    )
    redis = ArqRedis(
        pool, job_serializer=serialize, job_deserializer=deserialize, default_queue_name=arq_queue(queue)
    )

    async def look(ctx: dict[Any, Any]) -> None:
        on_wake()

    worker = Worker(
        functions=[func(_nothing, name=WAKE, keep_result=0, timeout=5, max_tries=1)],
        queue_name=arq_queue(queue),
        redis_pool=redis,
        # Not the function itself: only after the end of a wake is its key gone.
        after_job_end=look,
        poll_delay=POLL_SECONDS,
        max_jobs=50,
        queue_read_limit=1000,
        keep_result=0,
        health_check_interval=60,
        job_serializer=serialize,
        job_deserializer=deserialize,
        handle_signals=False,
        log_results=False,
    )
    try:
        await worker.main()
    finally:
        for task in worker.tasks.values():
            task.cancel()
        await asyncio.gather(*worker.tasks.values(), return_exceptions=True)
        await redis.aclose(close_connection_pool=True)


async def _nothing(ctx: dict[Any, Any], *args: Any, **kwargs: Any) -> None:
    """A wake carries no work; what answers it is `look`."""

"""The worker process: arq on Redis for wake-ups and ticks, PostgreSQL for the jobs themselves.

arq carries no work of ours. A wake-up makes this process claim rows; the sweep finds rows that no wake-up came
for, so Redis may be empty, late, doubled or away.
"""

import asyncio
from collections.abc import Mapping
from typing import Any

import structlog
from arq import func
from arq.worker import Worker
from redis.asyncio.retry import Retry
from redis.backoff import ExponentialBackoff
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import TimeoutError as RedisTimeoutError

from learning_service.context import open_context
from learning_service.jobs.certificates import generate_certificates
from learning_service.queue import WAKE, arq_queue, deserialize, redis_settings, serialize
from learning_service.runner import JobFunction, JobRunner
from learning_service.settings import Settings
from learning_service.telemetry import configure_logging

log = structlog.get_logger()

QUEUES: Mapping[str, Mapping[str, JobFunction]] = {
    "jobs": {"generate_certificates": generate_certificates},
}
"""Which jobs each queue's worker knows."""
DRAIN_SECONDS = 20
"""How long a stopping worker lets its jobs finish."""


async def _wake(ctx: dict[str, Any]) -> None:
    runner: JobRunner = ctx["runner"]
    await runner.drain()


def run_worker(settings: Settings, queue: str = "jobs") -> None:
    """Serve one queue until SIGTERM or SIGINT; then finish what runs, at most `DRAIN_SECONDS` long."""
    configure_logging(settings.log_level)
    asyncio.run(_serve(settings, queue))


async def _serve(settings: Settings, queue: str) -> None:
    async with open_context(settings, "learning_worker") as context:
        runner = JobRunner(context, queue, QUEUES[queue])
        runner.start()
        log.info("worker_started", queue=queue)
        worker = _arq_worker(settings, queue, runner)
        try:
            await worker.async_run()
        finally:
            await worker.close()
            try:
                async with asyncio.timeout(DRAIN_SECONDS):
                    await runner.stop()
            except TimeoutError:
                log.warning("jobs_given_back")


def _arq_worker(settings: Settings, queue: str, runner: JobRunner) -> Worker:
    redis = redis_settings(settings.redis_url.get_secret_value())
    # Without these arq's worker dies with Redis.
    redis.retry_on_timeout = True
    redis.retry_on_error = [RedisConnectionError, RedisTimeoutError, OSError]
    redis.retry = Retry(ExponentialBackoff(cap=2, base=0.1), 1_000_000)
    redis.conn_retries = 1_000_000
    return Worker(
        functions=[func(_wake, name=WAKE, keep_result=0, timeout=60, max_tries=1)],
        queue_name=arq_queue(queue),
        redis_settings=redis,
        ctx={"runner": runner},
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

"""arq's settings of both kinds of worker: `arq learning_service.worker.settings.WorkerSettings` runs one.

Little is loaded here, so that `arq --check` answers at once; what jobs are made of is loaded when a worker starts.
Retries, results and the marks of what is in progress are arq's, and decide nothing: see `durable`.
"""

import asyncio
import contextlib
import importlib
import os
import socket
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from arq import cron, func
from arq.connections import RedisSettings
from arq.cron import CronJob
from arq.worker import Function, check_health, run_worker

from learning_service.core.loading import load, loading, trusting_nobody
from learning_service.core.queue import arq_queue, deserialize, serialize
from learning_service.core.settings import Settings
from learning_service.worker.catalog import names_of
from learning_service.worker.redis_client import WorkerRedis

settings = Settings()
REDIS_URL = settings.redis_url.get_secret_value()
CHECKED_AT = replace(RedisSettings.from_dsn(REDIS_URL), conn_retries=0)
CONVERSIONS = settings.convert_processes or os.cpu_count() or 1
POLL_SECONDS = 0.06
CALLS = 500
DRAIN_SECONDS = 20
"""How long a stopping worker lets its jobs finish."""
HEALTH_SECONDS = 10
TIMEOUT_SECONDS = settings.job_timeout_seconds + 2 * settings.job_lease_seconds
"""Later than the timeout of the job itself, which notes the failure on its row."""
ALL_TRIES = 1_000_000_000


def function(name: str) -> Function:
    """arq's function of a job, under the job's name."""

    async def run(ctx: dict[str, Any], *args: Any, **kwargs: Any) -> None:
        with ctx["redis"].calling(ctx["job_id"]):
            await ctx["process"].call(name, ctx["job_id"], args, kwargs)

    return func(run, name=name, timeout=TIMEOUT_SECONDS, keep_result=0, max_tries=ALL_TRIES)


def functions_in(queues: Iterable[str]) -> list[Function]:
    """arq's functions of all jobs in these queues."""
    return [function(name) for name in names_of(queues)]


async def _relay(ctx: dict[str, Any]) -> None:
    with ctx["redis"].calling(ctx["job_id"]):
        await ctx["process"].relay(ctx["redis"])


async def _schedule(ctx: dict[str, Any]) -> None:
    with ctx["redis"].calling(ctx["job_id"]):
        await ctx["process"].schedule()


def relay(queue: str) -> CronJob:
    """The relay of a queue, every two seconds; its name is the queue's own, for arq's ids are of all queues."""
    return cron(_relay, name=f"learning:relay:{queue}", second=set(range(0, 60, 2)))


SCHEDULE = cron(_schedule, name="learning:schedule", second={0, 15, 30, 45}, run_at_startup=True)
"""What is due by `catalog.SCHEDULED`: claimed by job and period, so that it may be asked often and by all workers."""


async def start_worker(ctx: dict[str, Any]) -> None:
    """Open what the jobs work with."""
    settings.refuse_development_defaults()
    await _start(ctx)


async def start_converter(ctx: dict[str, Any]) -> None:
    """The same, on a machine that can convert. Raises NoOffice."""
    await load("learning_service.worker.process:prepare_converter")(settings)
    await _start(ctx)


async def _start(ctx: dict[str, Any]) -> None:
    if task := asyncio.current_task():
        # A worker that stops while Redis is away must not wait for it.
        task.add_done_callback(lambda _: ctx["redis"].end_patience())
    ctx["process"] = load("learning_service.worker.process:WorkerProcess")(
        settings, ctx["queues"], ctx["redis"].hands
    )
    # Measurements bring jobs of their own.
    await ctx["process"].start(ctx.get("jobs"))


async def stop(ctx: dict[str, Any]) -> None:
    """Close it again."""
    if process := ctx.get("process"):
        await process.stop()


class WorkerSettings:
    """All jobs but conversions."""

    queue_name = arq_queue("jobs")
    functions = functions_in(["jobs", "webhooks"])
    cron_jobs = [relay("jobs"), SCHEDULE]
    ctx = {"queues": ("jobs", "webhooks")}
    on_startup = start_worker
    on_shutdown = stop
    redis_settings = CHECKED_AT
    """For `--check`; the worker itself uses the pool."""
    redis_pool = WorkerRedis(REDIS_URL, hands=settings.job_concurrency)
    job_serializer = serialize
    job_deserializer = deserialize
    max_jobs = CALLS
    """Of these as many run as the pool has hands; the others are about to start or to end."""
    job_timeout = TIMEOUT_SECONDS
    job_completion_wait = DRAIN_SECONDS
    keep_result = 0
    max_tries = ALL_TRIES
    poll_delay = POLL_SECONDS
    queue_read_limit = 1000
    log_results = False
    health_check_interval = HEALTH_SECONDS
    health_check_key = f"{queue_name}:health-check:{socket.gethostname()}"
    """Of this machine, so that no other one's worker answers for it."""


class ConverterSettings:
    """Conversions of presentations. arq overlooks what a settings class inherits, so this one says everything."""

    queue_name = arq_queue("converter")
    functions = functions_in(["converter"])
    cron_jobs = [relay("converter")]
    ctx = {"queues": ("converter",)}
    on_startup = start_converter
    on_shutdown = stop
    redis_settings = CHECKED_AT
    redis_pool = WorkerRedis(REDIS_URL, hands=CONVERSIONS)
    job_serializer = serialize
    job_deserializer = deserialize
    max_jobs = CALLS
    job_timeout = TIMEOUT_SECONDS
    job_completion_wait = DRAIN_SECONDS
    keep_result = 0
    max_tries = ALL_TRIES
    poll_delay = POLL_SECONDS
    queue_read_limit = 1000
    log_results = False
    health_check_interval = HEALTH_SECONDS
    health_check_key = f"{queue_name}:health-check:{socket.gethostname()}"


def load_jobs(kind: Any) -> None:
    """Load what a worker of these settings is made of."""
    with loading():
        with trusting_nobody():
            # It makes contexts of TLS for callers who bring none. Clients of S3 bring theirs: 1 MB of authorities.
            importlib.import_module("aiohttp")
        load("learning_service.worker.process:functions_of")(kind.ctx["queues"])


def run(kind: Any, **changes: Any) -> None:
    """Run a worker by its settings until it is stopped, as arq's command does. `changes` replace settings."""
    load_jobs(kind)
    # What arq raises at its end when it had to cancel jobs, whose rows have been given back.
    with contextlib.suppress(asyncio.CancelledError):
        run_worker(kind, **changes)


def check(kind: Any) -> int:
    """What `arq --check` says: 0 when a worker of these settings is alive on this machine."""
    return check_health(kind)

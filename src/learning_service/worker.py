"""The worker process: arq on Redis for wake-ups and ticks, PostgreSQL for the jobs themselves.

arq carries no work of ours. A wake-up makes this process claim rows; the sweep finds rows that no wake-up came
for, so Redis may be empty, late, doubled or away.
"""

import asyncio
from collections.abc import Mapping

import structlog

from learning_service.context import open_context
from learning_service.jobs.certificates import generate_certificates
from learning_service.queue import make_listener
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


def run_worker(settings: Settings, queue: str = "jobs") -> None:
    """Serve one queue until SIGTERM or SIGINT; then finish what runs, at most `DRAIN_SECONDS` long."""
    configure_logging(settings.log_level)
    asyncio.run(_serve(settings, queue))


async def _serve(settings: Settings, queue: str) -> None:
    async with open_context(settings, "learning_worker") as context:
        runner = JobRunner(context, queue, QUEUES[queue])
        runner.start()
        log.info("worker_started", queue=queue)
        worker = make_listener(settings.redis_url.get_secret_value(), queue, runner.drain)
        try:
            await worker.async_run()
        finally:
            await worker.close()
            try:
                async with asyncio.timeout(DRAIN_SECONDS):
                    await runner.stop()
            except TimeoutError:
                log.warning("jobs_given_back")

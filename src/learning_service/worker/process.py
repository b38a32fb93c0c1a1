"""What a worker process holds while it runs: the clients, the jobs it knows, and what keeps them going."""

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from datetime import datetime, timedelta
from typing import Any

import structlog

from learning_service.adapters.confinement import hide_memory, remove_leftovers
from learning_service.context import Context, open_context
from learning_service.core.loading import load
from learning_service.core.memory import give_back, keep_little
from learning_service.core.metrics import shown
from learning_service.core.queue import row_of
from learning_service.core.settings import Settings
from learning_service.core.tasks import end_tasks
from learning_service.core.telemetry import configure_logging
from learning_service.domain.jobs.outbox import Job
from learning_service.domain.jobs.payloads import DeliverWebhooks
from learning_service.worker.catalog import JOBS, SCHEDULED
from learning_service.worker.durable import Durable, JobFunction
from learning_service.worker.foreign import take_in
from learning_service.worker.jobs.documents import office_of
from learning_service.worker.jobs.webhooks import keep_numbering
from learning_service.worker.publishing import keep_publishing, stream_of
from learning_service.worker.relay import relay_jobs, start_scheduled

log = structlog.get_logger()


def functions_of(queues: Sequence[str]) -> dict[str, JobFunction]:
    """The functions of all jobs in these queues, by name."""
    functions: dict[str, JobFunction] = {
        name: load(place) for queue in queues for name, place in JOBS[queue].items()
    }
    if "jobs" in queues:
        functions |= {name: _scheduled(load(job.function)) for name, job in SCHEDULED.items()}
    return functions


def _scheduled(function: Any) -> JobFunction:
    async def run(context: Context, job: Job) -> None:
        at: datetime | None = None
        await function(context, at)

    return run


class WorkerProcess:
    """The worker behind arq's functions. `functions` replaces the service's own, for measurements and tests."""

    def __init__(self, settings: Settings, queues: Sequence[str], hands: int) -> None:
        self.settings = settings
        self.queues = queues
        self.hands = hands
        self._stack = AsyncExitStack()
        self._helpers: list[asyncio.Task[None]] = []

    async def start(self, functions: Mapping[str, JobFunction] | None = None) -> None:
        """Open the clients and begin to keep leases, signs of life and the numbering of events."""
        configure_logging(self.settings.log_level)
        keep_little()
        context = await self._stack.enter_async_context(open_context(self.settings, "learning_worker"))
        self.context = context
        await self._stack.enter_async_context(
            shown(self.settings, context.engine, context.direct, context.readers)
        )
        # A receiver that is slow holds one of these, and never the last hand of the worker.
        limits = {DeliverWebhooks.name: max(1, self.hands // 2)}
        jobs = functions or functions_of(self.queues)
        self.durable = Durable(self.context, jobs, self.queues, self.hands, limits)
        self.durable.start()
        if "webhooks" in self.queues:
            self._helpers = [asyncio.create_task(keep_numbering(self.context))]
            stream = stream_of(self.settings)
            if stream is not None:
                self._helpers.append(asyncio.create_task(keep_publishing(self.context, stream)))
        log.info("worker_started", queues=list(self.queues))

    async def stop(self) -> None:
        """Close what `start` opened."""
        await end_tasks(self._helpers)
        await self.durable.stop()
        await self._stack.aclose()
        log.info("worker_stopped", queues=list(self.queues))

    async def call(self, name: str, arq_job_id: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        """What arq calls: the run of a row, or a job from outside, which gets its row now."""
        wanted = row_of(arq_job_id)
        if wanted is not None:
            await self.durable.run(name, wanted)
            return
        try:
            await take_in(self.context, name, arq_job_id, args, kwargs)
        except Exception as error:
            log.error("foreign_job_not_taken", job=name, arq_job_id=arq_job_id, exc_info=error)
            raise

    async def relay(self, redis: Any) -> None:
        """Hand over what waits."""
        try:
            await relay_jobs(self.context, redis, self.queues, list(self.durable.functions))
        except Exception as error:
            log.warning("relay_failed", error=type(error).__name__)
        give_back()

    async def schedule(self) -> None:
        """Start what is due by its schedule."""
        every: dict[str, timedelta] = {name: job.every for name, job in SCHEDULED.items()}
        try:
            await start_scheduled(self.context, every)
        except Exception as error:
            log.warning("schedule_failed", exc_info=error)


async def prepare_converter(settings: Settings) -> None:
    """See that this process can convert, and can keep a hostile file in. Raises NoOffice."""
    office = await office_of(settings)
    # What is in memory is the only place with passwords; what gets out of the sandbox must not read it there.
    hide_memory()
    removed = remove_leftovers()
    log.info("converter_found", program=str(office.program), sandbox=office.sandbox, removed=removed)

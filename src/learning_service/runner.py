"""Runs durable jobs: claims rows in batches, keeps their leases alive, and settles each as done, again or dead."""

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from datetime import timedelta

import structlog
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncSession

from learning_service.context import Context
from learning_service.domain import outbox
from learning_service.domain.clock import now
from learning_service.domain.outbox import Job, LeaseLost, Unworkable
from learning_service.telemetry import JOB_WAIT, JOBS

log = structlog.get_logger()

JobFunction = Callable[[Context, Job], Awaitable[None]]
FIRST_RETRY_SECONDS, LONGEST_RETRY_SECONDS = 2.0, 600.0
_chance = random.SystemRandom()


@asynccontextmanager
async def finishing(context: Context, job: Job) -> AsyncIterator[AsyncSession]:
    """The transaction of a job's final write: its effects and its end are committed together.

    Raises LeaseLost, and changes nothing, when another worker has the job now.
    """
    async with context.transaction(job.organization_id) as session:
        yield session
        await session.flush()
        await outbox.finish_job(session, job)


def retry_after(attempt: int) -> timedelta:
    """Twice as long after each failure, spread by a quarter so that failures do not march in step."""
    seconds = min(FIRST_RETRY_SECONDS * 2 ** (attempt - 1), LONGEST_RETRY_SECONDS)
    return timedelta(seconds=seconds * _chance.uniform(0.75, 1.25))


class JobRunner:
    """The jobs of one queue in one worker process."""

    def __init__(self, context: Context, queue: str, functions: Mapping[str, JobFunction]) -> None:
        self.context = context
        self.queue = queue
        self.functions = functions
        self._running: dict[asyncio.Task[None], Job] = {}
        self._loops: list[asyncio.Task[None]] = []
        self._stopping = False
        self._claiming = asyncio.Lock()

    @property
    def _lease(self) -> timedelta:
        return timedelta(seconds=self.context.settings.job_lease_seconds)

    def start(self) -> None:
        """Begin to sweep for jobs that nobody woke us for, and to keep leases alive."""
        self._loops = [asyncio.create_task(self._sweep()), asyncio.create_task(self._heartbeat())]

    async def stop(self) -> None:
        """Claim no more and let what runs finish. Cancelling this gives the rest back at once."""
        self._stopping = True
        for loop in self._loops:
            loop.cancel()
        await asyncio.gather(*self._loops, return_exceptions=True)
        try:
            while self._running:
                await asyncio.wait(list(self._running))
        except asyncio.CancelledError:
            for task in self._running:
                task.cancel()
            await asyncio.gather(*self._running, return_exceptions=True)
            raise

    async def drain(self) -> None:
        """Claim due jobs as long as there are any and hands are free; they run on in the background."""
        async with self._claiming:
            while not self._stopping:
                free = self.context.settings.job_concurrency - len(self._running)
                jobs = await self._claim(free) if free > 0 else []
                for job in jobs:
                    task = asyncio.create_task(self._run(job), name=f"{job.name}:{job.id}")
                    self._running[task] = job
                    task.add_done_callback(self._finished)
                if len(jobs) < max(free, 1):
                    return

    def _finished(self, task: asyncio.Task[None]) -> None:
        self._running.pop(task, None)
        if not self._stopping and not self._claiming.locked() and not task.cancelled():
            self._wake_self()

    def _wake_self(self) -> None:
        """A hand is free: look for more, once, whoever asks."""
        drain = asyncio.create_task(self._drain_safely())
        self._loops = [loop for loop in self._loops if not loop.done()]
        self._loops.append(drain)

    async def _drain_safely(self) -> None:
        try:
            await self.drain()
        except (SQLAlchemyError, OSError, TimeoutError) as error:
            log.warning("claim_failed", queue=self.queue, error=type(error).__name__)

    async def _claim(self, limit: int) -> list[Job]:
        async with self.context.transaction(None) as session:
            jobs = await outbox.claim_jobs(
                session, queue=self.queue, names=list(self.functions), limit=limit, lease=self._lease
            )
            instant = now(session)
        for job in jobs:
            JOB_WAIT.labels(job.name).observe(max(0.0, (instant - job.created_at).total_seconds()))
        return list(jobs)

    async def _run(self, job: Job) -> None:
        structlog.contextvars.bind_contextvars(job=job.name, job_id=str(job.id), attempt=job.attempt)
        try:
            await self.functions[job.name](self.context, job)
            await self._finish(job)
            JOBS.labels(job.name, "done").inc()
        except asyncio.CancelledError:
            await asyncio.shield(self._settle(job, "released"))
            raise
        except LeaseLost:
            log.warning("lease_lost")
            JOBS.labels(job.name, "lost").inc()
        except Exception as error:
            await self._fail(job, error)

    async def _finish(self, job: Job) -> None:
        async with self.context.transaction(job.organization_id) as session:
            if not await outbox.is_finished(session, job):
                await outbox.finish_job(session, job)

    async def _fail(self, job: Job, error: Exception) -> None:
        hopeless = isinstance(error, Unworkable) or job.attempt >= self.context.settings.job_max_tries
        log.warning("job_failed", hopeless=hopeless, exc_info=error)
        reason = f"{type(error).__name__}: {error}"
        await self._settle(job, "dead" if hopeless else "retried", reason)

    async def _settle(self, job: Job, outcome: str, reason: str = "") -> None:
        try:
            async with self.context.transaction(job.organization_id) as session:
                if outcome == "released":
                    await outbox.release_job(session, job)
                else:
                    retry = None if outcome == "dead" else retry_after(job.attempt)
                    await outbox.fail_job(session, job, reason, retry_in=retry)
            JOBS.labels(job.name, outcome).inc()
        except (SQLAlchemyError, OSError, TimeoutError) as error:
            # The lease runs out by itself; the job is then claimed again.
            log.warning("job_not_settled", outcome=outcome, error=type(error).__name__)

    async def _sweep(self) -> None:
        while True:
            await self._drain_safely()
            await asyncio.sleep(self.context.settings.job_sweep_seconds * _chance.uniform(0.8, 1.2))

    async def _heartbeat(self) -> None:
        while True:
            await asyncio.sleep(self.context.settings.job_lease_seconds / 4)
            jobs = list(self._running.values())
            if not jobs:
                continue
            try:
                async with self.context.transaction(None) as session:
                    await outbox.extend_leases(session, jobs, self._lease)
            except (SQLAlchemyError, OSError, TimeoutError) as error:
                log.warning("heartbeat_failed", error=type(error).__name__)

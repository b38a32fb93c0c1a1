"""Runs durable jobs: claims rows in batches, keeps their leases alive, and settles each as done, again or dead."""

import asyncio
import contextlib
import random
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from datetime import timedelta
from functools import partial
from typing import TypeVar

import structlog
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession

from learning_service.context import Context
from learning_service.core.tasks import end_tasks
from learning_service.domain.jobs import outbox
from learning_service.domain.jobs.heartbeats import ALIVE, show_life
from learning_service.domain.jobs.outbox import Claim, Job, LeaseLost, Unworkable
from learning_service.domain.kernel.base import new_id

log = structlog.get_logger()

JobFunction = Callable[[Context, Job], Awaitable[None]]
FIRST_RETRY_SECONDS, LONGEST_RETRY_SECONDS = 2.0, 600.0
LIFE_SECONDS = ALIVE.total_seconds() / 3
_chance = random.SystemRandom()
T = TypeVar("T")


@asynccontextmanager
async def finishing(context: Context, job: Job) -> AsyncIterator[AsyncSession]:
    """The transaction of a job's final write: its effects and its end are committed together.

    Raises LeaseLost, and changes nothing, when another worker has the job now.
    """
    async with context.transaction(job.organization_id) as session:
        yield session
        await session.flush()
        await outbox.finish_job(session, job)
    job.is_finished = True


def retry_after(failures: int) -> timedelta:
    """Twice as long after each failure, spread by a quarter so that failures do not march in step."""
    seconds = min(FIRST_RETRY_SECONDS * 2 ** min(failures - 1, 30), LONGEST_RETRY_SECONDS)
    return timedelta(seconds=seconds * _chance.uniform(0.75, 1.25))


class JobRunner:
    """The jobs of one queue in one worker process."""

    def __init__(self, context: Context, queue: str, functions: Mapping[str, JobFunction]) -> None:
        self.context = context
        self.queue = queue
        self.functions = functions
        self.id = new_id()
        self._settings = context.settings
        self._lease = timedelta(seconds=context.settings.job_lease_seconds)
        self._running: dict[asyncio.Task[None], Job] = {}
        self._finished: list[tuple[Job, asyncio.Future[bool | Exception]]] = []
        self._finisher: asyncio.Task[None] | None = None
        self._loops: list[asyncio.Task[None]] = []
        self._claiming = asyncio.Lock()
        self._woken = asyncio.Event()
        self._stopping = False
        self._is_more_due = False
        self._shown_at = float("-inf")

    def start(self) -> None:
        """Begin to claim jobs, woken or not, and to keep leases alive."""
        self.context.queue.serve(self.queue, self.wake)
        self._loops = [asyncio.create_task(self._claim_on()), asyncio.create_task(self._heartbeat())]

    def wake(self) -> None:
        """Look for jobs now. Cheap, and may be called at any time from the event loop."""
        self._woken.set()

    async def stop(self) -> None:
        """Claim no more and let what runs finish. Cancelling this gives the rest back at once."""
        self._stopping = True
        self.wake()
        try:
            await asyncio.gather(*self._loops[:1])
            while self._running:
                await asyncio.wait(list(self._running))
        except asyncio.CancelledError:
            for task in self._running:
                task.cancel()
            await asyncio.gather(*self._running, return_exceptions=True)
            raise
        finally:
            await end_tasks(self._loops)

    async def drain(self) -> None:
        """Claim due jobs as long as there are any and hands are free; they run on in the background."""
        async with self._claiming:
            while not self._stopping:
                free = self._settings.job_concurrency - len(self._running)
                self._is_more_due = free <= 0
                if self._is_more_due:
                    return
                claim = await self._claim(free)
                for job in claim.jobs:
                    task = asyncio.create_task(self._run(job), name=f"{job.name}:{job.id}")
                    self._running[task] = job
                    task.add_done_callback(self._free_hand)
                if len(claim) < free:
                    return

    async def run_until_idle(self) -> None:
        """Do all that is due, what these jobs enqueue for now included, and return; for tests and tools."""
        while True:
            await self.drain()
            if not self._running:
                return
            await asyncio.wait(list(self._running), return_when=asyncio.FIRST_COMPLETED)

    def _free_hand(self, task: asyncio.Task[None]) -> None:
        self._running.pop(task, None)
        if not task.cancelled() and (error := task.exception()):
            log.error("job_task_failed", exc_info=error)
        if self._is_more_due:
            self.wake()

    async def _claim_on(self) -> None:
        while not self._stopping:
            self._woken.clear()
            try:
                await self.drain()
                await self._show_life()
            except Exception as error:
                # No error may stop the looking: a worker that does not look is useless.
                log.warning("claim_failed", queue=self.queue, exc_info=error)
                await asyncio.sleep(_chance.uniform(0.2, 1))
            pause = min(self._settings.job_sweep_seconds, LIFE_SECONDS) * _chance.uniform(0.8, 1.2)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(pause):
                    await self._woken.wait()

    async def _show_life(self) -> None:
        instant = asyncio.get_running_loop().time()
        if instant - self._shown_at < LIFE_SECONDS * 0.9:
            return
        async with self.context.transaction(None) as session:
            await show_life(session, self.id, queue=self.queue, host=socket.gethostname())
        self._shown_at = instant

    async def _claim(self, limit: int) -> Claim:
        try:
            async with self.context.transaction(None) as session:
                claim = await outbox.claim_jobs(
                    session,
                    queue=self.queue,
                    names=list(self.functions),
                    limit=limit,
                    lease=self._lease,
                    max_tries=self._settings.job_max_tries,
                )
        except Exception as error:
            if not is_unreadable(error):
                raise
            log.warning("claim_unreadable", queue=self.queue, exc_info=error)
            claim = await self._claim_one_by_one(limit)
        for job_id in claim.buried:
            log.warning("job_failed", job_id=str(job_id), hopeless=True, reason=outbox.VANISHED)
        return claim

    async def _claim_one_by_one(self, limit: int) -> Claim:
        """Claim rows singly, so that one which cannot be read takes no other along, and bury that one."""
        names = list(self.functions)
        async with self.context.transaction(None) as session:
            due = await outbox.due_ids(session, queue=self.queue, names=names, limit=limit)
        whole = Claim()
        for job_id in due:
            try:
                async with self.context.transaction(None) as session:
                    claim = await outbox.claim_jobs(
                        session,
                        queue=self.queue,
                        names=names,
                        limit=1,
                        lease=self._lease,
                        max_tries=self._settings.job_max_tries,
                        only=job_id,
                    )
            except Exception as error:
                if not is_unreadable(error):
                    raise
                await self._persist(partial(outbox.bury_unreadable, job_id=job_id, reason=describe(error)))
                claim = Claim(buried=[job_id])
            whole.jobs += claim.jobs
            whole.buried += claim.buried
        return whole

    async def _run(self, job: Job) -> None:
        structlog.contextvars.bind_contextvars(job=job.name, job_id=str(job.id), attempt=job.attempt)
        try:
            async with asyncio.timeout(self._settings.job_timeout_seconds):
                await self.functions[job.name](self.context, job)
            if not job.is_finished:
                await self._finish(job)
        except asyncio.CancelledError:
            await asyncio.shield(self._release(job))
            raise
        except LeaseLost:
            log.warning("lease_lost")
        except Exception as error:
            await self._fail(job, error)

    async def _finish(self, job: Job) -> None:
        """Mark a job done that has not done it itself, together with others that end at this moment."""
        future: asyncio.Future[bool | Exception] = asyncio.get_running_loop().create_future()
        self._finished.append((job, future))
        if self._finisher is None or self._finisher.done():
            self._finisher = asyncio.create_task(self._finish_together())
        outcome = await future
        if isinstance(outcome, Exception):
            raise outcome
        if not outcome:
            raise LeaseLost(str(job.id))

    async def _finish_together(self) -> None:
        while self._finished:
            batch, self._finished = self._finished, []
            jobs = [job for job, _ in batch]
            failure: Exception | None = None
            ours: frozenset[object] = frozenset()
            try:
                ours = await self._persist(partial(outbox.finish_jobs, jobs=jobs))
            except Exception as error:
                failure = error
            for job, future in batch:
                if not future.done():
                    future.set_result(failure or job.id in ours)

    async def _fail(self, job: Job, error: Exception) -> None:
        failures = job.failures + 1
        hopeless = isinstance(error, Unworkable) or failures >= self._settings.job_max_tries
        log.warning("job_failed", hopeless=hopeless, exc_info=error)
        retry_in = None if hopeless else retry_after(failures)
        try:
            await self._persist(partial(outbox.fail_job, job=job, reason=describe(error), retry_in=retry_in))
        except Exception as again:
            # The lease runs out by itself; the job is then claimed again.
            log.warning("job_not_settled", exc_info=again)

    async def _release(self, job: Job) -> None:
        try:
            async with self.context.transaction(None) as session:
                await outbox.release_job(session, job)
            log.info("job_given_back")
        except Exception as error:
            log.warning("job_not_settled", exc_info=error)

    async def _persist(self, write: Callable[[AsyncSession], Awaitable[T]]) -> T:
        """Write what became of a job; while the database is away, try on as long as the lease may hold.

        A job that was done is then not done again for a database that restarted.
        """
        loop = asyncio.get_running_loop()
        deadline, pause = loop.time() + self._lease.total_seconds(), 0.1
        while True:
            try:
                async with self.context.transaction(None) as session:
                    return await write(session)
            except Exception as error:
                if self._stopping or is_unreadable(error) or loop.time() + pause > deadline:
                    raise
            await asyncio.sleep(pause)
            pause = min(pause * 2, 2)

    async def _heartbeat(self) -> None:
        beat = self._lease.total_seconds() / 4
        while True:
            await asyncio.sleep(beat)
            jobs = list(self._running.values())
            if not jobs:
                continue
            try:
                async with self.context.transaction(None) as session:
                    await outbox.extend_leases(session, jobs, self._lease)
                beat = self._lease.total_seconds() / 4
            except Exception as error:
                log.warning("heartbeat_failed", exc_info=error)
                beat = min(1, beat)


def is_unreadable(error: Exception) -> bool:
    """Whether no worker can ever claim such a row: the fault is in its data, not in the database's health."""
    if isinstance(error, DBAPIError):
        # Class 22 of SQL's states is "data exception".
        return str(getattr(error.orig, "sqlstate", None) or "").startswith("22")
    return isinstance(error, ValueError | OverflowError | RecursionError | TypeError)


def describe(error: Exception) -> str:
    """The reason that an operator reads: kind and text, without a driver's statements and parameters."""
    cause = getattr(error, "orig", None) or error
    return f"{type(error).__name__}: {cause}"

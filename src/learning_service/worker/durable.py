"""Around each function that arq calls: claim the row, keep its lease, run, and end the row.

The row decides, not arq. A call whose row is gone, not due, halted or claimed by another does nothing.
"""

import asyncio
import random
import socket
import time
import uuid
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta
from functools import partial
from typing import TypeVar

import structlog
from opentelemetry.trace import SpanKind
from prometheus_client import Histogram
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession

from learning_service.context import Context
from learning_service.core.tasks import end_tasks
from learning_service.core.together import Together
from learning_service.core.tracing import context_of, mark_failed, root, trace_id
from learning_service.domain.jobs import outbox
from learning_service.domain.jobs.heartbeats import ALIVE, show_life
from learning_service.domain.jobs.outbox import Claim, Job, LeaseLost
from learning_service.domain.jobs.payloads import Unworkable
from learning_service.domain.kernel.base import new_id

log = structlog.get_logger()

JobFunction = Callable[[Context, Job], Awaitable[None]]
Wanted = tuple[uuid.UUID, int]
"""A row, and the number of its last claim."""
FIRST_RETRY_SECONDS, LONGEST_RETRY_SECONDS = 2.0, 600.0
LIFE_SECONDS = ALIVE.total_seconds() / 3
CLAIM_SECONDS, FINISH_SECONDS = 0.005, 0.02
"""How long claims and ends wait for others where jobs are many: a transaction costs more than all that arq does."""
JOB_SECONDS = Histogram(
    "learning_job_seconds",
    "How long one try of a job took in this worker, by outcome: done, failed, lost to another worker.",
    ["job", "outcome"],
    buckets=(0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900),
)
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


class Durable:
    """The jobs that one worker process runs, `hands` at once; `limits` say how many of a name."""

    def __init__(
        self,
        context: Context,
        functions: Mapping[str, JobFunction],
        queues: Sequence[str] = ("jobs",),
        hands: int | None = None,
        limits: Mapping[str, int] | None = None,
    ) -> None:
        self.context = context
        self.functions = functions
        self.queues = queues
        self._limits = limits or {}
        self._settings = context.settings
        hands = hands or context.settings.job_concurrency
        self._hands = asyncio.Semaphore(hands)
        self._lease = timedelta(seconds=context.settings.job_lease_seconds)
        self._ids = {queue: new_id() for queue in queues}
        self._busy: Counter[str] = Counter()
        self._running: dict[Wanted, Job] = {}
        self._claim = Together(self._claim_all, gather=CLAIM_SECONDS, enough=hands)
        self._finish = Together(self._finish_all, gather=FINISH_SECONDS)
        self._tasks: list[asyncio.Task[None]] = []

    def start(self) -> None:
        """Begin to keep leases alive and to show signs of life."""
        self._tasks = [asyncio.create_task(self._keep_leases()), asyncio.create_task(self._keep_alive())]

    async def stop(self) -> None:
        """End what `start` began, and see the last ends written."""
        await self._finish.settle()
        await end_tasks(self._tasks)

    async def run(self, name: str, wanted: Wanted) -> None:
        """Claim the row, run it and end it. Nothing happens when it is not to be had, or its name is at its limit.

        The relay brings back what was not claimed and still waits.
        """
        if name in self._limits and self._busy[name] >= self._limits[name]:
            return
        self._busy[name] += 1
        try:
            async with AsyncExitStack() as hand:
                await hand.enter_async_context(self._hands)
                job = await self._claim(wanted)
                if job is not None:
                    self._running[wanted] = job
                    await self._run(job, hand)
        except Exception as error:
            # The database is away, or no longer ours to ask: the row is as it was, and the relay finds it.
            log.warning("claim_failed", job=name, job_id=str(wanted[0]), exc_info=error)
        finally:
            self._busy[name] -= 1
            self._running.pop(wanted, None)

    async def show_life(self) -> None:
        """Say that this worker is there."""
        async with self.context.transaction(None) as session:
            for queue, worker_id in self._ids.items():
                await show_life(session, worker_id, queue=queue, host=socket.gethostname())

    async def _claim_all(self, wanted: Sequence[Wanted]) -> Sequence[Job | None]:
        try:
            claim = await self._claim_rows(wanted)
        except Exception as error:
            if not is_unreadable(error):
                raise
            log.warning("claim_unreadable", exc_info=error)
            claim = await self._claim_one_by_one(wanted)
        for job_id in claim.buried:
            log.warning("job_failed", job_id=str(job_id), hopeless=True, reason=outbox.VANISHED)
        claimed = {(job.id, job.attempt - 1): job for job in claim.jobs}
        # Popped, so that of two calls for one row only one has it.
        return [claimed.pop(one, None) for one in wanted]

    async def _claim_rows(self, wanted: Sequence[Wanted]) -> Claim:
        async with self.context.transaction(None) as session:
            return await outbox.claim_jobs(
                session,
                wanted,
                names=list(self.functions),
                lease=self._lease,
                max_tries=self._settings.job_max_tries,
            )

    async def _claim_one_by_one(self, wanted: Sequence[Wanted]) -> Claim:
        """Claim rows singly, so that one which cannot be read takes no other along, and bury that one."""
        whole = Claim()
        for one in wanted:
            try:
                claim = await self._claim_rows([one])
            except Exception as error:
                if not is_unreadable(error):
                    raise
                await self._persist(partial(outbox.bury_unreadable, job_id=one[0], reason=describe(error)))
                claim = Claim(buried=[one[0]])
            whole.jobs += claim.jobs
            whole.buried += claim.buried
        return whole

    async def _run(self, job: Job, hand: AsyncExitStack) -> None:
        structlog.contextvars.bind_contextvars(job=job.name, job_id=str(job.id), attempt=job.attempt)
        caller = context_of({"traceparent": job.traceparent} if job.traceparent else {})
        known: dict[str, str | int] = {"learning.job_id": str(job.id), "learning.attempt": job.attempt}
        started = time.perf_counter()
        try:
            with root(job.name, SpanKind.CONSUMER, caller, known) as begun:
                if begun is not None and (traced := trace_id()):
                    structlog.contextvars.bind_contextvars(trace_id=traced)
                outcome = await self._carry_out(job, hand)
                if begun is not None and outcome != "done":
                    mark_failed(begun, outcome)
            JOB_SECONDS.labels(job.name, outcome).observe(time.perf_counter() - started)
        except asyncio.CancelledError:
            await asyncio.shield(self._release(job))
            raise

    async def _carry_out(self, job: Job, hand: AsyncExitStack) -> str:
        """Run a job to its end, and say which: done, lost to another worker, or failed."""
        try:
            async with asyncio.timeout(self._settings.job_timeout_seconds):
                await self.functions[job.name](self.context, job)
            # The hand is free for another job while the ends of several are written together.
            await hand.aclose()
            if not job.is_finished and not await self._finish(job):
                raise LeaseLost(str(job.id))
        except LeaseLost:
            log.warning("lease_lost")
            return "lost"
        except Exception as error:
            await self._fail(job, error)
            return "failed"
        return "done"

    async def _finish_all(self, jobs: Sequence[Job]) -> Sequence[bool]:
        """Mark jobs done that have not done it themselves; which of them were still ours."""
        ours = await self._persist(partial(outbox.finish_jobs, jobs=jobs))
        return [job.id in ours for job in jobs]

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
                if is_unreadable(error) or loop.time() + pause > deadline:
                    raise
            await asyncio.sleep(pause)
            pause = min(pause * 2, 2)

    async def _keep_leases(self) -> None:
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
                log.warning("lease_not_kept", exc_info=error)
                beat = min(1, beat)

    async def _keep_alive(self) -> None:
        while True:
            try:
                await self.show_life()
            except Exception as error:
                log.warning("life_not_shown", error=type(error).__name__)
            await asyncio.sleep(LIFE_SECONDS * _chance.uniform(0.8, 1))


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

"""Doing what is due without Redis: rows are found as the relay finds them, and run as a worker runs them."""

import asyncio
from collections.abc import Mapping
from datetime import timedelta

from learning_service.context import Context
from learning_service.domain.jobs.outbox import due_jobs
from learning_service.worker.durable import Durable, JobFunction
from learning_service.worker.process import functions_of


class Runner:
    """The jobs of one queue; the service's own unless others are given."""

    def __init__(
        self, context: Context, queue: str = "jobs", functions: Mapping[str, JobFunction] | None = None
    ) -> None:
        self.context = context
        self.durable = Durable(context, functions or functions_of([queue]), [queue])
        self._running: set[asyncio.Task[None]] = set()

    async def drain(self) -> int:
        """Start what is due; it runs on in the background. How many there were."""
        async with self.context.transaction(None) as session:
            due = await due_jobs(
                session,
                queues=self.durable.queues,
                names=list(self.durable.functions),
                limit=self.context.settings.job_concurrency,
                late=timedelta(0),
            )
        for job in due:
            task = asyncio.create_task(self.durable.run(job.job, (job.id, job.attempt)))
            self._running.add(task)
            task.add_done_callback(self._running.discard)
        # So that they have claimed their rows.
        await asyncio.sleep(0)
        return len(due)

    async def run_until_idle(self) -> None:
        """Do all that is due, what these jobs enqueue for now included, and return."""
        while True:
            # What ends during the look may have queued more, too late to be seen by it.
            were_running = bool(self._running)
            if not await self.drain() and not were_running:
                return
            if self._running:
                await asyncio.wait(list(self._running), return_when=asyncio.FIRST_COMPLETED)

    async def stop(self) -> None:
        """Let what runs finish."""
        await asyncio.gather(*self._running)

    async def cancel(self) -> None:
        """End what runs, as a worker does whose time to stop is over."""
        for task in self._running:
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)

"""Deleting the files of an erased member."""

from learning_service.context import Context
from learning_service.domain.jobs.outbox import Job
from learning_service.domain.jobs.payloads import EraseFiles
from learning_service.worker.durable import finishing


async def erase_files(context: Context, job: Job) -> None:
    """Delete stored objects by key; those that are gone already are fine."""
    for key in EraseFiles.read(job.arguments).keys:
        await context.store.delete(key)
    async with finishing(context, job):
        pass

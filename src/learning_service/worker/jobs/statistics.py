"""Making the statistics of quizzes with very many attempts."""

from learning_service.context import Context
from learning_service.domain.completion.actions.statistics import remake_statistics
from learning_service.domain.jobs.outbox import Job
from learning_service.domain.jobs.payloads import MeasureStatistics
from learning_service.worker.durable import finishing


async def measure_statistics(context: Context, job: Job) -> None:
    """Make a quiz's statistics and keep them, for those who could not wait."""
    told = MeasureStatistics.read(job.arguments)
    async with context.transaction(job.organization_id) as session:
        await remake_statistics(session, told.version_id, told.quiz_key)
    async with finishing(context, job):
        pass

"""What operators ask of jobs: see them, see why one died, try dead ones again, and figures for metrics."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime

from sqlalchemy import Text, cast, select, text, update
from sqlalchemy.ext.asyncio import AsyncSession

from learning_service.domain.jobs.outbox import DueJob, OutboxRow, hand_over_after_commit
from learning_service.domain.kernel.clock import now

_FIGURES = text("SELECT figure, queue, job, status, value FROM job_figures()")


@dataclass(frozen=True, slots=True)
class JobState:
    """A job as an operator sees it. Its arguments are text, so that unreadable ones can be looked at too."""

    id: uuid.UUID
    status: str
    queue: str
    job: str
    organization_id: str
    arguments: str
    unique_key: str | None
    attempt: int
    failures: int
    created_at: datetime
    run_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    error: str | None


_STATE = select(
    *(
        cast(OutboxRow.arguments, Text) if f.name == "arguments" else getattr(OutboxRow, f.name)
        for f in fields(JobState)
    )
)


async def list_jobs(
    session: AsyncSession, *, status: str | None = None, limit: int = 50
) -> Sequence[JobState]:
    """The newest jobs, of one status or of all but the done."""
    wanted = OutboxRow.status == status if status else OutboxRow.status != "done"
    rows = await session.execute(_STATE.where(wanted).order_by(OutboxRow.id.desc()).limit(limit))
    return [JobState(*row) for row in rows]


async def find_job(session: AsyncSession, job_id: uuid.UUID) -> JobState | None:
    """One job."""
    row = (await session.execute(_STATE.where(OutboxRow.id == job_id))).one_or_none()
    return None if row is None else JobState(*row)


async def retry_jobs(session: AsyncSession, job_ids: Sequence[uuid.UUID] | None) -> Sequence[uuid.UUID]:
    """Queue dead jobs again as if they had never failed: these, or all when None. Returns which were dead."""
    statement = (
        update(OutboxRow)
        .where(OutboxRow.status == "dead")
        .values(status="queued", failures=0, run_at=now(session), finished_at=None)
        .returning(
            OutboxRow.id, OutboxRow.attempt, OutboxRow.queue, OutboxRow.job, cast(OutboxRow.arguments, Text)
        )
    )
    if job_ids is not None:
        statement = statement.where(OutboxRow.id.in_(job_ids))
    due = [DueJob(*row) for row in await session.execute(statement)]
    hand_over_after_commit(session, due)
    return [job.id for job in due]


async def job_figures(session: AsyncSession) -> Sequence[tuple[str, str, str, str, float]]:
    """Counts and ages of jobs, workers and schedules over all organizations: kind, queue, job, status, value.

    Any role may ask, as they tell of no organization. A kind that has no such label leaves it empty.
    """
    return [tuple(row) for row in await session.execute(_FIGURES)]

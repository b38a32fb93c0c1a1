"""Jobs that an operator has halted: their rows wait unclaimed, at no cost to them, until they are resumed."""

from datetime import datetime
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from learning_service.domain.kernel.base import Base
from learning_service.domain.kernel.clock import now


class JobHalt(Base):
    """A halted job. The row is the halt: all workers see it at their next claim."""

    __tablename__ = "job_halts"

    job: Mapped[str] = mapped_column(primary_key=True)
    halted_at: Mapped[datetime]


def halted_jobs() -> Any:
    """A select of the names of halted jobs."""
    return select(JobHalt.job)


async def halt_job(session: AsyncSession, job: str) -> bool:
    """Have no more rows of this job claimed from now on; False when it was halted already."""
    row = insert(JobHalt).values(job=job, halted_at=now(session)).on_conflict_do_nothing()
    return (await session.execute(row.returning(JobHalt.job))).first() is not None


async def resume_job(session: AsyncSession, job: str) -> bool:
    """Let the job's rows be claimed again; False when it was not halted."""
    gone = await session.execute(delete(JobHalt).where(JobHalt.job == job).returning(JobHalt.job))
    return gone.first() is not None

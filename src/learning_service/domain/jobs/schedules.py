"""Which period of each scheduled job was claimed last: only the process that claims a period starts its run."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from learning_service.domain.jobs.outbox import NO_ORGANIZATION, OutboxRow, enqueue_named
from learning_service.domain.kernel.base import Base
from learning_service.domain.kernel.clock import now

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Schedule(Base):
    """A scheduled job and the beginning of the last period that it was started for."""

    __tablename__ = "schedules"

    job: Mapped[str] = mapped_column(primary_key=True)
    period: Mapped[datetime]
    claimed_at: Mapped[datetime]


def period_of(instant: datetime, every: timedelta) -> datetime:
    """The beginning of the period that holds an instant; periods are counted from 1970 in UTC."""
    return _EPOCH + (instant - _EPOCH) // every * every


async def enqueue_scheduled(session: AsyncSession, every: Mapping[str, timedelta]) -> list[str]:
    """Queue a run of each job whose present period has not been claimed yet; returns their names.

    However many periods went by unclaimed, there is one run for all of them. A job whose last run still waits or
    works is left for later, so that no two runs of it overlap.
    """
    claimed = dict((await session.execute(select(Schedule.job, Schedule.period))).all())
    periods = {job: period_of(now(session), length) for job, length in every.items()}
    open_ = {job: period for job, period in periods.items() if claimed.get(job, _EPOCH) < period}
    if not open_:
        return []
    unfinished = select(OutboxRow.job).where(
        OutboxRow.queue == "jobs", OutboxRow.status.in_(("queued", "leased")), OutboxRow.job.in_(open_)
    )
    busy = set((await session.execute(unfinished)).scalars())
    started = []
    # In one order everywhere: two workers that claim several periods at once must not wait for each other.
    for job in sorted(open_.keys() - busy):
        if await _claim(session, job, open_[job]):
            await enqueue_named(session, job, {}, organization_id=NO_ORGANIZATION)
            started.append(job)
    return started


async def _claim(session: AsyncSession, job: str, period: datetime) -> bool:
    row = insert(Schedule).values(job=job, period=period, claimed_at=now(session))
    claim = row.on_conflict_do_update(
        index_elements=["job"],
        set_={"period": row.excluded.period, "claimed_at": row.excluded.claimed_at},
        where=Schedule.period < row.excluded.period,
    ).returning(Schedule.job)
    return (await session.execute(claim)).first() is not None

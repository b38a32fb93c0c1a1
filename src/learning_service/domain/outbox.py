"""Jobs are rows first: written in the transaction of what causes them, claimed by workers, kept until done.

Redis only wakes a worker. A row is claimed for a lease under a fencing number (`attempt`), and the number is
checked again at the final write, so that a worker which lost its lease changes nothing.
"""

import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import CheckConstraint, Index, Integer, literal, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from learning_service.domain.base import Base, new_id
from learning_service.domain.clock import now

_WAKE = "queues_to_wake"
MAX_REASON = 2000


class OutboxRow(Base):
    """One job: what to do, for whom, as of when, and how far it got."""

    __tablename__ = "outbox"
    __table_args__ = (
        CheckConstraint("status IN ('queued', 'leased', 'done', 'dead')", name="status"),
        Index("uq_outbox_unique_key", "unique_key", unique=True),
        Index("ix_outbox_due", "queue", "run_at", postgresql_where=text("status IN ('queued', 'leased')")),
        Index("ix_outbox_finished", "finished_at", postgresql_where=text("status IN ('done', 'dead')")),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    organization_id: Mapped[str]
    queue: Mapped[str]
    job: Mapped[str]
    arguments: Mapped[dict[str, Any]]
    """Ids only, never names or texts."""
    unique_key: Mapped[str | None]
    """Holds while the row exists: the same work is not queued twice."""
    as_of: Mapped[datetime]
    """The instant that the job reasons with."""
    status: Mapped[str]
    attempt: Mapped[int]
    """How often it was claimed; the fencing number of the current claim."""
    run_at: Mapped[datetime]
    """Not before then; while leased, when the lease ends."""
    created_at: Mapped[datetime]
    started_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]
    error: Mapped[str | None]
    """Why the last try failed."""


@dataclass(frozen=True, slots=True)
class Job:
    """A claimed row as its worker sees it."""

    id: uuid.UUID
    organization_id: str
    name: str
    arguments: dict[str, Any]
    as_of: datetime
    attempt: int
    created_at: datetime


class LeaseLost(Exception):
    """Somebody else has the job now; whatever this worker did is rolled back."""


class Unworkable(Exception):
    """No retry can make this job good; it is dead at once, with this reason."""


async def enqueue_job(
    session: AsyncSession,
    job: str,
    arguments: dict[str, Any],
    *,
    organization_id: str,
    queue: str = "jobs",
    unique_key: str | None = None,
    run_at: datetime | None = None,
) -> None:
    """Write the job into the session's transaction; a worker is woken once that commits.

    With a `unique_key` that a row already has, nothing is written.
    """
    instant = now(session)
    await session.execute(
        insert(OutboxRow)
        .values(
            id=new_id(),
            organization_id=organization_id,
            queue=queue,
            job=job,
            arguments=arguments,
            unique_key=unique_key,
            as_of=instant,
            status="queued",
            attempt=0,
            run_at=run_at or instant,
            created_at=instant,
        )
        .on_conflict_do_nothing(index_elements=["unique_key"])
    )
    session.info.setdefault(_WAKE, set()).add(queue)


def take_queues_to_wake(session: AsyncSession) -> frozenset[str]:
    """Queues that got a row in this transaction; asked once, after the commit."""
    return frozenset(session.info.pop(_WAKE, ()))


async def claim_jobs(
    session: AsyncSession, *, queue: str, names: Collection[str], limit: int, lease: timedelta
) -> Sequence[Job]:
    """Claim up to `limit` due jobs of the given names: queued ones, and those whose lease has run out.

    Names this worker does not know stay queued for a newer one.
    """
    due = (
        select(OutboxRow.id)
        .where(
            OutboxRow.queue == queue,
            OutboxRow.status.in_(("queued", "leased")),
            OutboxRow.run_at <= now(session),
            OutboxRow.job.in_(names),
        )
        .order_by(OutboxRow.run_at)
        .limit(limit)
        .with_for_update(skip_locked=True)
        .cte("due")
        .prefix_with("MATERIALIZED", dialect="postgresql")
    )
    claimed = await session.execute(
        update(OutboxRow)
        .where(OutboxRow.id.in_(select(due.c.id)))
        .values(
            status="leased",
            attempt=OutboxRow.attempt + literal(1, Integer),
            started_at=now(session),
            run_at=now(session) + lease,
        )
        .returning(
            OutboxRow.id,
            OutboxRow.organization_id,
            OutboxRow.job,
            OutboxRow.arguments,
            OutboxRow.as_of,
            OutboxRow.attempt,
            OutboxRow.created_at,
        )
        .execution_options(synchronize_session=False)
    )
    return [Job(*row) for row in claimed]


async def extend_leases(session: AsyncSession, jobs: Sequence[Job], lease: timedelta) -> None:
    """The sign of life of a worker for what it is still doing."""
    for job in jobs:
        await session.execute(_held(job).values(run_at=now(session) + lease))


async def finish_job(session: AsyncSession, job: Job) -> None:
    """Mark the job done in the transaction of its effects. Raises LeaseLost when it is no longer ours."""
    result = await session.execute(
        _held(job).values(status="done", finished_at=now(session), error=None).returning(OutboxRow.id)
    )
    if result.first() is None:
        raise LeaseLost(str(job.id))


async def is_finished(session: AsyncSession, job: Job) -> bool:
    """Whether the job was marked done under this very claim."""
    row = await session.execute(
        select(OutboxRow.status).where(OutboxRow.id == job.id, OutboxRow.attempt == job.attempt)
    )
    return row.scalar() == "done"


async def release_job(session: AsyncSession, job: Job) -> None:
    """Give a job back unfinished, at once and without a mark against it: the worker is stopping."""
    await session.execute(_held(job).values(status="queued", run_at=now(session)))


async def fail_job(session: AsyncSession, job: Job, reason: str, *, retry_in: timedelta | None) -> None:
    """Keep the reason; queue the job again after `retry_in`, or bury it when that is None."""
    reason = reason.replace("\x00", "")[:MAX_REASON]
    if retry_in is None:
        values: dict[str, Any] = {"status": "dead", "finished_at": now(session), "error": reason}
    else:
        values = {"status": "queued", "run_at": now(session) + retry_in, "error": reason}
    await session.execute(_held(job).values(**values))


def _held(job: Job) -> Any:
    return (
        update(OutboxRow)
        .where(OutboxRow.id == job.id, OutboxRow.attempt == job.attempt, OutboxRow.status == "leased")
        .execution_options(synchronize_session=False)
    )

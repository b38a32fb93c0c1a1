"""Jobs are rows first: written in the transaction of what causes them, claimed by workers, kept until done.

After the commit arq gets the row, and runs it. What arq holds may be lost or doubled: a row is claimed
for a lease under a fencing number (`attempt`), and the number is checked again at the final write, so that a worker
which lost its lease changes nothing.
"""

import uuid
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    CheckConstraint,
    Index,
    Integer,
    Text,
    and_,
    case,
    cast,
    func,
    literal,
    null,
    select,
    text,
    tuple_,
    update,
)
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from learning_service.domain.jobs.paused_jobs import halted_jobs
from learning_service.domain.jobs.payloads import Payload
from learning_service.domain.kernel.base import Base, Columns, new_id
from learning_service.domain.kernel.clock import now
from learning_service.domain.kernel.values import JsonObject

NO_ORGANIZATION = ""
"""The organization of work that is done for all of them; no real one has an empty id."""
MAX_REASON = 2000
VANISHED = "the worker vanished in the middle of it"
TRACEPARENT = "traceparent"
"""The key under which a session's `info` says in which span its transaction was opened."""
_DUE = "due_jobs"
_FINISHED = text("status IN ('done', 'dead')")


class OutboxRow(Base):
    """One job: what to do, for whom, as of when, and how far it got."""

    __tablename__ = "outbox"
    __table_args__ = (
        CheckConstraint("status IN ('queued', 'leased', 'done', 'dead')", name="status"),
        Index("uq_outbox_unique_key", "unique_key", unique=True),
        Index("ix_outbox_due", "queue", "run_at", postgresql_where=text("status IN ('queued', 'leased')")),
        Index("ix_outbox_finished", "finished_at", postgresql_where=_FINISHED),
        Index("ix_outbox_dead", "finished_at", postgresql_where=text("status = 'dead'")),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    organization_id: Mapped[str]
    queue: Mapped[str]
    job: Mapped[str]
    arguments: Mapped[JsonObject]
    """Ids only, never names or texts."""
    unique_key: Mapped[str | None]
    """Holds while the row exists: the same work is not queued twice."""
    as_of: Mapped[datetime]
    """The instant that the job reasons with."""
    status: Mapped[str]
    attempt: Mapped[int]
    """How often it was claimed; the fencing number of the current claim."""
    failures: Mapped[int] = mapped_column(default=0, server_default="0")
    """Claims that ended in an error or without an end. Giving a job back does not count."""
    run_at: Mapped[datetime]
    """Not before then; while leased, when the lease ends."""
    created_at: Mapped[datetime]
    started_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]
    error: Mapped[str | None]
    """Why the last try failed."""
    traceparent: Mapped[str | None]
    """The span that it was queued in, in the form of W3C Trace Context."""


@dataclass(slots=True)
class Job:
    """A claimed row as its worker sees it."""

    id: uuid.UUID
    organization_id: str
    name: str
    arguments: JsonObject
    as_of: datetime
    attempt: int
    created_at: datetime
    failures: int = 0
    traceparent: str | None = None
    is_finished: bool = False
    """Set once its end was committed together with its effects."""


_JOB = (
    OutboxRow.id,
    OutboxRow.organization_id,
    OutboxRow.job,
    OutboxRow.arguments,
    OutboxRow.as_of,
    OutboxRow.attempt,
    OutboxRow.created_at,
    OutboxRow.failures,
    OutboxRow.traceparent,
)
"""The columns of a Job, in the order of its fields."""


@dataclass(slots=True)
class Claim:
    """What a claim brought: jobs to do, and ids of those whose workers vanished too often."""

    jobs: list[Job] = field(default_factory=list)
    buried: list[uuid.UUID] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class DueJob:
    """A row that waits to be claimed, as arq gets it."""

    id: uuid.UUID
    attempt: int
    """How often it was claimed so far; the claim that follows has to find this number."""
    queue: str
    job: str
    arguments: Mapping[str, Any] | str
    """Or their JSON as text, which may be more than Python reads."""
    is_late: bool = False
    """It has been due for longer than a worker takes to claim what arq gave it."""


class LeaseLost(Exception):
    """Another worker has the job now; whatever this worker did is rolled back."""


async def enqueue_job(
    session: AsyncSession,
    payload: Payload,
    *,
    organization_id: str,
    unique_key: str | None = None,
    run_at: datetime | None = None,
    as_of: datetime | None = None,
) -> None:
    """Write the job into the session's transaction, as `enqueue_named` does."""
    await enqueue_named(
        session,
        payload.name,
        payload.arguments,
        organization_id=organization_id,
        queue=payload.queue,
        unique_key=unique_key,
        run_at=run_at,
        as_of=as_of,
    )


async def enqueue_named(
    session: AsyncSession,
    job: str,
    arguments: JsonObject,
    *,
    organization_id: str,
    queue: str = "jobs",
    unique_key: str | None = None,
    run_at: datetime | None = None,
    as_of: datetime | None = None,
) -> None:
    """Write the job into the session's transaction; arq gets it once that commits, if it is due.

    With a `unique_key` that a row already has, nothing is written. `as_of`: another instant for it to reason with.
    """
    instant, id_ = now(session), new_id()
    written = await session.execute(
        insert(OutboxRow)
        .values(
            id=id_,
            organization_id=organization_id,
            queue=queue,
            job=job,
            arguments=arguments,
            unique_key=unique_key,
            as_of=as_of or instant,
            status="queued",
            attempt=0,
            failures=0,
            # An instant that was given as of a later time must not keep the job waiting until then.
            run_at=run_at or func.least(instant, func.clock_timestamp()),
            created_at=instant,
            traceparent=session.info.get(TRACEPARENT),
        )
        .on_conflict_do_nothing(index_elements=["unique_key"])
        .returning(OutboxRow.id)
    )
    if written.first() is not None and (run_at is None or run_at <= instant):
        hand_over_after_commit(session, [DueJob(id_, 0, queue, job, arguments)])


def hand_over_after_commit(session: AsyncSession, due: Iterable[DueJob]) -> None:
    """Note that arq gets these rows once this transaction has committed."""
    session.info.setdefault(_DUE, []).extend(due)


def take_due(session: AsyncSession) -> list[DueJob]:
    """What this transaction has for arq; asked once, before the commit."""
    due: list[DueJob] = session.info.pop(_DUE, [])
    return due


async def due_jobs(
    session: AsyncSession, *, queues: Collection[str], names: Collection[str], limit: int, late: timedelta
) -> list[DueJob]:
    """What waits to be claimed, the oldest first: queued rows that are due, and those whose lease has ended.

    Names this worker does not know are left to a newer one. Nothing is read that Python could choke on.
    """
    rows = await session.execute(
        select(
            OutboxRow.id,
            OutboxRow.attempt,
            OutboxRow.queue,
            OutboxRow.job,
            cast(OutboxRow.arguments, Text),
            OutboxRow.run_at < now(session) - late,
        )
        .where(OutboxRow.queue.in_(queues), *_is_due(session, names))
        .order_by(OutboxRow.run_at)
        .limit(limit)
    )
    return [DueJob(*row) for row in rows]


async def claim_jobs(
    session: AsyncSession,
    wanted: Collection[tuple[uuid.UUID, int]],
    *,
    names: Collection[str],
    lease: timedelta,
    max_tries: int,
) -> Claim:
    """Claim those of the wanted rows, by id and the number of their last claim, that are due, known and not halted.

    A row that another worker holds at this moment is passed over. A job whose lease ran out for the `max_tries`th
    time is buried instead: it may be what kills its workers.
    """
    due = select(OutboxRow.id).where(
        tuple_(OutboxRow.id, OutboxRow.attempt).in_(wanted), *_is_due(session, names)
    )
    found = due.with_for_update(skip_locked=True).cte("due").prefix_with("MATERIALIZED", dialect="postgresql")
    vanished = OutboxRow.status == "leased"
    hopeless = and_(vanished, OutboxRow.failures + literal(1, Integer) >= max_tries)
    claimed = await session.execute(
        update(OutboxRow)
        .where(OutboxRow.id.in_(select(found.c.id)))
        .values(
            status=case((hopeless, "dead"), else_="leased"),
            attempt=OutboxRow.attempt + literal(1, Integer),
            failures=OutboxRow.failures + case((vanished, 1), else_=0),
            started_at=now(session),
            finished_at=case((hopeless, now(session)), else_=null()),
            error=case((vanished, VANISHED), else_=OutboxRow.error),
            run_at=now(session) + lease,
        )
        .returning(OutboxRow.status, *_JOB)
    )
    claim = Claim()
    for status, *columns in claimed:
        if status == "dead":
            claim.buried.append(columns[0])
        else:
            claim.jobs.append(Job(*columns))
    return claim


async def bury_unreadable(session: AsyncSession, job_id: uuid.UUID, reason: str) -> None:
    """Mark a row dead that cannot even be claimed, so that it stops being in the way."""
    await session.execute(
        update(OutboxRow)
        .where(OutboxRow.id == job_id, OutboxRow.status.in_(("queued", "leased")))
        .where(OutboxRow.run_at <= now(session))
        .values(status="dead", finished_at=now(session), error=_storable(reason))
    )


async def extend_leases(session: AsyncSession, jobs: Sequence[Job], lease: timedelta) -> None:
    """The sign of life of a worker for all that it is doing, in one statement.

    A row that is locked is being finished at this moment and is passed over: waiting for it here, with other
    rows locked, could be a deadlock.
    """
    held = _held(jobs).with_for_update(skip_locked=True)
    await session.execute(update(OutboxRow).where(OutboxRow.id.in_(held)).values(run_at=now(session) + lease))


async def finish_job(session: AsyncSession, job: Job) -> None:
    """Mark the job done in the transaction of its effects. Raises LeaseLost when it is no longer ours."""
    if job.id not in await finish_jobs(session, [job]):
        raise LeaseLost(str(job.id))


async def finish_jobs(session: AsyncSession, jobs: Sequence[Job]) -> frozenset[uuid.UUID]:
    """Mark jobs done that left nothing to commit with them; returns the ids of those that were still ours."""
    result = await session.execute(
        _update_held(jobs).values(status="done", finished_at=now(session), error=None).returning(OutboxRow.id)
    )
    return frozenset(result.scalars())


async def release_job(session: AsyncSession, job: Job) -> None:
    """Give a job back unfinished, at once and without a mark against it: the worker is stopping."""
    await session.execute(_update_held([job]).values(status="queued", run_at=now(session)))


async def fail_job(session: AsyncSession, job: Job, reason: str, *, retry_in: timedelta | None) -> None:
    """Keep the reason; queue the job again after `retry_in`, or bury it when that is None."""
    values: Columns = {
        "error": _storable(reason),
        "failures": OutboxRow.failures + literal(1, Integer),
    }
    if retry_in is None:
        values |= {"status": "dead", "finished_at": now(session)}
    else:
        values |= {"status": "queued", "run_at": now(session) + retry_in}
    await session.execute(_update_held([job]).values(**values))


def _is_due(session: AsyncSession, names: Collection[str]) -> tuple[Any, ...]:
    return (
        OutboxRow.status.in_(("queued", "leased")),
        OutboxRow.run_at <= now(session),
        OutboxRow.job.in_(names),
        OutboxRow.job.not_in(halted_jobs()),
    )


def _held(jobs: Sequence[Job]) -> Any:
    claims = [(job.id, job.attempt) for job in jobs]
    return (
        select(OutboxRow.id)
        .where(tuple_(OutboxRow.id, OutboxRow.attempt).in_(claims), OutboxRow.status == "leased")
        .order_by(OutboxRow.id)
    )


def _update_held(jobs: Sequence[Job]) -> Any:
    claims = [(job.id, job.attempt) for job in jobs]
    return update(OutboxRow).where(
        tuple_(OutboxRow.id, OutboxRow.attempt).in_(claims), OutboxRow.status == "leased"
    )


def _storable(reason: str) -> str:
    return reason.replace("\x00", "").encode("utf-8", "replace").decode()[:MAX_REASON]

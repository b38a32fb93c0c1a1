"""Deleting what is no longer needed, in small steps. The audit trail, certificates and dead jobs are kept."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import structlog
from sqlalchemy import ColumnElement, delete, inspect, select, true, tuple_
from sqlalchemy.orm import InstrumentedAttribute

from learning_service.context import Context
from learning_service.domain.directory.models import MembershipEvent
from learning_service.domain.jobs.heartbeats import WorkerRow
from learning_service.domain.jobs.outbox import OutboxRow
from learning_service.domain.kernel.clock import now
from learning_service.domain.kernel.planning import plan_afresh
from learning_service.domain.records.events import Event
from learning_service.domain.records.idempotency import KEPT, IdempotencyReply
from learning_service.domain.reminders.models import OfficerDigest
from learning_service.domain.webhooks.models import WebhookDelivery

log = structlog.get_logger()

_ALL = true()
CHUNK = 1000
"""Rows per transaction: locks are short, and a run that is interrupted keeps what it did."""


@dataclass(frozen=True)
class Purged:
    """Rows that go when `column` is older than `after`, as far as `only` holds."""

    column: InstrumentedAttribute[Any]
    after: timedelta
    only: ColumnElement[bool] = _ALL


PURGED: Sequence[Purged] = (
    Purged(OutboxRow.finished_at, timedelta(days=7), OutboxRow.status == "done"),
    # An event that has no place in the feed yet has not been read by any service.
    Purged(Event.at, timedelta(days=90), Event.position.is_not(None)),
    Purged(IdempotencyReply.created_at, KEPT),
    # Parked: about a person who never became a member.
    Purged(MembershipEvent.received_at, timedelta(days=30), MembershipEvent.data.is_not(None)),
    # So long, a delivery can be looked at and replayed.
    Purged(WebhookDelivery.created_at, timedelta(days=30), WebhookDelivery.status != "pending"),
    # Longer than the week that the row claims.
    Purged(OfficerDigest.claimed_at, timedelta(days=30), OfficerDigest.status.not_in(("pending", "sending"))),
    Purged(WorkerRow.seen_at, timedelta(days=1)),
)


async def purge(context: Context, at: datetime | None) -> None:
    """Delete what has outlived its time as of `at`. Done twice, the second time finds nothing."""
    for kind in PURGED:
        count = 0
        while (deleted := await _delete_chunk(context, kind, at)) > 0:
            count += deleted
        if count:
            log.info("purged", table=kind.column.class_.__tablename__, rows=count)


async def _delete_chunk(context: Context, kind: Purged, at: datetime | None) -> int:
    model = kind.column.class_
    key = tuple_(*inspect(model).primary_key)
    async with context.transaction(None, at=at) as session:
        await plan_afresh(session)
        old = (
            select(*inspect(model).primary_key)
            .where(kind.column < now(session) - kind.after, kind.only)
            .order_by(kind.column)
            .limit(CHUNK)
            # Rows that are locked at this moment go with the next run.
            .with_for_update(skip_locked=True)
        )
        deleted = await session.execute(
            delete(model).where(key.in_(old)).returning(*inspect(model).primary_key)
        )
        return len(deleted.all())

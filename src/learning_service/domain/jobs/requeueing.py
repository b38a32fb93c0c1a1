"""Work that is queued again because its facts have changed."""

from collections.abc import Mapping

from sqlalchemy import func
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from learning_service.domain.jobs.outbox import TRACEPARENT, DueJob, OutboxRow, hand_over_after_commit
from learning_service.domain.jobs.payloads import Payload
from learning_service.domain.kernel.base import new_id
from learning_service.domain.kernel.clock import now
from learning_service.domain.kernel.values import JsonObject


async def requeue_jobs(session: AsyncSession, wanted: Mapping[str, Payload], *, organization_id: str) -> None:
    """Queue work again whose facts have changed, by `unique_key`. Few enough for one statement.

    A worker that is in the middle of it loses its claim, so that what it makes of the old facts is not kept.
    """
    if not wanted:
        return
    instant = now(session)
    again = {
        "status": "queued",
        "failures": 0,
        # An instant that was given as of a later time must not keep the job waiting until then.
        "run_at": func.least(instant, func.clock_timestamp()),
        "as_of": instant,
        "started_at": None,
        "finished_at": None,
        "error": None,
        "traceparent": session.info.get(TRACEPARENT),
    }
    made = {"organization_id": organization_id, "attempt": 0, "created_at": instant}
    rows = [
        {"id": new_id(), "unique_key": key, **_told(told), **made, **again}
        for key, told in sorted(wanted.items())
    ]
    written = await session.execute(
        insert(OutboxRow)
        .values(rows)
        .on_conflict_do_update(
            index_elements=["unique_key"], set_={name: insert(OutboxRow).excluded[name] for name in again}
        )
        .returning(OutboxRow.id, OutboxRow.attempt, OutboxRow.unique_key)
    )
    hand_over_after_commit(
        session, [DueJob(id_, attempt, **_told(wanted[key])) for id_, attempt, key in written if key]
    )


def _told(payload: Payload) -> JsonObject:
    """What a row has of the job."""
    return {"queue": payload.queue, "job": payload.name, "arguments": payload.arguments}

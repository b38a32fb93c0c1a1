"""Changes of all enrollments that a filter finds: few at once, many as a run that goes on where it stopped."""

import json
import uuid
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncSession

from learning_service.domain.completion.actions.bulk import BulkDone, change_many
from learning_service.domain.completion.models import EnrollmentRun
from learning_service.domain.completion.queries.found_enrollments import (
    count_found,
    find_ids,
)
from learning_service.domain.completion.queries.wanted_enrollments import EnrollmentFilter
from learning_service.domain.completion.rules.bulk import MOST_AT_ONCE, Bulk, BulkIn, EnrollmentFilterIn
from learning_service.domain.jobs.outbox import enqueue_job
from learning_service.domain.jobs.payloads import ChangeEnrollments
from learning_service.domain.kernel.base import new_id
from learning_service.domain.kernel.clock import now
from learning_service.domain.kernel.principal import Principal
from learning_service.domain.kernel.tenant import own_key

CHUNK = 200
"""Enrollments of one transaction of a run."""


@dataclass(frozen=True, slots=True)
class Answered:
    """What a call did, or the run that will do it."""

    done: BulkDone | None = None
    run_id: uuid.UUID | None = None


async def change_in_bulk(
    session: AsyncSession, sent: BulkIn, *, actor: Principal, mails_per_second: int
) -> Answered:
    """Change these enrollments, or start a run where a filter finds more than one call changes. Raises Invalid."""
    bulk = Bulk(new_id(), sent.action, sent.due_at, sent.extra, sent.reason)
    ids = sent.ids
    if sent.filter is not None:
        wanted = _filter_of(sent.filter)
        found = await find_ids(session, actor, wanted, after=None, limit=MOST_AT_ONCE + 1)
        if len(found) > MOST_AT_ONCE:
            await change_many(session, [], bulk, actor=actor, mails_per_second=mails_per_second)
            return Answered(run_id=await _start(session, sent.filter, bulk, actor))
        ids = tuple(found)
    done = await change_many(session, ids or (), bulk, actor=actor, mails_per_second=mails_per_second)
    return Answered(done)


async def _start(session: AsyncSession, sent: EnrollmentFilterIn, bulk: Bulk, actor: Principal) -> uuid.UUID:
    session.add(
        EnrollmentRun(
            id=bulk.id,
            organization_id=actor.organization_id,
            action=bulk.action,
            started_by=actor.user_id,
            roles=sorted(actor.roles),
            wanted=sent.model_dump(mode="json", exclude_none=True),
            due_at=bulk.due_at,
            extra=bulk.extra,
            reason=bulk.reason,
            status="running",
            cursor=None,
            total=await count_found(session, actor, _filter_of(sent)),
            done=0,
            skipped=0,
            started_at=now(session),
        )
    )
    await session.flush()
    await enqueue_job(session, ChangeEnrollments(run_id=bulk.id), organization_id=actor.organization_id)
    return bulk.id


async def step_enrollments(session: AsyncSession, run_id: uuid.UUID, *, mails_per_second: int) -> bool:
    """Change the next enrollments of a run; True while there may be more. Raises Unmarked.

    The run's row is held, so that two workers go through it one after the other, and what it has done and where it
    is are committed together.
    """
    run = await session.get(EnrollmentRun, own_key(session, run_id), with_for_update=True)
    if run is None or run.status != "running":
        return False
    if run.due_at is not None and run.due_at <= now(session):
        _end(session, run, "failed", error="due-passed")
        return False
    actor = Principal(run.organization_id, run.started_by, roles=frozenset(run.roles))
    wanted = _filter_of(EnrollmentFilterIn.model_validate_json(json.dumps(run.wanted)))
    ids = await find_ids(session, actor, wanted, after=run.cursor, limit=CHUNK)
    bulk = Bulk(run.id, run.action, run.due_at, run.extra, run.reason)  # type: ignore[arg-type]
    done = await change_many(session, ids, bulk, actor=actor, mails_per_second=mails_per_second)
    run.done += done.done
    run.skipped += len(done.skipped)
    run.cursor = ids[-1] if ids else run.cursor
    if len(ids) < CHUNK:
        _end(session, run, "done")
        return False
    return True


async def fail_run(session: AsyncSession, run_id: uuid.UUID) -> None:
    """Say that a run cannot go on. What it has done stays."""
    run = await session.get(EnrollmentRun, own_key(session, run_id), with_for_update=True)
    if run is not None and run.status == "running":
        _end(session, run, "failed", error="internal-error")


def _end(session: AsyncSession, run: EnrollmentRun, status: str, *, error: str | None = None) -> None:
    run.status, run.error, run.finished_at = status, error, now(session)
    run.wanted, run.reason = {}, None


def _filter_of(sent: EnrollmentFilterIn) -> EnrollmentFilter:
    return EnrollmentFilter(
        user_id=sent.user_id,
        course_id=sent.course_id,
        chapter_id=sent.chapter_id,
        region_id=sent.region_id,
        status=sent.status,
        typed=sent.q,
        overdue=sent.overdue,
        awaiting_review=sent.awaiting_review,
        due_before=sent.due_before,
        withdrawn=sent.withdrawn,
    )

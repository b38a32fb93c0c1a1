"""Runs of every kind, as those who started them and administrators follow them."""

import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from learning_service.domain.assignments.models import AssignmentRun
from learning_service.domain.assignments.queries.rules import find_run, run_view
from learning_service.domain.completion.models import EnrollmentRun, VersionMigration
from learning_service.domain.directory.rules.reach import reach_of
from learning_service.domain.enrollments.queries.enrollments import access_authored
from learning_service.domain.kernel.errors import Forbidden, NotAMember, NotFound
from learning_service.domain.kernel.principal import Principal
from learning_service.domain.kernel.tenant import own_key

_STATUSES = {
    "running": "running",
    "undoing": "running",
    "done": "done",
    "undone": "done",
    "stopped": "failed",
}
"""Of runs of assignments, as all runs have them."""


@dataclass(frozen=True, slots=True)
class RunProgress:
    """What a run did so far."""

    run_id: uuid.UUID
    kind: str
    status: str
    total: int
    done: int
    skipped: int
    started_at: datetime
    finished_at: datetime | None
    error: str | None


async def read_progress(session: AsyncSession, caller: Principal, run_id: uuid.UUID) -> RunProgress:
    """A run that the caller started, or that is about members whom they administer. Raises NotFound."""
    run = await session.get(EnrollmentRun, own_key(session, run_id))
    if run is None:
        return await _of_migration(session, caller, run_id) or await _of_assignment(session, caller, run_id)
    starter = Principal(run.organization_id, run.started_by, roles=frozenset(run.roles))
    reach = reach_of(caller, chapters=True)
    covers = caller.is_any_admin and reach.covers(reach_of(starter, chapters=True))
    if not (covers or run.started_by == caller.user_id):
        raise NotFound
    return RunProgress(
        run.id,
        run.action,
        run.status,
        run.total,
        run.done,
        run.skipped,
        run.started_at,
        run.finished_at,
        run.error,
    )


async def _of_assignment(session: AsyncSession, caller: Principal, run_id: uuid.UUID) -> RunProgress:
    run: Any = await session.get(AssignmentRun, own_key(session, run_id))
    if run is None or run.started_by != caller.user_id:
        run = await find_run(session, caller, run_id)
    seen = await run_view(session, caller, run)
    # Of others' members nothing is told: what is left are the caller's own whom it assigned.
    total = seen.assigned if seen.matches is None else seen.matches
    return RunProgress(
        run.id,
        "assignment",
        _STATUSES[run.status],
        total,
        seen.assigned,
        total - seen.assigned,
        run.started_at,
        run.finished_at,
        run.reason if run.status == "stopped" else None,
    )


async def _of_migration(session: AsyncSession, caller: Principal, run_id: uuid.UUID) -> RunProgress | None:
    """A move of enrollments, for whoever started it or may author the course. Raises NotFound for others."""
    run = await session.get(VersionMigration, own_key(session, run_id))
    if run is None:
        return None
    if run.started_by != caller.user_id:
        try:
            await access_authored(session, caller, run.course_id)
        except (Forbidden, NotAMember):
            raise NotFound from None
    return RunProgress(
        run.id,
        "migration",
        run.status,
        run.total,
        run.done,
        run.total - run.done if run.status != "running" else 0,
        run.started_at,
        run.finished_at,
        run.error,
    )

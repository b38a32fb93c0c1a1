"""Assignments, extensions and completions from a file: judged as a whole, then done at once or as a run."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import get_args

from sqlalchemy import delete, insert, select
from sqlalchemy.ext.asyncio import AsyncSession

from learning_service.domain.completion.actions.imported_completions import complete_rows
from learning_service.domain.completion.actions.imported_due_times import (
    assign_rows,
    extend_rows,
    in_one_order,
)
from learning_service.domain.completion.models import EnrollmentRun, ImportRow
from learning_service.domain.completion.queries.import_rows import judge_rows
from learning_service.domain.completion.rules.bulk import MOST_AT_ONCE
from learning_service.domain.completion.rules.importing import ImportKind, RejectedRow, Rows, WantedRow
from learning_service.domain.enrollments.queries.standing import hold_entrance
from learning_service.domain.jobs.outbox import enqueue_job
from learning_service.domain.jobs.payloads import ImportRows
from learning_service.domain.kernel.base import new_id
from learning_service.domain.kernel.clock import now
from learning_service.domain.kernel.errors import Fault, Invalid
from learning_service.domain.kernel.large_work import Workroom
from learning_service.domain.kernel.principal import Principal
from learning_service.domain.kernel.tenant import own_key

BATCH = 250
"""Rows that are judged with one look at the facts."""
CHUNK = 200
"""Rows of one transaction of a run."""
_KINDS = {f"import_{kind}": kind for kind in get_args(ImportKind)}


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What became of a file: all of its rows, those that can be done, and what is wrong with the others."""

    rows: int
    accepted: int
    rejected: Sequence[RejectedRow]
    run_id: uuid.UUID | None = None
    """The run that does them; None where they are done, or nothing was to be done."""


class RowsRejected(Invalid):
    """Some rows cannot be imported, so none was."""

    code = "rows-rejected"

    def __init__(self, report: ImportReport) -> None:
        count = len(report.rejected)
        super().__init__([Fault("/file", f"has rows that cannot be imported: {count}", "unusable")])
        self.facts = {
            "rows": report.rows,
            "accepted": report.accepted,
            "rejected": [
                {"line": one.line, "code": one.code, "detail": one.detail} for one in report.rejected
            ],
        }


async def import_file(
    session: AsyncSession,
    kind: ImportKind,
    reader: Workroom[Rows],
    *,
    actor: Principal,
    dry_run: bool,
    partial: bool,
) -> ImportReport:
    """Do what the rows of a file ask for; many of them in a run. With `partial` also beside rows that are wrong.

    Doing it again changes nothing. Raises Invalid for what is no such file, RowsRejected.
    """
    run_id = new_id()
    rows = accepted = 0
    rejected: list[RejectedRow] = []
    while batch := await reader.do(Rows.next, BATCH):
        wanted = [row for row in batch if isinstance(row, WantedRow)]
        good, bad = await judge_rows(session, kind, wanted, actor) if wanted else ([], [])
        rows, accepted = rows + len(batch), accepted + len(good)
        rejected += sorted(
            [*bad, *(row for row in batch if isinstance(row, RejectedRow))], key=lambda row: row.line
        )
        if good and not dry_run and (partial or not rejected):
            if accepted == len(good):
                await _start(session, run_id, kind, actor)
            await _keep(session, run_id, good)
    report = ImportReport(rows, accepted, rejected)
    if dry_run:
        return report
    if rejected and not partial:
        raise RowsRejected(report)
    return await _set_off(session, run_id, report) if accepted else report


async def _start(session: AsyncSession, run_id: uuid.UUID, kind: ImportKind, actor: Principal) -> None:
    session.add(
        EnrollmentRun(
            id=run_id,
            organization_id=actor.organization_id,
            action=f"import_{kind}",
            started_by=actor.user_id,
            roles=sorted(actor.roles),
            wanted={},
            due_at=None,
            extra=0,
            reason=None,
            status="running",
            cursor=None,
            total=0,
            done=0,
            skipped=0,
            started_at=now(session),
        )
    )
    await session.flush()


async def _keep(session: AsyncSession, run_id: uuid.UUID, rows: Sequence[WantedRow]) -> None:
    own = {"organization_id": own_key(session, run_id)[0], "run_id": run_id}
    values = [own | {name: getattr(row, name) for name in WantedRow.__slots__} for row in rows]
    await session.execute(insert(ImportRow), values)


async def _set_off(session: AsyncSession, run_id: uuid.UUID, report: ImportReport) -> ImportReport:
    """Do few rows at once, and leave many to the worker."""
    run = await session.get_one(EnrollmentRun, own_key(session, run_id))
    run.total = report.accepted
    if report.accepted <= MOST_AT_ONCE:
        await _do(session, run, MOST_AT_ONCE)
        end_import(session, run, "done")
        return report
    await session.flush()
    await enqueue_job(session, ImportRows(run_id=run_id), organization_id=run.organization_id)
    return ImportReport(report.rows, report.accepted, report.rejected, run_id)


async def step_import(session: AsyncSession, run_id: uuid.UUID) -> bool:
    """Do the next rows of an import; True while there may be more.

    The run's row is held, so that two workers go through it one after the other. What is done and what is still to
    do are committed together.
    """
    run = await session.get(EnrollmentRun, own_key(session, run_id), with_for_update=True)
    if run is None or run.status != "running":
        return False
    if await _do(session, run, CHUNK) == CHUNK:
        return True
    end_import(session, run, "done")
    return False


async def fail_import(session: AsyncSession, run_id: uuid.UUID) -> None:
    """Say that an import cannot go on, and forget the rows that are left. What it has done stays."""
    run = await session.get(EnrollmentRun, own_key(session, run_id), with_for_update=True)
    if run is not None and run.status == "running":
        await session.execute(delete(ImportRow).where(ImportRow.run_id == run_id))
        end_import(session, run, "failed", error="internal-error")


def end_import(session: AsyncSession, run: EnrollmentRun, status: str, *, error: str | None = None) -> None:
    """Note how a run ended."""
    run.status, run.error, run.finished_at = status, error, now(session)


async def _do(session: AsyncSession, run: EnrollmentRun, limit: int) -> int:
    """Take the next rows, and do those that can still be done; how many were taken."""
    lines = select(ImportRow.line).where(ImportRow.run_id == run.id).order_by(ImportRow.line).limit(limit)
    taken = await session.execute(
        delete(ImportRow)
        .where(
            ImportRow.organization_id == run.organization_id,
            ImportRow.run_id == run.id,
            ImportRow.line.in_(lines),
        )
        .returning(*(getattr(ImportRow, name) for name in WantedRow.__slots__))
        .execution_options(synchronize_session=False)
    )
    rows = sorted((WantedRow(*row) for row in taken), key=lambda row: row.line)
    if not rows:
        return 0
    kind: ImportKind = _KINDS[run.action]
    actor = Principal(run.organization_id, run.started_by, roles=frozenset(run.roles))
    alone = kind == "completions" or (kind == "assignments" and not in_one_order(rows, run.started_by))
    await hold_entrance(session, *{row.course_id for row in rows}, alone=alone)
    good, _ = await judge_rows(session, kind, rows, actor)
    match kind:
        case "assignments":
            done = await assign_rows(session, good, actor=actor)
        case "extensions":
            done = await extend_rows(session, good, actor=actor)
        case "completions":
            done = await complete_rows(session, good, actor=actor)
    run.done, run.skipped = run.done + done, run.skipped + len(rows) - done
    await session.flush()
    return len(rows)

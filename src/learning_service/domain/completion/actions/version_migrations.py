"""Runs that move a course's open enrollments to another version: most of them many at once, some by themselves."""

import uuid
from collections import Counter
from collections.abc import Sequence

from sqlalchemy import delete, func, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from learning_service.domain.attempts.queries.positions import find_position, version_of
from learning_service.domain.completion.actions.moving import MigrationUnderWay, move_held
from learning_service.domain.completion.actions.outcomes import settle
from learning_service.domain.completion.actions.regrades import RegradeUnderWay
from learning_service.domain.completion.actions.statistics import forget_statistics
from learning_service.domain.completion.models import VersionMigration, WaitingMove
from learning_service.domain.completion.queries.moving import (
    IS_BUSY,
    Fate,
    Move,
    Wanted,
    fate_of,
    is_moving,
    is_regrading,
    move_between,
    open_elsewhere,
    touched_by,
    touched_items,
)
from learning_service.domain.completion.rules.moving import Forecast, LostItem, MigrationIn, MovedSample
from learning_service.domain.courses.actions.drafts import lock_course
from learning_service.domain.courses.actions.publishing import Missing, publish_draft
from learning_service.domain.courses.models import CourseVersion
from learning_service.domain.courses.queries.versions import current_version
from learning_service.domain.courses.rules.policy import PublicationIn
from learning_service.domain.courses.rules.publishing import Warned
from learning_service.domain.enrollments.models import Enrollment
from learning_service.domain.jobs.outbox import enqueue_job
from learning_service.domain.jobs.payloads import MoveEnrollments
from learning_service.domain.kernel.base import new_id
from learning_service.domain.kernel.clock import now
from learning_service.domain.kernel.errors import Fault, Invalid, NotFound
from learning_service.domain.kernel.planning import plan_afresh
from learning_service.domain.kernel.pointers import pointer
from learning_service.domain.kernel.principal import Principal
from learning_service.domain.kernel.tenant import own_key
from learning_service.domain.records.audit import record_act, record_audit

CHUNK = 1_000
"""Enrollments of one transaction, unless those take long."""
LOOKED_AT = 10_000
"""Enrollments that a dry run looks at with one statement."""
SAMPLE = 10
"""Enrollments that a dry run shows."""
READY = 200
"""Enrollments that have waited, looked for at a time."""
_READY = text(
    f"""
SELECT w.organization_id, w.enrollment_id FROM waiting_moves w
JOIN version_migrations m ON m.organization_id = w.organization_id AND m.id = w.migration_id
JOIN enrollments e ON e.organization_id = w.organization_id AND e.id = w.enrollment_id
WHERE m.status <> 'running' AND (e.status NOT IN ('assigned', 'in_progress') OR NOT ({IS_BUSY}))
ORDER BY w.organization_id, w.enrollment_id LIMIT :most
"""  # noqa: S608 - words of our own
)


async def forecast_migration(
    session: AsyncSession, version: CourseVersion, asked: MigrationIn, *, actor: Principal
) -> Forecast:
    """What moving them would do now; changes nothing. Raises NotFound for a draft, Invalid."""
    wanted = await _wanted(session, version, asked, actor)
    await plan_afresh(session)
    moves: dict[uuid.UUID, Move] = {}
    lost: Counter[tuple[str, str]] = Counter()
    total = kept = completing = busy = staying = 0
    sample: list[MovedSample] = []
    after: uuid.UUID | None = None
    while found := await open_elsewhere(session, wanted, after=after, most=LOOKED_AT):
        for version_id, ids in found.items():
            if version_id not in moves:
                moves[version_id] = await move_between(
                    session, wanted.organization_id, version_id, wanted.version_id
                )
            move = moves[version_id]
            fate = await fate_of(session, move, ids)
            stays = set(fate.staying)
            going = [one for one in ids if one not in stays]
            for item, count in (await touched_items(session, move, going)).items():
                if move.keeps(item):
                    kept += count
                else:
                    lost[move.items[item].key, move.items[item].title] += count
            total, completing = total + len(going), completing + len(fate.completing)
            busy, staying = busy + len(fate.busy), staying + len(fate.staying)
            sample += await _sample(session, move, fate, going[: SAMPLE - len(sample)])
        after = max(one for ids in found.values() for one in ids)
    items = [LostItem(key, title, count) for (key, title), count in lost.items()]
    return Forecast(total, kept, items, completing, busy, staying, sample)


async def _sample(
    session: AsyncSession, move: Move, fate: Fate, ids: Sequence[uuid.UUID]
) -> list[MovedSample]:
    if not ids:
        return []
    done = await touched_by(session, move, ids)
    return [
        MovedSample(
            one,
            move.before.number,
            [move.items[item].key for item in done[one] if move.keeps(item)],
            [move.items[item].key for item in done[one] if not move.keeps(item)],
            one in fate.completing,
        )
        for one in ids
    ]


async def _wanted(
    session: AsyncSession, version: CourseVersion, asked: MigrationIn, actor: Principal
) -> Wanted:
    """Which are meant. Raises NotFound, Invalid for versions and enrollments that the course does not have."""
    if version.published_at is None:
        raise NotFound
    own = actor.organization_id
    faults: list[Fault] = []
    sources: list[uuid.UUID] | None = None
    if asked.from_versions is not None:
        rows = await session.execute(
            select(CourseVersion.number, CourseVersion.id).where(
                CourseVersion.course_id == version.course_id,
                CourseVersion.published_at.is_not(None),
                CourseVersion.number.in_(asked.from_versions),
            )
        )
        known = {row.number: row.id for row in rows}
        sources = list(known.values())
        for n, number in enumerate(asked.from_versions):
            if number not in known:
                faults.append(
                    Fault(pointer("from_versions", n), "is not a version of this course", "not-known")
                )
            elif number == version.number:
                faults.append(
                    Fault(pointer("from_versions", n), "is the version that they move to", "unusable")
                )
    if asked.enrollment_ids is not None:
        of_course = set(
            await session.scalars(
                select(Enrollment.id).where(
                    Enrollment.organization_id == own,
                    Enrollment.course_id == version.course_id,
                    Enrollment.id == func.any(list(asked.enrollment_ids)),
                )
            )
        )
        faults += [
            Fault(pointer("enrollment_ids", n), "is not an enrollment in this course", "not-known")
            for n, one in enumerate(asked.enrollment_ids)
            if one not in of_course
        ]
    if faults:
        raise Invalid(faults)
    return Wanted(own, version.course_id, version.id, sources, asked.enrollment_ids)


async def start_migration(
    session: AsyncSession, version: CourseVersion, asked: MigrationIn, *, actor: Principal
) -> uuid.UUID:
    """Have them moved in the background; the run's id.

    Raises NotFound for a draft, Invalid, MigrationUnderWay, RegradeUnderWay.
    """
    course = await lock_course(session, version.course_id)
    wanted = await _wanted(session, version, asked, actor)
    if await is_moving(session, course.organization_id, course.id):
        raise MigrationUnderWay
    if await is_regrading(session, course.organization_id, course.id):
        raise RegradeUnderWay
    run = VersionMigration(
        id=new_id(),
        organization_id=actor.organization_id,
        course_id=course.id,
        version_id=version.id,
        started_by=actor.user_id,
        from_versions=None if wanted.sources is None else [str(one) for one in wanted.sources],
        enrollment_ids=None if wanted.ids is None else [str(one) for one in wanted.ids],
        status="running",
        total=await _count(session, wanted),
        done=0,
        started_at=now(session),
    )
    session.add(run)
    record_act(
        session,
        actor,
        "migration.started",
        ("migration", run.id),
        course_id=course.id,
        details={"version": version.number, "enrollments": run.total},
    )
    await session.flush()
    await enqueue_job(session, MoveEnrollments(run_id=run.id), organization_id=actor.organization_id)
    return run.id


async def _count(session: AsyncSession, wanted: Wanted) -> int:
    e = Enrollment
    counted = (
        select(func.count())
        .select_from(e)
        .where(
            e.organization_id == wanted.organization_id,
            e.course_id == wanted.course_id,
            e.status.in_(("assigned", "in_progress")),
            e.version_id != wanted.version_id,
        )
    )
    if wanted.sources is not None:
        counted = counted.where(e.version_id.in_(wanted.sources))
    if wanted.ids is not None:
        counted = counted.where(e.id == func.any(list(wanted.ids)))
    return await session.scalar(counted) or 0


async def publish_course(
    session: AsyncSession,
    course_id: uuid.UUID,
    sent: PublicationIn,
    *,
    if_match: str | None,
    missing_glyphs: Missing,
    actor: Principal,
) -> tuple[Sequence[Warned], uuid.UUID | None]:
    """Publish the draft, and have open enrollments moved to it if that is wanted; warnings, and the run's id.

    Raises what `publish_draft` and `start_migration` raise.
    """
    warnings = await publish_draft(
        session,
        course_id,
        note=sent.note,
        invites=sent.open_enrollments == "invite",
        if_match=if_match,
        missing_glyphs=missing_glyphs,
        actor=actor,
    )
    if sent.open_enrollments != "migrate":
        return warnings, None
    version = await current_version(session, course_id)
    return warnings, await start_migration(session, version, MigrationIn(), actor=actor)


async def step_migration(session: AsyncSession, run_id: uuid.UUID, most: int | None = None) -> bool:
    """Move the next enrollments of a run, at most so many; True while there may be more.

    The run's row is held, so that two workers go through it one after the other, and what was moved and where the run
    is are committed together. First those that go on, many at once; then each that would be completed by it.
    """
    run = await session.get(VersionMigration, own_key(session, run_id), with_for_update=True)
    if run is None or run.status != "running":
        return False
    await plan_afresh(session)
    if run.apart is not None:
        return await _step_apart(session, run)
    wanted = Wanted(
        run.organization_id,
        run.course_id,
        run.version_id,
        _ids(run.from_versions),
        _ids(run.enrollment_ids),
    )
    found = await open_elsewhere(session, wanted, after=run.cursor, most=min(most or CHUNK, CHUNK), hold=True)
    for version_id, ids in found.items():
        move = await move_between(session, run.organization_id, version_id, run.version_id)
        fate = await fate_of(session, move, ids)
        await move_held(session, move, fate.plain, fate.awaiting)
        await _let_wait(session, run, [*fate.completing, *fate.busy])
        await forget_statistics(session, [*move.quizzes, *(quiz.id for quiz in move.quizzes.values())])
        run.done += len(fate.plain)
    if not found:
        run.apart = uuid.UUID(int=0)
        return True
    run.cursor = max(one for ids in found.values() for one in ids)
    return True


def _ids(kept: Sequence[str] | None) -> Sequence[uuid.UUID] | None:
    return None if kept is None else [uuid.UUID(one) for one in kept]


async def _let_wait(session: AsyncSession, run: VersionMigration, ids: Sequence[uuid.UUID]) -> None:
    if not ids:
        return
    rows = insert(WaitingMove).values(
        [
            {"organization_id": run.organization_id, "enrollment_id": one, "migration_id": run.id}
            for one in ids
        ]
    )
    key = [WaitingMove.organization_id, WaitingMove.enrollment_id]
    await session.execute(
        rows.on_conflict_do_update(index_elements=key, set_={"migration_id": rows.excluded.migration_id})
    )


async def _step_apart(session: AsyncSession, run: VersionMigration) -> bool:
    """Move the next one that waits, or end the run."""
    waiting = await session.scalar(
        select(WaitingMove.enrollment_id)
        .where(
            WaitingMove.organization_id == run.organization_id,
            WaitingMove.migration_id == run.id,
            WaitingMove.enrollment_id > run.apart,
        )
        .order_by(WaitingMove.enrollment_id)
        .limit(1)
    )
    if waiting is not None:
        run.apart = waiting
        await _move_waiting(session, run, waiting)
        return True
    run.status, run.finished_at = "done", now(session)
    record_audit(
        session,
        "migration.finished",
        organization_id=run.organization_id,
        actor_id=run.started_by,
        subject=("migration", run.id),
        course_id=run.course_id,
        details={"enrollments": run.total, "moved": run.done},
    )
    return False


async def fail_migration(session: AsyncSession, run_id: uuid.UUID) -> None:
    """Say that a run cannot go on. What it has moved stays moved."""
    run = await session.get(VersionMigration, own_key(session, run_id), with_for_update=True)
    if run is not None and run.status == "running":
        run.status, run.error, run.finished_at = "failed", "internal-error", now(session)


async def ready_moves(session: AsyncSession) -> Sequence[tuple[str, uuid.UUID]]:
    """Some enrollments, of any organization, that waited for a move of a run that is over and need not any more."""
    rows = await session.execute(_READY, {"most": READY})
    return [(row[0], row[1]) for row in rows]


async def move_ready(session: AsyncSession, enrollment_id: uuid.UUID) -> None:
    """Move an enrollment that has waited, if it can be moved now. Raises Unmarked."""
    waiting = await session.get(WaitingMove, own_key(session, enrollment_id))
    if waiting is None:
        return
    run = await session.get_one(
        VersionMigration, own_key(session, waiting.migration_id), with_for_update=True, populate_existing=True
    )
    await _move_waiting(session, run, enrollment_id)


async def _move_waiting(session: AsyncSession, run: VersionMigration, enrollment_id: uuid.UUID) -> None:
    """Move one by itself, and let everything follow; it goes on waiting while it is busy. The run must be locked."""
    position = await find_position(
        session, run.organization_id, "enrollment", enrollment_id, user_id=None, lock=True
    )
    if position is not None and position.is_open and position.version_id != run.version_id:
        # Behind it no regrade begins.
        await lock_course(session, run.course_id)
        if await is_regrading(session, run.organization_id, run.course_id):
            return
        move = await move_between(session, run.organization_id, position.version_id, run.version_id)
        fate = await fate_of(session, move, [enrollment_id])
        if fate.busy:
            return
        going = [*fate.plain, *fate.completing]
        await move_held(session, move, going, fate.awaiting)
        run.done += len(going)
        if going:
            await forget_statistics(session, [*move.quizzes, *(quiz.id for quiz in move.quizzes.values())])
        moved = await find_position(
            session, run.organization_id, "enrollment", enrollment_id, user_id=None, lock=True
        )
        if going and moved is not None:
            await settle(session, moved, await version_of(session, moved), actor_id=run.started_by)
    await session.execute(
        delete(WaitingMove).where(
            WaitingMove.organization_id == run.organization_id, WaitingMove.enrollment_id == enrollment_id
        )
    )

"""Grading a version's attempts anew, some enrollments at a time.

Each enrollment's row is held and its revision raised while it is graded, whether it has an attempt or not: what was
read of it before, and judged by the keys from before, is not written any more. Where only marks, counts and scores
change, and where members come to complete the course, that is done for many at once. What fails or reopens an
enrollment, puts a pass in doubt, or touches another enrollment of the member is done for each in a transaction of its
own, by the same functions as a correction by hand.
"""

import uuid
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, fields

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from learning_service.domain.attempts.queries.positions import Position, find_position
from learning_service.domain.completion.actions.completing import complete_enrollments
from learning_service.domain.completion.actions.doubts import recount, settle_doubts
from learning_service.domain.completion.actions.grades import note_doubt, touch
from learning_service.domain.completion.actions.holding import hold_to_reconsider
from learning_service.domain.completion.actions.reconsidering import completed_beside, reconsider
from learning_service.domain.completion.actions.regrade_effects import Counts, Effect, effect_of
from learning_service.domain.completion.actions.regraded_rows import write_marks, write_standing
from learning_service.domain.completion.actions.statistics import forget_statistics
from learning_service.domain.completion.models import Regrade
from learning_service.domain.completion.queries.regrading import Plan, Weighing, weigh
from learning_service.domain.courses.queries.compiled import compiled_version
from learning_service.domain.courses.queries.corrections import list_corrections
from learning_service.domain.enrollments.queries.standing import try_entrance
from learning_service.domain.kernel.clock import now
from learning_service.domain.kernel.planning import plan_afresh
from learning_service.domain.kernel.principal import Principal
from learning_service.domain.kernel.tenant import own_key
from learning_service.domain.records.audit import record_audit

# Erased members' responses are gone, and cannot be graded anew. Materialized, or the limit would be one of each turn.
_HOLD = text(
    """
WITH held AS MATERIALIZED (
    SELECT e.id FROM enrollments e
    JOIN members m ON m.organization_id = e.organization_id AND m.user_id = e.user_id AND m.erased_at IS NULL
    WHERE e.organization_id = :organization_id AND e.course_id = :course_id AND e.version_id = :version_id
        AND e.id > :after
    ORDER BY e.id LIMIT :most FOR NO KEY UPDATE OF e
)
UPDATE enrollments SET revision = revision + 1 FROM held
WHERE enrollments.organization_id = :organization_id AND enrollments.id = held.id
RETURNING enrollments.id
"""
)
_FIRST = uuid.UUID(int=0)


@dataclass(frozen=True, slots=True)
class Step:
    """Enrollments that were gone through, and those of them that are still to be done one by one."""

    last: uuid.UUID
    done: int
    attempts: int
    apart: Sequence[uuid.UUID]


async def step_regrade(session: AsyncSession, regrade_id: uuid.UUID, most: int) -> Step | None:
    """Grade the next `most` enrollments anew, but for those to be done one by one; None when all are done.

    Killed before `end_step`, it does the same once more: what has the new marks already does not change again.
    """
    run = await _hold_run(session, regrade_id)
    if run is None:
        return None
    plan = await plan_of(session, run)
    held = await session.scalars(
        _HOLD,
        {
            "organization_id": run.organization_id,
            "course_id": plan.version.course_id,
            "version_id": run.version_id,
            "after": run.cursor or _FIRST,
            "most": most,
        },
    )
    ids = sorted(held)
    if not ids:
        await _finish(session, run, plan)
        return None
    effects = [effect_of(plan, one) for one in await weigh(session, plan, ids)]
    won = await _won_together(session, plan, effects)
    winners = {one.position.enrollment_id for one in won}
    together = [one for one in effects if one.is_plain or one.position.enrollment_id in winners]
    counts = Counts()
    counts.add_attempts([attempt for one in together for attempt in one.weighing.changed])
    await write_marks(session, plan, [one.weighing for one in together])
    await write_standing(session, plan, together)
    scored = [(one.position, one.score) for one in won]
    for outcome in await complete_enrollments(session, scored, plan.version, run.applied_by or ""):
        assert outcome.completion is not None
        counts.add_won(for_requirement=outcome.completion.requirement_id is not None)
    _count(run, counts)
    attempts = sum(len(every) for one in effects for every in one.weighing.attempts.values())
    done = {one.position.enrollment_id for one in together}
    due = [one.position.enrollment_id for one in effects if one.is_due]
    apart = [enrollment_id for enrollment_id in due if enrollment_id not in done]
    step = Step(ids[-1], len(ids), attempts, apart)
    if not apart:
        _end(run, step)
    return step


async def _won_together(session: AsyncSession, plan: Plan, effects: Sequence[Effect]) -> Sequence[Effect]:
    """Enrollments that come to be completed, whose members are nowhere else in the course.

    The entrance is held where one had failed, as for a correction by hand: its member is not enrolled anew meanwhile.
    While others hold it, those are done one by one.
    """
    won = [one for one in effects if one.wins]
    members = Counter(one.position.user_id for one in effects)
    won = [one for one in won if members[one.position.user_id] == 1]
    failed = [one.position.enrollment_id for one in won if one.position.status == "failed"]
    if not failed:
        return won
    if not await try_entrance(session, plan.version.course_id):
        return [one for one in won if one.position.status != "failed"]
    elsewhere = await completed_beside(session, plan.organization_id, failed, or_open=True)
    return [one for one in won if one.position.enrollment_id not in elsewhere]


async def regrade_one(session: AsyncSession, regrade_id: uuid.UUID, enrollment_id: uuid.UUID) -> None:
    """Grade one enrollment anew, and let everything follow. Raises Unmarked."""
    run = await _hold_run(session, regrade_id)
    if run is None:
        return
    plan = await plan_of(session, run)
    await hold_to_reconsider(session, run.organization_id, [enrollment_id])
    position = await find_position(
        session, run.organization_id, "enrollment", enrollment_id, user_id=None, lock=True
    )
    if position is None:
        return
    [weighing] = await weigh(session, plan, [enrollment_id])
    if not weighing.changed and not _is_stale(plan, weighing):
        return
    actor = Principal(run.organization_id, run.applied_by or "")
    counts = Counts()
    counts.add_attempts(weighing.changed)
    await write_marks(session, plan, [weighing])
    lost = await _recount(session, plan, position, weighing, actor)
    position = await find_position(
        session, run.organization_id, "enrollment", enrollment_id, user_id=None, lock=True
    )
    assert position is not None
    position = await settle_doubts(session, position, plan.version)
    _, outcome = await reconsider(session, position, plan.version, actor_id=actor.user_id)
    await touch(session, position, plan.version)
    if lost:
        counts.add_lost(weighing)
    if outcome is not None and outcome.completion is not None:
        counts.add_won(for_requirement=outcome.completion.requirement_id is not None)
    _count(run, counts)
    await session.flush()


async def end_step(session: AsyncSession, regrade_id: uuid.UUID, step: Step) -> None:
    """Note that these enrollments are done; a step that left none to be done one by one has noted it itself."""
    run = await _hold_run(session, regrade_id)
    if run is not None and (run.cursor is None or run.cursor < step.last):
        _end(run, step)


def _end(run: Regrade, step: Step) -> None:
    run.cursor = step.last
    run.done += step.done
    run.attempts += step.attempts


async def fail_regrade(session: AsyncSession, regrade_id: uuid.UUID) -> None:
    """Say that a run cannot go on. What it has done stays."""
    run = await _hold_run(session, regrade_id)
    if run is not None:
        run.status, run.error, run.finished_at = "failed", "internal-error", now(session)


async def plan_of(session: AsyncSession, run: Regrade) -> Plan:
    """What a run has to do."""
    await plan_afresh(session)
    number = run.base + 1
    version = await compiled_version(session, run.version_id, number)
    corrections = await list_corrections(session, run.version_id, upto=number)
    return Plan(run.organization_id, version, corrections, run.lower)


async def _hold_run(session: AsyncSession, regrade_id: uuid.UUID) -> Regrade | None:
    """The run, its row held, so that two workers go through it one after the other; None when it has ended."""
    run = await session.get(Regrade, own_key(session, regrade_id), with_for_update=True)
    return run if run is not None and run.status == "applying" else None


def _is_stale(plan: Plan, weighing: Weighing) -> bool:
    """Whether a count is in points of another maximum than today's."""
    counts = weighing.position.quizzes
    return any(
        counts[quiz_id].max_points != plan.quizzes[quiz_id].max_points for quiz_id in weighing.attempts
    )


async def _recount(
    session: AsyncSession, plan: Plan, position: Position, weighing: Weighing, actor: Principal
) -> bool:
    """Count the changed quizzes again; whether a pass came into doubt."""
    lost = False
    for quiz_id in weighing.attempts:
        quiz = plan.quizzes[quiz_id]
        position, loses = await recount(session, position, plan.version, quiz)
        if loses:
            await note_doubt(session, position, quiz, None, actor)
        lost = lost or loses
    await session.flush()
    return lost


def _count(run: Regrade, counts: Counts) -> None:
    for each in fields(counts):
        setattr(run, each.name, getattr(run, each.name) + getattr(counts, each.name))


async def _finish(session: AsyncSession, run: Regrade, plan: Plan) -> None:
    run.status, run.finished_at = "applied", now(session)
    await forget_statistics(session, list(plan.quizzes))
    record_audit(
        session,
        "regrade.finished",
        organization_id=run.organization_id,
        actor_id=run.applied_by or "",
        subject=("regrade", run.id),
        course_id=plan.version.course_id,
        details={each.name: getattr(run, each.name) for each in fields(Counts)},
    )

"""Correcting a published version: a preview of what that changes, and applying it."""

import uuid
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, fields
from typing import Any

from sqlalchemy import exists, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from learning_service.domain.completion.actions.moving import MigrationUnderWay
from learning_service.domain.completion.actions.reconsidering import completed_beside, completed_elsewhere
from learning_service.domain.completion.actions.regrade_effects import Counts, Effect, effect_of
from learning_service.domain.completion.models import Regrade
from learning_service.domain.completion.queries.moving import is_moving
from learning_service.domain.completion.queries.regrades import find_regrade
from learning_service.domain.completion.queries.regrading import Plan, weigh
from learning_service.domain.courses.actions.drafts import correct_draft, lock_course
from learning_service.domain.courses.models import Course, CourseVersion, VersionCorrection
from learning_service.domain.courses.queries.compiled import compile_version
from learning_service.domain.courses.queries.corrections import (
    correction_number,
    kept_changes,
    list_corrections,
    read_changes,
)
from learning_service.domain.courses.queries.versions import load_tree
from learning_service.domain.courses.rules.corrections import Correction, correction_faults
from learning_service.domain.directory.models import Member
from learning_service.domain.enrollments.models import Enrollment
from learning_service.domain.grading.rules.regrading import Regraded
from learning_service.domain.jobs import payloads as jobs
from learning_service.domain.jobs.outbox import enqueue_job
from learning_service.domain.kernel.base import new_id
from learning_service.domain.kernel.clock import now
from learning_service.domain.kernel.errors import Conflict, Invalid, NotFound
from learning_service.domain.kernel.planning import FENCE, plan_afresh
from learning_service.domain.kernel.principal import Principal
from learning_service.domain.questions.rules.corrections import BY_KEY, Policy, QuestionChange
from learning_service.domain.questions.rules.scores import shown_score
from learning_service.domain.records.audit import record_act

AT_ONCE = 200
"""Enrollments that a preview weighs at a time, while other calls to the process wait: some hundredths of a second."""
SAMPLE = 10
"""Attempts that a preview shows."""


class AlreadyApplied(Conflict):
    """The regrade is under way or done."""

    code = "already-applied"

    def __init__(self) -> None:
        super().__init__("This regrade has been applied already.")


class PreviewStale(Conflict):
    """The version was corrected after the preview."""

    code = "preview-stale"

    def __init__(self) -> None:
        super().__init__("The version has been corrected since this preview. Make a new one.")


class RegradeUnderWay(Conflict):
    """Another regrade of the version is being applied."""

    code = "regrade-under-way"

    def __init__(self) -> None:
        super().__init__("Another regrade of this version is being applied. Wait until it is done.")


@dataclass(frozen=True, slots=True)
class Proposal:
    """What an author wants to correct, and how."""

    changes: Sequence[QuestionChange]
    policy: Policy
    lower: bool
    note: str


async def preview_regrade(
    session: AsyncSession, version: CourseVersion, proposal: Proposal, *, actor: Principal
) -> Regrade:
    """What applying the correction would do now; nothing is changed by it.

    Raises NotFound for a draft, Invalid, RegradeUnderWay.
    """
    if version.published_at is None:
        raise NotFound
    corrections = await list_corrections(session, version.id)
    stored = await load_tree(session, version.id)
    base = corrections[-1].number if corrections else 0
    last = Correction(base + 1, proposal.policy, proposal.changes, proposal.note, actor.user_id, now(session))
    faults = list(correction_faults(stored.tree, stored.ids, corrections, last))
    if faults:
        raise Invalid(faults)
    await _refuse_beside_another(session, version)
    every = [*corrections, last]
    compiled = compile_version(version, stored, every)
    plan = Plan(version.organization_id, compiled, every, proposal.lower)
    counts, sample = await _forecast(session, plan)
    regrade = Regrade(
        id=new_id(),
        organization_id=version.organization_id,
        version_id=version.id,
        base=base,
        status="preview",
        policy=proposal.policy,
        changes=kept_changes(proposal.changes),
        lower=proposal.lower,
        note=proposal.note,
        previewed_by=actor.user_id,
        previewed_at=now(session),
        total=await _count_enrollments(session, plan),
        done=0,
        sample=sample,
        **{each.name: getattr(counts, each.name) for each in fields(counts)},
    )
    session.add(regrade)
    await session.flush()
    return regrade


async def _refuse_beside_another(session: AsyncSession, version: CourseVersion) -> None:
    running = exists().where(
        Regrade.organization_id == version.organization_id,
        Regrade.version_id == version.id,
        Regrade.status == "applying",
    )
    if await session.scalar(select(running)):
        raise RegradeUnderWay


def _enrolled(plan: Plan) -> tuple[Any, ...]:
    return (
        Enrollment.organization_id == plan.organization_id,
        Enrollment.course_id == plan.version.course_id,
        Enrollment.version_id == plan.version.id,
        # Looked up by the whole key, and never compared with all members.
        exists(
            select(Member.user_id)
            .where(
                Member.organization_id == Enrollment.organization_id,
                Member.user_id == Enrollment.user_id,
                Member.erased_at.is_(None),
            )
            .offset(FENCE)
        ),
    )


async def _count_enrollments(session: AsyncSession, plan: Plan) -> int:
    return await session.scalar(select(func.count()).select_from(Enrollment).where(*_enrolled(plan))) or 0


async def _forecast(session: AsyncSession, plan: Plan) -> tuple[Counts, list[Any]]:
    """The counts over all enrollments of the version, some hundred at a time, and some attempts that change."""
    await plan_afresh(session)
    linked = await session.scalar(
        select(Course.linked_compliance_requirement).where(Course.id == plan.version.course_id)
    )
    counts, sample = Counts(), list[Any]()
    after = uuid.UUID(int=0)
    while True:
        page = select(Enrollment.id).where(*_enrolled(plan), Enrollment.id > after).order_by(Enrollment.id)
        ids = (await session.scalars(page.limit(AT_ONCE))).all()
        effects = [effect_of(plan, one) for one in await weigh(session, plan, ids)] if ids else []
        elsewhere = await _go_elsewhere(session, plan, effects)
        for effect in effects:
            weighing = effect.weighing
            counts.attempts += sum(map(len, weighing.attempts.values()))
            counts.add_attempts(weighing.changed)
            if effect.lost and not weighing.doubted:
                counts.add_lost(weighing)
            if effect.completes and effect.position.enrollment_id not in elsewhere:
                counts.add_won(for_requirement=linked is not None)
            sample += [_shown(plan, one) for one in weighing.changed[: SAMPLE - len(sample)]]
        if len(ids) < AT_ONCE:
            return counts, sample
        after = ids[-1]


async def _go_elsewhere(session: AsyncSession, plan: Plan, effects: Sequence[Effect]) -> Set[uuid.UUID]:
    """Enrollments that failed and stay as they are, because the member has a completion elsewhere.

    Asked of all at once, and one by one of the few that have another completion.
    """
    failed = {
        one.position.enrollment_id: one.position
        for one in effects
        if one.completes and one.position.status == "failed"
    }
    beside = await completed_beside(session, plan.organization_id, list(failed)) if failed else ()
    return {one for one in beside if await completed_elsewhere(session, failed[one])}


def _shown(plan: Plan, one: Regraded) -> Mapping[str, Any]:
    before, after = one.before, one.after
    return {
        "attempt_id": str(after.id),
        "enrollment_id": str(after.enrollment_id),
        "quiz_key": plan.quizzes[after.quiz_id].key,
        "number": after.number,
        "score_before": float(shown_score(before.low)),
        "score_after": float(shown_score(after.low)),
        "passed_before": before.passed,
        "passed_after": after.passed,
    }


async def apply_regrade(session: AsyncSession, regrade_id: uuid.UUID, *, actor: Principal) -> Regrade:
    """Correct the version from now on, and have what was graded before graded anew in the background.

    The draft gets the new keys and points too.

    Raises NotFound, AlreadyApplied, PreviewStale, MigrationUnderWay.
    """
    _, version = await find_regrade(session, actor.organization_id, regrade_id)
    course = await lock_course(session, version.course_id)
    # Read again behind the course's lock: two who apply at once go one after the other.
    regrade, _ = await find_regrade(session, actor.organization_id, regrade_id)
    await _refuse_unless_fresh(session, regrade, course)
    session.add(
        VersionCorrection(
            organization_id=regrade.organization_id,
            version_id=regrade.version_id,
            number=regrade.base + 1,
            policy=regrade.policy,
            changes=regrade.changes,
            note=regrade.note,
            corrected_by=actor.user_id,
            corrected_at=now(session),
        )
    )
    regrade.status, regrade.applied_by, regrade.applied_at = "applying", actor.user_id, now(session)
    for each in fields(Counts):
        setattr(regrade, each.name, 0)
    record_act(
        session,
        actor,
        "regrade.applied",
        ("regrade", regrade.id),
        course_id=course.id,
        details={
            "version_id": str(regrade.version_id),
            "correction": regrade.base + 1,
            "policy": regrade.policy,
            "lower": regrade.lower,
            "question_keys": [change["question_key"] for change in regrade.changes],
        },
    )
    if regrade.policy in BY_KEY:
        await correct_draft(session, course, read_changes(regrade.changes), actor=actor)
    told = jobs.Regrade(regrade_id=regrade.id)
    await enqueue_job(session, told, organization_id=actor.organization_id)
    await session.flush()
    return regrade


async def _refuse_unless_fresh(session: AsyncSession, regrade: Regrade, course: Course) -> None:
    if regrade.status != "preview":
        raise AlreadyApplied
    if await is_moving(session, course.organization_id, course.id):
        raise MigrationUnderWay
    if await correction_number(session, regrade.version_id) != regrade.base:
        raise PreviewStale

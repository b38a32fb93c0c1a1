"""Entering a program, by oneself or assigned, with everything that follows at once."""

import uuid
from collections.abc import Sequence

from sqlalchemy import and_, func, select, text, update
from sqlalchemy.ext.asyncio import AsyncSession

from learning_service.domain.assignments.actions.manual_assignments import Handed, assign_course
from learning_service.domain.assignments.models import AssignmentRule, AssignmentRun
from learning_service.domain.assignments.rules.due import due_at_of
from learning_service.domain.assignments.rules.policy import AssignmentIn
from learning_service.domain.completion.actions.completing import complete_program
from learning_service.domain.completion.actions.programs import (
    Finished,
    hold_ways,
    new_ways,
    open_ways,
    take_further,
)
from learning_service.domain.completion.actions.renewing import LOOKED_BACK
from learning_service.domain.completion.queries.program_ways import read_way, ways_of
from learning_service.domain.courses.models import Course
from learning_service.domain.courses.queries.access import CourseAccess
from learning_service.domain.courses.queries.programs import published_content
from learning_service.domain.courses.rules.programs import PROGRAM
from learning_service.domain.enrollments.actions import enroll
from learning_service.domain.enrollments.models import Enrollment
from learning_service.domain.exemptions.models import Exemption
from learning_service.domain.jobs.outbox import enqueue_job
from learning_service.domain.jobs.payloads import OpenSteps
from learning_service.domain.kernel.clock import now
from learning_service.domain.kernel.planning import plan_afresh
from learning_service.domain.kernel.principal import Principal
from learning_service.domain.kernel.tenant import own_key

BATCH = 200
# No step of theirs was opened yet: either counts as a revision.
_RENEWALS = text(
    """
SELECT e.id FROM enrollments e
JOIN courses c ON c.organization_id = e.organization_id AND c.id = e.course_id AND c.kind = 'program'
WHERE e.organization_id = :organization_id AND e.assigned_at >= :since
    AND e.source = 'recertification' AND e.status = 'assigned' AND e.revision = 0
ORDER BY e.id LIMIT :most FOR NO KEY UPDATE OF e SKIP LOCKED
"""
)


async def enroll_in_program(session: AsyncSession, access: CourseAccess, *, actor: Principal) -> bool:
    """Enroll the caller and open what is next; False where they are enrolled already. Raises as `enroll`."""
    _, made = await enroll(session, access, actor=actor)
    if made:
        await _give_due_time(session, access)
        await begin_programs(session, access.organization_id, access.view.id)
    return made


async def assign_program(
    session: AsyncSession, access: CourseAccess, sent: AssignmentIn, *, actor: Principal
) -> Handed:
    """Assign the program as a course is assigned; without a due time in the body it has the program's own.

    Raises as `assign_course`.
    """
    if sent.due_at is None and access.is_open:
        content = await published_content(session, access)
        due_at = due_at_of(now(session), access.timezone, due_in_days=content.due_in_days, due_on=None)
        sent = sent.model_copy(update={"due_at": due_at})
    handed = await assign_course(session, access.view.id, sent, actor=actor)
    await begin_programs(session, access.organization_id, access.view.id)
    return handed


async def begin_programs(session: AsyncSession, organization_id: str, program_id: uuid.UUID) -> None:
    """Open the first steps of the enrollments in a program that this transaction has made."""
    ways = await new_ways(session, organization_id, program_id)
    finished: Sequence[Finished] = await take_further(session, ways) if ways else ()
    for one in finished:
        await complete_program(session, one)


async def look_at_programs_again(session: AsyncSession, organization_id: str, user_id: str) -> None:
    """Have a job take a member's programs further, whose exemptions or evidence have just changed."""
    ids = await open_ways(session, organization_id, [user_id])
    if ids:
        await enqueue_job(session, OpenSteps(enrollment_ids=tuple(ids)), organization_id=organization_id)


async def look_at_ended_exemptions(session: AsyncSession, organization_id: str) -> bool:
    """The same for the next members of whom an exemption has come to its end; whether there were any.

    Each end is looked at once. Index: `ix_exemptions_end`.
    """
    ended = (
        select(Exemption.id)
        .where(
            Exemption.organization_id == organization_id,
            Exemption.ended_at.is_(None),
            Exemption.settled_at.is_(None),
            Exemption.expires_at <= now(session),
        )
        .order_by(Exemption.expires_at)
        .limit(BATCH)
        .with_for_update(skip_locked=True)
    )
    ids = (await session.scalars(ended)).all()
    if not ids:
        return False
    members = await session.scalars(
        update(Exemption)
        .where(Exemption.organization_id == organization_id, Exemption.id == func.any(ids))
        .values(settled_at=now(session))
        .returning(Exemption.user_id)
    )
    for user_id in sorted(set(members)):
        await look_at_programs_again(session, organization_id, user_id)
    return True


async def organizations_of_programs(session: AsyncSession) -> Sequence[str]:
    """Those that have programs. The transaction is of no organization."""
    return (
        await session.scalars(select(Course.organization_id).where(Course.kind == PROGRAM).distinct())
    ).all()


async def begin_renewed_programs(session: AsyncSession, organization_id: str) -> bool:
    """Open the first steps of the next enrollments that were opened to renew a program; whether there were any.

    Each is looked at once: it is marked as seen.
    """
    await plan_afresh(session)
    found = await session.scalars(
        _RENEWALS,
        {"organization_id": organization_id, "since": now(session) - LOOKED_BACK, "most": BATCH},
    )
    ids = found.all()
    if not ids:
        return False
    await session.execute(
        update(Enrollment)
        .where(Enrollment.organization_id == organization_id, Enrollment.id == func.any(ids))
        .values(revision=Enrollment.revision + 1)
    )
    rows = await session.execute(
        ways_of(organization_id).where(Enrollment.id == func.any(ids)).order_by(Enrollment.id)
    )
    for one in await take_further(session, [read_way(row) for row in rows]):
        await complete_program(session, one)
    return True


async def open_steps(
    session: AsyncSession, organization_id: str, enrollment_ids: Sequence[uuid.UUID]
) -> None:
    """Take enrollments in programs further, where a completion could not because others held the next courses."""
    ways = await hold_ways(session, organization_id, enrollment_ids)
    finished: Sequence[Finished] = await take_further(session, ways) if ways else ()
    for one in finished:
        await complete_program(session, one)


async def begin_programs_of_run(session: AsyncSession, run_id: uuid.UUID) -> None:
    """The same for the members whom a run has just reached, where it assigns a program."""
    found = await session.execute(
        select(AssignmentRun.organization_id, Course.id)
        .join(
            Course,
            and_(
                Course.organization_id == AssignmentRun.organization_id,
                Course.id == AssignmentRun.course_id,
                Course.kind == PROGRAM,
            ),
        )
        .where(AssignmentRun.id == run_id)
    )
    for organization_id, program_id in found.all():
        await begin_programs(session, organization_id, program_id)


async def begin_programs_of_rule(session: AsyncSession, rule_id: uuid.UUID) -> None:
    """The same for the members whom a rule has just enrolled."""
    rule = await session.get(AssignmentRule, own_key(session, rule_id))
    if rule is not None:
        await begin_programs(session, rule.organization_id, rule.course_id)


async def _give_due_time(session: AsyncSession, access: CourseAccess) -> None:
    content = await published_content(session, access)
    due_at = due_at_of(now(session), access.timezone, due_in_days=content.due_in_days, due_on=None)
    await session.execute(
        update(Enrollment)
        .where(
            Enrollment.organization_id == access.organization_id,
            Enrollment.course_id == access.view.id,
            Enrollment.assigned_at == now(session),
            Enrollment.due_at.is_(None),
        )
        .values(due_at=due_at)
    )

"""Entering a program, by oneself or assigned, with everything that follows at once."""

import uuid
from collections.abc import Sequence

from sqlalchemy import and_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from learning_service.domain.assignments.actions.manual_assignments import Handed, assign_course
from learning_service.domain.assignments.models import AssignmentRule, AssignmentRun
from learning_service.domain.assignments.rules.due import due_at_of
from learning_service.domain.assignments.rules.policy import AssignmentIn
from learning_service.domain.completion.actions.completing import complete_program
from learning_service.domain.completion.actions.programs import new_ways, take_further
from learning_service.domain.completion.queries.program_ways import OnTheWay
from learning_service.domain.courses.models import Course
from learning_service.domain.courses.queries.access import CourseAccess
from learning_service.domain.courses.queries.programs import published_content
from learning_service.domain.courses.rules.programs import PROGRAM
from learning_service.domain.enrollments.actions import enroll
from learning_service.domain.enrollments.models import Enrollment
from learning_service.domain.kernel.clock import now
from learning_service.domain.kernel.principal import Principal
from learning_service.domain.kernel.tenant import own_key


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
    finished: Sequence[OnTheWay] = await take_further(session, ways) if ways else ()
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

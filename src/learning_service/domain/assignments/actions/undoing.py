"""Undoing runs: what nobody has begun of it is removed."""

import uuid
from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, and_, delete, exists, func, not_, or_, select, true
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from learning_service.domain.assignments.actions.runs import audit_run, end_run
from learning_service.domain.assignments.models import AssignmentRun
from learning_service.domain.assignments.queries.rules import access_run, reach_of_stored
from learning_service.domain.attempts.models import QuizAttempt
from learning_service.domain.courses.models import CourseVersion
from learning_service.domain.courses.rules.programs import ProgramContent
from learning_service.domain.directory.models import Member
from learning_service.domain.directory.queries.audience import within
from learning_service.domain.directory.rules.reach import Reach, reach_of
from learning_service.domain.enrollments.models import Enrollment, EnrollmentSource, LessonProgress
from learning_service.domain.enrollments.queries.standing import WITHDRAWN, hold_entrance
from learning_service.domain.jobs.outbox import enqueue_job
from learning_service.domain.jobs.payloads import UndoAssignments
from learning_service.domain.kernel.errors import Forbidden
from learning_service.domain.kernel.principal import Principal
from learning_service.domain.kernel.tenant import own_key

UNDO_CHUNK = 2_000
"""Enrollments per transaction: a fraction of a second, so that other requests hardly notice."""
_Made = aliased(Enrollment, name="made")


async def undo_run(session: AsyncSession, run_id: uuid.UUID, *, actor: Principal) -> AssignmentRun:
    """Undo a run: remove its enrollments that have not been begun, the first at once and the rest in the background.

    Those in a program go with what the program has assigned. What a person or another run has assigned as well stays
    until that run is undone too. A run that is still under way is stopped. Members who have moved out of the actor's
    reach keep what they have. Raises NotFound, Forbidden.
    """
    run = await access_run(session, actor, run_id)
    reach = reach_of(actor, chapters=True)
    if not reach.covers(reach_of_stored(run)):
        raise Forbidden("This run is also about members whom you do not administer.")
    if run.status in ("running", "done", "stopped"):
        run.status = "undoing"
        audit_run(session, run, actor.user_id, "assignment_run.undone")
        await session.flush()
    if run.status == "undoing" and await _remove(session, run, reach):
        told = UndoAssignments(run_id=run.id, reach=reach.as_json())
        await enqueue_job(session, told, organization_id=run.organization_id)
    return run


async def step_undo(session: AsyncSession, run_id: uuid.UUID, reach: Reach | None) -> bool:
    """Remove the next enrollments, of members within the reach, of a run that is being undone; True while there may
    be more. Without a reach, the run's own.
    """
    run = await session.get(AssignmentRun, own_key(session, run_id), with_for_update=True)
    if run is None or run.status != "undoing":
        return False
    return await _remove(session, run, reach or reach_of_stored(run))


async def _remove(session: AsyncSession, run: AssignmentRun, reach: Reach) -> bool:
    # A transaction that assigns again reads that an enrollment is there; it must still be there when that is written.
    courses = await _courses_of_program(session, run)
    await hold_entrance(session, run.course_id, *courses, alone=True)
    untouched = (
        select(Enrollment.id, Enrollment.user_id)
        .where(
            Enrollment.organization_id == run.organization_id,
            Enrollment.course_id == run.course_id,
            *_not_begun(),
            *_wanted_no_more(run),
            ~exists().where(_begun_in_program(run)) if courses else true(),
            _is_of(run.organization_id, reach),
        )
        .order_by(Enrollment.id)
        .limit(UNDO_CHUNK)
        # Who completes a course holds their program and waits for the next course's entrance: they have begun it.
        .with_for_update(skip_locked=bool(courses))
    )
    found = (await session.execute(untouched)).all()
    ids = [row.id for row in found]
    if courses:
        await _remove_made(session, run, [row.user_id for row in found])
    removed = await session.scalars(
        delete(Enrollment)
        .where(Enrollment.id.in_(ids), Enrollment.status == "assigned")
        .returning(Enrollment.id)
    )
    run.undone += len(removed.all())
    if len(ids) < UNDO_CHUNK:
        end_run(session, run, "undone")
        return False
    await session.flush()
    return True


async def _courses_of_program(session: AsyncSession, run: AssignmentRun) -> set[uuid.UUID]:
    """The courses of every version of the run's program; none of a course."""
    stored = await session.scalars(
        select(CourseVersion.program).where(
            CourseVersion.organization_id == run.organization_id,
            CourseVersion.course_id == run.course_id,
            CourseVersion.program.is_not(None),
        )
    )
    contents = [ProgramContent.model_validate_json(one or "") for one in stored]
    return {course for content in contents for step in content.steps for course in step.courses}


async def _remove_made(session: AsyncSession, run: AssignmentRun, user_ids: Sequence[str]) -> None:
    """Remove what the program has assigned to these members and nobody else has.

    One that is held is being worked on at this very moment: it stays.
    """
    made = (
        select(Enrollment.id)
        .where(
            Enrollment.organization_id == run.organization_id,
            Enrollment.user_id == func.any(list(user_ids)),
            Enrollment.source == "program",
            Enrollment.cause_id == str(run.course_id),
            *_not_begun(),
            ~exists().where(EnrollmentSource.enrollment_id == Enrollment.id),
        )
        .order_by(Enrollment.id)
        .with_for_update(skip_locked=True)
    )
    held = (await session.scalars(made)).all()
    await session.execute(delete(Enrollment).where(Enrollment.id == func.any(list(held))))


def _begun_in_program(run: AssignmentRun) -> ColumnElement[bool]:
    """Whether `made` is what the run's program has assigned to the same member, and they have begun it."""
    return and_(
        _Made.organization_id == Enrollment.organization_id,
        _Made.user_id == Enrollment.user_id,
        _Made.source == "program",
        _Made.cause_id == str(run.course_id),
        _Made.status != WITHDRAWN,
        not_(and_(*_not_begun(_Made))),
    )


def _not_begun(enrollment: Any = Enrollment) -> tuple[ColumnElement[bool], ...]:
    """Whether nobody has begun an enrollment."""
    return (
        enrollment.status == "assigned",
        ~exists().where(LessonProgress.enrollment_id == enrollment.id),
        ~exists().where(QuizAttempt.enrollment_id == enrollment.id),
    )


def _wanted_no_more(run: AssignmentRun) -> tuple[ColumnElement[bool], ...]:
    """Whether the run has assigned an enrollment, and nothing else has but runs that were taken back as well."""
    taken_back = select(AssignmentRun.id).where(
        AssignmentRun.organization_id == run.organization_id,
        AssignmentRun.course_id == run.course_id,
        AssignmentRun.status.in_(("undoing", "undone")),
    )
    further = EnrollmentSource.enrollment_id == Enrollment.id
    others = or_(EnrollmentSource.run_id.is_(None), EnrollmentSource.run_id.not_in(taken_back))
    return (
        Enrollment.run_id.in_(taken_back),
        or_(Enrollment.run_id == run.id, exists().where(further, EnrollmentSource.run_id == run.id)),
        ~exists().where(further, others),
    )


def _is_of(organization_id: str, reach: Reach) -> ColumnElement[bool]:
    """Whether an enrollment is of a member within the reach; a reach over all members need not look."""
    if reach.national:
        return true()
    return exists().where(
        Member.organization_id == organization_id,
        Member.user_id == Enrollment.user_id,
        within(organization_id, reach),
    )

"""Assigning a course to members: one statement, whether for one or for thousands.

A caller with many members prepares the statement once: building it takes as long as running it for hundreds.
"""

import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import CTE, ColumnElement, Text, and_, cast, func, literal, or_, select
from sqlalchemy.dialects.postgresql import ARRAY, insert
from sqlalchemy.ext.asyncio import AsyncSession

from learning_service.domain.assignments.actions.reassignments import (
    ASSIGNED,
    NOTHING,
    Again,
    assign_again,
    cause_of,
    fixed,
    is_settled,
)
from learning_service.domain.assignments.queries.candidates import (
    WALKING,
    CourseToAssign,
    candidates,
    is_free,
)
from learning_service.domain.assignments.queries.spared import EXEMPT, PROVEN, REMOVED
from learning_service.domain.assignments.rules.cause import Cause
from learning_service.domain.directory.queries.audience import Condition
from learning_service.domain.enrollments.models import Enrollment
from learning_service.domain.enrollments.queries.standing import OPEN, hold_entrance
from learning_service.domain.jobs.outbox import enqueue_job
from learning_service.domain.jobs.payloads import PlanAssignmentMails
from learning_service.domain.kernel.base import Columns, new_id
from learning_service.domain.kernel.clock import now
from learning_service.domain.kernel.planning import PLANNED_AS_USUAL, plan_afresh
from learning_service.domain.records.audit import record_audit
from learning_service.domain.records.bulk_events import events_of, fixed_time, new_ids

_IDS = ARRAY(Text)
MOST = 5_000
"""Members per statement: a few hundred milliseconds at most."""


@dataclass(frozen=True, slots=True)
class Assignment:
    """A statement that assigns a course to the next members of some, within one transaction."""

    course: CourseToAssign
    cause: Cause
    due_at: datetime | None
    moment: uuid.UUID
    """From which the ids of new enrollments take their time: by it the mails find them."""
    statement: Any


@dataclass(frozen=True, slots=True)
class Assigned:
    """What one statement did. `last` is the greatest member id looked at, None when there was none."""

    matches: int
    assigned: int
    already_enrolled: int
    last: str | None
    completed: list[str]
    failed: list[str]
    exempt: list[str]
    removed: list[str]
    """Members whose enrollment an administrator has removed."""
    seen: Collection[str]
    """Members who were found, where the caller wanted them."""
    open: Sequence[str]
    """Members with an open enrollment that does not have this source, or is due later."""
    missed: int
    """Members whom another transaction enrolled in this very moment."""
    again: Again = NOTHING

    @property
    def wrote(self) -> bool:
        """Whether anything was written."""
        return bool(self.assigned or self.again.sources)


async def assign_members(
    session: AsyncSession,
    course: CourseToAssign,
    who: Condition,
    *,
    cause: Cause,
    due_at: datetime | None,
    again: bool = False,
    renew: bool = False,
    name_all: bool = False,
    limit: int = MOST,
) -> Assigned:
    """Assign the open course to the first `limit` of these members by id: see `prepare_assignment`."""
    prepared = await prepare_assignment(
        session, course, who, cause=cause, due_at=due_at, again=again, renew=renew, name_all=name_all
    )
    return await assign_next(session, prepared, limit=limit)


async def prepare_assignment(
    session: AsyncSession,
    course: CourseToAssign,
    who: Condition,
    *,
    cause: Cause,
    due_at: datetime | None,
    again: bool = False,
    renew: bool = False,
    name_all: bool = False,
    walk: bool = False,
) -> Assignment:
    """What assigns the open course to these members, page by page in the order of their ids.

    An open enrollment is assigned again; those with a valid completion are passed over, and those who failed unless
    `again`. `renew`: a valid completion is no reason to pass over. `name_all` also answers whom it found and passed
    over. `walk`: they are an audience, not some named ones.
    """
    await hold_entrance(session, course.id)
    if walk:
        await session.execute(WALKING)
    known = is_settled(cause, due_at)
    found = candidates(course, who, now(session), paged=True, walk=walk, settled=known)
    moment = new_id()
    free = is_free(found, again=again, renew=renew)
    statement = _statement(
        session, course, found, cause, due_at, moment, free=free, again=again, name_all=name_all
    )
    return Assignment(course, cause, due_at, moment, statement)


async def assign_next(
    session: AsyncSession, prepared: Assignment, *, limit: int, after: str = ""
) -> Assigned:
    """Assign to the next `limit` members after this id.

    Writes one event for each enrollment, and one entry in the audit trail and one job for the mails for all. That job
    goes by the moment, so once anything was written a further call needs a new preparation.
    """
    page = {"after": after, "limit": limit}
    done = await _assign(session, prepared, page)
    if done.missed:
        # Whoever was faster has committed by now: the second look finds their enrollments.
        second = await _assign(session, prepared, page)
        already = second.already_enrolled - done.assigned
        done = replace(second, assigned=done.assigned + second.assigned, already_enrolled=already)
    if done.open:
        course, cause, due_at = prepared.course, prepared.cause, prepared.due_at
        done = replace(done, again=await assign_again(session, course, done.open, cause=cause, due_at=due_at))
    if done.wrote:
        await _follow_up(session, prepared, done)
    return done


async def _assign(session: AsyncSession, prepared: Assignment, page: Mapping[str, Any]) -> Assigned:
    await plan_afresh(session)
    *told, _ = (await session.execute(prepared.statement, page)).one()
    return Assigned(*told)


def _statement(
    session: AsyncSession,
    course: CourseToAssign,
    found: CTE,
    cause: Cause,
    due_at: datetime | None,
    moment: uuid.UUID,
    *,
    free: ColumnElement[bool],
    again: bool,
    name_all: bool,
) -> Any:
    values = _values(session, course, cause, due_at, moment, found)
    made = (
        insert(Enrollment)
        .from_select(list(values), select(*values.values()).where(free), include_defaults=False)
        .on_conflict_do_nothing()
        .returning(Enrollment.id, Enrollment.organization_id, Enrollment.user_id)
        .cte("made")
    )
    data = {
        "enrollment_id": made.c.id,
        "course_id": str(course.id),
        "due_at": fixed_time(due_at),
    }
    exempt, is_open = found.c.spared == EXEMPT, found.c.newest.in_(OPEN)
    removed = and_(found.c.spared == REMOVED, ~func.coalesce(is_open, False), literal(not again))
    proven = and_(found.c.spared == PROVEN, ~func.coalesce(is_open, False))
    standing = ~func.coalesce(or_(exempt, proven, removed), False)
    passed_over = (
        or_(found.c.done & found.c.newest.not_in(OPEN) & ~free & standing, proven),
        (found.c.newest == "failed") & ~found.c.done & literal(not again) & standing,
        exempt,
        removed,
        literal(True),
    )
    count = select(func.count()).select_from(made).scalar_subquery()
    return select(
        func.count(),
        count,
        func.count().filter(is_open & ~func.coalesce(exempt, False)),
        func.max(found.c.user_id),
        *(_named(found, condition) if name_all else cast([], _IDS) for condition in passed_over),
        _named(found, is_open & ~found.c.settled & ~func.coalesce(exempt, False)),
        func.count().filter(free) - count,
        PLANNED_AS_USUAL,
    ).add_cte(events_of(session, ASSIGNED, made, data=data, like=made.c.id))


def _values(
    session: AsyncSession,
    course: CourseToAssign,
    cause: Cause,
    due_at: datetime | None,
    moment: uuid.UUID,
    found: CTE,
) -> Columns:
    return {
        "id": new_ids(moment),
        "organization_id": fixed(Enrollment.organization_id, course.organization_id),
        "user_id": found.c.user_id,
        "course_id": fixed(Enrollment.course_id, course.id),
        "version_id": fixed(Enrollment.version_id, course.version_id),
        "status": fixed(Enrollment.status, "assigned"),
        "assigned_at": fixed(Enrollment.assigned_at, now(session)),
        "due_at": fixed(Enrollment.due_at, due_at),
        **cause_of(Enrollment, cause, found.c.user_id),
    }


def _named(found: CTE, condition: Any) -> Any:
    return func.coalesce(func.array_agg(found.c.user_id).filter(condition), cast([], _IDS))


async def _follow_up(session: AsyncSession, prepared: Assignment, done: Assigned) -> None:
    course, cause = prepared.course, prepared.cause
    details = {
        "assigned": done.assigned,
        "assigned_again": done.again.sources or None,
        "brought_forward": done.again.brought_forward or None,
        "matches": done.matches,
        "cause_kind": cause.kind,
        "rule_id": cause.rule_id,
        "run_id": cause.run_id,
    }
    record_audit(
        session,
        "course.assigned",
        organization_id=course.organization_id,
        actor_id=cause.actor_id,
        subject=("course", course.id),
        course_id=course.id,
        details={
            key: str(v) if isinstance(v, uuid.UUID) else v for key, v in details.items() if v is not None
        },
    )
    # A member is told of the program, not of each of its courses.
    if not done.assigned or cause.source == "program":
        return
    await enqueue_job(
        session,
        PlanAssignmentMails(course_id=course.id, moment=prepared.moment),
        organization_id=course.organization_id,
    )

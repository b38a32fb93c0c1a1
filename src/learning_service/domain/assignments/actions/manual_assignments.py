"""Assigning by hand: members by id, or an audience; a large one becomes a run."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import and_, func
from sqlalchemy.ext.asyncio import AsyncSession

from learning_service.domain.assignments.actions.assignments import Assigned, assign_members
from learning_service.domain.assignments.actions.runs import Plan, start_run
from learning_service.domain.assignments.queries.candidates import (
    CourseToAssign,
    count_members,
    course_to_assign,
    meant_by,
)
from learning_service.domain.assignments.rules.cause import Cause
from learning_service.domain.assignments.rules.policy import MAX_USERS, AssignmentIn
from learning_service.domain.directory.models import Member
from learning_service.domain.directory.queries.audience import check_audience
from learning_service.domain.directory.rules.audience import AudienceFilter
from learning_service.domain.directory.rules.reach import reach_of
from learning_service.domain.enrollments.actions import NotPublished
from learning_service.domain.kernel.clock import now
from learning_service.domain.kernel.errors import Invalid, NotFound
from learning_service.domain.kernel.principal import Principal

_EVERYONE = AudienceFilter()


@dataclass(frozen=True, slots=True)
class Handed:
    """What an assignment by hand did, or the run that will do it."""

    assigned: int = 0
    already_enrolled: int = 0
    skipped: Sequence[tuple[str, str]] = ()
    run_id: uuid.UUID | None = None


async def assign_course(
    session: AsyncSession, course_id: uuid.UUID, sent: AssignmentIn, *, actor: Principal
) -> Handed:
    """Assign the course, which the actor may assign, to members whom they administer.

    Explicit ids may start anew after a failure, but for the actor's own. Raises Invalid, NotPublished.
    """
    course = await course_to_assign(session, actor.organization_id, course_id)
    if course is None:
        raise NotFound
    if sent.due_at is not None and sent.due_at <= now(session):
        raise Invalid.at("/due_at", "is in the past", "wrong-time")
    if sent.audience_filter is not None:
        await check_audience(session, actor.organization_id, sent.audience_filter, pointer="/audience_filter")
    if not course.is_open:
        raise NotPublished("The course is not open: it is a draft or has been archived.")
    if sent.audience_filter is not None:
        return await _assign_audience(session, course, sent.audience_filter, sent, actor)
    return await _assign_named(session, course, sent.user_ids or (), sent, actor)


async def _assign_named(
    session: AsyncSession,
    course: CourseToAssign,
    user_ids: Sequence[str],
    sent: AssignmentIn,
    actor: Principal,
) -> Handed:
    handed = Handed()
    others = [user_id for user_id in dict.fromkeys(user_ids) if user_id != actor.user_id]
    # A member who starts anew has all attempts again, and administrators cannot grant attempts to themselves.
    for wanted, again in ((others, True), ([actor.user_id] if actor.user_id in user_ids else [], False)):
        if not wanted:
            continue
        who = and_(
            Member.user_id == func.any(wanted), meant_by(course, _EVERYONE, reach_of(actor, chapters=True))
        )
        done = await assign_members(
            session, course, who, cause=_cause(actor), due_at=sent.due_at, again=again, name_all=True
        )
        seen = set(done.seen)
        unknown = [(user_id, "unknown-member") for user_id in wanted if user_id not in seen]
        handed = _sum(handed, _handed(done, unknown))
    return handed


def _sum(one: Handed, other: Handed) -> Handed:
    return Handed(
        one.assigned + other.assigned,
        one.already_enrolled + other.already_enrolled,
        sorted([*one.skipped, *other.skipped]),
    )


async def _assign_audience(
    session: AsyncSession,
    course: CourseToAssign,
    audience: AudienceFilter,
    sent: AssignmentIn,
    actor: Principal,
) -> Handed:
    reach = reach_of(actor, chapters=True)
    who = meant_by(course, audience, reach)
    if await count_members(session, who, most=MAX_USERS) > MAX_USERS:
        plan = Plan(
            course=course,
            audience=audience,
            reach=reach,
            due_at=sent.due_at,
            trigger="assignment",
            started_by=actor.user_id,
        )
        return Handed(run_id=await start_run(session, plan))
    done = await assign_members(session, course, who, cause=_cause(actor), due_at=sent.due_at, name_all=True)
    return _handed(done, [])


def _cause(actor: Principal) -> Cause:
    return Cause("admin", "person", actor.user_id, actor_id=actor.user_id)


def _handed(done: Assigned, skipped: list[tuple[str, str]]) -> Handed:
    skipped += [(user_id, "completed") for user_id in done.completed]
    skipped += [(user_id, "failed") for user_id in done.failed]
    skipped += [(user_id, "exempt") for user_id in done.exempt]
    skipped += [(user_id, "removed") for user_id in done.removed]
    # A member whom another transaction enrolled in this very moment is enrolled.
    passed_over = (done.completed, done.failed, done.exempt, done.removed)
    already = done.matches - done.assigned - sum(map(len, passed_over))
    return Handed(done.assigned, already, sorted(skipped))

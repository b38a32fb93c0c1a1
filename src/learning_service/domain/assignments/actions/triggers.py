"""Rules set off by themselves: when members come or change, and when a day begins."""

import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from sqlalchemy import Text, and_, cast, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from learning_service.domain.assignments.actions.assignments import assign_members
from learning_service.domain.assignments.actions.runs import (
    audience_of_rule,
    course_of,
    due_of_rule,
    has_passed,
    plan_of_rule,
    start_run,
)
from learning_service.domain.assignments.models import AssignmentRule
from learning_service.domain.assignments.queries.candidates import meant_by
from learning_service.domain.assignments.queries.due_days import due_by_day
from learning_service.domain.assignments.queries.rules import reach_of_stored
from learning_service.domain.assignments.rules.cause import Cause
from learning_service.domain.assignments.rules.policy import next_anniversary
from learning_service.domain.directory.models import Member, MembershipEvent
from learning_service.domain.kernel.clock import now
from learning_service.domain.kernel.days import local_day, start_of_day
from learning_service.domain.kernel.tenant import own_key
from learning_service.domain.records.audit import SYSTEM_ACTOR, record_audit

_FARTHEST_EAST = timedelta(hours=15)
"""No day anywhere begins earlier than this before it does in UTC."""


async def membership_rules(session: AsyncSession, organization_id: str) -> Sequence[uuid.UUID]:
    """The rules that a change of membership sets off."""
    found = await session.scalars(
        select(AssignmentRule.id)
        .where(
            AssignmentRule.organization_id == organization_id,
            AssignmentRule.trigger == "membership_status_change",
            AssignmentRule.active,
            AssignmentRule.deleted_at.is_(None),
        )
        .order_by(AssignmentRule.id)
    )
    return found.all()


async def latest_causes(
    session: AsyncSession,
    organization_id: str,
    causes: Mapping[str, str],
    *,
    cause_kind: str,
    since: datetime,
) -> dict[bool, dict[str, str]]:
    """What last changed each of these members; those that an event was about stand under True.

    A job may find a member as a later event left them; that one is then the cause.
    """
    newest = await session.execute(
        select(MembershipEvent.user_id, cast(MembershipEvent.id, Text))
        .where(
            MembershipEvent.organization_id == organization_id,
            MembershipEvent.user_id == func.any(sorted(causes)),
            MembershipEvent.received_at > since,
        )
        .order_by(MembershipEvent.received_at, MembershipEvent.id)
    )
    later = dict(newest.all())
    by_event = {**causes, **later} if cause_kind == "event" else later
    rest = {user_id: cause for user_id, cause in causes.items() if user_id not in by_event}
    return {told: group for told, group in ((True, by_event), (False, rest)) if group}


async def apply_rule(
    session: AsyncSession, rule_id: uuid.UUID, causes: Mapping[str, str], *, by_event: bool
) -> int:
    """Assign the rule's course to those of these members who match it as they are now; how many.

    `causes` maps each member to the event that changed them, or (not `by_event`) to who wrote them. What an
    earlier state of a member made stays.
    """
    rule = await session.get(AssignmentRule, own_key(session, rule_id))
    if rule is None or rule.deleted_at is not None or not rule.active:
        return 0
    course = await course_of(session, rule)
    if not course.is_open:
        return 0
    due_at = due_of_rule(rule, course, now(session))
    if has_passed(due_at, now(session)):
        return 0
    who = and_(
        Member.user_id == func.any(sorted(causes)),
        meant_by(course, audience_of_rule(rule), reach_of_stored(rule)),
    )
    cause = Cause(
        "rule",
        "event" if by_event else "rule",
        str(rule.id),
        actor_id=SYSTEM_ACTOR,
        rule_id=rule.id,
        each=dict(causes) if by_event else {},
    )
    if rule.due_from is None:
        done = await assign_members(session, course, who, cause=cause, due_at=due_at, limit=len(causes))
        return done.assigned
    found = await due_by_day(session, course, who, rule.due_from, instant=now(session), limit=len(causes))
    assigned = 0
    for due, members in found.members.items():
        these = and_(who, Member.user_id == func.any(members))
        done = await assign_members(session, course, these, cause=cause, due_at=due, limit=len(members))
        assigned += done.assigned
    return assigned


async def fire_next_rule(session: AsyncSession) -> bool:
    """Start the run of one rule whose day has begun where its organization is; False when there is none left.

    Each day of a rule fires once: the transaction that holds the row decides, others pass it by. A rule that fires
    after its due date has passed assigns no one. A yearly one that was late by years fires once for all of them.
    """
    instant = now(session)
    due = (
        select(AssignmentRule)
        .where(
            AssignmentRule.scheduled_on <= (instant + _FARTHEST_EAST).date(),
            AssignmentRule.fired_on.is_distinct_from(AssignmentRule.scheduled_on),
            AssignmentRule.active,
            AssignmentRule.deleted_at.is_(None),
        )
        .order_by(AssignmentRule.scheduled_on, AssignmentRule.id)
        .with_for_update(skip_locked=True)
    )
    for rule in await session.scalars(due):
        course = await course_of(session, rule)
        day = rule.scheduled_on
        if day is None or start_of_day(day, course.timezone) > instant:
            continue
        rule.fired_on = day
        if rule.repeat is not None:
            rule.scheduled_on = next_anniversary(day, after=local_day(instant, course.timezone))
        record_audit(
            session,
            "assignment_rule.fired",
            organization_id=rule.organization_id,
            actor_id=SYSTEM_ACTOR,
            subject=("assignment_rule", rule.id),
            course_id=rule.course_id,
            details={"scheduled_on": day.isoformat()},
        )
        plan = plan_of_rule(session, rule, course, trigger=rule.trigger, started_by=SYSTEM_ACTOR)
        if not has_passed(plan.due_at, instant):
            await start_run(session, plan)
        return True
    return False

"""Making, changing and deleting rules."""

import uuid

from sqlalchemy.ext.asyncio import AsyncSession

from learning_service.domain.assignments.models import AssignmentRule
from learning_service.domain.assignments.queries.candidates import CourseToAssign, course_to_assign
from learning_service.domain.assignments.queries.rules import access_rule, reach_of_stored
from learning_service.domain.assignments.rules.policy import (
    RuleChangeIn,
    RuleIn,
    RuleTerms,
    changed_terms,
    faults_in,
    stored_terms,
)
from learning_service.domain.courses.queries.access import access_course
from learning_service.domain.courses.rules.programs import COURSE, PROGRAM
from learning_service.domain.directory.queries.audience import check_audience
from learning_service.domain.directory.rules.reach import reach_of
from learning_service.domain.enrollments.actions import NotPublished
from learning_service.domain.jobs.outbox import enqueue_job
from learning_service.domain.jobs.payloads import SettleRule
from learning_service.domain.kernel.base import Columns, new_id
from learning_service.domain.kernel.clock import now
from learning_service.domain.kernel.days import local_day
from learning_service.domain.kernel.errors import Forbidden, Invalid, NotAMember, NotFound
from learning_service.domain.kernel.principal import Principal
from learning_service.domain.records.audit import AuditAction, record_act


async def create_rule(session: AsyncSession, new: RuleIn, *, actor: Principal) -> uuid.UUID:
    """Make a rule; it reaches no further than its maker. No member is assigned yet.

    Raises Invalid, also for a course that the caller does not know; Forbidden for one they may not assign;
    NotPublished.
    """
    course = await _course(session, new.assigned_id, actor, kind=PROGRAM if new.course_id is None else COURSE)
    await check_audience(session, actor.organization_id, new.audience_filter, pointer="/audience_filter")
    due_from = None if new.due_from is None else new.due_from.model_dump()
    terms = RuleTerms(new.trigger, new.due_in_days, new.due_on, new.scheduled_on, new.repeat, due_from)
    _check(session, course, terms, new)
    _require_open(course)
    instant = now(session)
    rule = AssignmentRule(
        id=new_id(),
        organization_id=actor.organization_id,
        course_id=new.assigned_id,
        audience_filter=new.audience_filter.as_json(),
        on_leaving=new.on_leaving,
        active=new.active,
        reach=reach_of(actor).as_json(),
        edited_by=actor.user_id,
        created_at=instant,
        updated_at=instant,
        **_columns(terms),
    )
    session.add(rule)
    _audit(session, actor, rule, "assignment_rule.created", sorted(new.model_fields_set))
    await session.flush()
    return rule.id


async def update_rule(
    session: AsyncSession, rule_id: uuid.UUID, change: RuleChangeIn, *, actor: Principal
) -> None:
    """Change a rule; it then reaches no further than this editor.

    What it assigned stays; but whom it no longer means, or means again, is treated by a job as `on_leaving` says.

    Raises NotFound; Forbidden for a rule that reaches beyond the caller's members; Invalid; NotPublished.
    """
    rule = await access_rule(session, actor, rule_id, lock=True)
    require_whole(rule, actor)
    kind = COURSE if change.course_id else PROGRAM if change.program_id else None
    wanted = change.course_id or change.program_id or rule.course_id
    course = await _course(session, wanted, actor, kind=kind)
    if change.audience_filter is not None:
        await check_audience(
            session, actor.organization_id, change.audience_filter, pointer="/audience_filter"
        )
    before = RuleTerms(
        rule.trigger, rule.due_in_days, rule.due_on, rule.scheduled_on, rule.repeat, rule.due_from
    )
    terms = changed_terms(before, change)
    _check(session, course, terms, change)
    if kind is not None:
        _require_open(course)
    sent = {**stored_terms(change), **_columns(terms)}
    for name, value in sent.items():
        setattr(rule, name, value)
    rule.reach = reach_of(actor).as_json()
    rule.edited_by = actor.user_id
    rule.updated_at = now(session)
    _audit(session, actor, rule, "assignment_rule.updated", sorted(change.model_fields_set))
    await session.flush()
    if "audience_filter" in change.model_fields_set:
        await enqueue_job(session, SettleRule(rule_id=rule.id), organization_id=rule.organization_id)


async def delete_rule(session: AsyncSession, rule_id: uuid.UUID, *, actor: Principal) -> None:
    """Take a rule out of use. What it assigned stays, and still says why. Raises NotFound, Forbidden."""
    rule = await access_rule(session, actor, rule_id, lock=True)
    require_whole(rule, actor)
    rule.deleted_at = now(session)
    rule.active = False
    _audit(session, actor, rule, "assignment_rule.deleted", [])
    await session.flush()


def require_whole(rule: AssignmentRule, actor: Principal) -> None:
    """Raise Forbidden unless the caller administers every member whom the rule may reach."""
    if not reach_of(actor).covers(reach_of_stored(rule)):
        raise Forbidden("This rule is also for members whom you do not administer.")


async def _course(
    session: AsyncSession, course_id: uuid.UUID, actor: Principal, *, kind: str | None
) -> CourseToAssign:
    """The course or program; without a `kind`, the one that the rule has."""
    course = await course_to_assign(session, actor.organization_id, course_id)
    kind = kind or (COURSE if course is None else course.kind)
    try:
        access = await access_course(session, actor, course_id, kind=kind)
    except (NotFound, NotAMember):
        access = None
    if access is None or course is None:
        raise Invalid.at(f"/{kind}_id", f"is not a {kind} that you know", "not-known")
    if not access.may_assign:
        raise Forbidden("This course is for members whom you do not administer.")
    return course


def _check(
    session: AsyncSession, course: CourseToAssign, terms: RuleTerms, sent: RuleIn | RuleChangeIn
) -> None:
    faults = faults_in(terms, today=local_day(now(session), course.timezone), sent=sent.model_fields_set)
    if faults:
        raise Invalid(faults)


def _require_open(course: CourseToAssign) -> None:
    if not course.is_open:
        raise NotPublished("The course is not open: it is a draft or has been archived.")


def _columns(terms: RuleTerms) -> Columns:
    return {name: getattr(terms, name) for name in RuleTerms.__slots__}


def _audit(
    session: AsyncSession, actor: Principal, rule: AssignmentRule, action: AuditAction, fields: list[str]
) -> None:
    record_act(
        session,
        actor,
        action,
        ("assignment_rule", rule.id),
        course_id=rule.course_id,
        details={"course_id": str(rule.course_id), "fields": fields},
    )

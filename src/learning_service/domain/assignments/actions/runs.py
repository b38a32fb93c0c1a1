"""Runs: going through an audience in bounded steps, each its own transaction, and taking it back."""

import uuid
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import and_, false, func
from sqlalchemy.ext.asyncio import AsyncSession

from learning_service.domain.assignments.actions.assignments import (
    MOST,
    assign_members,
    assign_next,
    prepare_assignment,
)
from learning_service.domain.assignments.actions.rules import require_whole
from learning_service.domain.assignments.models import AssignmentRule, AssignmentRun
from learning_service.domain.assignments.queries.candidates import (
    CourseToAssign,
    Preview,
    course_to_assign,
    meant_by,
    preview_assignment,
)
from learning_service.domain.assignments.queries.due_days import due_by_day, late_ones
from learning_service.domain.assignments.queries.rules import (
    access_rule,
    reach_of_stored,
)
from learning_service.domain.assignments.rules.cause import Cause
from learning_service.domain.assignments.rules.due import due_at_of
from learning_service.domain.directory.models import Member
from learning_service.domain.directory.queries.audience import Condition, within
from learning_service.domain.directory.rules.audience import AudienceFilter
from learning_service.domain.directory.rules.reach import Reach, reach_of
from learning_service.domain.enrollments.actions import NotPublished
from learning_service.domain.jobs.outbox import enqueue_job
from learning_service.domain.jobs.payloads import RunAssignments
from learning_service.domain.kernel.base import new_id
from learning_service.domain.kernel.clock import now
from learning_service.domain.kernel.errors import Conflict, NotFound
from learning_service.domain.kernel.principal import Principal
from learning_service.domain.kernel.tenant import own_key
from learning_service.domain.kernel.values import JsonObject
from learning_service.domain.records.audit import AuditAction, record_audit

RUN_CHUNK = 3_000
"""Members per transaction: a fraction of a second, so that other requests hardly notice."""
DAYS_CHUNK = 200
"""The same where each member has a due time of their own: a statement for each day."""
IDLE_CHUNKS = 8
"""While a chunk of a run finds nothing to write, up to so many in one transaction, the further ones of `MOST`.
Otherwise beginning statements and transactions would be a third of such a run (the row `assign: again`)."""


class DuePassed(Conflict):
    """Members whom the rule assigned now would be overdue at once."""

    code = "due-passed"


class RuleInactive(Conflict):
    """The rule is switched off."""

    code = "rule-inactive"


@dataclass(frozen=True, slots=True)
class Plan:
    """What a run goes by."""

    course: CourseToAssign
    audience: AudienceFilter
    reach: Reach
    due_at: datetime | None
    trigger: str
    started_by: str
    due_from: JsonObject | None = None
    """What says each member's own due time."""
    rule_id: uuid.UUID | None = None


async def preview_rule(session: AsyncSession, rule_id: uuid.UUID, *, actor: Principal) -> Preview:
    """What a run of the rule would do now to those whom the actor administers. Raises NotFound."""
    rule = await access_rule(session, actor, rule_id)
    course = await course_of(session, rule)
    meant = meant_by(course, audience_of_rule(rule), reach_of_stored(rule))
    who = and_(meant, within(course.organization_id, reach_of(actor)))
    instant = now(session)
    if rule.due_from is None:
        late: Condition = who if has_passed(due_of_rule(rule, course, instant), instant) else false()
    else:
        late = await late_ones(session, course, who, rule.due_from, instant=instant)
    return await preview_assignment(session, course, who, late=late)


async def run_rule(session: AsyncSession, rule_id: uuid.UUID, *, actor: Principal) -> uuid.UUID:
    """Start a run of a rule, whatever else sets it off, for those who match now; its id.

    Raises NotFound, Forbidden, RuleInactive, NotPublished, DuePassed.
    """
    rule = await access_rule(session, actor, rule_id)
    require_whole(rule, actor)
    course = await course_of(session, rule)
    if not rule.active:
        raise RuleInactive("The rule is not active.")
    if not course.is_open:
        raise NotPublished("The course is not open: it is a draft or has been archived.")
    plan = plan_of_rule(session, rule, course, trigger="manual", started_by=actor.user_id)
    if has_passed(plan.due_at, now(session)):
        raise DuePassed("The rule's due day has passed.")
    return await start_run(session, plan)


def plan_of_rule(
    session: AsyncSession, rule: AssignmentRule, course: CourseToAssign, *, trigger: str, started_by: str
) -> Plan:
    """What a run of the rule that starts now goes by."""
    return Plan(
        course=course,
        audience=audience_of_rule(rule),
        reach=reach_of_stored(rule),
        due_at=due_of_rule(rule, course, now(session)),
        trigger=trigger,
        started_by=started_by,
        due_from=rule.due_from,
        rule_id=rule.id,
    )


async def start_run(session: AsyncSession, plan: Plan) -> uuid.UUID:
    """Write the run and the job that goes through it."""
    organization_id = plan.course.organization_id
    run = AssignmentRun(
        id=new_id(),
        organization_id=organization_id,
        rule_id=plan.rule_id,
        course_id=plan.course.id,
        trigger=plan.trigger,
        started_by=plan.started_by,
        audience_filter=plan.audience.as_json(),
        reach=plan.reach.as_json(),
        due_at=plan.due_at,
        due_from=plan.due_from,
        status="running",
        cursor="",
        matches=0,
        assigned=0,
        already_enrolled=0,
        undone=0,
        started_at=now(session),
    )
    session.add(run)
    await session.flush()
    audit_run(session, run, plan.started_by, "assignment_run.started")
    await enqueue_job(session, RunAssignments(run_id=run.id), organization_id=organization_id)
    return run.id


async def step_run(session: AsyncSession, run_id: uuid.UUID) -> bool:
    """Assign the course to the next members of a run, where it stopped; True while there may be more.

    The run's row is held, so that two workers go through it one after the other.
    """
    run = await session.get(AssignmentRun, own_key(session, run_id), with_for_update=True)
    if run is None or run.status != "running":
        return False
    course = await course_to_assign(session, run.organization_id, run.course_id)
    if course is None or not course.is_open:
        end_run(session, run, "stopped", reason="not-published")
        return False
    if run.rule_id is not None and has_passed(run.due_at, now(session)):
        end_run(session, run, "stopped", reason="due-passed")
        return False
    who = meant_by(course, AudienceFilter.from_json(run.audience_filter), reach_of_stored(run))
    if run.due_from is not None:
        return await _step_by_days(session, run, course, who)
    prepared = await prepare_assignment(session, course, who, cause=_cause(run), due_at=run.due_at, walk=True)
    for chunk in (RUN_CHUNK, *[MOST] * (IDLE_CHUNKS - 1)):
        done = await assign_next(session, prepared, after=run.cursor, limit=chunk)
        run.matches += done.matches
        run.assigned += done.assigned
        run.already_enrolled += done.already_enrolled
        run.cursor = done.last or run.cursor
        if done.matches < chunk:
            end_run(session, run, "done")
            return False
        if done.wrote:
            break
    return True


async def _step_by_days(
    session: AsyncSession, run: AssignmentRun, course: CourseToAssign, who: Condition
) -> bool:
    """The same where each member's own field says when it is due."""
    found = await due_by_day(
        session, course, who, run.due_from or {}, instant=now(session), after=run.cursor, limit=DAYS_CHUNK
    )
    for due_at, members in found.members.items():
        these = Member.user_id == func.any(members)
        done = await assign_members(
            session, course, and_(who, these), cause=_cause(run), due_at=due_at, limit=len(members)
        )
        run.assigned += done.assigned
        run.already_enrolled += done.already_enrolled
    run.matches += found.matches
    run.cursor = found.last or run.cursor
    if found.matches < DAYS_CHUNK:
        end_run(session, run, "done")
        return False
    return True


def _cause(run: AssignmentRun) -> Cause:
    if run.rule_id is None:
        return Cause("admin", "person", run.started_by, actor_id=run.started_by, run_id=run.id)
    return Cause(
        "rule", "rule", str(run.rule_id), actor_id=run.started_by, rule_id=run.rule_id, run_id=run.id
    )


def audience_of_rule(rule: AssignmentRule) -> AudienceFilter:
    """Whom the rule means."""
    return AudienceFilter.from_json(rule.audience_filter)


def due_of_rule(rule: AssignmentRule, course: CourseToAssign, instant: datetime) -> datetime | None:
    """When something that the rule assigns at `instant` is due; where it does not say, as the program does."""
    due_in_days = rule.due_in_days
    if due_in_days is None and rule.due_on is None and rule.due_from is None and course.program is not None:
        due_in_days = course.program.due_in_days
    return due_at_of(instant, course.timezone, due_in_days=due_in_days, due_on=rule.due_on)


def has_passed(due_at: datetime | None, instant: datetime) -> bool:
    """Whether it is too late to assign with this due time."""
    return due_at is not None and due_at <= instant


async def course_of(session: AsyncSession, rule: AssignmentRule) -> CourseToAssign:
    """The rule's course as it is now. Raises NotFound."""
    course = await course_to_assign(session, rule.organization_id, rule.course_id)
    if course is None:
        raise NotFound
    return course


def end_run(session: AsyncSession, run: AssignmentRun, status: str, *, reason: str | None = None) -> None:
    """Note how the run has ended, now."""
    run.status = status
    run.reason = reason
    run.finished_at = now(session)


def audit_run(session: AsyncSession, run: AssignmentRun, actor_id: str, action: AuditAction) -> None:
    """Note what somebody has done with the run."""
    details: JsonObject = {"course_id": str(run.course_id)}
    if run.rule_id is not None:
        details["rule_id"] = str(run.rule_id)
    record_audit(
        session,
        action,
        organization_id=run.organization_id,
        actor_id=actor_id,
        subject=("assignment_run", run.id),
        course_id=run.course_id,
        details=details,
    )

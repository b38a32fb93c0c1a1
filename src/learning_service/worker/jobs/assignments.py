"""Assigning in the background: after membership changes, through large audiences, on scheduled days."""

import uuid
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import partial

from learning_service.context import Context
from learning_service.domain.assignments.actions.runs import step_run
from learning_service.domain.assignments.actions.triggers import (
    apply_rule,
    fire_next_rule,
    latest_causes,
    membership_rules,
)
from learning_service.domain.assignments.actions.undoing import step_undo
from learning_service.domain.completion.actions.departures import (
    departing_rules,
    next_of_rule,
    settle_departures,
)
from learning_service.domain.completion.actions.marking import with_marks
from learning_service.domain.completion.actions.program_entries import (
    begin_programs_of_rule,
    begin_programs_of_run,
)
from learning_service.domain.directory.rules.reach import Reach
from learning_service.domain.jobs.outbox import Job
from learning_service.domain.jobs.payloads import (
    AutoAssignCourses,
    RunAssignments,
    SettleRule,
    UndoAssignments,
)
from learning_service.worker.durable import finishing


def _as_of(job: Job) -> datetime | None:
    """The job's instant where it is later than now: it was set off as of then."""
    return job.as_of if job.as_of > datetime.now(UTC) else None


async def auto_assign_courses(context: Context, job: Job) -> None:
    """Evaluate the rules that membership changes set off, for the members who changed, as they are now."""
    told = AutoAssignCourses.read(job.arguments)
    async with context.transaction(job.organization_id) as session:
        rule_ids = await membership_rules(session, job.organization_id)
        groups = await latest_causes(
            session, job.organization_id, told.causes, cause_kind=told.cause_kind, since=job.as_of
        )
        departing = await departing_rules(session, job.organization_id)
    for rule_id in departing:
        await with_marks(partial(_settle, context, job, rule_id, sorted(told.causes)))
    for rule_id in rule_ids:
        for by_event, causes in groups.items():
            async with context.transaction(job.organization_id, at=_as_of(job)) as session:
                await apply_rule(session, rule_id, causes, by_event=by_event)
                await begin_programs_of_rule(session, rule_id)
    async with finishing(context, job):
        pass


async def _settle(context: Context, job: Job, rule_id: uuid.UUID, user_ids: Sequence[str]) -> None:
    async with context.transaction(job.organization_id, at=_as_of(job)) as session:
        await settle_departures(session, rule_id, user_ids)


async def settle_rule(context: Context, job: Job) -> None:
    """Go through what a rule has made whose audience was changed, a bounded transaction at a time."""
    rule_id, after = SettleRule.read(job.arguments).rule_id, None
    while True:
        async with context.transaction(job.organization_id) as session:
            found = await next_of_rule(session, rule_id, after)
        if not found:
            break
        after = found[-1][0]
        users = sorted({user_id for _, user_id in found})
        await with_marks(partial(_settle, context, job, rule_id, users))
    async with finishing(context, job):
        pass


async def run_assignments(context: Context, job: Job) -> None:
    """Go through a run's audience, a bounded transaction at a time; killed, it goes on where it stopped."""
    run_id, more = RunAssignments.read(job.arguments).run_id, True
    while more:
        async with context.transaction(job.organization_id, at=_as_of(job)) as session:
            more = await step_run(session, run_id)
            await begin_programs_of_run(session, run_id)
    async with finishing(context, job):
        pass


async def undo_assignments(context: Context, job: Job) -> None:
    """Remove the enrollments of a run that have not been begun, a bounded transaction at a time."""
    told, more = UndoAssignments.read(job.arguments), True
    reach = None if told.reach is None else Reach.from_json(told.reach)
    while more:
        async with context.transaction(job.organization_id) as session:
            more = await step_undo(session, told.run_id, reach)
    async with finishing(context, job):
        pass


async def run_scheduled_rules(context: Context, at: datetime | None) -> None:
    """Start the runs of rules whose day has begun as of `at` (None: now), each once, however late."""
    more = True
    while more:
        async with context.transaction(None, at=at) as session:
            more = await fire_next_rule(session)

"""Opening renewals before completions expire, telling other services when they do, and applying later policy."""

from datetime import datetime

from learning_service.context import Context
from learning_service.domain.assignments.actions.renewals import open_renewals
from learning_service.domain.completion.actions.policy_changes import Gift, give_policy
from learning_service.domain.completion.actions.program_entries import (
    begin_renewed_programs,
    look_at_ended_exemptions,
    organizations_of_programs,
)
from learning_service.domain.completion.actions.renewing import keep_in_renewals, organizations_to_renew
from learning_service.domain.compliance.actions import announce_expired, announce_expired_evidence
from learning_service.domain.jobs.outbox import Job
from learning_service.domain.jobs.payloads import ApplyPolicy
from learning_service.worker.durable import finishing


async def open_recertifications(context: Context, at: datetime | None) -> None:
    """Open a renewal for every completion whose window has begun as of `at` (None: now), each once.

    Programs ask again for what a member was exempt from until lately.
    """
    found = 1
    while found:
        async with context.transaction(None, at=at) as session:
            found = await open_renewals(session)
    async with context.transaction(None, at=at) as session:
        organizations = await organizations_to_renew(session)
        with_programs = await organizations_of_programs(session)
    for organization_id in organizations:
        await _keep(context, organization_id, at)
    for organization_id in with_programs:
        more = True
        while more:
            async with context.transaction(organization_id, at=at) as session:
                more = await begin_renewed_programs(session, organization_id)
        more = True
        while more:
            async with context.transaction(organization_id, at=at) as session:
                more = await look_at_ended_exemptions(session, organization_id)


async def _keep(context: Context, organization_id: str, at: datetime | None) -> None:
    async with context.transaction(organization_id, at=at) as session:
        last = await keep_in_renewals(session, organization_id, None)
    while last is not None:
        async with context.transaction(organization_id, at=at) as session:
            last = await keep_in_renewals(session, organization_id, last)


async def expire_completions(context: Context, at: datetime | None) -> None:
    """Tell other services of every status, and all evidence, that has expired as of `at` (None: now), each once."""
    found = 1
    while found:
        async with context.transaction(None, at=at) as session:
            found = await announce_expired(session)
    found = 1
    while found:
        async with context.transaction(None, at=at) as session:
            found = await announce_expired_evidence(session)


async def apply_policy(context: Context, job: Job) -> None:
    """Give completions what their course came to demand later, a bounded transaction at a time."""
    told = ApplyPolicy.read(job.arguments)
    gift = Gift(job.organization_id, told.course_id, told.requirement_id, told.cadence)
    more = True
    while more:
        async with context.transaction(job.organization_id) as session:
            more = await give_policy(session, gift)
    async with finishing(context, job):
        pass

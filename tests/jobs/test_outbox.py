"""Claims, leases and fencing, against the database itself."""

import asyncio
import uuid
from datetime import timedelta

import pytest
from tests.jobs.conftest import LEASE, Desk
from tests.kit.waiting import PATIENCE_SECONDS

from learning_service.context import Context
from learning_service.domain.jobs import outbox
from learning_service.domain.jobs.outbox import Job, LeaseLost, enqueue_named
from learning_service.domain.jobs.paused_jobs import halt_job
from learning_service.domain.jobs.payloads import GradeGroup, Unworkable
from learning_service.domain.kernel.clock import now

ENDED = timedelta(seconds=-1)


async def test_two_claimers_get_different_jobs(desk: Desk) -> None:
    await desk.add(count=60)
    claims = await asyncio.gather(*(desk.claim(limit=60) for _ in range(4)))
    ids = [job.id for claim in claims for job in claim.jobs]
    assert len(ids) == len(set(ids)) == 60
    assert (await desk.claim()).jobs == []


async def test_a_claim_locks_out_nobody_from_the_rest(desk: Desk, context: Context) -> None:
    await desk.add(count=4)
    async with context.transaction(None) as session:
        wanted = await desk.due(session, limit=2)
        await outbox.claim_jobs(session, wanted, names=["work"], lease=LEASE, max_tries=3)
        assert len((await asyncio.wait_for(desk.claim(), PATIENCE_SECONDS)).jobs) == 2


async def test_what_is_due_comes_the_oldest_first_and_nothing_else_is_claimed(
    desk: Desk, context: Context
) -> None:
    async with context.transaction(None) as session:
        start = now(session)
        for minutes in (3, 1, 2):
            await enqueue_named(
                session,
                "work",
                {"n": minutes},
                organization_id="org",
                run_at=start - timedelta(minutes=minutes),
            )
        for job, queue in (("work", "elsewhere"), ("unknown", "jobs"), ("halted", "jobs")):
            await enqueue_named(session, job, {}, organization_id="org", queue=queue)
        await enqueue_named(session, "work", {}, organization_id="org", run_at=start + timedelta(minutes=1))
        await halt_job(session, "halted")
    names = ["work", "halted"]
    async with context.transaction(None) as session:
        due = await desk.due(session, limit=2, names=names)
        assert len(due) == 2
        assert (await desk.due(session, names=names))[:2] == due
        assert len(await desk.due(session, names=names)) == 3
        everything = [(row[0], 0) for row in await desk.rows("id")]
        claim = await outbox.claim_jobs(session, everything[-3:], names=names, lease=LEASE, max_tries=3)
        assert claim.jobs == [], "unknown, halted, or not due"
        claim = await outbox.claim_jobs(session, due, names=names, lease=LEASE, max_tries=3)
        assert {(job.id, job.attempt) for job in claim.jobs} == {(id_, 1) for id_, _ in due}
    [last] = (await desk.claim()).jobs
    assert (last.name, last.arguments, last.organization_id, last.is_finished) == (
        "work",
        {"n": 1},
        "org",
        False,
    )
    assert last.as_of == last.created_at == start


async def test_what_a_claim_writes(desk: Desk, context: Context) -> None:
    await desk.add()
    columns = "status, attempt, failures, error, started_at, finished_at, run_at"
    async with context.transaction(None) as session:
        wanted = await desk.due(session)
        await outbox.claim_jobs(session, wanted, names=["work"], lease=LEASE, max_tries=3)
        first = now(session)
    assert await desk.rows(columns) == [("leased", 1, 0, None, first, None, first + LEASE)]
    await desk.sql("UPDATE outbox SET failures = 2, run_at = run_at - interval '1 day'")
    async with context.transaction(None) as session:
        wanted = await desk.due(session)
        await outbox.claim_jobs(session, wanted, names=["work"], lease=LEASE, max_tries=3)
        last = now(session)
    assert await desk.rows(columns) == [("dead", 2, 3, outbox.VANISHED, last, last, last + LEASE)]
    await desk.sql(
        "UPDATE outbox SET status = 'queued', error = 'before', run_at = now(), finished_at = NULL"
    )
    await desk.claim()
    assert await desk.rows() == [("leased", 3, 3, "before")], "no worker vanished: it keeps why it failed"


async def test_a_lease_that_ran_out_is_claimed_again_under_a_new_number(desk: Desk) -> None:
    await desk.add()
    (first,) = (await desk.claim(lease=ENDED)).jobs
    (second,) = (await desk.claim()).jobs
    assert (first.id, first.attempt, first.failures) == (second.id, 1, 0)
    assert (second.attempt, second.failures) == (2, 1)
    assert (await desk.claim()).jobs == []


async def test_a_claim_has_to_know_the_number_of_the_last_one(desk: Desk, context: Context) -> None:
    await desk.add()
    async with context.transaction(None) as session:
        stale = await desk.due(session)
    await desk.claim(lease=ENDED)
    async with context.transaction(None) as session:
        claim = await outbox.claim_jobs(session, stale, names=["work"], lease=LEASE, max_tries=3)
        assert claim.jobs == []
        [(_, attempt)] = await desk.due(session)
        assert attempt == 1


async def finish_with_effect(context: Context, job: Job) -> None:
    async with context.transaction(None) as session:
        await enqueue_named(session, "effect", {}, organization_id="org")
        await outbox.finish_job(session, job)


async def test_who_lost_the_lease_changes_nothing(desk: Desk, context: Context) -> None:
    await desk.add()
    (old,) = (await desk.claim(lease=ENDED)).jobs
    (new,) = (await desk.claim()).jobs
    with pytest.raises(LeaseLost):
        await finish_with_effect(context, old)
    async with context.transaction(None) as session:
        await outbox.fail_job(session, old, "late", retry_in=None)
        await outbox.release_job(session, old)
        await outbox.extend_leases(session, [old], timedelta(hours=1))
    assert await desk.rows("job, status, attempt, error") == [("work", "leased", 2, outbox.VANISHED)]
    assert await desk.rows("run_at < clock_timestamp() + interval '40 seconds'") == [(True,)]
    async with context.transaction(None) as session:
        await outbox.finish_job(session, new)
    assert await desk.rows() == [("done", 2, 1, None)]


async def test_leases_of_all_jobs_are_extended_at_once_and_past_a_locked_one(
    desk: Desk, context: Context
) -> None:
    await desk.add(count=3)
    jobs = (await desk.claim()).jobs
    async with context.transaction(None) as finishing:
        await outbox.finish_job(finishing, jobs[0])
        async with asyncio.timeout(PATIENCE_SECONDS), context.transaction(None) as session:
            await outbox.extend_leases(session, jobs, timedelta(hours=1))
    rows = await desk.rows("status, run_at > clock_timestamp() + interval '50 minutes'")
    assert sorted(rows) == [("done", False), ("leased", True), ("leased", True)]


async def test_a_job_whose_workers_vanish_is_buried_with_that_reason(desk: Desk) -> None:
    await desk.add()
    for _ in range(3):
        assert len((await desk.claim(lease=ENDED)).jobs) == 1
    claim = await desk.claim()
    assert (len(claim.jobs), len(claim.buried)) == (0, 1)
    assert await desk.rows() == [("dead", 4, 3, outbox.VANISHED)]


async def test_a_job_given_back_has_no_mark_against_it(desk: Desk, context: Context) -> None:
    await desk.add()
    for attempt in range(1, 6):
        (job,) = (await desk.claim()).jobs
        assert (job.attempt, job.failures) == (attempt, 0)
        async with context.transaction(None) as session:
            await outbox.release_job(session, job)


async def test_the_same_key_is_not_queued_twice_and_the_future_waits(desk: Desk, context: Context) -> None:
    async with context.transaction(None) as session:
        for _ in range(2):
            await enqueue_named(session, "work", {}, organization_id="org", unique_key="once")
        later = now(session) + timedelta(minutes=1)
        await enqueue_named(session, "work", {}, organization_id="org", run_at=later)
    assert len(await desk.rows()) == 2
    assert len((await desk.claim()).jobs) == 1


@pytest.mark.parametrize("reason", ["nul \x00", "lone \ud800", "x" * 10_000])
async def test_any_reason_can_be_kept(desk: Desk, context: Context, reason: str) -> None:
    await desk.add()
    (job,) = (await desk.claim()).jobs
    async with context.transaction(None) as session:
        await outbox.fail_job(session, job, reason, retry_in=None)
    ((status, kept),) = await desk.rows("status, error")
    assert status == "dead"
    assert kept.startswith(reason[:3])
    assert len(kept) <= outbox.MAX_REASON


@pytest.mark.parametrize("arguments", [{}, {"group_id": None}, {"group_id": 5}, {"group_id": "x"}, [], None])
def test_an_argument_that_is_no_id_is_hopeless(arguments: object) -> None:
    job = Job(uuid.uuid4(), "org", "work", arguments, None, 1, None)  # type: ignore[arg-type]
    with pytest.raises(Unworkable):
        GradeGroup.read(job.arguments)

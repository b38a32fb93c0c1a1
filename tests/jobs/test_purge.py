"""Purging: what goes when, what stays, as of which time, and that it goes on past one chunk."""

from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
from tests.jobs.conftest import Desk

from learning_service.context import Context
from learning_service.domain.records.audit import record_audit
from learning_service.worker.jobs import purge as module
from learning_service.worker.jobs.purge import PURGED, purge

AGED = (
    "UPDATE outbox SET status = :status, finished_at = clock_timestamp() - make_interval(hours => :hours)"
    " WHERE job = :job"
)
EVENT = """INSERT INTO events (id, organization_id, type, user_id, at, data, position)
VALUES (gen_random_uuid(), 'org', 't', 'u', clock_timestamp() - make_interval(days => :days), '{}', :position)"""
ANSWER = """INSERT INTO idempotency_answers (organization_id, digest, subject, request_digest, created_at)
VALUES ('org', decode(lpad(:n, 4, '0'), 'hex'), 's', '\\x00', clock_timestamp() - make_interval(hours => :hours))"""

ORGANIZATION = """INSERT INTO organizations (id, name, timezone, authoring_roles, created_at, updated_at)
VALUES ('org', 'Org', 'UTC', '{}', clock_timestamp(), clock_timestamp())"""
DIGEST = """INSERT INTO officer_digests (organization_id, id, user_id, week, status, claimed_at)
VALUES ('org', gen_random_uuid(), :user, '2026-01-05', :status,
    clock_timestamp() - make_interval(days => :days))"""


async def test_done_jobs_go_after_a_week_and_all_others_stay(desk: Desk, context: Context) -> None:
    for job, status, hours in (
        ("old", "done", 7 * 24 + 1),
        ("new", "done", 7 * 24 - 1),
        ("dead", "dead", 5000),
    ):
        await desk.add(job, count=3)
        await desk.sql(AGED, status=status, hours=hours, job=job)
    await desk.add("waiting")
    await desk.sql("UPDATE outbox SET run_at = '2020-01-01', created_at = '2020-01-01' WHERE job = 'waiting'")
    await purge(context, None)
    assert Counter(await desk.rows("job")) == {("new",): 3, ("dead",): 3, ("waiting",): 1}


async def test_it_reasons_with_the_time_it_is_given(desk: Desk, context: Context) -> None:
    await desk.add()
    await desk.sql(AGED, status="done", hours=1, job="work")
    await purge(context, datetime.now(UTC) + timedelta(days=6, hours=22))
    assert len(await desk.rows()) == 1
    await purge(context, datetime.now(UTC) + timedelta(days=7))
    assert await desk.rows() == []


async def test_it_goes_on_past_one_chunk(
    desk: Desk, context: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "CHUNK", 4)
    await desk.add(count=11)
    await desk.sql(AGED, status="done", hours=1000, job="work")
    await purge(context, None)
    assert await desk.rows() == []


async def test_events_answers_and_dead_workers_go_in_their_time(desk: Desk, context: Context) -> None:
    for position, days in enumerate((89, 91, 500)):
        await desk.sql(EVENT, days=days, position=position)
    await desk.sql(EVENT, days=500, position=None)
    for n, hours in enumerate((71, 73)):
        await desk.sql(ANSWER, n=str(n), hours=hours)
    await purge(context, None)
    async with context.transaction(None) as session:
        connection = await session.connection()
        left = await connection.exec_driver_sql("SELECT position FROM events ORDER BY position NULLS LAST")
        assert [row[0] for row in left] == [0, None]
        answers = await connection.exec_driver_sql("SELECT count(*) FROM idempotency_answers")
        assert answers.scalar_one() == 1


async def test_digests_that_were_sent_go_after_thirty_days(desk: Desk, context: Context) -> None:
    await desk.sql(ORGANIZATION)
    for user, days, status in (("new", 29, "sent"), ("old", 31, "sent"), ("waits", 500, "pending")):
        await desk.sql(DIGEST, user=user, days=days, status=status)
    await purge(context, None)
    async with context.transaction(None) as session:
        connection = await session.connection()
        left = await connection.exec_driver_sql("SELECT user_id FROM officer_digests ORDER BY user_id")
        assert [row[0] for row in left] == ["new", "waits"]


async def test_the_audit_trail_stays_for_ever(desk: Desk, context: Context) -> None:
    async with context.transaction(None, at=datetime(2020, 1, 1, tzinfo=UTC)) as session:
        record_audit(session, "course.published", organization_id="org", actor_id="a", subject=("course", 1))
    await purge(context, datetime(2099, 1, 1, tzinfo=UTC))
    async with context.transaction(None) as session:
        connection = await session.connection()
        kept = await connection.exec_driver_sql("SELECT count(*) FROM audit_entries")
        assert kept.scalar_one() == 1


def test_nothing_that_must_stay_is_in_the_table() -> None:
    tables = {kind.column.class_.__tablename__ for kind in PURGED}
    assert tables.isdisjoint({"audit_entries", "certificates", "course_completions", "enrollments"})

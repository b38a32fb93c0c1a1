"""Membership events, a thousand at a time, that set a rule off: received, and the rule applied, as API and worker do.

Beside it one statement that inserts the same rows: events, changes, enrollments, and the members as they are now. A
process of its own; processor time of it and of the database, rounds in turns, each with members that no other round
has. Prints one line of JSON.
"""

import asyncio
import json
import statistics
import sys
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

from benchmarks.assign import ORGANIZATION, SEED
from benchmarks.results import Mark, Result, Row
from benchmarks.stage import Stage, family_seconds
from pydantic import TypeAdapter
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from learning_service.context import Context, open_context
from learning_service.core.settings import Settings
from learning_service.domain.assignments.actions.triggers import apply_rule, latest_causes, membership_rules
from learning_service.domain.assignments.models import AssignmentRule
from learning_service.domain.completion.actions.departures import departing_rules
from learning_service.domain.completion.actions.program_entries import begin_programs_of_rule
from learning_service.domain.directory.actions.membership_events import receive_events
from learning_service.domain.directory.rules.membership import MembershipEvents
from learning_service.domain.directory.rules.reach import Reach
from learning_service.domain.jobs.payloads import AutoAssignCourses
from learning_service.domain.kernel.base import new_id
from learning_service.domain.kernel.clock import now
from learning_service.domain.kernel.principal import Principal

BATCH, ROUNDS, MEMBERS = 1000, 7, 20_000
COURSE, VERSION, RULE = new_id(), new_id(), new_id()
SENDER = Principal(ORGANIZATION, "members", scopes=frozenset({"directory:write"}))
_EVENTS: TypeAdapter[MembershipEvents] = TypeAdapter(MembershipEvents)
_TOLD = text(
    "SELECT arguments, created_at FROM outbox WHERE job = 'auto_assign_courses' ORDER BY created_at DESC LIMIT 1"
)
_BARE = text(
    """
WITH g AS MATERIALIZED (
    SELECT gen_random_uuid() AS id, e ->> 'source' AS source, e ->> 'id' AS event_id, e ->> 'subject' AS user_id,
        (e ->> 'time')::timestamptz AS time, e -> 'data' ->> 'status' AS status, m.status AS was
    FROM jsonb_array_elements(CAST(:events AS jsonb)) e
        JOIN members m ON m.organization_id = :o AND m.user_id = e ->> 'subject'
), told AS (
    INSERT INTO membership_events (organization_id, id, source, event_id, user_id, time, received_at)
    SELECT :o, id, source, event_id, user_id, time, now() FROM g
), changed AS (
    INSERT INTO member_changes (organization_id, user_id, field, at, id, was, value)
    SELECT :o, user_id, 'status', time, gen_random_uuid(), jsonb_build_array(was), jsonb_build_array(status) FROM g
), are AS (
    UPDATE members m SET status = g.status, updated_at = now() FROM g
    WHERE m.organization_id = :o AND m.user_id = g.user_id
)
INSERT INTO enrollments (id, organization_id, user_id, course_id, version_id, status, source, assigned_at, due_at,
    cause_kind, cause_id, rule_id)
SELECT gen_random_uuid(), :o, user_id, :c, :v, 'assigned', 'rule', now(), now() + interval '9 days', 'event',
    id::text, :r FROM g
"""
)


def _body(turn: int) -> bytes:
    """Events about members of whom no other turn speaks."""
    at = datetime.now(UTC).isoformat().replace("+00:00", "Z")
    return json.dumps(
        [
            {
                "specversion": "1.0",
                "type": "membership.status_changed",
                "id": f"event-{n}",
                "source": "//members.example.org",
                "time": at,
                "subject": f"user-{n:07}",
                "data": {"status": "neophyte"},
            }
            for n in range(turn * BATCH, (turn + 1) * BATCH)
        ]
    ).encode()


async def _ours(context: Context, body: bytes) -> None:
    """What a call of the API does and then a job of the worker, each in its transaction."""
    async with context.transaction(ORGANIZATION) as session:
        counts = await receive_events(session, _EVENTS.validate_json(body), actor=SENDER)
        assert counts.accepted == BATCH
    async with context.transaction(None) as session:
        arguments, created_at = (await session.execute(_TOLD)).one()
    told = AutoAssignCourses.read(arguments)
    async with context.transaction(ORGANIZATION) as session:
        [rule_id] = await membership_rules(session, ORGANIZATION)
        groups = await latest_causes(
            session, ORGANIZATION, told.causes, cause_kind=told.cause_kind, since=created_at
        )
        assert not await departing_rules(session, ORGANIZATION)
    for by_event, causes in groups.items():
        async with context.transaction(ORGANIZATION) as session:
            assert await apply_rule(session, rule_id, causes, by_event=by_event) == BATCH
            await begin_programs_of_rule(session, rule_id)


async def _bare(owner: AsyncEngine, body: bytes) -> None:
    given = {"o": ORGANIZATION, "c": COURSE, "v": VERSION, "r": RULE, "events": body.decode()}
    async with owner.begin() as connection:
        await connection.execute(_BARE, given)


async def measure(context: Context, owner: AsyncEngine, postgres: int) -> dict[str, float]:
    """Seconds of processor for a thousand events, by either way."""
    await _seed(context, owner)
    ways: dict[str, Callable[[bytes], Awaitable[None]]] = {
        "ours": lambda body: _ours(context, body),
        "bare": lambda body: _bare(owner, body),
    }
    took: dict[str, list[float]] = {way: [] for way in ways}
    turn = 0
    for _ in range(ROUNDS + 1):
        for way, work in ways.items():
            body, before = _body(turn), time.process_time() + family_seconds(postgres)
            await work(body)
            took[way].append(time.process_time() + family_seconds(postgres) - before)
            turn += 1
    # The first of each fills caches.
    return {way: statistics.median(seconds[1:]) for way, seconds in took.items()}


async def _seed(context: Context, owner: AsyncEngine) -> None:
    everything: dict[str, object] = {"o": ORGANIZATION, "c": COURSE, "v": VERSION, "n": MEMBERS}
    async with owner.begin() as connection:
        await connection.execute(text("SET LOCAL session_replication_role = replica"))
        for statement in SEED:
            used = {name: value for name, value in everything.items() if f":{name}" in statement}
            await connection.execute(text(statement), used)
    async with context.transaction(ORGANIZATION) as session:
        session.add(
            AssignmentRule(
                id=RULE,
                organization_id=ORGANIZATION,
                course_id=COURSE,
                trigger="membership_status_change",
                audience_filter={"status": ["neophyte"]},
                due_in_days=9,
                on_leaving="keep",
                active=True,
                reach=Reach(national=True).as_json(),
                edited_by="x",
                created_at=now(session),
                updated_at=now(session),
            )
        )
    async with owner.connect() as connection:
        plain = await connection.execution_options(isolation_level="AUTOCOMMIT")
        await plain.execute(text("VACUUM (ANALYZE)"))


async def _both_roles(postgres: int) -> dict[str, float]:
    settings = Settings()
    async with open_context(settings, "learning_worker") as context:
        owner = create_async_engine(settings.database_url)
        try:
            return await measure(context, owner, postgres)
        finally:
            await owner.dispose()


def rows(stage: Stage) -> list[Row]:
    """The mark of events that set a rule off."""
    stage.create("events")
    postgres = stage.parts.own["postgres"].process.pid
    found = stage.printed("benchmarks.events_in", "events", str(postgres))
    ours, limit = found["ours"] / BATCH * 1e6, found["bare"] / BATCH * 1e6
    return [Row(Result("events in", ours, "µs CPU an event", limit, limit / ours), ratio=Mark(0.30))]


if __name__ == "__main__":
    print(json.dumps(asyncio.run(_both_roles(int(sys.argv[1])))))

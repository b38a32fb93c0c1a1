"""Compliance of 100,000 members five years ago and in the days to come, beside one statement that does the least.

Of each member three completions in six years are kept, three changes that events told of, and three values that rows
had before: a due time twice, and until when a completion held.
"""

import statistics
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import asyncpg
import httpx
from benchmarks.people import ORGANIZATION, add_members, connect, rest_indexes, run, settle
from benchmarks.regrade import database_seconds
from benchmarks.results import Mark, Result, Row
from benchmarks.school import School, small_modules
from benchmarks.stage import Server, Stage

from learning_devstack.ports import choose

DATABASE, MEMBERS, ROUNDS = "past", 100_000, 3
YEARS_AGO = 5
_JOINED = (
    "UPDATE organizations SET created_at = now() - interval '9 years'",
    """
    UPDATE members SET created_at = now() - (1 + substr(user_id, 6)::int % 8) * interval '1 year'
    WHERE organization_id = $1
    """,
)
# Completed about six, four and two years ago, and held for twenty months; a quarter of them renewed nothing since.
_COMPLETED = (
    """
    CREATE TEMPORARY TABLE done AS
    SELECT gen_random_uuid() AS enrollment, gen_random_uuid() AS completion, 'user-' || g AS user_id,
        now() - years * interval '1 year' - g % 300 * interval '1 day' AS at,
        now() - years * interval '1 year' - g % 300 * interval '1 day' + interval '20 months' AS until
    FROM generate_series(0, $1::int - 1) g, unnest(ARRAY[1, 3, 5]) years WHERE years > 1 OR g % 4 > 0
    """,
    """
    INSERT INTO enrollments (id, organization_id, user_id, course_id, version_id, status, source, assigned_at,
        due_at, started_at, ended_at, cause_kind, cause_id)
    SELECT enrollment, $1, user_id, $2, $3, 'completed', 'rule', at - interval '30 days', at, at, at, 'person',
        user_id FROM done
    """,
    """
    INSERT INTO course_completions (id, organization_id, enrollment_id, user_id, course_id, version_id,
        requirement_id, score, completed_at, expires_at)
    SELECT completion, $1, enrollment, user_id, $2, $3, 'hazing', 90, at, until FROM done
    """,
    """
    INSERT INTO chapter_compliance_statuses (organization_id, user_id, requirement_id, completion_id, completed_at,
        expires_at)
    SELECT DISTINCT ON (user_id) $1, user_id, 'hazing', completion, at, until FROM done ORDER BY user_id, at DESC
    """,
    """
    INSERT INTO past_values (organization_id, kind, id, until, was)
    SELECT $1, 'enrollment', enrollment::text, at - days * interval '1 day', jsonb_build_object('status', 'assigned',
        'due_at', at - interval '1 day', 'awaiting_review', false, 'ended_at', null, 'withdrawn_at', null)
    FROM done, unnest(ARRAY[7, 14]) days WHERE hashtext(completion::text) % 11 < 4
    """,
    """
    INSERT INTO past_values (organization_id, kind, id, until, was)
    SELECT $1, 'completion', completion::text, at + interval '1 year', jsonb_build_object('requirement_id', 'hazing',
        'expires_at', until - interval '6 months', 'voided_at', null)
    FROM done WHERE hashtext(completion::text) % 9 = 0
    """,
    "DROP TABLE done",
)
_TOLD = (
    """
    INSERT INTO enrollments (id, organization_id, user_id, course_id, version_id, status, source, assigned_at, due_at,
        cause_kind, cause_id)
    SELECT gen_random_uuid(), $1, 'user-' || g, $2, $3, 'assigned', 'rule', now() - interval '10 days',
        now() + (g % 60 - 5) * interval '1 day', 'person', 'user-' || g
    FROM generate_series(0, $4::int - 1, 4) g
    """,
    """
    INSERT INTO membership_events (organization_id, id, source, event_id, user_id, time, received_at)
    SELECT $1, gen_random_uuid(), '/members', g || '/' || n, 'user-' || g, at, at
    FROM generate_series(0, $2::int - 1) g, generate_series(1, 3) n,
        LATERAL (SELECT now() - n * interval '2 years' - g % 300 * interval '1 day' AS at) AS told
    """,
    """
    INSERT INTO member_changes (organization_id, user_id, field, at, id, was, value)
    SELECT $1, m.user_id, (ARRAY['status', 'chapter_id', 'custom_fields.gpa'])[n],
        now() - n * interval '2 years' - substr(m.user_id, 6)::int % 300 * interval '1 day', gen_random_uuid(),
        (ARRAY['["new"]', '["c1"]', '[]']::jsonb[])[n], (ARRAY[jsonb_build_array(m.status),
        jsonb_build_array(m.chapter_id), jsonb_build_array(m.custom_fields -> 'gpa')])[n]
    FROM members m, generate_series(1, 3) n WHERE m.organization_id = $1
    """,
    """
    INSERT INTO exemptions (organization_id, id, user_id, requirement_id, reason, granted_by, granted_at, ended_at,
        ended_by)
    SELECT $1, gen_random_uuid(), 'user-' || g, 'hazing', 'ill', 'boss', now() - interval '6 years',
        CASE WHEN g % 20 = 0 THEN now() - interval '1 year' END, CASE WHEN g % 20 = 0 THEN 'boss' END
    FROM generate_series(0, $2::int - 1, 10) g
    """,
    """
    INSERT INTO evidence (organization_id, id, user_id, requirement_id, completed_on, completed_at, note, status,
        sent_at, expires_at, decided_at, decided_by, approved_at)
    SELECT $1, gen_random_uuid(), 'user-' || g, 'hazing', current_date - 2200, now() - interval '2200 days', 'Done',
        'approved', now() - interval '6 years', now() - interval '4 years', now() - interval '6 years', 'boss',
        now() - interval '6 years'
    FROM generate_series(0, $2::int - 1, 10) g
    """,
)
# The limit counts who was complete, pending and neither in each chapter, in an organization where nothing was erased,
# closed or given another audience, and no row held another value before.
_THEN = """
WITH placed AS (
    SELECT DISTINCT ON (user_id) user_id, value ->> 0 AS chapter_id FROM member_changes
    WHERE organization_id = $1 AND field = 'chapter_id' AND at <= $2 ORDER BY user_id, at DESC
), best AS (
    SELECT user_id, max(expires_at) AS until FROM course_completions
    WHERE organization_id = $1 AND requirement_id = 'hazing' AND completed_at <= $2 GROUP BY user_id
), waiting AS (
    SELECT DISTINCT user_id FROM enrollments
    WHERE organization_id = $1 AND assigned_at <= $2 AND (ended_at IS NULL OR ended_at > $2)
)
SELECT coalesce(p.chapter_id, m.chapter_id), count(*), count(*) FILTER (WHERE b.until > $2),
    count(*) FILTER (WHERE b.until <= $2 AND w.user_id IS NOT NULL)
FROM members m LEFT JOIN placed p USING (user_id) LEFT JOIN best b USING (user_id) LEFT JOIN waiting w USING (user_id)
WHERE m.organization_id = $1 AND (m.created_at <= $2 OR b.user_id IS NOT NULL) GROUP BY 1
"""
_LAPSES = """
SELECT s.user_id, m.display_name, m.chapter_id, s.expires_at, EXISTS (SELECT FROM enrollments e
    WHERE e.organization_id = $1 AND e.user_id = s.user_id AND e.status IN ('assigned', 'in_progress'))
FROM chapter_compliance_statuses s JOIN members m USING (organization_id, user_id)
WHERE s.organization_id = $1 AND s.requirement_id = 'hazing' AND s.expires_at > now()
    AND s.expires_at <= now() + interval '90 days'
ORDER BY s.expires_at, s.user_id LIMIT 50
"""


def rows(stage: Stage) -> list[Row]:
    """What the report of five years ago, one of today and a forecast take of the database's processor."""
    server = load(stage)
    then = datetime.now(UTC) - timedelta(days=365 * YEARS_AGO)
    asked: dict[str, tuple[str, str | None, tuple[Any, ...]]] = {
        "as of": (f"?as_of={then.isoformat().replace('+00:00', 'Z')}", _THEN, (then,)),
        "as of: today": ("", None, ()),
        "forecast": ("forecast/?days=90", _LAPSES, ()),
    }
    found = []
    for name, (path, statement, given) in asked.items():
        took = _median(stage, lambda path=path: _ask(stage, server, path))  # type: ignore[misc]
        least = None
        if statement is not None:
            url = stage.plain_url(DATABASE)
            least = _median(stage, lambda u=url, s=statement, g=given: run(_in_sql(u, s, *g)))  # type: ignore[misc]
        result = Result(
            name, took, "s CPU, of 100,000 members", least, None if least is None else least / took
        )
        found.append(Row(result, Mark(1, at_most=True)))
    stage.stop_servers()
    return found


def load(stage: Stage) -> Server:
    """The organization with its past, and the service beside it."""
    stage.create(DATABASE)
    port = choose()
    # On a machine that is busy otherwise a second of work may take more than the five that a request has.
    environment = {**stage.environment(DATABASE), "PORT": str(port), "STATEMENT_TIMEOUT_MS": "60000"}
    argv = [str(Path(sys.executable).with_name("learning-service")), "api"]
    server = stage.serve("past", argv, environment, port=port)
    school = School(stage, server)
    school.found()
    course = school.course("Small", small_modules())
    run(_fill(stage.plain_url(DATABASE), course))
    return server


async def _fill(url: str, course: str) -> None:
    await rest_indexes(url)
    await add_members(url, MEMBERS)
    connection = await connect(url)
    version = await connection.fetchval("SELECT published_version_id FROM courses WHERE id = $1", course)
    for statement in (*_JOINED, *_COMPLETED, *_TOLD):
        each = (ORGANIZATION, course, version, MEMBERS)
        if "$3" not in statement:
            each = (ORGANIZATION, MEMBERS) if "$2" in statement else (ORGANIZATION,)  # type: ignore[assignment]
        if statement is _COMPLETED[0]:
            each = (MEMBERS,)  # type: ignore[assignment]
        given = [value for n, value in enumerate(each, 1) if f"${n}" in statement]
        await connection.execute(statement, *given)
    await connection.close()
    await settle(url)


def _ask(stage: Stage, server: Server, path: str) -> None:
    answer = httpx.get(
        f"http://127.0.0.1:{server.port}/api/reports/compliance/{path}",
        headers={"Authorization": f"Bearer {stage.token(ORGANIZATION, 'boss', 'national_admin')}"},
        timeout=60,
    )
    answer.raise_for_status()


def _median(stage: Stage, work: Callable[[], None]) -> float:
    """Seconds of the database's processor that a call takes, the first of which is not counted."""
    return statistics.median([database_seconds(stage, work) for _ in range(ROUNDS + 1)][1:])


async def _in_sql(url: str, statement: str, *given: object) -> None:
    connection = await asyncpg.connect(url)
    await connection.fetch(statement, ORGANIZATION, *given)
    await connection.close()

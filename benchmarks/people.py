"""Large organizations, made by SQL: members, certificates, attempts, answers that wait, and other organizations.

The rows are those that the service itself would have written; triggers of foreign keys rest meanwhile, because a
million rows are loaded here, not judged.
"""

import asyncio
from collections.abc import Sequence

import asyncpg
from benchmarks.papers import PAPERS

ORGANIZATION = "bench"
CHAPTERS, PER_ORGANIZATION = 40, 1000

# Members user-0, user-1, …; every third one is active, the others pledges.
_MEMBERS = """
INSERT INTO members (organization_id, user_id, chapter_id, status, display_name, email, custom_fields, created_at,
    updated_at)
SELECT $1, 'user-' || g, 'c' || g % {chapters}, CASE WHEN g % 3 < 2 THEN 'pledge' ELSE 'active' END,
    'Zoë Müller-Lüdenscheidt ' || g, 'member-' || g || '@example.org', jsonb_build_object('gpa', g % 5),
    now(), now()
FROM generate_series(0, $2::int - 1) g ON CONFLICT DO NOTHING
"""

# A completed enrollment of the course for each of the first members, with all that follows from it.
_COMPLETED = (
    """
    CREATE TEMPORARY TABLE done AS
    SELECT gen_random_uuid() AS enrollment, gen_random_uuid() AS completion, gen_random_uuid() AS certificate,
        'user-' || g AS user_id
    FROM generate_series(0, $1::int - 1) g
    """,
    """
    INSERT INTO enrollments (id, organization_id, user_id, course_id, version_id, status, source, assigned_at,
        started_at, ended_at, cause_kind, cause_id)
    SELECT enrollment, $1, user_id, $2, $3, 'completed', 'self', now(), now(), now(), 'person', user_id FROM done
    """,
    """
    INSERT INTO course_completions (id, organization_id, enrollment_id, user_id, course_id, version_id,
        requirement_id, score, completed_at, expires_at)
    SELECT completion, $1, enrollment, user_id, $2, $3, 'hazing', 90, now(), now() + interval '1 year' FROM done
    """,
    """
    WITH made AS (INSERT INTO certificates (id, organization_id, completion_id, user_id, course_id, recipient_name,
        course_title, issuer_name, timezone, issued_at, expires_at, verification_url, locale, paper, orientation)
    SELECT certificate, $1, completion, user_id, $2, 'Zoë Müller-Lüdenscheidt', 'Hazing prevention for officers',
        'National Association', 'America/New_York', now(), now() + interval '1 year',
        'https://learn.example.org/certificates/' || certificate || '/verify/', 'en', 'a4', 'landscape'
    FROM done RETURNING id, organization_id)
    INSERT INTO certificate_organizations (id, organization_id) SELECT id, organization_id FROM made
    """,
    """
    INSERT INTO chapter_compliance_statuses (organization_id, user_id, requirement_id, completion_id,
        completed_at, expires_at)
    SELECT $1, user_id, 'hazing', completion, now(), now() + interval '1 year' FROM done
    """,
    "DROP TABLE done",
)

# An enrollment under way for each of the first members.
_LEARNING = """
INSERT INTO enrollments (id, organization_id, user_id, course_id, version_id, status, source, assigned_at,
    started_at, cause_kind, cause_id)
SELECT gen_random_uuid(), $1, 'user-' || g, $2, $3, 'in_progress', 'self', now(), now(), 'person', 'user-' || g
FROM generate_series(0, $4::int - 1) g
"""
_LESSONS = """
INSERT INTO lesson_progress (enrollment_id, lesson_id, organization_id, completed_at)
SELECT e.id, l.id, e.organization_id, now() FROM enrollments e
    JOIN lessons l ON l.version_id = e.version_id AND l.position % 2 = 0
WHERE e.organization_id = $1 AND e.version_id = $2
"""

# From here on ids are made of what they belong to: ten million random ones would be most of the time of a load.

# One attempt of each enrollment under way at the version's quiz, one in ten with an answer that waits for a person:
# of members who were loaded, whose ids are numbered.
_ATTEMPTS = (
    """
    INSERT INTO quiz_attempts (id, organization_id, enrollment_id, quiz_id, user_id, number, status, started_at,
        submitted_at, sequence, responses, marks, max_points, points, pending_points, passed)
    SELECT md5(e.id || q.key)::uuid, e.organization_id, e.id, q.id, e.user_id, 1, 'graded', now(), now(), -1,
        '{}', '{}', 20, 10, 0, false
    FROM enrollments e JOIN quizzes q ON q.version_id = e.version_id
    WHERE e.organization_id = ANY ($1) AND e.status = 'in_progress' ON CONFLICT DO NOTHING
    """,
    """
    INSERT INTO quiz_progress (enrollment_id, quiz_id, organization_id, attempts_used, best_points,
        possible_points, max_points)
    SELECT enrollment_id, quiz_id, organization_id, 1, 10, 10, 20 FROM quiz_attempts
    WHERE organization_id = ANY ($1) AND user_id ~ '[0-9]$' ON CONFLICT DO NOTHING
    """,
    """
    INSERT INTO pending_responses (id, organization_id, attempt_id, question_id, course_id, user_id, text,
        max_points, submitted_at)
    SELECT md5(a.id || n.key)::uuid, a.organization_id, a.id, n.id, e.course_id, a.user_id,
        'What I think of it', 5, now() - random() * interval '1 day'
    FROM quiz_attempts a JOIN enrollments e ON e.id = a.enrollment_id
        JOIN questions n ON n.quiz_id = a.quiz_id AND n.position = 0
    WHERE a.organization_id = ANY ($1) AND a.user_id ~ '[0-9]$' AND hashtext(a.id::text) % 10 = 0
    """,
)

# Other organizations o0, o1, …: every other member has completed a course, a quarter of them are at another, which no
# requirement asks for.
_OTHERS = (
    """
    INSERT INTO organizations (id, name, timezone, authoring_roles, created_at, updated_at)
    SELECT o, 'Other', 'America/New_York', '{}', now(), now() FROM unnest($1::text[]) o
    """,
    "INSERT INTO regions (organization_id, id, name) SELECT o, 'r0', 'R' FROM unnest($1::text[]) o",
    """
    INSERT INTO chapters (organization_id, id, region_id, name)
    SELECT o, 'c' || g, 'r0', 'C' FROM unnest($1::text[]) o, generate_series(0, 9) g
    """,
    """
    INSERT INTO compliance_requirements (organization_id, id, name)
    SELECT o, 'hazing', 'Hazing' FROM unnest($1::text[]) o
    """,
    """
    INSERT INTO courses (id, organization_id, scope, self_enrollment, linked_compliance_requirement,
        published_version_id, created_by, created_at, updated_at)
    SELECT md5(o || n)::uuid, o, 'national', true, CASE n WHEN 0 THEN 'hazing' END, md5(o || n || 'v')::uuid, 'x',
        now(), now()
    FROM unnest($1::text[]) o, generate_series(0, 1) n
    """,
    """
    INSERT INTO course_versions (id, organization_id, course_id, number, title, description_html, pass_score,
        etag, created_at, updated_at, published_at)
    SELECT published_version_id, organization_id, id, 1, 'Other', '', 0, 'x', now(), now(), now() FROM courses
    WHERE organization_id = ANY ($1)
    """,
    """
    INSERT INTO quizzes (id, organization_id, version_id, kind, module_id, key, position, title, required,
        pass_score, shuffle, feedback)
    SELECT md5(v.id::text)::uuid, v.organization_id, v.id, 'quiz', v.id, 'q', 0, 'Q', true, 70, false, 'always'
    FROM course_versions v WHERE organization_id = ANY ($1)
    """,
    """
    INSERT INTO questions (id, organization_id, version_id, quiz_id, key, position, type, prompt_html, points, review)
    SELECT md5(id || 'n')::uuid, organization_id, version_id, id, 'n', 0, 'short_answer', '<p>Why?</p>', 5, 'manual'
    FROM quizzes WHERE organization_id = ANY ($1)
    """,
    """
    INSERT INTO members (organization_id, user_id, chapter_id, status, display_name, email, custom_fields,
        created_at, updated_at)
    SELECT o, 'user-' || g, 'c' || g % 10, 'pledge', 'Somebody', 'somebody@example.org', '{}', now(), now()
    FROM unnest($1::text[]) o, generate_series(0, $2::int - 1) g
    """,
    """
    INSERT INTO enrollments (id, organization_id, user_id, course_id, version_id, status, source, assigned_at,
        started_at, ended_at, cause_kind, cause_id)
    SELECT md5(id || '-' || g)::uuid, organization_id, 'user-' || g, id, published_version_id, status, 'self', now(),
        now(), CASE status WHEN 'completed' THEN now() END, 'person', 'user-' || g
    FROM courses, LATERAL (
            SELECT CASE WHEN linked_compliance_requirement IS NULL THEN 'in_progress' ELSE 'completed' END AS status
        ) is_, generate_series(0, $2::int - 1, CASE status WHEN 'completed' THEN 2 ELSE 4 END) g
    WHERE organization_id = ANY ($1)
    """,
    """
    INSERT INTO course_completions (id, organization_id, enrollment_id, user_id, course_id, version_id,
        requirement_id, score, completed_at, expires_at)
    SELECT md5(id || 'done')::uuid, organization_id, id, user_id, course_id, version_id, 'hazing', 90, now(),
        now() + interval '1 year'
    FROM enrollments WHERE organization_id = ANY ($1) AND status = 'completed'
    """,
    """
    WITH made AS (INSERT INTO certificates (id, organization_id, completion_id, user_id, course_id, recipient_name,
        course_title, issuer_name, timezone, issued_at, expires_at, verification_url, locale, paper, orientation)
    SELECT md5(id || 'paper')::uuid, organization_id, id, user_id, course_id, 'Somebody', 'Other', 'Other',
        'America/New_York', now(), expires_at, 'https://learn.example.org/', 'en', 'a4', 'landscape'
    FROM course_completions WHERE organization_id = ANY ($1) RETURNING id, organization_id)
    INSERT INTO certificate_organizations (id, organization_id, code)
    SELECT id, organization_id, substring(decode(md5(id::text), 'hex') FOR 10) FROM made
    """,
    """
    INSERT INTO chapter_compliance_statuses (organization_id, user_id, requirement_id, completion_id,
        completed_at, expires_at)
    SELECT organization_id, user_id, 'hazing', id, completed_at, expires_at FROM course_completions
    WHERE organization_id = ANY ($1)
    """,
)
CHUNK = 250
"""Other organizations made by one round of statements."""
LARGE = (
    "quiz_attempts",
    "enrollments",
    "certificates",
    "certificate_organizations",
    "members",
    "course_completions",
    "quiz_progress",
    "chapter_compliance_statuses",
    "lesson_progress",
    "pending_responses",
    "events",
    "audit_entries",
    "evidence",
    "exemptions",
    "attestation_signatures",
    "member_changes",
    "past_values",
)


async def connect(url: str) -> asyncpg.Connection:
    """A connection that loads: no trigger runs, no commit waits, and two of them keep both cores busy.

    Statistics are of before the load and indexes rest meanwhile, so a join by pairs would read a table for each row.
    """
    settings = {
        "session_replication_role": "replica",
        "synchronous_commit": "off",
        "maintenance_work_mem": "256MB",
        "max_parallel_maintenance_workers": "0",
        "enable_nestloop": "off",
        "work_mem": "128MB",
    }
    return await asyncpg.connect(url, server_settings=settings)


async def add_members(url: str, count: int) -> None:
    """Members of the organization that is measured."""
    connection = await connect(url)
    await connection.execute(_MEMBERS.format(chapters=CHAPTERS), ORGANIZATION, count)
    await connection.close()


async def add_completions(url: str, course: str, version: str, count: int) -> None:
    """Completions and certificates of its first members."""
    connection = await connect(url)
    await connection.execute(_COMPLETED[0], count)
    for statement in _COMPLETED[1:]:
        given = [value for n, value in enumerate((ORGANIZATION, course, version), 1) if f"${n}" in statement]
        await connection.execute(statement, *given)
    await connection.close()


async def add_learners(url: str, course: str, version: str, count: int) -> None:
    """Enrollments under way of its first members, with every other lesson done."""
    connection = await connect(url)
    await connection.execute(_LEARNING, ORGANIZATION, course, version, count)
    await connection.execute(_LESSONS, ORGANIZATION, version)
    await connection.close()


async def add_attempts(url: str, organizations: Sequence[str]) -> None:
    """An attempt for each enrollment under way in these organizations."""
    connection = await connect(url)
    for statement in _ATTEMPTS:
        await connection.execute(statement, list(organizations))
    await connection.close()


async def add_papers(url: str, organizations: Sequence[str]) -> None:
    """What else there are lists of, of the members of these organizations."""
    connection = await connect(url)
    for statement in PAPERS:
        await connection.execute(statement, list(organizations))
    await connection.close()


async def add_others(url: str, members: int) -> None:
    """Other organizations with so many members together, by two connections at once."""
    names = [f"o{n}" for n in range(max(1, members // PER_ORGANIZATION))]
    chunks = iter([names[start : start + CHUNK] for start in range(0, len(names), CHUNK)])

    async def add() -> None:
        connection = await connect(url)
        for chunk in chunks:
            for statement in (*_OTHERS, *_ATTEMPTS, *PAPERS):
                given: list[object] = (
                    [chunk] if "$2" not in statement else [chunk, min(members, PER_ORGANIZATION)]
                )
                await connection.execute(statement, *given)
        await connection.close()

    await asyncio.gather(add(), add())


async def add_organization(url: str, name: str, members: int) -> None:
    """One other organization of so many members."""
    connection = await connect(url)
    for statement in (*_OTHERS, *_ATTEMPTS, *PAPERS):
        await connection.execute(statement, *([[name]] if "$2" not in statement else [[name], members]))
    await connection.close()


async def rest_indexes(url: str) -> None:
    """Stop keeping the large tables' indexes in order; `wake_indexes` makes them anew, in a fraction of the time."""
    resting = "UPDATE pg_index SET indisready = false, indisvalid = false WHERE indrelid = ANY"
    await execute(url, f"{resting} (ARRAY{list(LARGE)}::regclass[])")


async def wake_indexes(url: str, *after_each: str) -> None:
    """Make them anew; of each table, do that as well afterwards."""
    tables = iter(LARGE)

    async def order() -> None:
        connection = await connect(url)
        for table in tables:
            await connection.execute(f"REINDEX TABLE {table}")
            for step in after_each:
                await connection.execute(f"{step} {table}")
        await connection.close()

    await asyncio.gather(order(), order())


async def settle(url: str) -> None:
    """What a database that has been up for a while has: indexes, statistics, hint bits, an empty log."""
    await wake_indexes(url, "VACUUM (ANALYZE)")
    await execute(url, "VACUUM (ANALYZE)", "CHECKPOINT")


async def values(url: str, statement: str, *given: object) -> list[str]:
    """The first column of what a statement finds, as text."""
    connection = await asyncpg.connect(url)
    found = [str(row[0]) for row in await connection.fetch(statement, *given)]
    await connection.close()
    return found


async def execute(url: str, *statements: str) -> None:
    """Run statements as the owner."""
    connection = await asyncpg.connect(url)
    for statement in statements:
        await connection.execute(statement)
    await connection.close()


async def load(url: str, *statements: str) -> None:
    """The same by a connection that loads: while indexes rest, a foreign key would be looked for in whole tables."""
    connection = await connect(url)
    for statement in statements:
        await connection.execute(statement)
    await connection.close()


def run(*tasks: object) -> None:
    """One after the other, for those who are not asynchronous."""

    async def all_of_them() -> None:
        for task in tasks:
            await task  # type: ignore[misc]

    asyncio.run(all_of_them())


async def create(url: str, database: str, template: str = "template0") -> None:
    """Make a database like another one, an empty one unless told."""
    connection = await asyncpg.connect(url)
    await connection.execute(f'CREATE DATABASE "{database}" TEMPLATE "{template}"')
    await connection.close()

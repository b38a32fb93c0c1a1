"""Many rows of every kind beside a scene's own, made by SQL in a moment."""

from benchmarks.people import add_attempts, add_papers, connect

from tests.kit.bulk_load import MEMBERS

# Learners of the course, of its program, and who completed another one, with all that follows.
GROWN = (
    """
    INSERT INTO members (organization_id, user_id, chapter_id, status, display_name, email, custom_fields, created_at,
        updated_at)
    SELECT :own, 'm' || g, (ARRAY['n1', 'n1', 'n2', 's1'])[1 + g % 4], 'active', 'Member ' || g, NULL, '{}',
        now(), now()
    FROM generate_series(0, :many - 1) g
    """,
    """
    INSERT INTO enrollments (id, organization_id, user_id, course_id, version_id, status, source, assigned_at,
        started_at, due_at, cause_kind, cause_id)
    SELECT gen_random_uuid(), m.organization_id, m.user_id, c.id, c.published_version_id, 'in_progress', 'self',
        now(), now(), now() + hashtext(m.user_id) % 40 * interval '1 day', 'person', m.user_id
    FROM members m JOIN courses c USING (organization_id)
    WHERE m.organization_id = :own AND c.id = ANY (ARRAY[:courses]::uuid[]) AND m.user_id ~ '^m[0-9]'
    """,
    """
    INSERT INTO enrollments (id, organization_id, user_id, course_id, version_id, status, source, assigned_at,
        started_at, ended_at, cause_kind, cause_id)
    SELECT gen_random_uuid(), m.organization_id, m.user_id, c.id, c.published_version_id, 'completed', 'self', now(),
        now(), now(), 'person', m.user_id
    FROM members m JOIN courses c USING (organization_id)
    WHERE m.organization_id = :own AND c.id = :done AND m.user_id ~ '^m[0-9]'
    """,
    """
    INSERT INTO course_completions (id, organization_id, enrollment_id, user_id, course_id, version_id,
        requirement_id, completed_at, expires_at)
    SELECT gen_random_uuid(), e.organization_id, e.id, e.user_id, e.course_id, e.version_id, 'hazing', now(),
        now() + interval '50 days'
    FROM enrollments e WHERE e.organization_id = :own AND e.course_id = :done AND e.user_id ~ '^m[0-9]'
    """,
    """
    WITH made AS (INSERT INTO certificates (id, organization_id, completion_id, user_id, course_id, recipient_name,
        course_title, issuer_name, timezone, issued_at, verification_url, locale, paper, orientation)
    SELECT gen_random_uuid(), organization_id, id, user_id, course_id, 'M', 'T', 'I', 'UTC', now(), 'https://x', 'en',
        'a4', 'landscape'
    FROM course_completions WHERE organization_id = :own AND course_id = :done AND user_id ~ '^m[0-9]'
    RETURNING id, organization_id)
    INSERT INTO certificate_organizations (id, organization_id) SELECT id, organization_id FROM made
    """,
    """
    INSERT INTO chapter_compliance_statuses (organization_id, user_id, requirement_id, completion_id,
        completed_at, expires_at)
    SELECT organization_id, user_id, requirement_id, id, completed_at, expires_at
    FROM course_completions WHERE organization_id = :own AND course_id = :done AND user_id ~ '^m[0-9]'
    """,
    """
    INSERT INTO documents SELECT (jsonb_populate_record(d, jsonb_build_object('id', gen_random_uuid(), 'sha256',
        md5(g || d.id::text)))).*
    FROM documents d, generate_series(1, :many / 8) g WHERE organization_id = :own
    """,
    """
    INSERT INTO question_banks SELECT (jsonb_populate_record(b, jsonb_build_object('id', gen_random_uuid()))).*
    FROM question_banks b, generate_series(1, :many / 8) g WHERE organization_id = :own
    """,
    """
    INSERT INTO bank_questions SELECT (jsonb_populate_record(q, jsonb_build_object('key', 'k' || g,
        'position', q.position + 1000 * g))).*
    FROM bank_questions q, generate_series(1, :many / 8) g WHERE organization_id = :own
    """,
    """
    INSERT INTO webhook_deliveries SELECT (jsonb_populate_record(d, jsonb_build_object('id', gen_random_uuid(),
        'event_id', gen_random_uuid()))).*
    FROM webhook_deliveries d, generate_series(1, :many / 8) g WHERE organization_id = :own
    """,
    """
    INSERT INTO assignment_runs SELECT (jsonb_populate_record(r, jsonb_build_object('id', gen_random_uuid()))).*
    FROM assignment_runs r, generate_series(1, :many / 8) g WHERE organization_id = :own
    """,
    """
    INSERT INTO lesson_progress (organization_id, enrollment_id, lesson_id, completed_at)
    SELECT e.organization_id, e.id, l.id, now() FROM enrollments e
    JOIN lessons l ON l.organization_id = e.organization_id AND l.version_id = e.version_id
    WHERE e.organization_id = :own AND e.user_id ~ '^m[0-9]'
    """,
)


async def grow(url: str, organization_id: str, *, learning: list[str], done: str) -> None:
    """The organization's members, who learn in these courses and have completed another one; and their papers."""
    connection = await connect(url)
    courses = ", ".join(f"'{course}'" for course in learning)
    for statement in GROWN:
        told = statement.replace(":own", f"'{organization_id}'").replace(":done", f"'{done}'")
        await connection.execute(told.replace(":many", str(MEMBERS)).replace(":courses", courses))
    await connection.close()
    await add_attempts(url, [organization_id])
    await add_papers(url, [organization_id])

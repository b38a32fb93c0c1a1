"""The hottest calls as one function each: organization and role are set and the rows read in one round trip.

In plpgsql, because it keeps plans between calls; each sets role and organization for its transaction first, so that
row-level security holds inside as it does everywhere (decision 3 of the design).
"""

from collections.abc import Sequence

from alembic import op
from tenancy import API, WORKER

revision: str = "0012"
down_revision: str | None = "0011"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

VERIFY = """
CREATE FUNCTION verify_certificate(wanted uuid) RETURNS TABLE (
    instant timestamptz, id uuid, recipient_name text, course_title text, issuer_name text, issued_at timestamptz,
    expires_at timestamptz, revoked_at timestamptz, reissued_as uuid, renewed_by uuid, timezone text
) LANGUAGE plpgsql STABLE SECURITY DEFINER ROWS 1 SET search_path = pg_catalog, public AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY SELECT clock_timestamp(), c.id, c.recipient_name, c.course_title, c.issuer_name, c.issued_at,
        c.expires_at, c.revoked_at, c.reissued_as, c.renewed_by, c.timezone
    FROM public.certificates c WHERE c.id = wanted;
END $$
"""

# What a member without any office sees; NULL where the ordinary route has to say more: no member, a second page.
COURSES = """
CREATE FUNCTION courses_of_member(organization text, member text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    own_chapter text; own_region text; items json; counted int;
BEGIN
    PERFORM set_config('role', 'learning_api', true), set_config('app.organization_id', organization, true);
    SELECT m.chapter_id, c.region_id INTO own_chapter, own_region
    FROM members m JOIN chapters c ON c.organization_id = m.organization_id AND c.id = m.chapter_id
    WHERE m.organization_id = organization AND m.user_id = member AND m.erased_at IS NULL;
    IF NOT FOUND THEN
        RETURN NULL;
    END IF;
    SELECT json_agg(o), count(*) INTO items, counted FROM (
        SELECT c.id, v.title, c.scope, c.scope_id, c.self_enrollment, c.recertification_cadence,
            c.linked_compliance_requirement, v.number AS published_version, NULL AS draft_version,
            trim_scale(v.pass_score) AS pass_score, false AS archived
        FROM courses c JOIN course_versions v ON v.id = c.published_version_id
        WHERE c.organization_id = organization AND c.archived_at IS NULL AND (c.scope = 'national'
            OR c.scope = 'regional' AND c.scope_id = own_region OR c.scope = 'chapter' AND c.scope_id = own_chapter)
        ORDER BY c.id DESC LIMIT 51
    ) o;
    RETURN CASE WHEN counted <= 50 THEN
        '{"items":' || COALESCE(items::text, '[]') || ', "next_cursor": null}' END;
END $$
"""

# The columns of `attempts.queries`, for a member's open enrollment of a course, else the last.
POSITION = """
CREATE FUNCTION position_of_member(organization text, member text, course uuid) RETURNS TABLE (
    instant timestamptz, enrollment_id uuid, organization_id text, user_id text, course_id uuid, version_id uuid,
    status text, source text, assigned_at timestamptz, due_at timestamptz, extra_time_seconds int, lessons jsonb,
    quizzes jsonb, under_way jsonb
) LANGUAGE plpgsql ROWS 1 AS $$
#variable_conflict use_column
BEGIN
    PERFORM set_config('role', 'learning_api', true), set_config('app.organization_id', organization, true);
    RETURN QUERY SELECT clock_timestamp(), e.id, e.organization_id, e.user_id, e.course_id, e.version_id, e.status,
        e.source, e.assigned_at, e.due_at, e.extra_time_seconds,
        (SELECT jsonb_object_agg(p.lesson_id, p.completed_at) FROM lesson_progress p WHERE p.enrollment_id = e.id),
        (SELECT jsonb_object_agg(q.quiz_id, jsonb_build_array(q.attempts_used, q.attempts_allowed,
                q.best_points::text, q.possible_points::text, q.max_points::text, q.passed_at))
            FROM quiz_progress q WHERE q.enrollment_id = e.id),
        (SELECT jsonb_agg(a.quiz_id) FROM quiz_attempts a
            WHERE a.enrollment_id = e.id AND a.status = 'in_progress')
    FROM enrollments e JOIN members m ON m.organization_id = e.organization_id AND m.user_id = e.user_id
    WHERE e.organization_id = organization AND e.user_id = member AND e.course_id = course
        AND m.erased_at IS NULL
    ORDER BY e.status IN ('assigned', 'in_progress') DESC, e.id DESC LIMIT 1;
END $$
"""
# The same for the quiz that somebody submits, with the attempt under way and the revision that all of it was read at.
AT_QUIZ = """
CREATE FUNCTION position_at_quiz(organization text, member text, quiz uuid) RETURNS TABLE (
    instant timestamptz, revision int, enrollment_id uuid, organization_id text, user_id text, course_id uuid,
    version_id uuid, status text, source text, assigned_at timestamptz, due_at timestamptz,
    extra_time_seconds int, lessons jsonb, quizzes jsonb, under_way jsonb, attempt_id uuid,
    attempt_enrollment uuid, quiz_id uuid, attempt_user text, number int, attempt_status text,
    started_at timestamptz, deadline_at timestamptz, submitted_at timestamptz, sequence int, layout jsonb,
    responses jsonb, marks jsonb, max_points numeric, points numeric, pending_points numeric, passed boolean
) LANGUAGE plpgsql ROWS 1 AS $$
#variable_conflict use_column
BEGIN
    PERFORM set_config('role', 'learning_api', true), set_config('app.organization_id', organization, true);
    RETURN QUERY SELECT clock_timestamp(), e.revision, e.id, e.organization_id, e.user_id, e.course_id,
        e.version_id, e.status, e.source, e.assigned_at, e.due_at, e.extra_time_seconds,
        (SELECT jsonb_object_agg(p.lesson_id, p.completed_at) FROM lesson_progress p WHERE p.enrollment_id = e.id),
        (SELECT jsonb_object_agg(q.quiz_id, jsonb_build_array(q.attempts_used, q.attempts_allowed,
                q.best_points::text, q.possible_points::text, q.max_points::text, q.passed_at))
            FROM quiz_progress q WHERE q.enrollment_id = e.id),
        (SELECT jsonb_agg(o.quiz_id) FROM quiz_attempts o
            WHERE o.enrollment_id = e.id AND o.status = 'in_progress'),
        a.id, a.enrollment_id, a.quiz_id, a.user_id, a.number, a.status, a.started_at, a.deadline_at,
        a.submitted_at, a.sequence, a.layout, a.responses, a.marks, a.max_points, a.points, a.pending_points,
        a.passed
    FROM enrollments e
        JOIN members m ON m.organization_id = e.organization_id AND m.user_id = e.user_id
        JOIN quizzes z ON z.version_id = e.version_id
        LEFT JOIN quiz_attempts a ON a.enrollment_id = e.id AND a.quiz_id = quiz AND a.status = 'in_progress'
    WHERE e.organization_id = organization AND e.user_id = member AND z.id = quiz AND m.erased_at IS NULL
    ORDER BY e.status IN ('assigned', 'in_progress') DESC, e.id DESC LIMIT 1;
END $$
"""

# A submission, the hottest write: the attempt, its counter, what waits for a person, the assessment's result and the
# enrollment. Everything hangs on `closed`, so that an attempt which somebody else closed first changes nothing.
# `expected`: the revision that it was graded at; NULL where the caller holds the enrollment.
# Erasure moves enrollments to another user id: one that was moved meanwhile is not written to.
CLOSE = """
CREATE FUNCTION close_attempt(graded jsonb, expected int) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
    closings int;
BEGIN
    WITH d AS MATERIALIZED (
        SELECT * FROM jsonb_to_record(graded) AS d(id uuid, organization_id text, enrollment_id uuid, quiz_id uuid,
            user_id text, number int, status text, started_at timestamptz, deadline_at timestamptz,
            submitted_at timestamptz, sequence int, layout jsonb, responses jsonb, marks jsonb, max_points numeric,
            points numeric, pending_points numeric, passed boolean, course_id uuid, used int, allowed int,
            best_points numeric, possible_points numeric, passed_at timestamptz, waiting jsonb,
            is_assessment boolean)
    ), held AS (
        UPDATE enrollments e SET revision = e.revision + 1,
            status = CASE WHEN e.status = 'assigned' THEN 'in_progress' ELSE e.status END,
            started_at = COALESCE(e.started_at, d.started_at)
        FROM d WHERE e.id = d.enrollment_id AND e.user_id = d.user_id AND (expected IS NULL OR e.revision = expected)
        RETURNING e.id
    ), closed AS (
        INSERT INTO quiz_attempts AS a (id, organization_id, enrollment_id, quiz_id, user_id, number, status,
            started_at, deadline_at, submitted_at, sequence, layout, responses, marks, max_points, points,
            pending_points, passed)
        SELECT d.id, d.organization_id, d.enrollment_id, d.quiz_id, d.user_id, d.number, d.status, d.started_at,
            d.deadline_at, d.submitted_at, d.sequence, d.layout, d.responses, d.marks, d.max_points, d.points,
            d.pending_points, d.passed
        FROM d, held
        ON CONFLICT (id) DO UPDATE SET status = excluded.status, submitted_at = excluded.submitted_at,
            responses = excluded.responses, marks = excluded.marks, points = excluded.points,
            pending_points = excluded.pending_points, passed = excluded.passed
            WHERE a.status = 'in_progress'
        RETURNING a.id
    ), counted AS (
        INSERT INTO quiz_progress AS p (enrollment_id, quiz_id, organization_id, attempts_used,
            attempts_allowed, best_points, possible_points, max_points, passed_at)
        SELECT d.enrollment_id, d.quiz_id, d.organization_id, d.used, d.allowed, d.best_points,
            d.possible_points, d.max_points, d.passed_at
        FROM d, closed
        ON CONFLICT (enrollment_id, quiz_id) DO UPDATE SET attempts_used = excluded.attempts_used,
            best_points = excluded.best_points, possible_points = excluded.possible_points,
            max_points = excluded.max_points, passed_at = excluded.passed_at
    ), waiting AS (
        INSERT INTO pending_responses (id, organization_id, attempt_id, question_id, course_id, user_id, text,
            max_points, submitted_at)
        SELECT w.id, d.organization_id, closed.id, w.question_id, d.course_id, d.user_id, w.text, w.max_points,
            d.submitted_at
        FROM d, closed, jsonb_to_recordset(d.waiting) AS w(id uuid, question_id uuid, text text, max_points numeric)
    ), resulted AS (
        INSERT INTO assessment_results (attempt_id, organization_id, enrollment_id, assessment_id, user_id,
            submitted_at, points, max_points, passed)
        SELECT closed.id, d.organization_id, d.enrollment_id, d.quiz_id, d.user_id, d.submitted_at, d.points,
            d.max_points, d.passed
        FROM d, closed WHERE d.is_assessment
    )
    SELECT count(*) INTO closings FROM closed;
    RETURN closings = 1;
END $$
"""
CLOSE_AS = """
CREATE FUNCTION close_attempt_in(organization text, graded jsonb, expected int) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
    PERFORM set_config('role', 'learning_api', true), set_config('app.organization_id', organization, true);
    RETURN close_attempt(graded, expected);
END $$
"""
STATEMENTS = (VERIFY, COURSES, POSITION, AT_QUIZ, CLOSE, CLOSE_AS)
SIGNATURES = (
    "verify_certificate(uuid)",
    "courses_of_member(text, text)",
    "position_of_member(text, text, uuid)",
    "position_at_quiz(text, text, uuid)",
    "close_attempt(jsonb, integer)",
    "close_attempt_in(text, jsonb, integer)",
)


def upgrade() -> None:
    """Make the functions; only the service may call them."""
    for statement in STATEMENTS:
        op.execute(statement)
    for signature in SIGNATURES:
        op.execute(f"REVOKE ALL ON FUNCTION {signature} FROM PUBLIC")
        op.execute(f"GRANT EXECUTE ON FUNCTION {signature} TO {API}, {WORKER}")


def downgrade() -> None:
    """Drop them."""
    for signature in reversed(SIGNATURES):
        op.execute(f"DROP FUNCTION {signature}")

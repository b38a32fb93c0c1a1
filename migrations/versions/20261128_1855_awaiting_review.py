"""Whether an enrollment waits for a grader alone: who has handed in everything is neither reminded nor overdue.

What waits already is found here; an enrollment that the code before this one changes meanwhile is found when it
changes again. The mean of several quizzes is not looked at here: where it falls short, the mark goes with the grade.
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0017"
down_revision: str | None = "0122"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

# Of open enrollments with an answer in the queue: nothing that is required is missing, and every required quiz passes
# with full marks for all that waits.
FIND = """
UPDATE enrollments e SET awaiting_review = true
WHERE e.status IN ('assigned', 'in_progress')
    AND EXISTS (SELECT FROM pending_responses r JOIN quiz_attempts a ON a.id = r.attempt_id
        WHERE a.enrollment_id = e.id AND r.graded_at IS NULL)
    AND NOT EXISTS (SELECT FROM lessons l WHERE l.version_id = e.version_id AND l.required
        AND NOT EXISTS (SELECT FROM lesson_progress p WHERE p.enrollment_id = e.id AND p.lesson_id = l.id))
    AND NOT EXISTS (SELECT FROM quizzes q WHERE q.version_id = e.version_id AND q.required
        AND NOT EXISTS (SELECT FROM quiz_progress p WHERE p.enrollment_id = e.id AND p.quiz_id = q.id
            AND 100 * p.possible_points >= q.pass_score * p.max_points))
"""
# `awaiting_review` comes with what is written of the attempt; code from before does not say, and changes nothing.
CLOSE = """
CREATE OR REPLACE FUNCTION close_attempt(graded jsonb, expected int) RETURNS boolean LANGUAGE plpgsql
SET enable_seqscan = off AS $$
DECLARE
    closings int;
BEGIN
    WITH d AS MATERIALIZED (
        SELECT * FROM jsonb_to_record(graded) AS d(id uuid, organization_id text, enrollment_id uuid, quiz_id uuid,
            user_id text, number int, status text, started_at timestamptz, deadline_at timestamptz,
            submitted_at timestamptz, sequence int, layout jsonb, responses jsonb, marks jsonb, max_points numeric,
            points numeric, pending_points numeric, passed boolean, course_id uuid, used int, allowed int,
            best_points numeric, possible_points numeric, passed_at timestamptz, waiting jsonb,
            is_assessment boolean, awaiting_review boolean)
    ), held AS (
        UPDATE enrollments e SET revision = e.revision + 1,
            status = CASE WHEN e.status = 'assigned' THEN 'in_progress' ELSE e.status END,
            started_at = COALESCE(e.started_at, d.started_at),
            awaiting_review = COALESCE(d.awaiting_review, e.awaiting_review)
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
# As it was in the migration `hot_reads`.
BEFORE = """
CREATE OR REPLACE FUNCTION close_attempt(graded jsonb, expected int) RETURNS boolean LANGUAGE plpgsql
SET enable_seqscan = off AS $$
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


def upgrade() -> None:
    """The mark, what has it already, and the function that sets it."""
    op.add_column(
        "enrollments",
        sa.Column("awaiting_review", sa.Boolean(), server_default=sa.text("false"), nullable=False),
    )
    op.execute(FIND)
    op.execute(CLOSE)


def downgrade() -> None:
    """As it was."""
    op.execute(BEFORE)
    op.drop_column("enrollments", "awaiting_review")

"""An attempt keeps a digest of the submission that closed it: the same one again closes no second attempt.

`close_attempt` leaves a repetition to its caller, who holds the enrollment then and has looked for one.
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0215"
down_revision: str | None = "0417"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

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
            is_assessment boolean, awaiting_review boolean{column})
    ), held AS (
        UPDATE enrollments e SET revision = e.revision + 1,
            status = CASE WHEN e.status = 'assigned' THEN 'in_progress' ELSE e.status END,
            started_at = COALESCE(e.started_at, d.started_at),
            awaiting_review = COALESCE(d.awaiting_review, e.awaiting_review)
        FROM d WHERE e.id = d.enrollment_id AND e.user_id = d.user_id
            AND (expected IS NULL OR e.revision = expected){unless}
        RETURNING e.id
    ), closed AS (
        INSERT INTO quiz_attempts AS a (id, organization_id, enrollment_id, quiz_id, user_id, number, status,
            started_at, deadline_at, submitted_at, sequence, layout, responses, marks, max_points, points,
            pending_points, passed{name})
        SELECT d.id, d.organization_id, d.enrollment_id, d.quiz_id, d.user_id, d.number, d.status, d.started_at,
            d.deadline_at, d.submitted_at, d.sequence, d.layout, d.responses, d.marks, d.max_points, d.points,
            d.pending_points, d.passed{value}
        FROM d, held
        ON CONFLICT (id) DO UPDATE SET status = excluded.status, submitted_at = excluded.submitted_at,
            responses = excluded.responses, marks = excluded.marks, points = excluded.points,
            pending_points = excluded.pending_points, passed = excluded.passed{again}
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
# An attempt that was not started before it is submitted has one time for both.
UNLESS = """
            AND NOT (expected IS NOT NULL AND d.started_at = d.submitted_at AND EXISTS (SELECT 1 FROM quiz_attempts r
                WHERE r.enrollment_id = d.enrollment_id AND r.quiz_id = d.quiz_id AND r.closed_with = d.closed_with
                    AND r.submitted_at > d.submitted_at - interval '1 minute'))"""
WITH_DIGEST = {
    "column": ", closed_with text",
    "unless": UNLESS,
    "name": ", closed_with",
    "value": ", d.closed_with",
    "again": ", closed_with = excluded.closed_with",
}


def upgrade() -> None:
    """Older code sends no digest, and what it closes repeats nothing."""
    op.add_column("quiz_attempts", sa.Column("closed_with", sa.Text(), nullable=True))
    op.execute("ALTER TABLE enrollment_grants VALIDATE CONSTRAINT ck_enrollment_grants_kind")
    op.execute(CLOSE.format(**WITH_DIGEST))


def downgrade() -> None:
    """Without digests."""
    op.execute(CLOSE.format(**dict.fromkeys(WITH_DIGEST, "")))
    op.drop_column("quiz_attempts", "closed_with")

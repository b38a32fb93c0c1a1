"""Enrollments can be withdrawn, and a member's standing is not the newest row.

A withdrawn enrollment has a status of its own, so that whatever looks for open ones passes it over, older code
included. The hot functions order by where the member stands, as `enrollments.standing` does.
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0015"
down_revision: str | None = "0014"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

BEFORE = "status IN ('assigned', 'in_progress', 'completed', 'failed')"
STATUS = "status IN ('assigned', 'in_progress', 'completed', 'failed', 'withdrawn')"
WITHDRAWN = "(status = 'withdrawn') = (withdrawn_at IS NOT NULL AND withdrawn_because IS NOT NULL)"

# Where a member stands: the open enrollment, else a valid completion, else the one decided last. What the service
# withdrew comes after everything else.
STANDING = """CASE WHEN e.status IN ('assigned', 'in_progress') THEN 3
        WHEN e.status = 'completed' AND EXISTS (SELECT 1 FROM course_completions c WHERE c.enrollment_id = e.id
            AND c.voided_at IS NULL AND (c.expires_at IS NULL OR c.expires_at > clock_timestamp())) THEN 2
        WHEN e.withdrawn_because = 'completed-elsewhere' THEN 0 ELSE 1 END DESC,
        COALESCE(e.withdrawn_at, e.ended_at) DESC NULLS LAST, e.id DESC"""
NEWEST = "e.status IN ('assigned', 'in_progress') DESC, e.id DESC"

POSITION = """
CREATE OR REPLACE FUNCTION position_of_member(organization text, member text, course uuid) RETURNS TABLE (
    instant timestamptz, enrollment_id uuid, organization_id text, user_id text, course_id uuid, version_id uuid,
    status text, source text, assigned_at timestamptz, due_at timestamptz, extra_time_seconds int, lessons jsonb,
    quizzes jsonb, under_way jsonb
) LANGUAGE plpgsql ROWS 1 SET enable_seqscan = off AS $$
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
    ORDER BY {order} LIMIT 1;
END $$
"""
# The same for the quiz that somebody submits, with the attempt under way and the revision that all of it was read at.
AT_QUIZ = """
CREATE OR REPLACE FUNCTION position_at_quiz(organization text, member text, quiz uuid) RETURNS TABLE (
    instant timestamptz, revision int, enrollment_id uuid, organization_id text, user_id text, course_id uuid,
    version_id uuid, status text, source text, assigned_at timestamptz, due_at timestamptz,
    extra_time_seconds int, lessons jsonb, quizzes jsonb, under_way jsonb, attempt_id uuid,
    attempt_enrollment uuid, quiz_id uuid, attempt_user text, number int, attempt_status text,
    started_at timestamptz, deadline_at timestamptz, submitted_at timestamptz, sequence int, layout jsonb,
    responses jsonb, marks jsonb, max_points numeric, points numeric, pending_points numeric, passed boolean
) LANGUAGE plpgsql ROWS 1 SET enable_seqscan = off AS $$
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
    ORDER BY {order} LIMIT 1;
END $$
"""


def upgrade() -> None:
    """The old check goes first: older code knows four statuses and writes no other."""
    op.add_column("enrollments", sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("enrollments", sa.Column("withdrawn_because", sa.Text(), nullable=True))
    op.drop_constraint(op.f("ck_enrollments_status"), "enrollments")
    op.create_check_constraint(
        op.f("ck_enrollments_status"), "enrollments", STATUS, postgresql_not_valid=True
    )
    op.create_check_constraint(
        op.f("ck_enrollments_withdrawn"), "enrollments", WITHDRAWN, postgresql_not_valid=True
    )
    op.execute(POSITION.format(order=STANDING))
    op.execute(AT_QUIZ.format(order=f"a.id IS NOT NULL DESC, {STANDING}"))


def downgrade() -> None:
    """As before; an enrollment that was withdrawn has failed."""
    op.execute(POSITION.format(order=NEWEST))
    op.execute(AT_QUIZ.format(order=NEWEST))
    op.drop_constraint(op.f("ck_enrollments_withdrawn"), "enrollments")
    op.drop_constraint(op.f("ck_enrollments_status"), "enrollments")
    op.execute(
        "UPDATE enrollments SET status = 'failed', ended_at = COALESCE(ended_at, withdrawn_at)"
        " WHERE status = 'withdrawn'"
    )
    op.create_check_constraint(op.f("ck_enrollments_status"), "enrollments", BEFORE)
    op.drop_column("enrollments", "withdrawn_because")
    op.drop_column("enrollments", "withdrawn_at")

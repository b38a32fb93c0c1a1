CREATE OR REPLACE FUNCTION close_attempt(graded jsonb, expected int) RETURNS boolean
    LANGUAGE plpgsql
    SET enable_seqscan = off
    AS $$
DECLARE
    closings int;
BEGIN
    WITH d AS MATERIALIZED (
        SELECT * FROM jsonb_to_record(graded) AS d(id uuid, organization_id text, enrollment_id uuid, quiz_id uuid,
            user_id text, number int, status text, started_at timestamptz, deadline_at timestamptz,
            submitted_at timestamptz, sequence int, layout jsonb, responses jsonb, marks jsonb, max_points numeric,
            points numeric, pending_points numeric, passed boolean, course_id uuid, used int, allowed int,
            best_points numeric, possible_points numeric, passed_at timestamptz, waiting jsonb,
            is_assessment boolean, awaiting_review boolean, closed_with text, correction int)
    ), held AS (
        UPDATE enrollments e SET revision = e.revision + 1,
            status = CASE WHEN e.status = 'assigned' THEN 'in_progress' ELSE e.status END,
            started_at = COALESCE(e.started_at, d.started_at),
            awaiting_review = COALESCE(d.awaiting_review, e.awaiting_review)
        FROM d WHERE e.organization_id = d.organization_id AND e.id = d.enrollment_id AND e.user_id = d.user_id
            AND (expected IS NULL OR e.revision = expected AND COALESCE(d.correction, 0) = COALESCE((
                SELECT max(c.number) FROM version_corrections c
                WHERE c.organization_id = e.organization_id AND c.version_id = e.version_id), 0))
        RETURNING e.id
    ), closed AS (
        INSERT INTO quiz_attempts AS a (id, organization_id, enrollment_id, quiz_id, user_id, number, status,
            started_at, deadline_at, submitted_at, sequence, layout, responses, marks, max_points, points,
            pending_points, passed, closed_with, correction)
        SELECT d.id, d.organization_id, d.enrollment_id, d.quiz_id, d.user_id, d.number, d.status, d.started_at,
            d.deadline_at, d.submitted_at, d.sequence, d.layout, d.responses, d.marks, d.max_points, d.points,
            d.pending_points, d.passed, d.closed_with, COALESCE(d.correction, 0)
        FROM d, held
        ON CONFLICT (organization_id, id) DO UPDATE SET status = excluded.status,
            submitted_at = excluded.submitted_at, responses = excluded.responses, marks = excluded.marks,
            points = excluded.points, pending_points = excluded.pending_points, passed = excluded.passed,
            closed_with = excluded.closed_with, max_points = excluded.max_points,
            correction = excluded.correction
            WHERE a.status = 'in_progress'
        RETURNING a.id
    ), counted AS (
        INSERT INTO quiz_progress AS p (enrollment_id, quiz_id, organization_id, attempts_used,
            attempts_allowed, best_points, possible_points, max_points, passed_at)
        SELECT d.enrollment_id, d.quiz_id, d.organization_id, d.used, d.allowed, d.best_points,
            d.possible_points, d.max_points, d.passed_at
        FROM d, closed
        ON CONFLICT (organization_id, enrollment_id, quiz_id) DO UPDATE SET attempts_used = excluded.attempts_used,
            best_points = excluded.best_points, possible_points = excluded.possible_points,
            max_points = excluded.max_points, passed_at = excluded.passed_at
    )
    SELECT count(*) INTO closings FROM closed;
    IF closings = 1 AND graded -> 'waiting' <> '[]' THEN
        INSERT INTO pending_responses (id, organization_id, attempt_id, question_id, course_id, user_id, text,
            max_points, submitted_at, group_id, normal)
        SELECT w.id, d.organization_id, d.id, w.question_id, d.course_id, d.user_id, w.text, w.max_points,
            d.submitted_at, w.group_id, w.normal
        FROM jsonb_to_record(graded) AS d(id uuid, organization_id text, course_id uuid, user_id text,
                submitted_at timestamptz),
            jsonb_to_recordset(graded -> 'waiting') AS w(id uuid, question_id uuid, text text,
                max_points numeric, group_id uuid, normal text);
    END IF;
    IF closings = 1 AND graded -> 'is_assessment' = 'true' THEN
        INSERT INTO assessment_results (attempt_id, organization_id, enrollment_id, assessment_id, user_id,
            submitted_at, points, max_points, passed)
        SELECT d.id, d.organization_id, d.enrollment_id, d.quiz_id, d.user_id, d.submitted_at, d.points,
            d.max_points, d.passed
        FROM jsonb_to_record(graded) AS d(id uuid, organization_id text, enrollment_id uuid, quiz_id uuid,
            user_id text, submitted_at timestamptz, points numeric, max_points numeric, passed boolean);
    END IF;
    RETURN closings = 1;
END $$;

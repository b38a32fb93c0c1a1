CREATE OR REPLACE FUNCTION start_attempt_in(organization text, made jsonb, expected int) RETURNS boolean
    LANGUAGE plpgsql
    SET enable_seqscan = off
    AS $$
DECLARE
    started int;
BEGIN
    -- A connection's own role already, so that it is hardly ever set: that costs more than to ask.
    IF current_setting('role') <> 'learning_api' THEN
        PERFORM set_config('role', 'learning_api', true);
    END IF;
    organization := set_config('app.organization_id', organization, true);
    -- Where the course asks for an order or for other courses first, the ordinary route judges what begins.
    IF EXISTS (
        SELECT FROM courses c WHERE c.organization_id = organization AND c.id = (made ->> 'course_id')::uuid
            AND (c.sequence = 'ordered' OR c.prerequisites <> '{}')
    ) THEN
        RETURN false;
    END IF;
    WITH d AS MATERIALIZED (
        SELECT * FROM jsonb_to_record(made) AS d(id uuid, enrollment_id uuid, quiz_id uuid, user_id text, number int,
            started_at timestamptz, deadline_at timestamptz, sequence int, layout jsonb, max_points numeric,
            allowed int, correction int)
    ), held AS (
        UPDATE enrollments e SET revision = e.revision + 1, status = 'in_progress',
            started_at = CASE e.status WHEN 'assigned' THEN COALESCE(e.started_at, d.started_at) ELSE e.started_at END
        FROM d WHERE e.organization_id = organization AND e.id = d.enrollment_id AND e.user_id = d.user_id
            AND e.status IN ('assigned', 'in_progress') AND e.revision = expected
            AND d.correction = COALESCE((
                SELECT max(c.number) FROM version_corrections c
                WHERE c.organization_id = e.organization_id AND c.version_id = e.version_id), 0)
        RETURNING e.id
    ), opened AS (
        INSERT INTO quiz_attempts (id, organization_id, enrollment_id, quiz_id, user_id, number, status, started_at,
            deadline_at, sequence, layout, responses, max_points)
        SELECT d.id, organization, d.enrollment_id, d.quiz_id, d.user_id, d.number, 'in_progress', d.started_at,
            d.deadline_at, d.sequence, d.layout, '{}', d.max_points
        FROM d, held
        RETURNING id
    )
    INSERT INTO quiz_progress AS p (enrollment_id, quiz_id, organization_id, attempts_used, attempts_allowed)
    SELECT d.enrollment_id, d.quiz_id, organization, d.number, d.allowed
    FROM d, opened
    ON CONFLICT (organization_id, enrollment_id, quiz_id) DO UPDATE SET attempts_used = p.attempts_used + 1;
    GET DIAGNOSTICS started = ROW_COUNT;
    RETURN started = 1;
END $$;

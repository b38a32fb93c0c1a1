CREATE OR REPLACE FUNCTION close_attempt_in(organization text, graded jsonb, expected int) RETURNS boolean
    LANGUAGE plpgsql
    SET enable_seqscan = off
    AS $$
BEGIN
    PERFORM set_config('role', 'learning_api', true), set_config('app.organization_id', organization, true);
    -- An attempt that was not started before it is submitted has one time for both.
    IF graded -> 'started_at' = graded -> 'submitted_at' AND EXISTS (
        SELECT 1 FROM enrollments o JOIN quiz_attempts r
            ON r.organization_id = o.organization_id AND r.enrollment_id = o.id
        WHERE o.organization_id = organization AND o.user_id = graded ->> 'user_id'
            AND o.course_id = CAST(graded ->> 'course_id' AS uuid)
            AND o.id <> CAST(graded ->> 'enrollment_id' AS uuid)
            AND r.quiz_id = CAST(graded ->> 'quiz_id' AS uuid) AND r.closed_with = graded ->> 'closed_with'
            AND r.submitted_at > CAST(graded ->> 'submitted_at' AS timestamptz) - interval '1 minute'
    ) THEN
        RETURN false;
    END IF;
    RETURN close_attempt(graded, expected);
END $$;

CREATE OR REPLACE FUNCTION finish_of_enrollment(organization text, enrollment uuid) RETURNS TABLE (
        completed_at timestamptz, score numeric, certificate_id uuid
    )
    LANGUAGE plpgsql ROWS 1
    SET enable_seqscan = off
    AS $$
#variable_conflict use_column
BEGIN
    PERFORM set_config('role', 'learning_api', true), set_config('app.organization_id', organization, true);
    RETURN QUERY SELECT c.completed_at, c.score, t.id FROM course_completions c
        LEFT JOIN certificates t ON t.organization_id = c.organization_id
            AND t.completion_id = c.id AND t.reissued_as IS NULL
    WHERE c.organization_id = organization AND c.enrollment_id = enrollment;
END $$;

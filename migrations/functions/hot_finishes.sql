CREATE OR REPLACE FUNCTION hot_finishes(given_organization_id text, given_enrollment_ids uuid[]) RETURNS TABLE (
    enrollment_id uuid,
    completed_at timestamp with time zone,
    score numeric,
    certificate_id uuid
)
    LANGUAGE plpgsql ROWS 1
    SET enable_seqscan = off
    AS $$
#variable_conflict use_column
BEGIN
    -- A connection's own role already, so that it is hardly ever set: that costs more than to ask.
    IF current_setting('role') <> 'learning_api' THEN
        PERFORM set_config('role', 'learning_api', true);
    END IF;
    given_organization_id := set_config('app.organization_id', given_organization_id, true);
    RETURN QUERY
SELECT each_one.enrollment_id, finish.completed_at, finish.score, finish.id AS certificate_id
FROM unnest(given_enrollment_ids) AS each_one(enrollment_id) JOIN LATERAL (SELECT
    course_completions.completed_at AS completed_at, course_completions.score AS score, (SELECT certificates.id
FROM certificates
WHERE certificates.organization_id = course_completions.organization_id AND certificates.completion_id =
    course_completions.id AND certificates.reissued_as IS NULL) AS id
FROM course_completions
WHERE course_completions.enrollment_id = each_one.enrollment_id
 LIMIT ALL OFFSET 0) AS finish ON true;
END $$;

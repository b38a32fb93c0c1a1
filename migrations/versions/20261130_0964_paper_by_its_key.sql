CREATE OR REPLACE FUNCTION hot_own_paper(given_organization_id text, given_user_id text, given_id uuid) RETURNS TABLE (
    quiz_id uuid,
    layout jsonb,
    version_id uuid
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
SELECT attempt.quiz_id, attempt.layout, (SELECT quizzes.version_id
FROM quizzes
WHERE quizzes.organization_id = attempt.organization_id AND quizzes.id = attempt.quiz_id) AS version_id
FROM (SELECT quiz_attempts.organization_id AS organization_id, quiz_attempts.user_id AS user_id,
    quiz_attempts.status AS status, quiz_attempts.quiz_id AS quiz_id, quiz_attempts.layout AS layout
FROM quiz_attempts
WHERE quiz_attempts.organization_id = given_organization_id AND quiz_attempts.id = given_id
 LIMIT ALL OFFSET 0) AS attempt
WHERE attempt.user_id = given_user_id AND attempt.status = 'in_progress';
END $$;

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
SELECT quiz_attempts.quiz_id, quiz_attempts.layout, quizzes.version_id
FROM quiz_attempts JOIN quizzes ON quizzes.organization_id = quiz_attempts.organization_id AND quizzes.id =
    quiz_attempts.quiz_id
WHERE quiz_attempts.organization_id = given_organization_id AND quiz_attempts.user_id = given_user_id AND
    quiz_attempts.id = given_id AND quiz_attempts.status = 'in_progress';
END $$;

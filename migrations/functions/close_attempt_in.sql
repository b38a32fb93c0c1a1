CREATE OR REPLACE FUNCTION close_attempt_in(organization text, graded jsonb, expected int) RETURNS boolean
    LANGUAGE plpgsql
    SET enable_seqscan = off
    AS $$
BEGIN
    PERFORM set_config('role', 'learning_api', true), set_config('app.organization_id', organization, true);
    RETURN close_attempt(graded, expected);
END $$;

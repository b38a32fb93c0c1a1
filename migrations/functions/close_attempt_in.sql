CREATE OR REPLACE FUNCTION close_attempt_in(organization text, graded jsonb, expected int) RETURNS boolean
    LANGUAGE plpgsql
    SET enable_seqscan = off
    AS $$
BEGIN
    -- A connection's own role already, so that it is hardly ever set: that costs more than to ask.
    IF current_setting('role') <> 'learning_api' THEN
        PERFORM set_config('role', 'learning_api', true);
    END IF;
    organization := set_config('app.organization_id', organization, true);
    -- Where the course asks for an order or for other courses first, the ordinary route judges what begins.
    IF EXISTS (
        SELECT FROM courses c WHERE c.organization_id = organization AND c.id = (graded ->> 'course_id')::uuid
            AND (c.sequence = 'ordered' OR c.prerequisites <> '{}')
    ) THEN
        RETURN false;
    END IF;
    RETURN close_attempt(graded, expected);
END $$;

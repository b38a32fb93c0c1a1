CREATE OR REPLACE FUNCTION page_of_ids(organization text, page text, given text[])
    RETURNS TABLE (total bigint, ids uuid[], keys text[])
    LANGUAGE plpgsql ROWS 1
    AS $$
BEGIN
    -- A connection's own role already, so that it is hardly ever set: that costs more than to ask.
    IF current_setting('role') <> 'learning_api' THEN
        PERFORM set_config('role', 'learning_api', true);
    END IF;
    organization := set_config('app.organization_id', organization, true);
    -- It is planned for these values, and that is all that is planned: what a list shows has a plan that is kept.
    RETURN QUERY EXECUTE page USING given, clock_timestamp();
END $$;

CREATE OR REPLACE FUNCTION page_of_ids(organization text, page text, given text[])
    RETURNS TABLE (total bigint, ids uuid[], keys text[])
    LANGUAGE plpgsql ROWS 1
    SET enable_seqscan = off
    SET random_page_cost = 0
    SET cpu_index_tuple_cost = 1
    AS $$
BEGIN
    -- A connection's own role already, so that it is hardly ever set: that costs more than to ask.
    IF current_setting('role') <> 'learning_api' THEN
        PERFORM set_config('role', 'learning_api', true);
    END IF;
    organization := set_config('app.organization_id', organization, true);
    -- It is planned for these values, and that is all that is planned: what a list shows has a plan that is kept.
    -- What an index costs is the entries that are read in it, as in `plan_by_keys`.
    RETURN QUERY EXECUTE page USING given, clock_timestamp();
END $$;

CREATE OR REPLACE FUNCTION save_responses_together_in(organization text, savers text[], attempts uuid[], given text[],
    taken_back text[], numbered int[], grace interval, most bigint)
    RETURNS TABLE (place bigint, instant timestamptz, last int, until timestamptz)
    LANGUAGE plpgsql ROWS 10
    -- Planned once, whatever their number: by keys.
    SET plan_cache_mode = force_generic_plan
    SET enable_seqscan = off
    SET enable_hashjoin = off
    SET enable_mergejoin = off
    AS $$
DECLARE
    held bigint[];
BEGIN
    -- A connection's own role already, so that it is hardly ever set: that costs more than to ask.
    IF current_setting('role') <> 'learning_api' THEN
        PERFORM set_config('role', 'learning_api', true);
    END IF;
    organization := set_config('app.organization_id', organization, true);
    -- The locks of the enrollments, and the mark that something of them changed, at once. None is waited for: one save
    -- would hold up all others. What is not returned is answered by the ordinary route, which waits.
    WITH free AS MATERIALIZED (
        SELECT s.place, e.id
        FROM unnest(savers, attempts, numbered) WITH ORDINALITY AS s (saver, attempt, number, place)
            JOIN quiz_attempts a ON a.organization_id = organization AND a.id = s.attempt AND a.status = 'in_progress'
                AND (a.deadline_at IS NULL OR a.deadline_at + grace >= clock_timestamp())
                AND (s.number IS NULL OR s.number > a.sequence)
            JOIN enrollments e ON e.organization_id = organization AND e.id = a.enrollment_id AND e.user_id = s.saver
            JOIN members m ON m.organization_id = organization AND m.user_id = s.saver AND m.erased_at IS NULL
        FOR NO KEY UPDATE OF e SKIP LOCKED
    ), marked AS (
        UPDATE enrollments e SET revision = e.revision + 1 FROM free
        WHERE e.organization_id = organization AND e.id = free.id
        RETURNING free.place
    )
    SELECT array_agg(marked.place) INTO held FROM marked;
    -- A statement of its own: it sees what was saved or closed before the locks were free. Text is at most six times as
    -- long. What may be too much is weighed by the ordinary route.
    RETURN QUERY UPDATE quiz_attempts a SET responses = (a.responses || s.response::jsonb) - s.taken::text[],
        sequence = COALESCE(s.number, a.sequence)
    FROM unnest(savers, attempts, given, taken_back, numbered)
        WITH ORDINALITY AS s (saver, attempt, response, taken, number, place)
    WHERE s.place = ANY(held) AND a.organization_id = organization AND a.id = s.attempt AND a.user_id = s.saver
        AND a.status = 'in_progress' AND (a.deadline_at IS NULL OR a.deadline_at + grace >= clock_timestamp())
        AND (s.number IS NULL OR s.number > a.sequence)
        AND pg_column_size((a.responses || s.response::jsonb) - s.taken::text[]) * 6 <= most
    RETURNING s.place, clock_timestamp(), a.sequence, a.deadline_at;
END $$;

CREATE OR REPLACE FUNCTION save_responses_in(organization text, member text, attempt uuid, given jsonb,
    taken_back text[], numbered int, grace interval, most bigint)
    RETURNS TABLE (instant timestamptz, last int, until timestamptz)
    LANGUAGE plpgsql ROWS 1
    SET enable_seqscan = off
    AS $$
DECLARE
    enrollment uuid;
    held quiz_attempts;
    laid jsonb;
BEGIN
    -- A connection's own role already, so that it is hardly ever set: that costs more than to ask.
    IF current_setting('role') <> 'learning_api' THEN
        PERFORM set_config('role', 'learning_api', true);
    END IF;
    organization := set_config('app.organization_id', organization, true);
    SELECT e.id INTO enrollment
    FROM quiz_attempts a
        JOIN enrollments e ON e.organization_id = a.organization_id AND e.id = a.enrollment_id
        JOIN members m ON m.organization_id = e.organization_id AND m.user_id = e.user_id
    WHERE a.organization_id = organization AND a.id = attempt AND e.user_id = member AND m.erased_at IS NULL
    FOR UPDATE OF e;
    -- A statement of its own: it sees what was saved or closed while the lock was waited for.
    SELECT * INTO held FROM quiz_attempts a
    WHERE a.organization_id = organization AND a.id = attempt AND a.enrollment_id = enrollment
        AND a.status = 'in_progress' AND (a.deadline_at IS NULL OR a.deadline_at + grace >= clock_timestamp())
        AND (numbered IS NULL OR numbered > a.sequence);
    IF held.id IS NULL THEN
        RETURN;
    END IF;
    laid := (held.responses || given) - taken_back;
    -- Text is at most six times as long. What may be too much is weighed by the ordinary route.
    IF pg_column_size(laid) * 6 > most THEN
        RETURN;
    END IF;
    UPDATE quiz_attempts a SET responses = laid, sequence = COALESCE(numbered, a.sequence)
    WHERE a.organization_id = organization AND a.id = attempt;
    UPDATE enrollments e SET revision = e.revision + 1 WHERE e.organization_id = organization AND e.id = enrollment;
    RETURN QUERY SELECT clock_timestamp(), COALESCE(numbered, held.sequence), held.deadline_at;
END $$;

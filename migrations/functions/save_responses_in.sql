CREATE OR REPLACE FUNCTION save_responses_in(organization text, member text, attempt uuid, given jsonb,
    taken_back text[], numbered int, grace interval, most bigint)
    RETURNS TABLE (instant timestamptz, last int, until timestamptz)
    LANGUAGE plpgsql ROWS 1
    SET enable_seqscan = off
    AS $$
DECLARE
    enrollment uuid;
BEGIN
    -- A connection's own role already, so that it is hardly ever set: that costs more than to ask.
    IF current_setting('role') <> 'learning_api' THEN
        PERFORM set_config('role', 'learning_api', true);
    END IF;
    organization := set_config('app.organization_id', organization, true);
    -- The lock of the enrollment, and the mark that something of it changed, at once.
    UPDATE enrollments e SET revision = e.revision + 1
    FROM quiz_attempts a, members m
    WHERE a.organization_id = organization AND a.id = attempt AND a.status = 'in_progress'
        AND (a.deadline_at IS NULL OR a.deadline_at + grace >= clock_timestamp())
        AND (numbered IS NULL OR numbered > a.sequence)
        AND e.organization_id = organization AND e.id = a.enrollment_id AND e.user_id = member
        AND m.organization_id = organization AND m.user_id = member AND m.erased_at IS NULL
    RETURNING e.id INTO enrollment;
    IF NOT FOUND THEN
        RETURN;
    END IF;
    -- A statement of its own: it sees what was saved or closed while the lock was waited for. Text is at most six times
    -- as long. What may be too much is weighed by the ordinary route.
    UPDATE quiz_attempts a SET responses = (a.responses || given) - taken_back,
        sequence = COALESCE(numbered, a.sequence)
    WHERE a.organization_id = organization AND a.id = attempt AND a.enrollment_id = enrollment
        AND a.status = 'in_progress' AND (a.deadline_at IS NULL OR a.deadline_at + grace >= clock_timestamp())
        AND (numbered IS NULL OR numbered > a.sequence)
        AND pg_column_size((a.responses || given) - taken_back) * 6 <= most
    RETURNING a.sequence, a.deadline_at INTO last, until;
    IF NOT FOUND THEN
        RETURN;
    END IF;
    instant := clock_timestamp();
    RETURN NEXT;
END $$;

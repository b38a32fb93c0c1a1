CREATE OR REPLACE FUNCTION position_of_member(organization text, member text, course uuid) RETURNS TABLE (
        instant timestamptz, enrollment_id uuid, organization_id text, user_id text, course_id uuid, version_id
        uuid, status text, source text, assigned_at timestamptz, due_at timestamptz, extra_time_seconds int, lessons
        jsonb, quizzes jsonb, under_way jsonb
    )
    LANGUAGE plpgsql ROWS 1
    SET enable_seqscan = off
    AS $$
#variable_conflict use_column
BEGIN
    PERFORM set_config('role', 'learning_api', true), set_config('app.organization_id', organization, true);
    RETURN QUERY SELECT clock_timestamp(), e.id, e.organization_id, e.user_id, e.course_id, e.version_id, e.status,
        e.source, e.assigned_at, e.due_at, e.extra_time_seconds,
        (SELECT jsonb_object_agg(p.lesson_id, p.completed_at) FROM lesson_progress p
            WHERE p.organization_id = organization AND p.enrollment_id = e.id),
        (SELECT jsonb_object_agg(q.quiz_id, jsonb_build_array(q.attempts_used, q.attempts_allowed,
                q.best_points::text, q.possible_points::text, q.max_points::text, q.passed_at))
            FROM quiz_progress q WHERE q.organization_id = organization AND q.enrollment_id = e.id),
        (SELECT jsonb_agg(a.quiz_id) FROM quiz_attempts a
            WHERE a.organization_id = organization AND a.enrollment_id = e.id AND a.status = 'in_progress')
    FROM enrollments e JOIN members m ON m.organization_id = e.organization_id AND m.user_id = e.user_id
    WHERE e.organization_id = organization AND e.user_id = member AND e.course_id = course
        AND m.erased_at IS NULL
    ORDER BY CASE WHEN e.status IN ('assigned', 'in_progress') THEN 3
        WHEN e.status = 'completed' AND EXISTS (SELECT 1 FROM course_completions c
            WHERE c.organization_id = organization AND c.enrollment_id = e.id AND c.voided_at IS NULL
                AND (c.expires_at IS NULL OR c.expires_at > clock_timestamp())) THEN 2
        WHEN e.withdrawn_because = 'completed-elsewhere' THEN 0 ELSE 1 END DESC,
        COALESCE(e.withdrawn_at, e.ended_at) DESC NULLS LAST, e.id DESC LIMIT 1;
END $$;

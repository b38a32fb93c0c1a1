CREATE OR REPLACE FUNCTION hot_own_position(given_organization_id text, given_user_id text, given_id uuid) RETURNS TABLE (
    instant timestamp with time zone,
    id uuid,
    organization_id text,
    user_id text,
    course_id uuid,
    version_id uuid,
    status text,
    source text,
    assigned_at timestamp with time zone,
    due_at timestamp with time zone,
    extra_time_seconds integer,
    revision integer,
    accommodations jsonb,
    lessons jsonb,
    quizzes jsonb,
    under_way jsonb
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
WITH held AS MATERIALIZED
(SELECT enrollments.organization_id AS organization_id, enrollments.id AS id, enrollments.user_id AS user_id,
    enrollments.course_id AS course_id, enrollments.version_id AS version_id, enrollments.status AS status,
    enrollments.source AS source, enrollments.assigned_at AS assigned_at, enrollments.due_at AS due_at,
    enrollments.started_at AS started_at, enrollments.ended_at AS ended_at, enrollments.withdrawn_at AS
    withdrawn_at, enrollments.withdrawn_because AS withdrawn_because, enrollments.extra_time_seconds AS
    extra_time_seconds, enrollments.revision AS revision, enrollments.awaiting_review AS awaiting_review,
    enrollments.cause_kind AS cause_kind, enrollments.cause_id AS cause_id, enrollments.rule_id AS rule_id,
    enrollments.run_id AS run_id
FROM enrollments JOIN members ON members.organization_id = enrollments.organization_id AND members.user_id =
    enrollments.user_id
WHERE enrollments.organization_id = given_organization_id AND members.erased_at IS NULL AND enrollments.user_id
    = given_user_id AND enrollments.course_id = given_id ORDER BY CASE WHEN (enrollments.status IN ('assigned',
    'in_progress')) THEN 3 WHEN CASE WHEN (enrollments.status = 'completed') THEN EXISTS (SELECT *
FROM course_completions
WHERE course_completions.enrollment_id = enrollments.id AND course_completions.voided_at IS NULL AND
    (course_completions.expires_at IS NULL OR course_completions.expires_at > clock_timestamp())) ELSE false END
    THEN 2 WHEN (enrollments.withdrawn_because = 'completed-elsewhere') THEN 0 ELSE 1 END DESC,
    coalesce(enrollments.withdrawn_at, enrollments.ended_at) DESC NULLS LAST, enrollments.id DESC
 LIMIT 1)
 SELECT clock_timestamp() AS instant, found.id, found.organization_id, found.user_id, found.course_id,
    found.version_id, found.status, found.source, found.assigned_at, found.due_at, found.extra_time_seconds,
    found.revision, found.accommodations, found.lessons, found.quizzes, found.under_way
FROM (SELECT held.id AS id, held.organization_id AS organization_id, held.user_id AS user_id, held.course_id AS
    course_id, held.version_id AS version_id, held.status AS status, held.source AS source, held.assigned_at AS
    assigned_at, held.due_at AS due_at, held.extra_time_seconds AS extra_time_seconds, held.revision AS
    revision, (SELECT jsonb_build_array(CAST(accommodations.time_multiplier AS TEXT),
    accommodations.extra_attempts) AS jsonb_build_array_1
FROM accommodations
WHERE accommodations.organization_id = held.organization_id AND accommodations.user_id = held.user_id) AS
    accommodations, (SELECT jsonb_object_agg(lesson_progress.lesson_id, lesson_progress.completed_at) AS
    jsonb_object_agg_1
FROM lesson_progress
WHERE lesson_progress.enrollment_id = held.id) AS lessons, (SELECT jsonb_object_agg(quiz_progress.quiz_id,
    jsonb_build_array(quiz_progress.attempts_used, quiz_progress.attempts_allowed,
    CAST(quiz_progress.best_points AS TEXT), CAST(quiz_progress.possible_points AS TEXT),
    CAST(quiz_progress.max_points AS TEXT), quiz_progress.passed_at)) AS jsonb_object_agg_2
FROM quiz_progress
WHERE quiz_progress.enrollment_id = held.id) AS quizzes, (SELECT jsonb_agg(quiz_attempts_1.quiz_id) AS
    jsonb_agg_1
FROM quiz_attempts AS quiz_attempts_1
WHERE quiz_attempts_1.enrollment_id = held.id AND quiz_attempts_1.status = 'in_progress') AS under_way
FROM held) AS found;
END $$;

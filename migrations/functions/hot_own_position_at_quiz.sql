CREATE OR REPLACE FUNCTION hot_own_position_at_quiz(given_organization_id text, given_user_id text, given_id uuid, given_digest text) RETURNS TABLE (
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
    under_way jsonb,
    attempt_id uuid,
    attempt_enrollment_id uuid,
    attempt_quiz_id uuid,
    attempt_user_id text,
    attempt_number integer,
    attempt_status text,
    attempt_started_at timestamp with time zone,
    attempt_deadline_at timestamp with time zone,
    attempt_submitted_at timestamp with time zone,
    attempt_sequence integer,
    attempt_layout jsonb,
    attempt_responses jsonb,
    attempt_marks jsonb,
    attempt_max_points numeric,
    attempt_points numeric,
    attempt_pending_points numeric,
    attempt_passed boolean,
    repeated boolean
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
    enrollments.user_id JOIN quizzes ON quizzes.version_id = enrollments.version_id
WHERE enrollments.organization_id = given_organization_id AND members.erased_at IS NULL AND enrollments.user_id
    = given_user_id AND quizzes.id = given_id ORDER BY (EXISTS (SELECT *
FROM quiz_attempts
WHERE quiz_attempts.enrollment_id = enrollments.id AND quiz_attempts.quiz_id = given_id AND quiz_attempts.status
    = 'in_progress')) DESC, CASE WHEN (enrollments.status IN ('assigned', 'in_progress')) THEN 3 WHEN CASE WHEN
    (enrollments.status = 'completed') THEN EXISTS (SELECT *
FROM course_completions
WHERE course_completions.enrollment_id = enrollments.id AND course_completions.voided_at IS NULL AND
    (course_completions.expires_at IS NULL OR course_completions.expires_at > clock_timestamp())) ELSE false END
    THEN 2 WHEN (enrollments.withdrawn_because = 'completed-elsewhere') THEN 0 ELSE 1 END DESC,
    coalesce(enrollments.withdrawn_at, enrollments.ended_at) DESC NULLS LAST, enrollments.id DESC
 LIMIT 1)
 SELECT clock_timestamp() AS instant, found.id, found.organization_id, found.user_id, found.course_id,
    found.version_id, found.status, found.source, found.assigned_at, found.due_at, found.extra_time_seconds,
    found.revision, found.accommodations, found.lessons, found.quizzes, found.under_way, found.attempt_id,
    found.attempt_enrollment_id, found.attempt_quiz_id, found.attempt_user_id, found.attempt_number,
    found.attempt_status, found.attempt_started_at, found.attempt_deadline_at, found.attempt_submitted_at,
    found.attempt_sequence, found.attempt_layout, found.attempt_responses, found.attempt_marks,
    found.attempt_max_points, found.attempt_points, found.attempt_pending_points, found.attempt_passed,
    found.attempt_id IS NULL AND (EXISTS (SELECT closed.id, closed.submitted_at, enrollments.id AS enrollment_id
FROM enrollments JOIN LATERAL (SELECT quiz_attempts.id AS id, quiz_attempts.submitted_at AS submitted_at
FROM quiz_attempts
WHERE quiz_attempts.enrollment_id = enrollments.id AND quiz_attempts.quiz_id = given_id AND
    quiz_attempts.closed_with = given_digest AND quiz_attempts.submitted_at > clock_timestamp() -
    make_interval(secs=>60.0)
 LIMIT ALL OFFSET 0) AS closed ON true
WHERE enrollments.organization_id = found.organization_id AND enrollments.user_id = found.user_id AND
    enrollments.course_id = found.course_id)) AS repeated
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
WHERE quiz_attempts_1.enrollment_id = held.id AND quiz_attempts_1.status = 'in_progress') AS under_way,
    attempt.id AS attempt_id, attempt.enrollment_id AS attempt_enrollment_id, attempt.quiz_id AS
    attempt_quiz_id, attempt.user_id AS attempt_user_id, attempt.number AS attempt_number, attempt.status AS
    attempt_status, attempt.started_at AS attempt_started_at, attempt.deadline_at AS attempt_deadline_at,
    attempt.submitted_at AS attempt_submitted_at, attempt.sequence AS attempt_sequence, attempt.layout AS
    attempt_layout, attempt.responses AS attempt_responses, attempt.marks AS attempt_marks, attempt.max_points
    AS attempt_max_points, attempt.points AS attempt_points, attempt.pending_points AS attempt_pending_points,
    attempt.passed AS attempt_passed
FROM held LEFT OUTER JOIN LATERAL (SELECT quiz_attempts.id AS id, quiz_attempts.enrollment_id AS enrollment_id,
    quiz_attempts.quiz_id AS quiz_id, quiz_attempts.user_id AS user_id, quiz_attempts.number AS number,
    quiz_attempts.status AS status, quiz_attempts.started_at AS started_at, quiz_attempts.deadline_at AS
    deadline_at, quiz_attempts.submitted_at AS submitted_at, quiz_attempts.sequence AS sequence,
    quiz_attempts.layout AS layout, quiz_attempts.responses AS responses, quiz_attempts.marks AS marks,
    quiz_attempts.max_points AS max_points, quiz_attempts.points AS points, quiz_attempts.pending_points AS
    pending_points, quiz_attempts.passed AS passed
FROM quiz_attempts
WHERE quiz_attempts.enrollment_id = held.id AND quiz_attempts.quiz_id = given_id AND quiz_attempts.status =
    'in_progress'
 LIMIT 1) AS attempt ON true) AS found;
END $$;

CREATE OR REPLACE FUNCTION hot_own_progress(given_organization_id text, given_user_id text) RETURNS TABLE (
    items text,
    totals text
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
SELECT CASE WHEN ((EXISTS (SELECT *
FROM members
WHERE members.organization_id = given_organization_id AND members.user_id = given_user_id AND members.erased_at
    IS NULL)) AND NOT (EXISTS (SELECT *
FROM enrollments, courses
WHERE enrollments.organization_id = given_organization_id AND enrollments.user_id = given_user_id AND
    enrollments.status = 'assigned' AND courses.organization_id = enrollments.organization_id AND courses.id =
    enrollments.course_id AND cardinality(courses.prerequisites) > 0))) THEN CAST((SELECT
    coalesce(json_agg(shown.told ORDER BY shown.id DESC), '[]'::json) AS coalesce_1
FROM (SELECT enrollments.id AS id, json_build_array(enrollments.id, enrollments.user_id, enrollments.course_id,
    course_versions.title, course_versions.number, CASE WHEN (enrollments.status = 'withdrawn') THEN CASE WHEN
    (enrollments.ended_at IS NOT NULL) THEN 'failed' WHEN (enrollments.started_at IS NOT NULL) THEN
    'in_progress' ELSE 'assigned' END ELSE enrollments.status END, enrollments.assigned_at, enrollments.due_at,
    coalesce(enrollments.status IN ('assigned', 'in_progress') AND enrollments.due_at < clock_timestamp() AND
    NOT enrollments.awaiting_review, false), enrollments.status IN ('assigned', 'in_progress') AND
    enrollments.awaiting_review, enrollments.source, enrollments.withdrawn_at, enrollments.version_id, (SELECT
    jsonb_agg(lesson_progress.lesson_id) AS jsonb_agg_1
FROM lesson_progress
WHERE lesson_progress.enrollment_id = enrollments.id), (SELECT jsonb_object_agg(quiz_progress.quiz_id,
    jsonb_build_array(quiz_progress.attempts_used, quiz_progress.attempts_allowed,
    CAST(quiz_progress.best_points AS TEXT), CAST(quiz_progress.possible_points AS TEXT),
    CAST(quiz_progress.max_points AS TEXT), quiz_progress.passed_at)) AS jsonb_object_agg_1
FROM quiz_progress
WHERE quiz_progress.enrollment_id = enrollments.id), (SELECT
    jsonb_build_array(CAST(accommodations.time_multiplier AS TEXT), accommodations.extra_attempts) AS
    jsonb_build_array_1
FROM accommodations
WHERE accommodations.organization_id = enrollments.organization_id AND accommodations.user_id =
    enrollments.user_id), finish.completed_at, finish.score, finish.id) AS told
FROM enrollments JOIN course_versions ON course_versions.id = enrollments.version_id LEFT OUTER JOIN LATERAL
    (SELECT course_completions.completed_at AS completed_at, course_completions.score AS score, (SELECT
    certificates.id
FROM certificates
WHERE certificates.organization_id = course_completions.organization_id AND certificates.completion_id =
    course_completions.id AND certificates.reissued_as IS NULL) AS id
FROM course_completions
WHERE course_completions.enrollment_id = enrollments.id AND enrollments.status = 'completed'
 LIMIT ALL OFFSET 0) AS finish ON true
WHERE enrollments.organization_id = given_organization_id AND enrollments.user_id = given_user_id AND
    enrollments.status != 'withdrawn' AND course_versions.program IS NULL ORDER BY enrollments.id DESC
 LIMIT 51) AS shown) AS TEXT) END AS items, CAST((SELECT json_build_object('assigned', counts.assigned,
    'in_progress', counts.in_progress, 'completed', counts.completed, 'failed', counts.failed, 'overdue',
    counts.overdue) AS json_build_object_1
FROM (SELECT count(*) FILTER (WHERE enrollments.status = 'assigned') AS assigned, count(*) FILTER (WHERE
    enrollments.status = 'in_progress') AS in_progress, count(*) FILTER (WHERE enrollments.status = 'completed')
    AS completed, count(*) FILTER (WHERE enrollments.status = 'failed') AS failed, count(*) FILTER (WHERE
    coalesce(enrollments.status IN ('assigned', 'in_progress') AND enrollments.due_at < clock_timestamp() AND
    NOT enrollments.awaiting_review, false)) AS overdue
FROM enrollments JOIN course_versions ON course_versions.id = enrollments.version_id
WHERE enrollments.organization_id = given_organization_id AND enrollments.user_id = given_user_id AND
    course_versions.program IS NULL) AS counts) AS TEXT) AS totals;
END $$;

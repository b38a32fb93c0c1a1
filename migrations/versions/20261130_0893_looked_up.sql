CREATE OR REPLACE FUNCTION hot_enrollments(given_organization_id text, given_ids uuid[]) RETURNS TABLE (
    id uuid,
    course_id uuid,
    course_title text,
    version integer,
    status text,
    assigned_at timestamp with time zone,
    due_at timestamp with time zone,
    overdue boolean,
    awaiting_review boolean,
    source text,
    withdrawn_at timestamp with time zone,
    completed_at timestamp with time zone,
    score numeric,
    certificate_id uuid,
    user_id text,
    display_name text,
    chapter_name text,
    version_id uuid,
    lessons jsonb,
    quizzes jsonb
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
SELECT found.id, found.course_id, CAST(found.course_title AS TEXT) AS course_title, found.version,
    CAST(found.status AS TEXT) AS status, found.assigned_at, found.due_at, found.overdue, found.awaiting_review,
    CAST(found.source AS TEXT) AS source, found.withdrawn_at, found.completed_at, found.score,
    found.certificate_id, CAST(found.user_id AS TEXT) AS user_id, CAST(found.display_name AS TEXT) AS
    display_name, CAST(found.chapter_name AS TEXT) AS chapter_name, found.version_id, found.lessons,
    found.quizzes
FROM (SELECT shown.id AS id, shown.user_id AS user_id, shown.course_id AS course_id, shown.title AS
    course_title, shown.number AS version, shown.anon_1 AS status, shown.assigned_at AS assigned_at,
    shown.due_at AS due_at, shown.coalesce_1 AS overdue, shown.anon_2 AS awaiting_review, shown.source AS
    source, shown.withdrawn_at AS withdrawn_at, shown.version_id AS version_id, shown.lessons AS lessons,
    shown.quizzes AS quizzes, shown.completed_at AS completed_at, shown.score AS score, shown.id_1 AS
    certificate_id, shown.display_name AS display_name, shown.name AS chapter_name, page.place AS place
FROM unnest(given_ids) WITH ORDINALITY AS page(id, place) JOIN LATERAL (SELECT enrollments.id AS id,
    enrollments.user_id AS user_id, enrollments.course_id AS course_id, course_versions.title AS title,
    course_versions.number AS number, CASE WHEN (enrollments.status = 'withdrawn') THEN CASE WHEN
    (enrollments.ended_at IS NOT NULL) THEN 'failed' WHEN (enrollments.started_at IS NOT NULL) THEN
    'in_progress' ELSE 'assigned' END ELSE enrollments.status END AS anon_1, enrollments.assigned_at AS
    assigned_at, enrollments.due_at AS due_at, coalesce(enrollments.status IN ('assigned', 'in_progress') AND
    enrollments.due_at < clock_timestamp() AND NOT enrollments.awaiting_review, false) AS coalesce_1,
    enrollments.status IN ('assigned', 'in_progress') AND enrollments.awaiting_review AS anon_2,
    enrollments.source AS source, enrollments.withdrawn_at AS withdrawn_at, enrollments.version_id AS
    version_id, (SELECT jsonb_agg(lesson_progress.lesson_id) AS jsonb_agg_1
FROM lesson_progress
WHERE lesson_progress.enrollment_id = enrollments.id) AS lessons, (SELECT
    jsonb_object_agg(quiz_progress.quiz_id, jsonb_build_array(quiz_progress.attempts_used,
    quiz_progress.attempts_allowed, CAST(quiz_progress.best_points AS TEXT), CAST(quiz_progress.possible_points
    AS TEXT), CAST(quiz_progress.max_points AS TEXT), quiz_progress.passed_at)) AS jsonb_object_agg_1
FROM quiz_progress
WHERE quiz_progress.enrollment_id = enrollments.id) AS quizzes, finish.completed_at AS completed_at,
    finish.score AS score, finish.id AS id_1, who.display_name AS display_name, place.name AS name
FROM enrollments JOIN course_versions ON course_versions.id = enrollments.version_id JOIN LATERAL (SELECT
    members.organization_id AS organization_id, members.user_id AS user_id, members.chapter_id AS chapter_id,
    members.status AS status, members.display_name AS display_name, members.email AS email,
    members.custom_fields AS custom_fields, members.locale AS locale, members.timezone AS timezone,
    members.offices AS offices, members.created_at AS created_at, members.updated_at AS updated_at,
    members.erased_at AS erased_at, members.clocks AS clocks, members.search_text AS search_text
FROM members
WHERE members.organization_id = enrollments.organization_id AND members.user_id = enrollments.user_id
 LIMIT ALL OFFSET 0) AS who ON true JOIN LATERAL (SELECT chapters.organization_id AS organization_id,
    chapters.id AS id, chapters.region_id AS region_id, chapters.name AS name, chapters.closed_at AS closed_at
FROM chapters
WHERE chapters.organization_id = who.organization_id AND chapters.id = who.chapter_id
 LIMIT ALL OFFSET 0) AS place ON true LEFT OUTER JOIN LATERAL (SELECT course_completions.completed_at AS
    completed_at, course_completions.score AS score, (SELECT certificates.id
FROM certificates
WHERE certificates.organization_id = course_completions.organization_id AND certificates.completion_id =
    course_completions.id AND certificates.reissued_as IS NULL) AS id
FROM course_completions
WHERE course_completions.enrollment_id = enrollments.id AND enrollments.status = 'completed'
 LIMIT ALL OFFSET 0) AS finish ON true
WHERE enrollments.id = page.id
 LIMIT ALL OFFSET 0) AS shown ON true) AS found ORDER BY found.place;
END $$;
CREATE OR REPLACE FUNCTION hot_finishes(given_organization_id text, given_enrollment_ids uuid[]) RETURNS TABLE (
    enrollment_id uuid,
    completed_at timestamp with time zone,
    score numeric,
    certificate_id uuid
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
SELECT each_one.enrollment_id, finish.completed_at, finish.score, finish.id AS certificate_id
FROM unnest(given_enrollment_ids) AS each_one(enrollment_id) JOIN LATERAL (SELECT
    course_completions.completed_at AS completed_at, course_completions.score AS score, (SELECT certificates.id
FROM certificates
WHERE certificates.organization_id = course_completions.organization_id AND certificates.completion_id =
    course_completions.id AND certificates.reissued_as IS NULL) AS id
FROM course_completions
WHERE course_completions.enrollment_id = each_one.enrollment_id
 LIMIT ALL OFFSET 0) AS finish ON true;
END $$;
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

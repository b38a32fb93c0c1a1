CREATE OR REPLACE FUNCTION close_attempt_in(organization text, graded jsonb, expected int) RETURNS boolean
    LANGUAGE plpgsql
    SET enable_seqscan = off
    AS $$
BEGIN
    -- A connection's own role already, so that it is hardly ever set: that costs more than to ask.
    IF current_setting('role') <> 'learning_api' THEN
        PERFORM set_config('role', 'learning_api', true);
    END IF;
    organization := set_config('app.organization_id', organization, true);
    -- Where the course asks for an order or for other courses first, the ordinary route judges what begins.
    IF EXISTS (
        SELECT FROM courses c WHERE c.organization_id = organization AND c.id = (graded ->> 'course_id')::uuid
            AND (c.sequence = 'ordered' OR c.prerequisites <> '{}')
    ) THEN
        RETURN false;
    END IF;
    RETURN close_attempt(graded, expected);
END $$;
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
    completed_at, course_completions.score AS score, certificates.id AS id
FROM course_completions LEFT OUTER JOIN certificates ON certificates.completion_id = course_completions.id AND
    certificates.reissued_as IS NULL
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
SELECT course_completions.enrollment_id, course_completions.completed_at, course_completions.score,
    certificates.id AS certificate_id
FROM course_completions LEFT OUTER JOIN certificates ON certificates.completion_id = course_completions.id AND
    certificates.reissued_as IS NULL
WHERE course_completions.enrollment_id = any(given_enrollment_ids);
END $$;
CREATE OR REPLACE FUNCTION hot_mark_of_courses(given_organization_id text, given_user_id text) RETURNS TABLE (
    mark text
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
    IS NULL)) AND count(*) <= 50) THEN CAST(coalesce(string_agg(course.mark, ','), '') AS TEXT) END AS mark
FROM (SELECT concat(courses.id, ':', CAST(courses.xmin AS TEXT)) AS mark
FROM (SELECT members.organization_id AS organization_id, members.chapter_id AS chapter_id, own_chapter.region_id
    AS region_id
FROM members JOIN chapters AS own_chapter ON own_chapter.organization_id = members.organization_id AND
    own_chapter.id = members.chapter_id
WHERE members.organization_id = given_organization_id AND members.user_id = given_user_id AND members.erased_at
    IS NULL) AS own JOIN courses ON courses.organization_id = own.organization_id
WHERE courses.kind = 'course' AND courses.archived_at IS NULL AND (courses.scope = 'national' OR courses.scope =
    'regional' AND courses.scope_id = own.region_id OR courses.scope = 'chapter' AND courses.scope_id =
    own.chapter_id) AND courses.published_version_id IS NOT NULL ORDER BY courses.id DESC
 LIMIT 51) AS course;
END $$;
CREATE OR REPLACE FUNCTION hot_marked_courses(given_organization_id text, given_user_id text) RETURNS TABLE (
    page text,
    mark text
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
    IS NULL)) AND count(*) <= 50) THEN CAST(json_build_object('items', coalesce(json_agg(course), '[]'::json),
    'next_cursor', NULL) AS TEXT) END AS page, (SELECT CASE WHEN ((EXISTS (SELECT *
FROM members
WHERE members.organization_id = given_organization_id AND members.user_id = given_user_id AND members.erased_at
    IS NULL)) AND count(*) <= 50) THEN CAST(coalesce(string_agg(course.mark, ','), '') AS TEXT) END AS mark
FROM (SELECT concat(courses.id, ':', CAST(courses.xmin AS TEXT)) AS mark
FROM (SELECT members.organization_id AS organization_id, members.chapter_id AS chapter_id, own_chapter.region_id
    AS region_id
FROM members JOIN chapters AS own_chapter ON own_chapter.organization_id = members.organization_id AND
    own_chapter.id = members.chapter_id
WHERE members.organization_id = given_organization_id AND members.user_id = given_user_id AND members.erased_at
    IS NULL) AS own JOIN courses ON courses.organization_id = own.organization_id
WHERE courses.kind = 'course' AND courses.archived_at IS NULL AND (courses.scope = 'national' OR courses.scope =
    'regional' AND courses.scope_id = own.region_id OR courses.scope = 'chapter' AND courses.scope_id =
    own.chapter_id) AND courses.published_version_id IS NOT NULL ORDER BY courses.id DESC
 LIMIT 51) AS course) AS mark
FROM (SELECT anon_1.id AS id, anon_1.title AS title, anon_1.scope AS scope, anon_1.scope_id AS scope_id,
    anon_1.self_enrollment AS self_enrollment, anon_1.recertification_cadence AS recertification_cadence,
    anon_1.linked_compliance_requirement AS linked_compliance_requirement, anon_1.published_version AS
    published_version, anon_1.draft_version AS draft_version, trim_scale(anon_1.pass_score) AS pass_score,
    anon_1.archived AS archived, anon_1.description_html AS description_html, anon_1.image_url AS image_url,
    anon_1.language AS language, anon_1.estimated_minutes AS estimated_minutes, trim_scale(anon_1.credit_hours)
    AS credit_hours, anon_1.category AS category, anon_1.prerequisites AS prerequisites, anon_1.sequence AS
    sequence, anon_1.recertification AS recertification
FROM (SELECT courses.id AS id, published.title AS title, courses.scope AS scope, courses.scope_id AS scope_id,
    courses.self_enrollment AS self_enrollment, courses.recertification_cadence AS recertification_cadence,
    courses.linked_compliance_requirement AS linked_compliance_requirement, published.number AS
    published_version, NULL AS draft_version, published.pass_score AS pass_score, courses.archived_at IS NOT
    NULL AS archived, CASE WHEN (published.description_html LIKE '%%document:%%') THEN
    regexp_replace(published.description_html, '(<img\s[^<>]*src=")document:([0-9a-f-]{36})"',
    '\1/api/documents/\2/file/"', 'g') ELSE published.description_html END AS description_html, CASE WHEN
    (published.image_url LIKE 'document:%%') THEN regexp_replace(published.image_url,
    '^document:([0-9a-f-]{36})$', '/api/documents/\1/file/') ELSE published.image_url END AS image_url,
    published.language AS language, published.estimated_minutes AS estimated_minutes, published.credit_hours AS
    credit_hours, courses.category AS category, courses.prerequisites AS prerequisites, courses.sequence AS
    sequence, courses.recertification AS recertification
FROM (SELECT members.organization_id AS organization_id, members.chapter_id AS chapter_id, own_chapter.region_id
    AS region_id
FROM members JOIN chapters AS own_chapter ON own_chapter.organization_id = members.organization_id AND
    own_chapter.id = members.chapter_id
WHERE members.organization_id = given_organization_id AND members.user_id = given_user_id AND members.erased_at
    IS NULL) AS own JOIN courses ON courses.organization_id = own.organization_id JOIN course_versions AS
    published ON published.id = courses.published_version_id
WHERE courses.kind = 'course' AND courses.archived_at IS NULL AND (courses.scope = 'national' OR courses.scope =
    'regional' AND courses.scope_id = own.region_id OR courses.scope = 'chapter' AND courses.scope_id =
    own.chapter_id) ORDER BY courses.id DESC
 LIMIT 51) AS anon_1) AS course;
END $$;
CREATE OR REPLACE FUNCTION hot_own_paper(given_organization_id text, given_user_id text, given_id uuid) RETURNS TABLE (
    quiz_id uuid,
    layout jsonb,
    version_id uuid
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
SELECT quiz_attempts.quiz_id, quiz_attempts.layout, quizzes.version_id
FROM quiz_attempts JOIN quizzes ON quizzes.organization_id = quiz_attempts.organization_id AND quizzes.id =
    quiz_attempts.quiz_id
WHERE quiz_attempts.organization_id = given_organization_id AND quiz_attempts.user_id = given_user_id AND
    quiz_attempts.id = given_id AND quiz_attempts.status = 'in_progress';
END $$;
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
    (SELECT course_completions.completed_at AS completed_at, course_completions.score AS score, certificates.id
    AS id
FROM course_completions LEFT OUTER JOIN certificates ON certificates.completion_id = course_completions.id AND
    certificates.reissued_as IS NULL
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
CREATE OR REPLACE FUNCTION start_attempt_in(organization text, made jsonb, expected int) RETURNS boolean
    LANGUAGE plpgsql
    SET enable_seqscan = off
    AS $$
DECLARE
    started int;
BEGIN
    -- A connection's own role already, so that it is hardly ever set: that costs more than to ask.
    IF current_setting('role') <> 'learning_api' THEN
        PERFORM set_config('role', 'learning_api', true);
    END IF;
    organization := set_config('app.organization_id', organization, true);
    -- Where the course asks for an order or for other courses first, the ordinary route judges what begins.
    IF EXISTS (
        SELECT FROM courses c WHERE c.organization_id = organization AND c.id = (made ->> 'course_id')::uuid
            AND (c.sequence = 'ordered' OR c.prerequisites <> '{}')
    ) THEN
        RETURN false;
    END IF;
    WITH d AS MATERIALIZED (
        SELECT * FROM jsonb_to_record(made) AS d(id uuid, enrollment_id uuid, quiz_id uuid, user_id text, number int,
            started_at timestamptz, deadline_at timestamptz, sequence int, layout jsonb, max_points numeric,
            allowed int, correction int)
    ), held AS (
        UPDATE enrollments e SET revision = e.revision + 1, status = 'in_progress',
            started_at = CASE e.status WHEN 'assigned' THEN COALESCE(e.started_at, d.started_at) ELSE e.started_at END
        FROM d WHERE e.organization_id = organization AND e.id = d.enrollment_id AND e.user_id = d.user_id
            AND e.status IN ('assigned', 'in_progress') AND e.revision = expected
            AND d.correction = COALESCE((
                SELECT max(c.number) FROM version_corrections c
                WHERE c.organization_id = e.organization_id AND c.version_id = e.version_id), 0)
        RETURNING e.id
    ), opened AS (
        INSERT INTO quiz_attempts (id, organization_id, enrollment_id, quiz_id, user_id, number, status, started_at,
            deadline_at, sequence, layout, responses, max_points)
        SELECT d.id, organization, d.enrollment_id, d.quiz_id, d.user_id, d.number, 'in_progress', d.started_at,
            d.deadline_at, d.sequence, d.layout, '{}', d.max_points
        FROM d, held
        RETURNING id
    )
    INSERT INTO quiz_progress AS p (enrollment_id, quiz_id, organization_id, attempts_used, attempts_allowed)
    SELECT d.enrollment_id, d.quiz_id, organization, d.number, d.allowed
    FROM d, opened
    ON CONFLICT (organization_id, enrollment_id, quiz_id) DO UPDATE SET attempts_used = p.attempts_used + 1;
    GET DIAGNOSTICS started = ROW_COUNT;
    RETURN started = 1;
END $$;

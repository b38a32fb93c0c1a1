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

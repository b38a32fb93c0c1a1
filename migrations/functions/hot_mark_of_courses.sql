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

CREATE OR REPLACE FUNCTION courses_of_member(organization text, member text) RETURNS text
    LANGUAGE plpgsql
    SET enable_seqscan = off
    AS $$
DECLARE
    own_chapter text; own_region text; items json; counted int;
BEGIN
    PERFORM set_config('role', 'learning_api', true), set_config('app.organization_id', organization, true);
    SELECT m.chapter_id, c.region_id INTO own_chapter, own_region
    FROM members m JOIN chapters c ON c.organization_id = m.organization_id AND c.id = m.chapter_id
    WHERE m.organization_id = organization AND m.user_id = member AND m.erased_at IS NULL;
    IF NOT FOUND THEN
        RETURN NULL;
    END IF;
    SELECT json_agg(o), count(*) INTO items, counted FROM (
        SELECT c.id, v.title, c.scope, c.scope_id, c.self_enrollment, c.recertification_cadence,
            c.linked_compliance_requirement, v.number AS published_version, NULL AS draft_version,
            trim_scale(v.pass_score) AS pass_score, false AS archived
        FROM courses c
            JOIN course_versions v ON v.organization_id = c.organization_id AND v.id = c.published_version_id
        WHERE c.organization_id = organization AND c.archived_at IS NULL AND (c.scope = 'national'
            OR c.scope = 'regional' AND c.scope_id = own_region OR c.scope = 'chapter' AND c.scope_id = own_chapter)
        ORDER BY c.id DESC LIMIT 51
    ) o;
    RETURN CASE WHEN counted <= 50 THEN
        '{"items":' || COALESCE(items::text, '[]') || ', "next_cursor": null}' END;
END $$;

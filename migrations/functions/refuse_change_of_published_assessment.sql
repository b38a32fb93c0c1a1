CREATE OR REPLACE FUNCTION refuse_change_of_published_assessment() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
DECLARE
    published timestamptz;
    organizations text[] := CASE TG_OP
        WHEN 'INSERT' THEN ARRAY[NEW.organization_id]
        WHEN 'DELETE' THEN ARRAY[OLD.organization_id]
        ELSE ARRAY[OLD.organization_id, NEW.organization_id] END;
    quiz uuid;
BEGIN
    FOREACH quiz IN ARRAY CASE TG_OP
        WHEN 'INSERT' THEN ARRAY[NEW.id]
        WHEN 'DELETE' THEN ARRAY[OLD.id]
        ELSE ARRAY[OLD.id, NEW.id] END
    LOOP
        SELECT v.published_at INTO published FROM quizzes q
            JOIN course_versions v ON v.organization_id = q.organization_id AND v.id = q.version_id
        WHERE q.organization_id = ANY (organizations) AND q.id = quiz FOR SHARE OF v;
        IF published IS NOT NULL THEN
            RAISE EXCEPTION 'assessment % is published and cannot change', quiz USING ERRCODE = 'LS001';
        END IF;
    END LOOP;
    RETURN COALESCE(NEW, OLD);
END $$;

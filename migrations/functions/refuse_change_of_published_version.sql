CREATE OR REPLACE FUNCTION refuse_change_of_published_version() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
DECLARE
    published timestamptz;
    organizations text[] := CASE TG_OP
        WHEN 'INSERT' THEN ARRAY[NEW.organization_id]
        WHEN 'DELETE' THEN ARRAY[OLD.organization_id]
        ELSE ARRAY[OLD.organization_id, NEW.organization_id] END;
    version uuid;
BEGIN
    FOREACH version IN ARRAY CASE TG_OP
        WHEN 'INSERT' THEN ARRAY[NEW.version_id]
        WHEN 'DELETE' THEN ARRAY[OLD.version_id]
        ELSE ARRAY[OLD.version_id, NEW.version_id] END
    LOOP
        SELECT published_at INTO published
        FROM course_versions WHERE organization_id = ANY (organizations) AND id = version FOR SHARE;
        IF published IS NOT NULL THEN
            RAISE EXCEPTION 'version % is published and cannot change', version USING ERRCODE = 'LS001';
        END IF;
    END LOOP;
    RETURN COALESCE(NEW, OLD);
END $$;

CREATE OR REPLACE FUNCTION refuse_change_of_published_version_row() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    IF OLD.published_at IS NOT NULL THEN
        RAISE EXCEPTION 'version % is published and cannot change', OLD.id USING ERRCODE = 'LS001';
    END IF;
    RETURN COALESCE(NEW, OLD);
END $$;

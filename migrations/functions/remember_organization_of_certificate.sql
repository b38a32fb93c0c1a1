CREATE OR REPLACE FUNCTION remember_organization_of_certificate() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    INSERT INTO certificate_organizations (id, organization_id) VALUES (NEW.id, NEW.organization_id);
    RETURN NULL;
END $$;

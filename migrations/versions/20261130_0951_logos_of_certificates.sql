CREATE OR REPLACE FUNCTION logo_of_certificate(wanted uuid) RETURNS text
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path = pg_catalog, public
    AS $$
SELECT c.logo_key
FROM public.certificate_organizations o
    JOIN public.certificates c ON c.organization_id = o.organization_id AND c.id = o.id
WHERE o.id = wanted AND c.recipient_name IS NOT NULL
$$;

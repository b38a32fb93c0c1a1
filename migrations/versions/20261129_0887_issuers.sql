CREATE OR REPLACE FUNCTION issuer_of_certificate(wanted uuid) RETURNS TABLE (
        website text, primary_color text
    )
    LANGUAGE sql STABLE SECURITY DEFINER ROWS 1
    SET search_path = pg_catalog, public
    AS $$
SELECT s.website, c.primary_color
FROM public.certificate_organizations o
    JOIN public.certificates c ON c.organization_id = o.organization_id AND c.id = o.id
    LEFT JOIN public.organization_settings s ON s.organization_id = o.organization_id
WHERE o.id = wanted
$$;

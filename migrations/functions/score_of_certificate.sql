CREATE OR REPLACE FUNCTION score_of_certificate(wanted uuid) RETURNS numeric
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path = pg_catalog, public
    AS $$
SELECT c.score
FROM public.certificate_organizations o
    JOIN public.certificates c ON c.organization_id = o.organization_id AND c.id = o.id
WHERE o.id = wanted AND c.recipient_name IS NOT NULL
$$;

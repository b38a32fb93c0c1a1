CREATE OR REPLACE FUNCTION public_achievement(wanted uuid, version integer) RETURNS TABLE (
        document text, issuer_name text
    )
    LANGUAGE sql STABLE SECURITY DEFINER ROWS 1
    SET search_path = pg_catalog, public
    AS $$
SELECT a.document, a.issuer_name FROM public.achievements a WHERE a.course_id = wanted AND a.number = version
$$;
CREATE OR REPLACE FUNCTION public_credential(wanted uuid) RETURNS TABLE (
        is_erased boolean, credential text, jwt text
    )
    LANGUAGE sql STABLE SECURITY DEFINER ROWS 1
    SET search_path = pg_catalog, public
    AS $$
SELECT c.recipient_name IS NULL, s.credential, s.jwt
FROM public.certificate_organizations o
    JOIN public.certificates c ON c.organization_id = o.organization_id AND c.id = o.id
    LEFT JOIN public.certificate_credentials s ON s.organization_id = c.organization_id AND s.certificate_id = c.id
WHERE o.id = wanted
$$;

CREATE OR REPLACE FUNCTION public_badge(wanted uuid) RETURNS TABLE (
        is_erased boolean, credential text, picture bytea
    )
    LANGUAGE sql STABLE SECURITY DEFINER ROWS 1
    SET search_path = pg_catalog, public
    AS $$
SELECT c.recipient_name IS NULL, s.credential, p.png
FROM public.certificate_organizations o
    JOIN public.certificates c ON c.organization_id = o.organization_id AND c.id = o.id
    LEFT JOIN public.certificate_credentials s ON s.organization_id = c.organization_id AND s.certificate_id = c.id
    LEFT JOIN public.badge_pictures p ON p.organization_id = s.organization_id AND p.id = s.picture_id
WHERE o.id = wanted
$$;

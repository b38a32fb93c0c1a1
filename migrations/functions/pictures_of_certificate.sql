CREATE OR REPLACE FUNCTION pictures_of_certificate(wanted uuid) RETURNS TABLE (
        plain text, marked text, marked_as text, paper text, orientation text
    )
    LANGUAGE sql STABLE SECURITY DEFINER ROWS 1
    SET search_path = pg_catalog, public
    AS $$
SELECT CASE WHEN c.pictured_sha256 = c.pdf_sha256 THEN c.pdf_sha256 END,
    CASE WHEN c.marked_pictured_sha256 = c.marked_sha256 AND s.revoked_pdf IS DISTINCT FROM 'refuse'
        THEN c.marked_sha256 END,
    c.marked_as, c.paper, c.orientation
FROM public.certificate_organizations o
    JOIN public.certificates c ON c.organization_id = o.organization_id AND c.id = o.id
    LEFT JOIN public.organization_settings s ON s.organization_id = o.organization_id
WHERE o.id = wanted AND c.recipient_name IS NOT NULL
$$;

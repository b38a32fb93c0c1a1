CREATE OR REPLACE FUNCTION public_certificates(ids uuid[]) RETURNS TABLE (
        id uuid, recipient_name text, course_title text, issuer_name text, issued_at timestamptz, reissued_at
        timestamptz, expires_at timestamptz, revoked_at timestamptz, reissued_as uuid, renewed_by uuid, timezone
        text
    )
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path = pg_catalog, public
    AS $$
    SELECT c.id, c.recipient_name, c.course_title, c.issuer_name, c.issued_at, c.reissued_at,
           c.expires_at, c.revoked_at, c.reissued_as, c.renewed_by, c.timezone
    FROM public.certificate_organizations o
        JOIN public.certificates c ON c.organization_id = o.organization_id AND c.id = o.id
    WHERE o.id = ANY (ids)
$$;

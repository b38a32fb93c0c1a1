CREATE OR REPLACE FUNCTION public_certificate(wanted uuid) RETURNS TABLE (
        instant timestamptz, id uuid, recipient_name text, course_title text, issuer_name text, issued_at
        timestamptz, reissued_at timestamptz, expires_at timestamptz, revoked_at timestamptz, reissued_as uuid,
        renewed_by uuid, timezone text
    )
    LANGUAGE plpgsql STABLE SECURITY DEFINER ROWS 1
    SET search_path = pg_catalog, public
    SET enable_seqscan = off
    AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY SELECT clock_timestamp(), c.id, c.recipient_name, c.course_title, c.issuer_name, c.issued_at,
        c.reissued_at, c.expires_at, c.revoked_at, c.reissued_as, c.renewed_by, c.timezone
    FROM public.certificates c
    WHERE c.organization_id = (SELECT o.organization_id FROM public.certificate_organizations o WHERE o.id = wanted)
        AND c.id = wanted;
END $$;

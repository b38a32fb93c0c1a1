CREATE OR REPLACE FUNCTION certificate_of_code(wanted bytea) RETURNS uuid
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path = pg_catalog, public
    AS $$
SELECT o.id FROM public.certificate_organizations o WHERE o.code = wanted
$$;

CREATE OR REPLACE FUNCTION public_achievement(wanted uuid, version integer) RETURNS TABLE (
        document text, issuer_name text
    )
    LANGUAGE sql STABLE SECURITY DEFINER ROWS 1
    SET search_path = pg_catalog, public
    AS $$
SELECT a.document, a.issuer_name FROM public.achievements a WHERE a.course_id = wanted AND a.number = version
$$;

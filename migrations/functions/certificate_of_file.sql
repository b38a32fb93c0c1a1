CREATE OR REPLACE FUNCTION certificate_of_file(wanted text) RETURNS uuid
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path = pg_catalog, public
    AS $$
SELECT c.id FROM public.certificates c WHERE c.pdf_sha256 = wanted
UNION ALL SELECT c.id FROM public.certificates c WHERE c.marked_sha256 = wanted
UNION ALL SELECT f.certificate_id FROM public.former_pdfs f WHERE f.sha256 = wanted
LIMIT 1
$$;

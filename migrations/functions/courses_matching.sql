CREATE OR REPLACE FUNCTION courses_matching(sought text) RETURNS TABLE (course_id uuid, rank numeric)
    LANGUAGE plpgsql STABLE SECURITY DEFINER ROWS 100
    SET search_path = pg_catalog, public
    SET enable_seqscan = off
    AS $$
#variable_conflict use_column
DECLARE
    organization text := current_setting('app.organization_id');
    asked text := btrim(public.folded(left(sought, 200)));
    anywhere text := '%' || regexp_replace(asked, '([\\%_])', '\\\1', 'g') || '%';
    languages text[];
    token text; near int; spelling text; spellings text[]; language text;
    one tsquery; alternatives tsquery; whole tsquery;
BEGIN
    languages := ARRAY(SELECT DISTINCT t.configuration FROM public.course_texts t
        WHERE t.organization_id = organization);
    -- Eight words are enough to tell courses apart, and bound the work.
    FOREACH token IN ARRAY (tsvector_to_array(to_tsvector('simple', asked)))[1:8] LOOP
        spellings := ARRAY[token];
        near := CASE WHEN length(token) < 6 THEN 1 ELSE 2 END;
        IF length(token) BETWEEN 4 AND 40 AND NOT EXISTS (
            SELECT FROM public.course_words w WHERE w.organization_id = organization AND w.word ^@ token
        ) THEN
            spellings := spellings || ARRAY(SELECT w.word FROM public.course_words w
                WHERE w.organization_id = organization
                    AND length(w.word) BETWEEN length(token) - near AND length(token) + near
                    AND public.levenshtein_less_equal(w.word, token, near) <= near
                ORDER BY public.levenshtein_less_equal(w.word, token, near), w.word LIMIT 5);
        END IF;
        -- What somebody is still typing is the beginning of a word.
        alternatives := ('''' || replace(replace(token, '\', '\\'), '''', '''''') || ''':*')::tsquery;
        FOREACH spelling IN ARRAY spellings LOOP
            FOREACH language IN ARRAY languages LOOP
                one := plainto_tsquery(language::regconfig, spelling);
                alternatives := CASE WHEN numnode(one) > 0 THEN alternatives || one
                    WHEN spelling <> token THEN alternatives END;
                EXIT WHEN alternatives IS NULL;
            END LOOP;
            EXIT WHEN alternatives IS NULL;
        END LOOP;
        -- A word that some language looks over decides nothing.
        CONTINUE WHEN alternatives IS NULL;
        whole := CASE WHEN whole IS NULL THEN alternatives ELSE whole && alternatives END;
    END LOOP;
    RETURN QUERY SELECT found.id, round(sum(found.weight)::numeric, 6) FROM (
        SELECT t.course_id AS id, ts_rank('{0.1, 0.2, 0.4, 1.0}', t.words, whole) AS weight
        FROM public.course_texts t WHERE t.organization_id = organization AND t.words @@ whole
        UNION ALL
        -- Languages that put no space between words have none that an index could hold.
        SELECT t.course_id, 1.0 FROM public.course_texts t
        WHERE t.organization_id = organization AND asked ~ '[^ -~]' AND t.title LIKE anywhere
    ) found GROUP BY found.id;
END $$;

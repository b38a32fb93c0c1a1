CREATE OR REPLACE FUNCTION remember_course_text(organization text, course uuid) RETURNS void
    LANGUAGE plpgsql
    AS $$
DECLARE
    named text; told text; configuration regconfig;
BEGIN
    -- Bounded, so that no text is too long for a vector.
    SELECT folded(v.title), folded(left(v.description_html, 50000)), search_configuration(v.language)
    INTO named, told, configuration
    FROM courses c JOIN course_versions v ON v.organization_id = c.organization_id AND v.course_id = c.id
        AND (v.id = c.published_version_id OR c.published_version_id IS NULL)
    WHERE c.organization_id = organization AND c.id = course
    ORDER BY v.number DESC LIMIT 1;
    INSERT INTO course_texts (organization_id, course_id, configuration, title, words)
    VALUES (organization, course, configuration::text, named,
        setweight(to_tsvector(configuration, named), 'A') || setweight(to_tsvector(configuration, told), 'B'))
    ON CONFLICT (organization_id, course_id) DO UPDATE
    SET configuration = EXCLUDED.configuration, title = EXCLUDED.title, words = EXCLUDED.words;
    -- In one order, so that two writers do not wait for each other in a circle.
    INSERT INTO course_words (organization_id, word)
    SELECT organization, word FROM (
        SELECT DISTINCT unnest(tsvector_to_array(to_tsvector('simple', named || ' ' || told))) AS word
    ) words
    WHERE length(word) BETWEEN 4 AND 40 AND NOT EXISTS (
        SELECT FROM course_words known WHERE known.organization_id = organization AND known.word = words.word
    )
    ORDER BY word LIMIT 5000
    ON CONFLICT DO NOTHING;
END $$;

CREATE OR REPLACE FUNCTION fold_member() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    NEW.search_text := ' ' || left(folded(NEW.display_name), 200)
        || COALESCE(' ' || left(folded(NEW.email), 320), '');
    RETURN NEW;
END $$;

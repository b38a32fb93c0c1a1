CREATE OR REPLACE FUNCTION remember_past_values() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
DECLARE
    -- The kind, the column that names the row, and the columns to keep.
    kind text := TG_ARGV[0];
    changed jsonb := to_jsonb(NEW);
    was jsonb := CASE TG_OP WHEN 'INSERT' THEN '{}' ELSE to_jsonb(OLD) END;
BEGIN
    -- Of several changes in one transaction the first one knows what held before it.
    INSERT INTO past_values (organization_id, kind, id, until, was)
    SELECT NEW.organization_id, kind, changed ->> TG_ARGV[1],
        COALESCE(NULLIF(current_setting('app.instant', true), '')::timestamptz, transaction_timestamp()),
        COALESCE(jsonb_object_agg(e.key, e.value), '{}')
    FROM jsonb_each(was) AS e WHERE e.key = ANY (TG_ARGV[2:])
    ON CONFLICT DO NOTHING;
    RETURN NULL;
END $$;

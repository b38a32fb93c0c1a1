CREATE OR REPLACE FUNCTION is_active_status(status text, active_statuses text[]) RETURNS boolean
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN active_statuses IS NULL
        OR EXISTS (SELECT FROM unnest(active_statuses) AS active WHERE lower(active) = lower(status));

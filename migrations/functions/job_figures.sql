CREATE OR REPLACE FUNCTION job_figures() RETURNS TABLE(figure text, queue text, job text, status text, value float8)
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path = pg_catalog, public
    AS $$
    SELECT 'rows', o.queue, o.job, o.status, count(*)::float8
    FROM public.outbox o WHERE o.status IN ('queued', 'leased') GROUP BY o.queue, o.job, o.status
    UNION ALL
    SELECT 'rows', o.queue, o.job, 'dead', count(*)::float8
    FROM public.outbox o WHERE o.status = 'dead' GROUP BY o.queue, o.job
    UNION ALL
    SELECT 'retrying', o.queue, o.job, '', count(*)::float8
    FROM public.outbox o WHERE o.status IN ('queued', 'leased') AND o.failures > 0 GROUP BY o.queue, o.job
    UNION ALL
    SELECT 'age', o.queue, '', '', greatest(0, extract(epoch FROM clock_timestamp() - min(o.run_at)))::float8
    FROM public.outbox o WHERE o.status IN ('queued', 'leased') GROUP BY o.queue
    UNION ALL
    SELECT 'finished', o.queue, o.job, o.status, count(*)::float8
    FROM public.outbox o
    WHERE o.status IN ('done', 'dead') AND o.finished_at > clock_timestamp() - interval '1 hour'
    GROUP BY o.queue, o.job, o.status
    UNION ALL
    SELECT 'workers', w.queue, '', '', count(*)::float8
    FROM public.workers w WHERE w.seen_at > clock_timestamp() - interval '30 seconds' GROUP BY w.queue
    UNION ALL
    SELECT 'scheduled', '', s.job, '', extract(epoch FROM clock_timestamp() - s.claimed_at)::float8
    FROM public.schedules s
$$;

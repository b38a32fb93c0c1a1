CREATE OR REPLACE FUNCTION close_attempt(graded jsonb, expected int) RETURNS boolean
    LANGUAGE plpgsql
    SET enable_seqscan = off
    AS $$
DECLARE
    closings int;
BEGIN
    WITH d AS MATERIALIZED (
        SELECT * FROM jsonb_to_record(graded) AS d(id uuid, organization_id text, enrollment_id uuid, quiz_id uuid,
            user_id text, number int, status text, started_at timestamptz, deadline_at timestamptz,
            submitted_at timestamptz, sequence int, layout jsonb, responses jsonb, marks jsonb, max_points numeric,
            points numeric, pending_points numeric, passed boolean, course_id uuid, used int, allowed int,
            best_points numeric, possible_points numeric, passed_at timestamptz, waiting jsonb,
            is_assessment boolean, awaiting_review boolean, closed_with text)
    ), held AS (
        UPDATE enrollments e SET revision = e.revision + 1,
            status = CASE WHEN e.status = 'assigned' THEN 'in_progress' ELSE e.status END,
            started_at = COALESCE(e.started_at, d.started_at),
            awaiting_review = COALESCE(d.awaiting_review, e.awaiting_review)
        FROM d WHERE e.organization_id = d.organization_id AND e.id = d.enrollment_id AND e.user_id = d.user_id
            AND (expected IS NULL OR e.revision = expected)
            AND NOT (expected IS NOT NULL AND d.started_at = d.submitted_at AND EXISTS (SELECT 1 FROM quiz_attempts r
                WHERE r.organization_id = d.organization_id AND r.enrollment_id = d.enrollment_id
                    AND r.quiz_id = d.quiz_id AND r.closed_with = d.closed_with
                    AND r.submitted_at > d.submitted_at - interval '1 minute'))
        RETURNING e.id
    ), closed AS (
        INSERT INTO quiz_attempts AS a (id, organization_id, enrollment_id, quiz_id, user_id, number, status,
            started_at, deadline_at, submitted_at, sequence, layout, responses, marks, max_points, points,
            pending_points, passed, closed_with)
        SELECT d.id, d.organization_id, d.enrollment_id, d.quiz_id, d.user_id, d.number, d.status, d.started_at,
            d.deadline_at, d.submitted_at, d.sequence, d.layout, d.responses, d.marks, d.max_points, d.points,
            d.pending_points, d.passed, d.closed_with
        FROM d, held
        ON CONFLICT (organization_id, id) DO UPDATE SET status = excluded.status,
            submitted_at = excluded.submitted_at, responses = excluded.responses, marks = excluded.marks,
            points = excluded.points, pending_points = excluded.pending_points, passed = excluded.passed,
            closed_with = excluded.closed_with
            WHERE a.status = 'in_progress'
        RETURNING a.id
    ), counted AS (
        INSERT INTO quiz_progress AS p (enrollment_id, quiz_id, organization_id, attempts_used,
            attempts_allowed, best_points, possible_points, max_points, passed_at)
        SELECT d.enrollment_id, d.quiz_id, d.organization_id, d.used, d.allowed, d.best_points,
            d.possible_points, d.max_points, d.passed_at
        FROM d, closed
        ON CONFLICT (organization_id, enrollment_id, quiz_id) DO UPDATE SET attempts_used = excluded.attempts_used,
            best_points = excluded.best_points, possible_points = excluded.possible_points,
            max_points = excluded.max_points, passed_at = excluded.passed_at
    )
    SELECT count(*) INTO closings FROM closed;
    IF closings = 1 AND graded -> 'waiting' <> '[]' THEN
        INSERT INTO pending_responses (id, organization_id, attempt_id, question_id, course_id, user_id, text,
            max_points, submitted_at)
        SELECT w.id, d.organization_id, d.id, w.question_id, d.course_id, d.user_id, w.text, w.max_points,
            d.submitted_at
        FROM jsonb_to_record(graded) AS d(id uuid, organization_id text, course_id uuid, user_id text,
                submitted_at timestamptz),
            jsonb_to_recordset(graded -> 'waiting') AS w(id uuid, question_id uuid, text text, max_points numeric);
    END IF;
    IF closings = 1 AND graded -> 'is_assessment' = 'true' THEN
        INSERT INTO assessment_results (attempt_id, organization_id, enrollment_id, assessment_id, user_id,
            submitted_at, points, max_points, passed)
        SELECT d.id, d.organization_id, d.enrollment_id, d.quiz_id, d.user_id, d.submitted_at, d.points,
            d.max_points, d.passed
        FROM jsonb_to_record(graded) AS d(id uuid, organization_id text, enrollment_id uuid, quiz_id uuid,
            user_id text, submitted_at timestamptz, points numeric, max_points numeric, passed boolean);
    END IF;
    RETURN closings = 1;
END $$;


CREATE OR REPLACE FUNCTION close_attempt_in(organization text, graded jsonb, expected int) RETURNS boolean
    LANGUAGE plpgsql
    SET enable_seqscan = off
    AS $$
BEGIN
    PERFORM set_config('role', 'learning_api', true), set_config('app.organization_id', organization, true);
    -- An attempt that was not started before it is submitted has one time for both.
    IF graded -> 'started_at' = graded -> 'submitted_at' AND EXISTS (
        SELECT 1 FROM enrollments o JOIN quiz_attempts r
            ON r.organization_id = o.organization_id AND r.enrollment_id = o.id
        WHERE o.organization_id = organization AND o.user_id = graded ->> 'user_id'
            AND o.course_id = CAST(graded ->> 'course_id' AS uuid)
            AND o.id <> CAST(graded ->> 'enrollment_id' AS uuid)
            AND r.quiz_id = CAST(graded ->> 'quiz_id' AS uuid) AND r.closed_with = graded ->> 'closed_with'
            AND r.submitted_at > CAST(graded ->> 'submitted_at' AS timestamptz) - interval '1 minute'
    ) THEN
        RETURN false;
    END IF;
    RETURN close_attempt(graded, expected);
END $$;


CREATE OR REPLACE FUNCTION courses_of_member(organization text, member text) RETURNS text
    LANGUAGE plpgsql
    SET enable_seqscan = off
    AS $$
DECLARE
    own_chapter text; own_region text; items json; counted int;
BEGIN
    PERFORM set_config('role', 'learning_api', true), set_config('app.organization_id', organization, true);
    SELECT m.chapter_id, c.region_id INTO own_chapter, own_region
    FROM members m JOIN chapters c ON c.organization_id = m.organization_id AND c.id = m.chapter_id
    WHERE m.organization_id = organization AND m.user_id = member AND m.erased_at IS NULL;
    IF NOT FOUND THEN
        RETURN NULL;
    END IF;
    SELECT json_agg(o), count(*) INTO items, counted FROM (
        SELECT c.id, v.title, c.scope, c.scope_id, c.self_enrollment, c.recertification_cadence,
            c.linked_compliance_requirement, v.number AS published_version, NULL AS draft_version,
            trim_scale(v.pass_score) AS pass_score, false AS archived
        FROM courses c
            JOIN course_versions v ON v.organization_id = c.organization_id AND v.id = c.published_version_id
        WHERE c.organization_id = organization AND c.archived_at IS NULL AND (c.scope = 'national'
            OR c.scope = 'regional' AND c.scope_id = own_region OR c.scope = 'chapter' AND c.scope_id = own_chapter)
        ORDER BY c.id DESC LIMIT 51
    ) o;
    RETURN CASE WHEN counted <= 50 THEN
        '{"items":' || COALESCE(items::text, '[]') || ', "next_cursor": null}' END;
END $$;


CREATE OR REPLACE FUNCTION finish_of_enrollment(organization text, enrollment uuid) RETURNS TABLE (
        completed_at timestamptz, score numeric, certificate_id uuid
    )
    LANGUAGE plpgsql ROWS 1
    SET enable_seqscan = off
    AS $$
#variable_conflict use_column
BEGIN
    PERFORM set_config('role', 'learning_api', true), set_config('app.organization_id', organization, true);
    RETURN QUERY SELECT c.completed_at, c.score, t.id FROM course_completions c
        LEFT JOIN certificates t ON t.organization_id = c.organization_id
            AND t.completion_id = c.id AND t.reissued_as IS NULL
    WHERE c.organization_id = organization AND c.enrollment_id = enrollment;
END $$;


CREATE OR REPLACE FUNCTION is_active_status(status text, active_statuses text[]) RETURNS boolean
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN active_statuses IS NULL
        OR EXISTS (SELECT FROM unnest(active_statuses) AS active WHERE lower(active) = lower(status));


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


CREATE OR REPLACE FUNCTION position_at_quiz(organization text, member text, quiz uuid) RETURNS TABLE (
        instant timestamptz, revision int, enrollment_id uuid, organization_id text, user_id text, course_id uuid,
        version_id uuid, status text, source text, assigned_at timestamptz, due_at timestamptz, extra_time_seconds
        int, lessons jsonb, quizzes jsonb, under_way jsonb, attempt_id uuid, attempt_enrollment uuid, quiz_id uuid,
        attempt_user text, number int, attempt_status text, started_at timestamptz, deadline_at timestamptz,
        submitted_at timestamptz, sequence int, layout jsonb, responses jsonb, marks jsonb, max_points numeric,
        points numeric, pending_points numeric, passed boolean
    )
    LANGUAGE plpgsql ROWS 1
    SET enable_seqscan = off
    AS $$
#variable_conflict use_column
BEGIN
    PERFORM set_config('role', 'learning_api', true), set_config('app.organization_id', organization, true);
    RETURN QUERY SELECT clock_timestamp(), e.revision, e.id, e.organization_id, e.user_id, e.course_id,
        e.version_id, e.status, e.source, e.assigned_at, e.due_at, e.extra_time_seconds,
        (SELECT jsonb_object_agg(p.lesson_id, p.completed_at) FROM lesson_progress p
            WHERE p.organization_id = organization AND p.enrollment_id = e.id),
        (SELECT jsonb_object_agg(q.quiz_id, jsonb_build_array(q.attempts_used, q.attempts_allowed,
                q.best_points::text, q.possible_points::text, q.max_points::text, q.passed_at))
            FROM quiz_progress q WHERE q.organization_id = organization AND q.enrollment_id = e.id),
        (SELECT jsonb_agg(o.quiz_id) FROM quiz_attempts o
            WHERE o.organization_id = organization AND o.enrollment_id = e.id AND o.status = 'in_progress'),
        a.id, a.enrollment_id, a.quiz_id, a.user_id, a.number, a.status, a.started_at, a.deadline_at,
        a.submitted_at, a.sequence, a.layout, a.responses, a.marks, a.max_points, a.points, a.pending_points,
        a.passed
    FROM enrollments e
        JOIN members m ON m.organization_id = e.organization_id AND m.user_id = e.user_id
        JOIN quizzes z ON z.organization_id = e.organization_id AND z.version_id = e.version_id
        LEFT JOIN quiz_attempts a ON a.organization_id = e.organization_id AND a.enrollment_id = e.id
            AND a.quiz_id = quiz AND a.status = 'in_progress'
    WHERE e.organization_id = organization AND e.user_id = member AND z.id = quiz AND m.erased_at IS NULL
    ORDER BY a.id IS NOT NULL DESC, CASE WHEN e.status IN ('assigned', 'in_progress') THEN 3
        WHEN e.status = 'completed' AND EXISTS (SELECT 1 FROM course_completions c
            WHERE c.organization_id = organization AND c.enrollment_id = e.id AND c.voided_at IS NULL
                AND (c.expires_at IS NULL OR c.expires_at > clock_timestamp())) THEN 2
        WHEN e.withdrawn_because = 'completed-elsewhere' THEN 0 ELSE 1 END DESC,
        COALESCE(e.withdrawn_at, e.ended_at) DESC NULLS LAST, e.id DESC LIMIT 1;
END $$;


CREATE OR REPLACE FUNCTION position_of_member(organization text, member text, course uuid) RETURNS TABLE (
        instant timestamptz, enrollment_id uuid, organization_id text, user_id text, course_id uuid, version_id
        uuid, status text, source text, assigned_at timestamptz, due_at timestamptz, extra_time_seconds int, lessons
        jsonb, quizzes jsonb, under_way jsonb
    )
    LANGUAGE plpgsql ROWS 1
    SET enable_seqscan = off
    AS $$
#variable_conflict use_column
BEGIN
    PERFORM set_config('role', 'learning_api', true), set_config('app.organization_id', organization, true);
    RETURN QUERY SELECT clock_timestamp(), e.id, e.organization_id, e.user_id, e.course_id, e.version_id, e.status,
        e.source, e.assigned_at, e.due_at, e.extra_time_seconds,
        (SELECT jsonb_object_agg(p.lesson_id, p.completed_at) FROM lesson_progress p
            WHERE p.organization_id = organization AND p.enrollment_id = e.id),
        (SELECT jsonb_object_agg(q.quiz_id, jsonb_build_array(q.attempts_used, q.attempts_allowed,
                q.best_points::text, q.possible_points::text, q.max_points::text, q.passed_at))
            FROM quiz_progress q WHERE q.organization_id = organization AND q.enrollment_id = e.id),
        (SELECT jsonb_agg(a.quiz_id) FROM quiz_attempts a
            WHERE a.organization_id = organization AND a.enrollment_id = e.id AND a.status = 'in_progress')
    FROM enrollments e JOIN members m ON m.organization_id = e.organization_id AND m.user_id = e.user_id
    WHERE e.organization_id = organization AND e.user_id = member AND e.course_id = course
        AND m.erased_at IS NULL
    ORDER BY CASE WHEN e.status IN ('assigned', 'in_progress') THEN 3
        WHEN e.status = 'completed' AND EXISTS (SELECT 1 FROM course_completions c
            WHERE c.organization_id = organization AND c.enrollment_id = e.id AND c.voided_at IS NULL
                AND (c.expires_at IS NULL OR c.expires_at > clock_timestamp())) THEN 2
        WHEN e.withdrawn_because = 'completed-elsewhere' THEN 0 ELSE 1 END DESC,
        COALESCE(e.withdrawn_at, e.ended_at) DESC NULLS LAST, e.id DESC LIMIT 1;
END $$;


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


CREATE OR REPLACE FUNCTION public_certificates(ids uuid[]) RETURNS TABLE (
        id uuid, recipient_name text, course_title text, issuer_name text, issued_at timestamptz, reissued_at
        timestamptz, expires_at timestamptz, revoked_at timestamptz, reissued_as uuid, renewed_by uuid, timezone
        text
    )
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path = pg_catalog, public
    AS $$
    SELECT c.id, c.recipient_name, c.course_title, c.issuer_name, c.issued_at, c.reissued_at,
           c.expires_at, c.revoked_at, c.reissued_as, c.renewed_by, c.timezone
    FROM public.certificate_organizations o
        JOIN public.certificates c ON c.organization_id = o.organization_id AND c.id = o.id
    WHERE o.id = ANY (ids)
$$;


CREATE OR REPLACE FUNCTION refuse_change_of_audit_entry() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    RAISE EXCEPTION 'the audit trail is append-only' USING ERRCODE = 'LS002';
END $$;


CREATE OR REPLACE FUNCTION refuse_change_of_published_assessment() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
DECLARE
    published timestamptz;
    organizations text[] := CASE TG_OP
        WHEN 'INSERT' THEN ARRAY[NEW.organization_id]
        WHEN 'DELETE' THEN ARRAY[OLD.organization_id]
        ELSE ARRAY[OLD.organization_id, NEW.organization_id] END;
    quiz uuid;
BEGIN
    FOREACH quiz IN ARRAY CASE TG_OP
        WHEN 'INSERT' THEN ARRAY[NEW.id]
        WHEN 'DELETE' THEN ARRAY[OLD.id]
        ELSE ARRAY[OLD.id, NEW.id] END
    LOOP
        SELECT v.published_at INTO published FROM quizzes q
            JOIN course_versions v ON v.organization_id = q.organization_id AND v.id = q.version_id
        WHERE q.organization_id = ANY (organizations) AND q.id = quiz FOR SHARE OF v;
        IF published IS NOT NULL THEN
            RAISE EXCEPTION 'assessment % is published and cannot change', quiz USING ERRCODE = 'LS001';
        END IF;
    END LOOP;
    RETURN COALESCE(NEW, OLD);
END $$;


CREATE OR REPLACE FUNCTION refuse_change_of_published_version() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
DECLARE
    published timestamptz;
    organizations text[] := CASE TG_OP
        WHEN 'INSERT' THEN ARRAY[NEW.organization_id]
        WHEN 'DELETE' THEN ARRAY[OLD.organization_id]
        ELSE ARRAY[OLD.organization_id, NEW.organization_id] END;
    version uuid;
BEGIN
    FOREACH version IN ARRAY CASE TG_OP
        WHEN 'INSERT' THEN ARRAY[NEW.version_id]
        WHEN 'DELETE' THEN ARRAY[OLD.version_id]
        ELSE ARRAY[OLD.version_id, NEW.version_id] END
    LOOP
        SELECT published_at INTO published
        FROM course_versions WHERE organization_id = ANY (organizations) AND id = version FOR SHARE;
        IF published IS NOT NULL THEN
            RAISE EXCEPTION 'version % is published and cannot change', version USING ERRCODE = 'LS001';
        END IF;
    END LOOP;
    RETURN COALESCE(NEW, OLD);
END $$;


CREATE OR REPLACE FUNCTION refuse_change_of_published_version_row() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    IF OLD.published_at IS NOT NULL THEN
        RAISE EXCEPTION 'version % is published and cannot change', OLD.id USING ERRCODE = 'LS001';
    END IF;
    RETURN COALESCE(NEW, OLD);
END $$;


CREATE OR REPLACE FUNCTION remember_organization_of_certificate() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    INSERT INTO certificate_organizations (id, organization_id) VALUES (NEW.id, NEW.organization_id);
    RETURN NULL;
END $$;

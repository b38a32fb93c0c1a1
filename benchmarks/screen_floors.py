"""The limits of `screen_rows` and `start_rows`: JSON built by PostgreSQL, a save and a start in one function each."""

# Of each enrollment what is required, what of it is done, and the first thing that is not.
_DONE = """
SELECT count(*) AS total, count(*) FILTER (WHERE i.done) AS done,
    (array_agg(ARRAY[i.kind, i.id::text, i.title] ORDER BY i.module, i.position)
        FILTER (WHERE NOT i.done))[1:1] AS next
FROM (
    SELECT 'lesson' AS kind, l.id, l.title, m.position AS module, l.position, p.lesson_id IS NOT NULL AS done
    FROM course_modules m
        JOIN lessons l ON l.organization_id = m.organization_id AND l.module_id = m.id AND l.required
        LEFT JOIN lesson_progress p
            ON p.organization_id = m.organization_id AND p.enrollment_id = e.id AND p.lesson_id = l.id
    WHERE m.organization_id = e.organization_id AND m.version_id = e.version_id
    UNION ALL
    SELECT 'quiz', q.id, q.title, m.position, q.position, p.passed_at IS NOT NULL
    FROM course_modules m
        JOIN quizzes q ON q.organization_id = m.organization_id AND q.module_id = m.id AND q.required
        LEFT JOIN quiz_progress p
            ON p.organization_id = m.organization_id AND p.enrollment_id = e.id AND p.quiz_id = q.id
    WHERE m.organization_id = e.organization_id AND m.version_id = e.version_id
) i
"""
_FINISH = """
LEFT JOIN course_completions c ON c.organization_id = e.organization_id AND c.enrollment_id = e.id
LEFT JOIN certificates t ON t.organization_id = e.organization_id AND t.completion_id = c.id AND t.reissued_as IS NULL
"""
LEARNING = f"""
SELECT json_build_object('items', json_agg(i ORDER BY i.enrollment_id DESC), 'next_cursor', NULL,
    'totals', json_build_object('assigned', count(*) FILTER (WHERE i.status = 'assigned'),
        'in_progress', count(*) FILTER (WHERE i.status = 'in_progress'),
        'completed', count(*) FILTER (WHERE i.status = 'completed'),
        'failed', count(*) FILTER (WHERE i.status = 'failed'), 'overdue', count(*) FILTER (WHERE i.overdue)))::text
FROM (
    SELECT e.id AS enrollment_id, e.course_id, v.title AS course_title, e.status, n.done AS items_completed,
        n.total AS items_total, CASE e.status WHEN 'completed' THEN 100 ELSE n.done * 100 / n.total END AS percent,
        e.due_at, coalesce(e.due_at < now(), false) AS overdue, e.awaiting_review, c.completed_at, c.score,
        t.id AS certificate_id, CASE WHEN n.next IS NOT NULL THEN json_build_object('kind', n.next[1][1],
            'id', n.next[1][2], 'title', n.next[1][3]) END AS next_item, '[]'::json AS missing_prerequisites
    FROM enrollments e
        JOIN course_versions v ON v.organization_id = e.organization_id AND v.id = e.version_id
        {_FINISH} CROSS JOIN LATERAL ({_DONE}) n
    WHERE e.organization_id = $1 AND e.user_id = $2 AND e.status <> 'withdrawn'
) i
"""
ENROLLMENTS = f"""
SELECT json_build_object('items', json_agg(i ORDER BY i.assigned_at DESC, i.id DESC), 'next_cursor', NULL)::text
FROM (
    SELECT e.id, e.user_id, w.display_name, h.name AS chapter_name, e.course_id, v.title AS course_title,
        v.number AS version, e.status, e.assigned_at, e.due_at, coalesce(e.due_at < now(), false) AS overdue,
        e.awaiting_review, e.source, e.withdrawn_at,
        CASE e.status WHEN 'completed' THEN 100 ELSE n.done * 100 / n.total END AS percent,
        c.completed_at, c.score, t.id AS certificate_id
    FROM (
        SELECT * FROM enrollments WHERE organization_id = $1 AND course_id = $2 AND status = 'completed'
        ORDER BY assigned_at DESC, id DESC LIMIT 50
    ) e
        JOIN members w ON w.organization_id = e.organization_id AND w.user_id = e.user_id
        JOIN chapters h ON h.organization_id = w.organization_id AND h.id = w.chapter_id
        JOIN course_versions v ON v.organization_id = e.organization_id AND v.id = e.version_id
        {_FINISH} CROSS JOIN LATERAL ({_DONE}) n
) i
"""
SAVE = "SELECT bench_save($1, $2, $3, $4)"
SAVE_FUNCTION = """
CREATE OR REPLACE FUNCTION bench_save(org text, member text, attempt uuid, body text) RETURNS text
LANGUAGE plpgsql AS $$
DECLARE
    given jsonb; kept int;
BEGIN
    SELECT jsonb_object_agg(r->>'question_id', r - 'question_id') INTO given
    FROM jsonb_array_elements(body::jsonb->'responses') r;
    UPDATE quiz_attempts a SET responses = coalesce(a.responses, '{}') || given
    WHERE a.organization_id = org AND a.id = attempt AND a.user_id = member AND a.status = 'in_progress'
    RETURNING (SELECT count(*) FROM jsonb_object_keys(a.responses)) INTO STRICT kept;
    RETURN json_build_object('attempt_id', attempt, 'saved', kept, 'sequence', 0, 'deadline_at', NULL,
        'server_time', now());
END $$
"""
START = "SELECT bench_start($1, $2, $3)"
# What is shown is drawn and mixed by the database's chance, and kept in that order.
START_FUNCTION = """
CREATE OR REPLACE FUNCTION bench_start(org text, member text, quiz uuid) RETURNS text
LANGUAGE plpgsql AS $$
DECLARE
    held enrollments; shown jsonb; total numeric; used int; attempt uuid := gen_random_uuid();
BEGIN
    SELECT e.* INTO held FROM enrollments e
        JOIN quizzes q ON q.organization_id = e.organization_id AND q.version_id = e.version_id
    WHERE e.organization_id = org AND e.user_id = member AND q.id = quiz AND e.status IN ('assigned', 'in_progress')
    FOR UPDATE OF e;
    SELECT jsonb_agg(jsonb_build_object('id', d.id, 'key', d.key, 'type', d.type, 'prompt_html', d.prompt_html,
        'points', d.points, 'answers', (
            SELECT jsonb_agg(jsonb_build_object('id', a.id, 'text', a.text) ORDER BY random()) FROM quiz_answers a
            WHERE a.organization_id = org AND a.question_id = d.id)) ORDER BY random()), sum(d.points)
    INTO shown, total
    FROM (
        SELECT n.*, row_number() OVER (PARTITION BY n.pool ORDER BY random()) AS nth,
            (SELECT p.draw FROM questions p WHERE p.organization_id = org AND p.quiz_id = quiz AND p.type = 'pool'
                AND p.key = n.pool) AS most
        FROM questions n WHERE n.organization_id = org AND n.quiz_id = quiz AND n.type <> 'pool'
    ) d WHERE d.pool IS NULL OR d.nth <= d.most;
    INSERT INTO quiz_progress AS p (enrollment_id, quiz_id, organization_id, attempts_used)
    VALUES (held.id, quiz, org, 1)
    ON CONFLICT (organization_id, enrollment_id, quiz_id) DO UPDATE SET attempts_used = p.attempts_used + 1
    RETURNING attempts_used INTO used;
    INSERT INTO quiz_attempts (id, organization_id, enrollment_id, quiz_id, user_id, number, status, started_at,
        sequence, layout, responses, max_points)
    VALUES (attempt, org, held.id, quiz, member, used, 'in_progress', now(), -1, (
        SELECT jsonb_agg(jsonb_build_array(q -> 'id', (SELECT jsonb_agg(a -> 'id') FROM
            jsonb_array_elements(q -> 'answers') a))) FROM jsonb_array_elements(shown) q), '{}', total);
    UPDATE enrollments SET revision = revision + 1, status = 'in_progress', started_at = coalesce(started_at, now())
    WHERE organization_id = org AND id = held.id;
    RETURN json_build_object('attempt_id', attempt, 'number', used, 'started_at', now(), 'deadline_at', NULL,
        'server_time', now(), 'questions', shown);
END $$;
"""

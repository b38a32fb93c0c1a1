"""The physical limits of the HTTP rows: bare Starlette and asyncpg, nothing around them, JSON made by PostgreSQL.

No authentication, tenancy, log, metrics or validation; the connection is given back without a reset. Also FastAPI's
smallest application, beside which the service's middleware is measured.
"""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg
from benchmarks.screen_floors import ENROLLMENTS, LEARNING, SAVE, START
from fastapi import FastAPI
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

VERIFY = """
SELECT id, recipient_name, course_title, issuer_name, issued_at, expires_at, revoked_at, reissued_as, renewed_by
FROM certificates
WHERE organization_id = (SELECT organization_id FROM certificate_organizations WHERE id = $1) AND id = $1
"""
COURSES = """
SELECT json_build_object('items', json_agg(c), 'next_cursor', NULL)::text FROM (
    SELECT c.id, v.title, c.scope, c.scope_id, c.self_enrollment, c.recertification_cadence,
        c.linked_compliance_requirement, v.number AS published_version, NULL AS draft_version,
        trim_scale(v.pass_score) AS pass_score, c.archived_at IS NOT NULL AS archived, v.description_html,
        v.image_url, v.language, v.estimated_minutes, trim_scale(v.credit_hours) AS credit_hours, c.category,
        c.prerequisites, c.sequence, c.recertification
    FROM members m
        JOIN courses c ON c.organization_id = m.organization_id
        JOIN course_versions v ON v.organization_id = c.organization_id AND v.id = c.published_version_id
    WHERE m.organization_id = $1 AND m.user_id = $2 AND c.archived_at IS NULL AND c.scope = 'national'
    ORDER BY c.id DESC LIMIT 50
) c
"""
MODULES = """
SELECT json_build_object('version', v.number, 'enrollment', json_build_object('id', e.id, 'user_id', e.user_id,
    'course_id', e.course_id, 'course_title', v.title, 'version', v.number, 'status', e.status,
    'assigned_at', e.assigned_at, 'due_at', e.due_at, 'source', e.source),
    'assessment', NULL, 'next_cursor', NULL, 'items', (
    SELECT json_agg(json_build_object('id', m.id, 'key', m.key, 'title', m.title, 'items', (
        SELECT json_agg(json_build_object('kind', 'lesson', 'id', l.id, 'key', l.key, 'title', l.title,
            'required', l.required, 'completed_at', p.completed_at, 'body_html', l.body_html,
            'video_url', l.video_url, 'document_url', l.document_url, 'image_url', l.image_url) ORDER BY l.position)
        FROM lessons l LEFT JOIN lesson_progress p
            ON p.organization_id = e.organization_id AND p.enrollment_id = e.id AND p.lesson_id = l.id
        WHERE l.organization_id = e.organization_id AND l.module_id = m.id)) ORDER BY m.position)
    FROM course_modules m WHERE m.organization_id = e.organization_id AND m.version_id = v.id))::text
FROM enrollments e JOIN course_versions v ON v.organization_id = e.organization_id AND v.id = e.version_id
WHERE e.organization_id = $1 AND e.user_id = $2 AND e.course_id = $3
"""
SUBMIT = "SELECT bench_submit($1, $2, $3, $4)"
# The whole submission of a quiz inside the database: lock, grade, attempt, counter, enrollment.
SUBMIT_FUNCTION = """
CREATE OR REPLACE FUNCTION bench_submit(org text, member text, quiz uuid, body text) RETURNS text
LANGUAGE plpgsql AS $$
DECLARE
    held enrollments; given jsonb; judged jsonb; total numeric; points_ numeric; used int; attempt uuid;
BEGIN
    SELECT e.* INTO held FROM enrollments e
        JOIN quizzes q ON q.organization_id = e.organization_id AND q.version_id = e.version_id
    WHERE e.organization_id = org AND e.user_id = member AND q.id = quiz AND e.status = 'in_progress'
    FOR UPDATE OF e;
    SELECT jsonb_object_agg(r->>'question_id', r - 'question_id') INTO given
    FROM jsonb_array_elements(body::jsonb->'responses') r;
    SELECT sum(n.points), sum(n.points) FILTER (WHERE n.good),
        jsonb_object_agg(n.id, jsonb_build_object('points', CASE WHEN n.good THEN n.points ELSE 0 END,
            'correct', n.good))
    INTO total, points_, judged
    FROM (SELECT n.id, n.points, given->n.id::text->'answer_ids' = (
            SELECT jsonb_agg(a.id::text) FROM quiz_answers a
            WHERE a.organization_id = org AND a.question_id = n.id AND a.is_correct) AS good
        FROM questions n WHERE n.organization_id = org AND n.quiz_id = quiz) n;
    INSERT INTO quiz_progress AS p (enrollment_id, quiz_id, organization_id, attempts_used, best_points,
        possible_points, max_points)
    VALUES (held.id, quiz, org, 1, points_, points_, total)
    ON CONFLICT (organization_id, enrollment_id, quiz_id) DO UPDATE SET attempts_used = p.attempts_used + 1,
        best_points = greatest(p.best_points, excluded.best_points),
        possible_points = greatest(p.possible_points, excluded.possible_points), max_points = excluded.max_points
    RETURNING attempts_used INTO used;
    INSERT INTO quiz_attempts (id, organization_id, enrollment_id, quiz_id, user_id, number, status, started_at,
        submitted_at, sequence, responses, marks, max_points, points, pending_points, passed)
    VALUES (gen_random_uuid(), org, held.id, quiz, member, used, 'graded', now(), now(), -1, given, judged, total,
        points_, 0, points_ * 100 >= total * 70)
    RETURNING id INTO attempt;
    UPDATE enrollments SET revision = revision + 1 WHERE organization_id = org AND id = held.id;
    RETURN json_build_object('attempt_id', attempt, 'number', used, 'points', points_, 'max_points', total,
        'score', points_ * 100 / total, 'responses', judged);
END $$
"""


class Connection(asyncpg.Connection):
    """Given back as it is."""

    def get_reset_query(self) -> str:
        """No statement on release."""
        return ""


@asynccontextmanager
async def _lifespan(app: Starlette) -> AsyncIterator[None]:
    url = os.environ["FLOOR_DATABASE_URL"]
    async with asyncpg.create_pool(url, min_size=10, max_size=10, connection_class=Connection) as pool:
        app.state.pool = pool
        yield


async def verify(request: Request) -> Response:
    """A certificate by its id."""
    row = await request.app.state.pool.fetchrow(VERIFY, request.path_params["id"])
    return JSONResponse(
        {
            "certificate_id": str(row[0]),
            "status": "valid",
            "recipient_name": row[1],
            "course_title": row[2],
            "issuer": {"name": row[3]},
            "issued_at": row[4].isoformat(),
            "expires_at": row[5].isoformat(),
        }
    )


async def courses(request: Request) -> Response:
    """A member's courses."""
    found = await request.app.state.pool.fetchval(
        COURSES, request.path_params["organization"], request.path_params["user"]
    )
    return Response(found, media_type="application/json")


async def modules(request: Request) -> Response:
    """A course's modules with a member's progress."""
    given = request.path_params
    found = await request.app.state.pool.fetchval(
        MODULES, given["organization"], given["user"], given["course"]
    )
    return Response(found, media_type="application/json")


async def submit(request: Request) -> Response:
    """A submission."""
    given = request.path_params
    body = (await request.body()).decode()
    found = await request.app.state.pool.fetchval(
        SUBMIT, given["organization"], given["user"], given["quiz"], body
    )
    return Response(found, media_type="application/json")


async def learning(request: Request) -> Response:
    """A member's enrollments with their progress."""
    given = request.path_params
    found = await request.app.state.pool.fetchval(LEARNING, given["organization"], given["user"])
    return Response(found, media_type="application/json")


async def enrollments(request: Request) -> Response:
    """A course's completed enrollments."""
    given = request.path_params
    found = await request.app.state.pool.fetchval(ENROLLMENTS, given["organization"], given["course"])
    return Response(found, media_type="application/json")


async def save(request: Request) -> Response:
    """A saved answer."""
    given = request.path_params
    body = (await request.body()).decode()
    found = await request.app.state.pool.fetchval(
        SAVE, given["organization"], given["user"], given["attempt"], body
    )
    return Response(found, media_type="application/json")


async def start(request: Request) -> Response:
    """A started attempt."""
    given = request.path_params
    found = await request.app.state.pool.fetchval(START, given["organization"], given["user"], given["quiz"])
    return Response(found, status_code=201, media_type="application/json")


app = Starlette(
    routes=[
        Route("/verify/{id:uuid}", verify),
        Route("/courses/{organization}/{user}", courses),
        Route("/modules/{organization}/{user}/{course:uuid}", modules),
        Route("/submit/{organization}/{user}/{quiz:uuid}", submit, methods=["POST"]),
        Route("/learning/{organization}/{user}", learning),
        Route("/enrollments/{organization}/{course:uuid}", enrollments),
        Route("/save/{organization}/{user}/{attempt:uuid}", save, methods=["PATCH"]),
        Route("/start/{organization}/{user}/{quiz:uuid}", start, methods=["POST"]),
    ],
    lifespan=_lifespan,
)

hello = FastAPI()


@hello.get("/hello")
async def say_hello() -> dict[str, str]:
    """FastAPI's own first example."""
    return {"hello": "world"}

"""Rows of what people look at and do all day: their enrollments, an administrator's list, and one saved answer."""

import json

import httpx
from benchmarks.http_rows import LEARNERS, Hall, compare, request, run_values, tokens_of
from benchmarks.people import ORGANIZATION, execute, run
from benchmarks.results import Mark, Row
from benchmarks.screen_floors import SAVE_FUNCTION
from benchmarks.stage import Server

SAVES = 40
"""Different answers of each learner before the first comes again."""


def learning(hall: Hall) -> Row:
    """A member's enrollments with progress, score and what comes next: three courses, 82 items."""
    return compare(hall, "learning", learning_requests(hall), Mark(0.70), None)


def learning_requests(hall: Hall) -> dict[str, list[str]]:
    """What is sent to each server."""
    tokens = tokens_of(hall, LEARNERS)
    return {
        "service": [request("/api/users/enrollments/progress/", token) for token in tokens],
        "floor": [request(f"/learning/{ORGANIZATION}/user-{n}", token) for n, token in enumerate(tokens)],
    }


def enrollments(hall: Hall) -> Row:
    """An administrator's 50 of 100,000 enrollments with names and progress: those completed in a course."""
    return compare(hall, "enrollments", enrollments_requests(hall), Mark(0.60), None)


def enrollments_requests(hall: Hall) -> dict[str, list[str]]:
    """What is sent to each server."""
    [course] = run_values(
        hall.url, "SELECT course_id FROM enrollments GROUP BY course_id ORDER BY count(*) DESC LIMIT 1"
    )
    token = hall.stage.token(ORGANIZATION, "boss", "national_admin")
    wanted = f"course_id={course}&status=completed&sort=-assigned_at"
    return {
        "service": [request(f"/api/enrollments/?{wanted}", token)],
        "floor": [request(f"/enrollments/{ORGANIZATION}/{course}", token)],
    }


def save(hall: Hall) -> Row:
    """One answer of an attempt under way, of twenty questions."""
    run(execute(hall.url, SAVE_FUNCTION))
    return compare(hall, "save", save_requests(hall), Mark(0.70), Mark(6))


def save_requests(hall: Hall) -> dict[str, list[str]]:
    """What is sent to each server, once each learner has an attempt."""
    [quiz] = run_values(hall.url, f"SELECT id FROM quizzes WHERE version_id = '{hall.quiz.version_id}'")
    tokens = tokens_of(hall, LEARNERS)
    attempts = [_begun(hall.service, quiz, token) for token in tokens]
    choices = run_values(
        hall.url,
        "SELECT json_build_array(a.question_id, a.id)::text FROM quiz_answers a JOIN questions q"
        f" ON q.id = a.question_id WHERE q.quiz_id = '{quiz}' ORDER BY a.position, q.position LIMIT {SAVES}",
    )
    bodies = []
    for question, choice in map(json.loads, choices):
        bodies.append(json.dumps({"responses": [{"question_id": question, "answer_ids": [choice]}]}))
    each = [(body, n) for body in bodies for n in range(LEARNERS)]
    asked = [request(f"/api/attempts/{attempts[n]}/", tokens[n], body, method="PATCH") for body, n in each]
    return {
        "service": asked,
        "floor": [
            request(f"/save/{ORGANIZATION}/user-{n}/{attempts[n]}", tokens[n], body, method="PATCH")
            for body, n in each
        ],
        "drf": asked,
    }


def _begun(server: Server, quiz: str, token: str) -> str:
    """The attempt that the learner has under way, begun where there is none."""
    answer = httpx.post(
        f"http://127.0.0.1:{server.port}/api/quizzes/{quiz}/attempts/",
        headers={"Authorization": f"Bearer {token}"},
        timeout=60,
    )
    answer.raise_for_status()
    return str(answer.json()["attempt_id"])


ROWS = {"learning": learning, "enrollments": enrollments, "save": save}

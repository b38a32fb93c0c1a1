"""Key material in no answer that a member, a stranger or another service can get: every route is walked."""

import json
from typing import Any

import pytest
from fastapi import FastAPI
from sqlalchemy import text
from tests.grading.scenes import choice_with, essay, learner, quiz, tree
from tests.world import Caller, Json, World

from learning_service.reference import api_routes

CANARY = "kanarienvogel"
SHORT = {
    "type": "short_answer",
    "prompt_html": "<p>Short?</p>",
    "points": 5,
    "accepted_answers": [f"{CANARY} accepted"],
    "explanation_html": f"<p>{CANARY} explained</p>",
    "review": "unmatched",
}
SCOPES = ("directory:write", "reports:read", "webhooks:manage", "events:read")
# What would take the scene down for the callers after it.
DESTRUCTIVE = {("DELETE", "/api/directory/members/{user_id}/")}


def content() -> Json:
    free = essay(rubric_html=f"<p>{CANARY} rubric</p>", explanation_html=f"<p>{CANARY} explained</p>")
    single = choice_with(explanation_html=f"<p>{CANARY} explained</p>")
    final = {"title": "Final", "pass_score": 80, "max_attempts": 5, "questions": [SHORT, free]}
    return tree(quiz(single, SHORT, free, max_attempts=5), assessment=final)


async def scene(world: World) -> dict[str, str]:
    """A learner with graded, waiting and open attempts; ids for the parameters of paths."""
    ana = await learner(world, content())
    modules = await ana.call.ok("GET", f"/api/courses/{ana.course['id']}/modules/")
    sent = await ana.answer({"texts": ["wrong"]}, {"text": "no"}, {"text": "words"})
    gil = world.call_as("gil", "grader")
    items = (await gil.ok("GET", "/api/learning/grading/pending/"))["items"]
    assert CANARY in json.dumps(items), "graders do see rubrics, so the canary is where it should be"
    graded = await gil.ok(
        "POST",
        f"/api/learning/grading/{items[0]['response_id']}/",
        {"points": 0, "feedback": f"<p>{CANARY} note</p>"},
    )
    assert graded["attempt"]["attempt_id"] == sent["attempt_id"]
    await ana.answer({"texts": ["wrong"]}, {"text": "no"}, {"text": "more words"})
    await ana.start()
    return {
        "course_id": ana.course["id"],
        "quiz_id": ana.quiz_id,
        "assessment_id": modules["assessment"]["id"],
        "attempt_id": sent["attempt_id"],
        "enrollment_id": ana.enrollment_id,
        "response_id": items[0]["response_id"],
        "user_id": "ana",
        "number": "1",
        "version_number": "1",
    }


async def walk(app: FastAPI, caller: Caller, ids: dict[str, str]) -> int:
    seen = 0
    for route in api_routes(app):
        for method in sorted(route.methods or ()):
            if (method, route.path) in DESTRUCTIVE:
                continue
            path = route.path
            for name in route.param_convertors:
                known = ids.get(name, ids["course_id"])
                if name == "quiz_id" and "assessments" in path:
                    known = ids["assessment_id"]
                path = path.replace("{" + name + "}", known)
            bodies: list[Any] = [None] if method == "GET" else [{}, {"responses": []}]
            for body in bodies:
                answer = await caller(method, path, body)
                assert CANARY not in answer.text, f"{caller.user}: {method} {path}: {answer.text}"
                assert CANARY not in str(answer.headers)
                assert answer.status_code < 500, f"{method} {path}: {answer.text}"
                seen += 1
    return seen


@pytest.mark.long
@pytest.mark.timeout(300)
async def test_keys_notes_and_rubrics_reach_nobody_who_learns(
    world: World, other_world: World, app: FastAPI
) -> None:
    ids = await scene(world)
    callers = [
        world.member("ana"),
        world.member("bob"),
        world.call_as("nobody"),
        world.call_as("service", scopes=SCOPES),
        other_world.member("ana"),
    ]
    for caller in callers:
        assert await walk(app, caller, ids) > 50
    async with world.worker.transaction(world.id) as session:
        for table in ("events", "audit_entries", "outbox"):
            rows = await session.execute(
                text(f"SELECT to_jsonb(t)::text FROM {table} t WHERE organization_id = :org"),
                {"org": world.id},
            )
            told = rows.scalars().all()
            assert not [row for row in told if CANARY in row], table


async def test_an_empty_first_submission_tells_nothing(world: World) -> None:
    ana = await learner(world, content())
    sent = await ana.answer()
    seen = await ana.call.ok("GET", f"/api/attempts/{sent['attempt_id']}/")
    shown = await ana.call.ok("GET", ana.path)
    for marks in (sent["responses"], seen["responses"]):
        for mark in marks:
            hidden = {"correct", "points_awarded", "feedback", "explanation_html", "right_answer"}
            assert {mark[name] for name in hidden} == {None}
    assert "correct" not in json.dumps(shown["questions"])

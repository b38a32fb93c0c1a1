"""Key material in no answer that a member, a stranger or another service can get: every route is walked."""

import json
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from sqlalchemy import text
from tests.kit import processes
from tests.kit.jobs import no_job_is_left
from tests.kit.quiz_taker import choice_with, essay, quiz, quiz_taker, tree
from tests.kit.world import Caller, Json, World

from learning_service.api.routes import api_routes
from learning_service.core.settings import Settings

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
    """A learner with graded, waiting and open attempts, another who has passed; ids for the parameters of paths."""
    ana = await quiz_taker(world, content())
    modules = await ana.call.ok("GET", f"/api/courses/{ana.course['id']}/modules/")
    sent = await ana.answer({"texts": ["wrong"]}, {"text": "no"}, {"text": "words"})
    gil = world.call_as("gil", "grader")
    items = (await gil.ok("GET", "/api/learning/grading/pending/"))["items"]
    assert CANARY in json.dumps(items), "graders do see rubrics, so the canary is where it should be"
    graded = await gil.ok(
        "POST",
        f"/api/learning/grading/{items[0]['response_id']}/",
        {"points": 0, "feedback": "<p>What a person wrote is for the learner.</p>"},
    )
    assert graded["attempt"]["attempt_id"] == sent["attempt_id"]
    await ana.answer({"texts": ["wrong"]}, {"text": "no"}, {"text": "more words"})
    await ana.start()
    bob = await quiz_taker(
        world, tree(quiz(choice_with(explanation_html=f"<p>{CANARY} explained</p>"))), "bob"
    )
    assert (await bob.answer({"texts": ["right"]}))["passed"]
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
    world: World, other_world: World, app: FastAPI, settings: Settings, tmp_path: Path
) -> None:
    talkative = settings.model_copy(update={"log_level": "debug"})
    logs = [tmp_path / "api", tmp_path / "worker"]
    async with processes.api(talkative, logs[0]) as (_, http), processes.worker(talkative, logs[1]):
        world.http = other_world.http = http
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
        await no_job_is_left(world)
    for log in logs:
        told = log.read_text().splitlines()
        assert len(told) > 3
        assert not [line for line in told if CANARY in line], log
    async with world.worker.transaction(world.id) as session:
        for table in ("events", "audit_entries", "outbox"):
            rows = await session.execute(
                text(f"SELECT to_jsonb(t)::text FROM {table} t WHERE organization_id = :org"),
                {"org": world.id},
            )
            kept = rows.scalars().all()
            assert kept, table
            assert not [row for row in kept if CANARY in row], table


async def test_an_empty_first_submission_tells_nothing(world: World) -> None:
    ana = await quiz_taker(world, content())
    sent = await ana.answer()
    seen = await ana.call.ok("GET", f"/api/attempts/{sent['attempt_id']}/")
    shown = await ana.call.ok("GET", ana.path)
    for marks in (sent["responses"], seen["responses"]):
        for mark in marks:
            hidden = {"correct", "points_awarded", "feedback", "explanation_html", "right_answer"}
            assert {mark[name] for name in hidden} == {None}
    assert "correct" not in json.dumps(shown["questions"])

"""Key material in no answer that a member, a stranger or another service can get: every route is walked."""

import asyncio
import json
from pathlib import Path
from typing import Any, get_args

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import text
from tests.kit import processes
from tests.kit.jobs import no_job_is_left
from tests.kit.quiz_taker import choice_with, essay, quiz, quiz_taker, tree
from tests.kit.receiver import Receiver
from tests.kit.webhooks import subscribe
from tests.kit.world import Caller, Json, World

from learning_service.api.routes import api_routes
from learning_service.core.settings import Settings
from learning_service.domain.questions.rules.types import QUESTION_TYPES
from learning_service.domain.tables import metadata
from learning_service.domain.webhooks.rules.events import EventType

CANARY = "kanarienvogel"
SHORT = {
    "type": "short_answer",
    "prompt_html": "<p>Short?</p>",
    "points": 5,
    "accepted_answers": [f"{CANARY} accepted"],
    "explanation_html": f"<p>{CANARY} explained</p>",
    "review": "unmatched",
}
NUMBER = 73918462.25
EXPLAINED = {"explanation_html": f"<p>{CANARY} explained</p>"}
CHOSEN = [
    {"text": "right", "is_correct": True, "feedback_html": f"<p>{CANARY} well chosen</p>"},
    {"text": "wrong", "is_correct": False, "feedback_html": f"<p>{CANARY} badly chosen</p>"},
]
SINGLE = choice_with(answers=CHOSEN, **EXPLAINED)
OTHERS: list[Json] = [
    {"type": "multi_select", "prompt_html": "<p>All?</p>", "answers": CHOSEN, **EXPLAINED},
    {"type": "true_false", "prompt_html": "<p>So?</p>", "correct": True, **EXPLAINED},
    {"type": "numeric", "prompt_html": "<p>Many?</p>", "answer": NUMBER, "unit": "kg", **EXPLAINED},
    {
        "type": "matching",
        "prompt_html": "<p>Whose?</p>",
        "pairs": [{"left": "a", "right": "x"}, {"left": "b", "right": "y"}],
        "distractors": ["z"],
        **EXPLAINED,
    },
    {"type": "ordering", "prompt_html": "<p>First?</p>", "items": ["one", "two", "three"], **EXPLAINED},
]
SECRETS = (CANARY, str(NUMBER))
SCOPES = ("directory:write", "reports:read", "webhooks:manage", "events:read")
FILES = ("/api/enrollments/", "/api/reports/compliance/")
KEPT_IN = {"questions", "quiz_answers"}
"""The tables in which keys are; nothing that is told to learners is read from them."""
# What would take the scene down for the callers after it.
DESTRUCTIVE = {("DELETE", "/api/directory/members/{user_id}/")}


def content() -> Json:
    free = essay(rubric_html=f"<p>{CANARY} rubric</p>", explanation_html=f"<p>{CANARY} explained</p>")
    asked = [SINGLE, SHORT, free, *OTHERS]
    assert {one["type"] for one in asked} == set(QUESTION_TYPES)
    final = {"title": "Final", "pass_score": 80, "max_attempts": 5, "questions": [SHORT, free]}
    return tree(quiz(*asked, max_attempts=5), assessment=final)


def is_clean(said: str) -> bool:
    return not any(secret in said for secret in SECRETS)


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
    bob = await quiz_taker(world, tree(quiz(SINGLE)), "bob")
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
                assert is_clean(answer.text), f"{caller.user}: {method} {path}: {answer.text}"
                assert is_clean(str(answer.headers))
                assert answer.status_code < 500, f"{method} {path}: {answer.text}"
                seen += 1
    return seen


async def first_list_is_signed(http: httpx.AsyncClient) -> None:
    """Wait for what a scheduled job does: until then the list is answered by 503, as it may be."""
    for _ in range(300):
        if (await http.get("/status/1/")).status_code == 200:
            return
        await asyncio.sleep(0.2)
    raise AssertionError("the list of the first certificate was not signed")


@pytest.mark.long
@pytest.mark.timeout(300)
async def test_keys_notes_and_rubrics_reach_nobody_who_learns(
    world: World, other_world: World, app: FastAPI, settings: Settings, tmp_path: Path
) -> None:
    talkative = settings.model_copy(update={"log_level": "debug"})
    logs = [tmp_path / "api", tmp_path / "worker"]
    async with (
        Receiver() as receiver,
        processes.api(talkative, logs[0]) as (_, http),
        processes.worker(talkative, logs[1]),
    ):
        world.http = other_world.http = http
        await subscribe(world.call_as("hooks", scopes=["webhooks:manage"]), receiver, [*get_args(EventType)])
        ids = await scene(world)
        await first_list_is_signed(http)
        callers = [
            world.member("ana"),
            world.member("bob"),
            world.call_as("nobody"),
            world.call_as("service", scopes=SCOPES),
            other_world.member("ana"),
        ]
        for caller in callers:
            assert await walk(app, caller, ids) > 50
        for path in FILES:
            file = await world.admin("GET", path, headers={"Accept": "text/csv"})
            assert file.status_code == 200, file.text
            assert is_clean(file.text), path
        assert is_clean((await http.get("/metrics")).text)
        await no_job_is_left(world)
    for log in logs:
        told = log.read_text().splitlines()
        assert len(told) > 3
        assert [line for line in told if not is_clean(line)] == [], log
    assert receiver.requests
    assert all(is_clean(sent.body.decode()) for sent in receiver.requests)
    assert {table for table, row in await stored(world) if not is_clean(row)} == KEPT_IN


async def stored(world: World) -> list[tuple[str, str]]:
    """All rows of the organization, each with its table."""
    async with world.worker.transaction(world.id) as session:
        tables = [name for name, table in metadata.tables.items() if "organization_id" in table.columns]
        found = []
        for table in tables:
            rows = await session.scalars(
                text(f"SELECT to_jsonb(t)::text FROM {table} t WHERE organization_id = :org"),
                {"org": world.id},
            )
            found += [(table, row) for row in rows]
    assert {"events", "audit_entries", "outbox"} <= {table for table, _ in found}
    return found


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

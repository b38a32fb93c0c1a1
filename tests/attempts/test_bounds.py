"""What the service itself allows of a quiz that has no limit: so many attempts, and so many bytes in each."""

import uuid
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from tests.kit.learner import Learner, lesson, quiz, tree
from tests.kit.service import MakeSettings
from tests.kit.world import Caller, World

from learning_service.core.settings import Settings
from learning_service.main import create_app

ESSAYS = [{"type": "free_form", "prompt_html": f"<p>{n}</p>", "points": 1} for n in range(6)]
ATTEMPTS, KIB = 3, 64


@pytest.fixture
async def http(settings: Settings, make_settings: MakeSettings) -> AsyncIterator[httpx.AsyncClient]:
    small = make_settings(settings.database_url, max_attempts_per_quiz=ATTEMPTS, max_attempt_kib=KIB)
    application = create_app(small)
    async with application.router.lifespan_context(application):
        transport = httpx.ASGITransport(app=application, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="https://learn.example.org") as client:
            yield client


async def at_quiz(world: World, http: httpx.AsyncClient, item: Any) -> tuple[Caller, str, list[Any]]:
    at = await Learner.enter(world, tree(item, lesson()))
    ana = Caller(http, at.call.token, at.call.user)
    shown = await ana.ok("GET", at.path("Q", ""))
    return ana, at.path("Q", ""), shown["questions"]


@pytest.mark.parametrize("lane", ["hot", "ordinary"])
@pytest.mark.parametrize("limit", [None, 100])
async def test_a_quiz_without_limit_has_the_services_own(
    world: World, http: httpx.AsyncClient, lane: str, limit: int | None
) -> None:
    wanted = quiz(max_attempts=limit) if limit else quiz()
    ana, path, questions = await at_quiz(world, http, wanted)
    for n in range(ATTEMPTS):
        # Differently each time: the same answers again at once would be the same submission.
        chosen = [[], *([answer["id"]] for answer in questions[0]["answers"])][n]
        responses = [{"question_id": questions[0]["id"], "answer_ids": chosen}]
        headers = {"Idempotency-Key": uuid.uuid4().hex} if lane == "ordinary" else {}
        sent = await ana("POST", f"{path}submit/", {"responses": responses}, headers=headers)
        assert (sent.status_code, sent.json()["number"]) == (200, n + 1), sent.text
        assert sent.json()["attempts_remaining"] == (None if limit is None else limit - n - 1)
    headers = {"Idempotency-Key": uuid.uuid4().hex} if lane == "ordinary" else {}
    for call, body in (("submit/", {"responses": []}), ("attempts/", None)):
        refused = await ana("POST", f"{path}{call}", body, headers=headers)
        assert (refused.status_code, refused.json()["code"]) == (409, "no-attempts-left")
        assert str(ATTEMPTS) in refused.json()["detail"]
    assert len((await ana.ok("GET", path))["attempts"]) == ATTEMPTS


async def test_the_answers_of_an_attempt_have_a_bound_together(world: World, http: httpx.AsyncClient) -> None:
    ana, path, questions = await at_quiz(world, http, {**quiz(), "questions": ESSAYS})
    attempt = (await ana.ok("POST", f"{path}attempts/"))["attempt_id"]
    texts = [{"question_id": question["id"], "text": "a" * 15_000} for question in questions]
    for text in texts[:4]:
        await ana.ok("PATCH", f"/api/attempts/{attempt}/", {"responses": [text]})
    saved = (await ana.ok("GET", f"/api/attempts/{attempt}/"))["responses"]
    for method, to, more in (
        ("PATCH", f"/api/attempts/{attempt}/", {}),
        ("POST", f"{path}submit/", {}),
        ("POST", f"{path}submit/", {"attempt_id": attempt}),
    ):
        refused = await ana(method, to, {"responses": texts[4:], **more})
        assert (refused.status_code, refused.json()["code"]) == (413, "body-too-large"), refused.text
    assert (await ana.ok("GET", f"/api/attempts/{attempt}/"))["responses"] == saved
    wide = [{"question_id": questions[0]["id"], "text": "é" * 12_000}]
    assert (await ana("PATCH", f"/api/attempts/{attempt}/", {"responses": wide})).status_code == 413, (
        "in bytes"
    )
    smaller = [{"question_id": questions[0]["id"], "text": "b"}]
    await ana.ok("PATCH", f"/api/attempts/{attempt}/", {"responses": smaller})
    closed = await ana.ok("POST", f"{path}submit/", {"responses": texts[4:5]})
    assert (closed["attempt_id"], closed["status"]) == (attempt, "pending_review")

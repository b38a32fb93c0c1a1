"""What is written down of a request: enough to find it, and nothing that is anybody's business."""

import io
import json
import logging
import sys
from collections.abc import Callable
from typing import Any

import httpx
import pytest
import structlog
from tests.kit.learner import Learner, lesson, quiz, tree
from tests.kit.waiting import until
from tests.kit.world import World

from learning_service.api.request_log import write_lines
from learning_service.core.settings import Settings
from learning_service.core.telemetry import configure_logging
from learning_service.main import create_app

SECRET = "s3cr3t-words"
STRUCTLOG, STDLIB = structlog.get_logger(), logging.getLogger("a.library")


@pytest.fixture
def logged(capsys: pytest.CaptureFixture[str]) -> Callable[[], list[dict[str, Any]]]:
    def read() -> list[dict[str, Any]]:
        write_lines()
        lines = capsys.readouterr().err.splitlines()
        return [json.loads(line) for line in lines if line.startswith("{")]

    return read


async def test_a_request_is_one_line_by_its_template(
    settings: Settings,
    make_settings: Callable[..., Settings],
    world: World,
    logged: Callable[[], list[dict[str, Any]]],
) -> None:
    at = await Learner.enter(world, tree(lesson(), quiz()), user="ana")
    app = create_app(make_settings(settings.database_url, log_level="info"))
    try:
        async with app.router.lifespan_context(app):
            transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
            async with httpx.AsyncClient(transport=transport, base_url="https://learn.example.org") as http:
                there = World(http, world.signer, world.worker, id=world.id)
                ana = there.call_as("ana", name=f"Ana {SECRET}", email=f"{SECRET}@example.org")
                logged()
                await ana("GET", f"/api/courses/{at.course}/?q={SECRET}")
                await ana("POST", at.path("Q", "submit"), {"responses": [], SECRET: SECRET})
                await http.get(f"/nowhere/{SECRET}/")
                await http.get("/api/me/", headers={"Authorization": f"Bearer {SECRET}"})
                lines = logged()
    finally:
        create_app(settings)  # the log level is the process's; put it back
    assert [(line["method"], line["route"], line["status"]) for line in lines] == [
        ("GET", "/api/courses/{course_id}/", 422),
        ("POST", "/api/quizzes/{quiz_id}/submit/", 422),
        ("GET", "unmatched", 404),
        ("GET", "/api/me/", 401),
    ]
    assert lines[0]["organization_id"] == world.id
    for line in lines:
        assert set(line) <= {
            *("method", "route", "status", "ms", "event", "level", "timestamp"),
            *("request_id", "organization_id"),
        }
        assert SECRET not in json.dumps(line)
        assert at.call.token not in json.dumps(line)


async def test_lines_are_written_by_themselves_in_order_and_all_at_the_end(
    settings: Settings, make_settings: Callable[..., Settings], capsys: pytest.CaptureFixture[str]
) -> None:
    app = create_app(make_settings(settings.database_url, log_level="info"))
    told: list[str] = []

    async def is_told() -> bool:
        told.append(capsys.readouterr().err)
        return '"line-0002"' in "".join(told)

    async def ask(http: httpx.AsyncClient, n: int) -> None:
        await http.get("/nowhere/", headers={"X-Request-Id": f"line-{n:04}"})

    try:
        async with app.router.lifespan_context(app):
            transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
            async with httpx.AsyncClient(transport=transport, base_url="https://learn.example.org") as http:
                for n in range(3):
                    await ask(http, n)
                await until(is_told)
                await ask(http, 3)
        told.append(capsys.readouterr().err)
    finally:
        create_app(settings)  # the log level is the process's; put it back
    lines = [json.loads(line) for line in "".join(told).splitlines() if line.startswith("{")]
    found = [line["request_id"] for line in lines if line["event"] == "request"]
    assert found == [f"line-{n:04}" for n in range(4)]


async def test_an_accident_is_logged_with_its_request_and_told_without_details(
    settings: Settings, world: World, logged: Callable[[], list[dict[str, Any]]]
) -> None:
    app = create_app(settings)

    @app.get("/broken/")
    async def broken() -> None:
        raise RuntimeError(SECRET)

    async with app.router.lifespan_context(app):
        transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="https://learn.example.org") as http:
            answer = await http.get("/broken/", headers={"X-Request-Id": "find-me-1"})
    assert (answer.status_code, answer.json()["code"]) == (500, "internal-error")
    assert answer.json()["title"] == "Internal Server Error"
    for name, value in (
        ("x-content-type-options", "nosniff"),
        ("referrer-policy", "no-referrer"),
        ("content-security-policy", "default-src 'none'; frame-ancestors 'none'"),
        ("cache-control", "no-store"),
    ):
        assert answer.headers.get_list(name) == [value]
    assert SECRET not in answer.text
    assert answer.headers.get_list("x-request-id") == ["find-me-1"] == [answer.json()["request_id"]]
    assert [line["request_id"] for line in logged() if line["event"] == "accident"] == ["find-me-1"]


async def test_metrics_are_by_template(world: World) -> None:
    course = await world.course()
    await world.member().ok("GET", f"/api/courses/{course['id']}/")
    await world.http.request("SPOON", "/nowhere/at-all/")
    answer = await world.http.get("/metrics")
    assert answer.headers["content-type"].startswith("text/plain")
    assert (
        'learning_requests_total{method="GET",route="/api/courses/{course_id}/",status="200"}' in answer.text
    )
    assert 'method="OTHER",route="unmatched"' in answer.text
    assert "learning_request_seconds_bucket" in answer.text
    for private in (course["id"], world.id, "SPOON", "at-all"):
        assert private not in answer.text


@pytest.mark.parametrize("log", [STRUCTLOG, STDLIB])
def test_a_line_goes_where_standard_error_leads_when_it_is_written(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, log: logging.Logger
) -> None:
    closed, current = io.StringIO(), io.StringIO()
    monkeypatch.setattr(sys, "stderr", closed)
    configure_logging(settings.log_level)
    closed.close()
    monkeypatch.setattr(sys, "stderr", current)
    log.error("something")
    assert json.loads(current.getvalue())["event"] == "something"

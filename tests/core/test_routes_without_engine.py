"""Routes of which every statement is a kept read: their calls need no transaction of the engine."""

import pytest
from fastapi import FastAPI
from tests.kit.world import World

from learning_service.core.reading import ReadingSession
from learning_service.domain.certificates.rules.codes import printed_code

NOTHING = "00000000-0000-7000-8000-000000000000"
OF_A_NATIONAL_ADMIN = (
    "/api/me/",
    "/api/organization/",
    "/api/events/",
    "/api/webhooks/",
    "/api/webhooks/{hook}/deliveries/?status=failed",
    "/api/directory/regions/?limit=1",
    "/api/directory/chapters/?region_id=north&closed=true",
    "/api/documents/",
    "/api/documents/?q=50%25_a&kind=picture&status=ready",
    "/api/assignment-rules/",
    "/api/assignment-rules/{rule}/",
    "/api/assignment-rules/{rule}/runs/",
    "/api/assignment-rules/runs/{run}/",
)
OF_A_MEMBER = ("/api/directory/regions/", "/api/directory/chapters/")
OF_ANYONE = (
    ("/c/", 200),
    (f"/c/{printed_code(bytes(10))}/", 404),
    (f"/certificates/{NOTHING}/verify/", 404),
    (f"/api/certificates/{NOTHING}/credential/", 404),
    (f"/api/certificates/{NOTHING}/badge.png/", 404),
    (f"/achievements/{NOTHING}/1/", 404),
    ("/status/999999/", 404),
    ("/.well-known/jwks.json", 200),
    ("/.well-known/did.json", 200),
)


@pytest.fixture
def by_engine(app: FastAPI, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The organizations whose sessions became the engine's."""
    assert app.state.context.readers is not None
    became: list[str] = []
    usual = ReadingSession.be_of_engine

    async def note(session: ReadingSession) -> None:
        became.append(str(session._organization_id))
        await usual(session)

    monkeypatch.setattr(ReadingSession, "be_of_engine", note)
    return became


async def test_calls_of_administrators_and_members(world: World, by_engine: list[str]) -> None:
    course = await world.course()
    rule = {"course_id": course["id"], "trigger": "manual", "audience_filter": {"status": ["nobody"]}}
    receiver = {"url": "http://127.0.0.1:9/x", "event_types": ["learning.enrollment.assigned"]}
    found = {
        "hook": (await world.admin.ok("POST", "/api/webhooks/", receiver))["id"],
        "rule": (await world.admin.ok("POST", "/api/assignment-rules/", rule))["id"],
    }
    started = await world.admin.ok("POST", f"/api/assignment-rules/{found['rule']}/run/")
    await world.admin.ok("GET", "/api/events/")  # numbers what has happened
    by_engine.clear()
    asked = [path.format(**found, run=started["run_id"]) for path in OF_A_NATIONAL_ADMIN]
    for caller, paths in ((world.admin, asked), (world.call_as("ana"), OF_A_MEMBER)):
        for path in paths:
            await caller.ok("GET", path)
            assert by_engine == [], path


async def test_calls_of_anyone(world: World, by_engine: list[str]) -> None:
    for path, status in OF_ANYONE:
        assert (await world.http.get(path)).status_code == status, path
        assert by_engine == [], path

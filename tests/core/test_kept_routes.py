"""Reads whose every statement is kept: they ask nothing of the engine, whose transaction costs more than they do."""

import pytest
from tests.kit.quiz_taker import essay, quiz, quiz_taker, tree
from tests.kit.world import World, choice

from learning_service.core.reading import ReadingSession


async def test_they_ask_nothing_of_the_engine(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    ana = await quiz_taker(world, tree(quiz(choice(points=5), essay())))
    sent = await ana.answer({"texts": ["right"]}, {"text": "Because it harms."})
    enrollment, grading = f"/api/enrollments/{ana.enrollment_id}/", "/api/learning/grading/"
    admin, grader, region = (
        world.admin,
        world.call_as("gil", "grader"),
        world.call_as("reg", "regional_admin:north"),
    )
    calls = [
        *((grader, grading + path) for path in ("summary/", "groups/", "history/")),
        (admin, f"{grading}lost-passes/"),
        *(
            (caller, enrollment + path)
            for caller in (admin, region)
            for path in ("", "explain/", "attempts/")
        ),
        *((caller, "/api/audit/") for caller in (admin, region)),
        *((caller, "/api/attestations/signatures/") for caller in (admin, region)),
        (ana.call, "/api/users/enrollments/"),
        (ana.call, f"/api/attempts/{sent['attempt_id']}/"),
    ]
    # The first time a process compiles the version that they are about.
    for caller, path in calls:
        await caller.ok("GET", path)

    async def refuse(_: ReadingSession) -> None:
        raise AssertionError("something is asked that is no kept read")

    monkeypatch.setattr(ReadingSession, "be_of_engine", refuse)
    for caller, path in calls:
        await caller.ok("GET", path)

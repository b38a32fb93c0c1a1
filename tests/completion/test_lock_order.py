"""Who changes many enrollments of a course, and who holds its entrance, never wait in a circle.

Entrances come before rows, for everybody who waits for one.
"""

import asyncio
import uuid
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import text
from tests.kit.direct import Database, database
from tests.kit.learner import Learner, lesson, quiz, tree
from tests.kit.world import Json, World

from learning_service.domain.completion.actions import imports

__all__ = ["database"]

CONTENT = tree(quiz("Q", max_attempts=1), lesson())


@asynccontextmanager
async def holding(world: World, course_id: str) -> AsyncIterator[None]:
    """While the course's row is held: who holds the entrance and needs the row waits with the entrance in hand."""
    async with world.worker.transaction(world.id) as session:
        statement = text("SELECT id FROM courses WHERE id = CAST(:id AS uuid) FOR UPDATE")
        await session.execute(statement, {"id": course_id})
        yield


def completed(world: World, user: str, course_id: str) -> asyncio.Task[Any]:
    """An import under way that says the member completed the course some days ago."""
    day = (datetime.now(UTC) - timedelta(days=5)).date()
    files = {
        "file": ("a.csv", f"user_id,course_id,completed_on\n{user},{course_id},{day}".encode(), "text/csv")
    }
    return asyncio.create_task(world.admin.ok("POST", "/api/imports/?kind=completions", files=files))


async def failed(world: World, course_id: str, user: str) -> Learner:
    learner = await Learner.join(world.member(user), course_id)
    await learner.submit("Q", correct=0)
    assert await learner.status() == "failed"
    return learner


def grant(world: World, *learners: Learner) -> asyncio.Task[Json]:
    ids = [one.enrollment_id for one in learners]
    sent = {"action": "grant_attempts", "ids": ids, "reason": "Ill", "extra": 1}
    return asyncio.create_task(world.admin.ok("POST", "/api/enrollments/bulk/", sent))


async def test_attempts_are_granted_while_completions_come_in(world: World, database: Database) -> None:
    """One holds an open enrollment and needs the entrance, the other holds that and needs the enrollment."""
    course = (await world.course(CONTENT))["id"]
    await world.add_member("bob")
    ana, bob = await failed(world, course, "ana"), await Learner.join(world.member("bob"), course)
    async with holding(world, course):
        importing = completed(world, "bob", course)
        await database.until_waiting()
        granting = grant(world, ana, bob)
        await database.until_waiting(2)
    assert (await importing)["accepted"] == 1
    assert (await granting)["done"] == 1
    assert (await ana.status(), await bob.status()) == ("in_progress", "completed")


async def test_attempts_are_granted_to_one_while_they_are_to_many(world: World, database: Database) -> None:
    """Both need the entrance and an enrollment that failed."""
    course = (await world.course(CONTENT))["id"]
    await world.add_member("bob")
    ana, bob = await failed(world, course, "ana"), await failed(world, course, "bob")
    quiz_id = ana.ids["Q"]
    async with holding(world, course):
        importing = completed(world, "cyd", course)
        await world.add_member("cyd")
        await database.until_waiting()
        path = f"/api/enrollments/{ana.enrollment_id}/attempts/"
        one = asyncio.create_task(
            world.admin.ok("POST", path, {"quiz_id": quiz_id, "reason": "Ill", "extra": 1})
        )
        await database.until_waiting(2)
        many = grant(world, bob, ana)
        await database.until_waiting(3)
    await asyncio.gather(importing, one, many)
    assert (await ana.status(), await bob.status()) == ("in_progress", "in_progress")


DUE = [(datetime.now(UTC) + timedelta(days=days)).date().isoformat() + "T12:00:00Z" for days in (20, 40)]


Row = tuple[str, str, str]


async def both_at_once(world: World, database: Database, *files: Sequence[Row]) -> list[Json]:
    """What became of two files whose first rows are written while neither has come to its second."""
    runs = []
    for rows in files:
        lines = "\n".join(["user_id,course_id,due_at", *(",".join(row) for row in rows)])
        sent = {"files": {"file": ("a.csv", lines.encode(), "text/csv")}}
        runs.append((await world.admin.ok("POST", "/api/imports/?kind=assignments", **sent))["run_id"])

    async def do(run_id: str) -> None:
        async with world.worker.transaction(world.id) as session:
            await imports.step_import(session, uuid.UUID(run_id))

    async with world.worker.transaction(world.id) as session:
        await session.execute(text("SELECT id FROM courses ORDER BY id FOR UPDATE"))
        under_way = []
        for waiting, run_id in enumerate(runs, 1):
            under_way.append(asyncio.create_task(do(run_id)))
            await database.until_waiting(waiting)
    await asyncio.gather(*under_way)
    return [await world.admin.ok("GET", f"/api/runs/{run_id}/") for run_id in runs]


@pytest.fixture
def by_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    """Even a small file is done by a worker."""
    monkeypatch.setattr(imports, "MOST_AT_ONCE", 0)


@pytest.mark.usefixtures("by_runs")
async def test_two_files_name_the_same_courses_in_another_order(world: World, database: Database) -> None:
    one, two = [(await world.course(CONTENT))["id"] for _ in range(2)]
    there = ("ana", one, DUE[0]), ("ana", two, DUE[0])
    done = await both_at_once(world, database, there, there[::-1])
    assert [run["done"] for run in done] == [2, 2]


@pytest.mark.usefixtures("by_runs")
async def test_two_files_name_the_same_members_with_other_due_times(world: World, database: Database) -> None:
    course = (await world.course(CONTENT))["id"]
    one = ("ana", course, DUE[0]), ("bob", course, DUE[1])
    two = ("bob", course, DUE[0]), ("ana", course, DUE[1])
    done = await both_at_once(world, database, one, two)
    assert [run["done"] for run in done] == [2, 2]

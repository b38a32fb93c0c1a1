"""Who changes many enrollments of a course, and who holds its entrance, never wait in a circle.

Entrances come before rows, for everybody who waits for one.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import text
from tests.kit.direct import Database, database
from tests.kit.learner import Learner, lesson, quiz, tree
from tests.kit.world import Json, World

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

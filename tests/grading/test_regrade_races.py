"""What is submitted while a key is being set right: graded by the right key in the end, and each effect once.

A submission reads, grades and writes; a regrade takes force, holds an enrollment, and lets it go. Each moment of the
one is met with each of the other.
"""

import asyncio
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import pytest
from sqlalchemy import text
from tests.kit.direct import Database, database
from tests.kit.grading import events
from tests.kit.learner import Learner
from tests.kit.quiz_taker import QuizTaker, quiz, quiz_taker, tree
from tests.kit.regrades import preview, questions_of, swapped
from tests.kit.world import Json, World, right

from learning_service.core.database import DirectPool
from learning_service.domain.completion.actions.regrading import step_regrade
from learning_service.domain.completion.actions.submissions import submit_attempt
from learning_service.domain.enrollments.queries.standing import hold_entrance
from learning_service.routers import attempts

__all__ = ["database"]


@dataclass
class Race:
    """A learner whose answer only the new key takes for right, and the regrade that brings this key."""

    world: World
    database: Database
    ana: QuizTaker
    regrade: Json

    async def take_force(self) -> None:
        """The key holds from now on; what was graded before still waits for the run."""
        await self.world.admin.ok("POST", f"/api/regrades/{self.regrade['id']}/apply/")

    async def take_force_and_run(self) -> None:
        """The run is over."""
        await self.take_force()
        await self.world.run_jobs()

    async def blocked(self) -> None:
        """Wait until a transaction waits for a row."""
        await self.database.until_waiting()

    @asynccontextmanager
    async def step_under_way(self) -> AsyncIterator[None]:
        """Meanwhile a step of the run holds the enrollment."""
        await self.take_force()
        async with self.world.worker.transaction(self.world.id) as session:
            assert await step_regrade(session, uuid.UUID(self.regrade["id"]), 200) is not None
            yield
            await self.blocked()


@pytest.fixture
async def race(world: World, database: Database) -> Race:
    ana = await quiz_taker(world, tree(quiz(max_attempts=2)))
    [question] = await questions_of(world, ana.course)
    return Race(world, database, ana, await preview(world, ana.course, swapped(question)))


Between = Callable[[], Awaitable[None]]


def pause_in_the_short_way(patch: pytest.MonkeyPatch, between: Between) -> list[str]:
    """Do this once between the read and the write of a submission's two round trips; what was written so."""
    write, written = DirectPool.write, list[str]()

    async def paused(pool: DirectPool, statement: str, *values: object) -> Any:
        if not written:
            written.append(statement)
            await between()
        return await write(pool, statement, *values)

    patch.setattr(DirectPool, "write", paused)
    return written


def pause_behind_the_lock(patch: pytest.MonkeyPatch, between: Between, *, graded: bool) -> list[str]:
    """The same where a submission holds its enrollment, before or after it is graded."""
    submit, paused = submit_attempt, list[str]()

    async def pausing(*given: Any, **more: Any) -> Any:
        first, closed = not paused, None
        paused.append("paused")
        if graded:
            closed = await submit(*given, **more)
        if first:
            await between()
        return closed or await submit(*given, **more)

    patch.setattr(attempts, "submit_attempt", pausing)
    return paused


async def submit(race: Race, *, short: bool = True) -> None:
    [question] = (await race.ana.call.ok("GET", race.ana.path))["questions"]
    sent = {"responses": [right(question, {"texts": ["wrong"]})]}
    headers = {} if short else {"Idempotency-Key": uuid.uuid4().hex}
    response = await race.ana.call("POST", f"{race.ana.path}submit/", sent, headers=headers)
    assert response.status_code == 200, response.text


async def is_as_if_the_key_had_been_right(race: Race, *, regraded: bool) -> None:
    """One attempt with full marks, one completion; an event of other marks if it had others."""
    await race.world.run_jobs()
    done = await race.world.admin.ok("GET", f"/api/regrades/{race.regrade['id']}/")
    assert (done["status"], done["attempts_up"], done["passes_won"]) == ("applied", regraded, regraded)
    shown = await race.ana.call.ok("GET", race.ana.path)
    assert [(one["score"], one["passed"]) for one in shown["attempts"]] == [(100, True)]
    assert await race.ana.status() == "completed"
    assert len(await events(race.world, "attempt.graded")) == regraded
    assert len(await events(race.world, "course.completed")) == 1
    assert len((await race.ana.call.ok("GET", "/api/users/certificates/"))["items"]) == 1
    kept = await race.database(
        "SELECT correction FROM quiz_attempts WHERE organization_id = $1", race.world.id
    )
    assert [row["correction"] for row in kept] == [1]


@pytest.mark.parametrize("moment", ["take_force", "take_force_and_run"])
async def test_what_was_read_before_the_key_is_not_written_by_the_old_one(
    race: Race, monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    written = pause_in_the_short_way(monkeypatch, getattr(race, moment))
    await submit(race)
    assert written
    await is_as_if_the_key_had_been_right(race, regraded=False)


@pytest.mark.parametrize("short", [True, False], ids=["short", "ordinary"])
async def test_a_submission_that_waits_for_a_step_is_graded_by_the_new_key(
    race: Race, monkeypatch: pytest.MonkeyPatch, short: bool
) -> None:
    """The short way has read before the step, and writes during it; the ordinary one comes during it."""

    async def begin() -> None:
        step = race.step_under_way()
        await step.__aenter__()
        ends.append(asyncio.create_task(step.__aexit__(None, None, None)))

    ends: list[asyncio.Task[Any]] = []
    if short:
        assert pause_in_the_short_way(monkeypatch, begin) == []
        await submit(race)
    else:
        async with race.step_under_way():
            submission = asyncio.create_task(submit(race, short=False))
        await submission
    await asyncio.gather(*ends)
    await is_as_if_the_key_had_been_right(race, regraded=False)


@pytest.mark.parametrize("graded", [False, True], ids=["before-grading", "after-grading"])
async def test_a_run_waits_for_a_submission_that_the_old_key_graded_and_grades_it_anew(
    race: Race, monkeypatch: pytest.MonkeyPatch, graded: bool
) -> None:
    jobs: list[asyncio.Task[Any]] = []

    async def begin() -> None:
        await race.take_force()
        jobs.append(asyncio.create_task(race.world.run_jobs()))
        await race.blocked()

    paused = pause_behind_the_lock(monkeypatch, begin, graded=graded)
    await submit(race, short=False)
    assert len(paused) == 1
    await asyncio.gather(*jobs)
    await is_as_if_the_key_had_been_right(race, regraded=True)


async def test_a_submission_between_two_steps_of_its_enrollment_counts_once(race: Race) -> None:
    """A step that is done again, because the worker died before its end, finds the attempt as it is."""
    await race.take_force()
    async with race.world.worker.transaction(race.world.id) as session:
        assert await step_regrade(session, uuid.UUID(race.regrade["id"]), 200) is not None
    await submit(race)
    await is_as_if_the_key_had_been_right(race, regraded=False)


async def test_an_assignment_and_a_step_do_not_wait_in_a_circle(world: World, database: Database) -> None:
    """Who assigns holds the entrance and then open enrollments; a step holds those, and may want the entrance."""
    ana = await quiz_taker(world, tree(quiz(max_attempts=1)))
    await ana.answer({"texts": ["wrong"]})
    assert await ana.status() == "failed"
    bob = await Learner.join(world.member("bob"), ana.course["id"])
    [question] = await questions_of(world, ana.course)
    regrade = await preview(world, ana.course, swapped(question))
    await world.admin.ok("POST", f"/api/regrades/{regrade['id']}/apply/")
    async with world.worker.transaction(world.id) as session:
        await hold_entrance(session, uuid.UUID(ana.course["id"]))
        step = asyncio.create_task(world.run_jobs())
        await database.until_waiting()
        held = text("SELECT id FROM enrollments WHERE id = CAST(:id AS uuid) FOR UPDATE")
        await session.execute(held, {"id": bob.enrollment_id})
    await step
    assert await ana.status() == "completed"

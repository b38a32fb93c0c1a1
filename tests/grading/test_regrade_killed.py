"""A worker that is killed in the middle of a regrade: the next one finishes it, and each effect happens once."""

import asyncio
import signal
import sys
import uuid
from pathlib import Path

import pytest
from tests.kit import processes
from tests.kit.grading import events
from tests.kit.quiz_taker import QuizTaker, quiz, quiz_taker, tree
from tests.kit.regrades import preview, questions_of, swapped
from tests.kit.world import Json, World

from learning_service.core.settings import Settings
from learning_service.domain.completion.actions import regrading
from learning_service.domain.completion.rules import pace

DYING = (sys.executable, "-m", "tests.grading.dying_worker")
WRONG, RIGHT = {"texts": ["wrong"]}, {"texts": ["right"]}
USERS = ("ana", "bob", "cyd", "dan", "eve")


async def failed_by_the_key(world: World) -> tuple[list[QuizTaker], Json]:
    """Five who failed by the wrong key, and a regrade of it that is applied and has not begun."""
    content = tree(quiz(max_attempts=1))
    course = await world.course(content, linked_compliance_requirement="hazing")
    first = await quiz_taker(world, content, course=course)
    takers = [first, *[await quiz_taker(world, content, user, first.course) for user in USERS[1:]]]
    for taker in takers:
        await taker.answer(WRONG)
    [question] = await questions_of(world, first.course)
    made = await preview(world, first.course, swapped(question))
    await world.admin.ok("POST", f"/api/regrades/{made['id']}/apply/")
    return takers, made


async def each_happened_once(world: World, takers: list[QuizTaker], made: Json) -> None:
    done = await world.admin.ok("GET", f"/api/regrades/{made['id']}/")
    assert done["status"] == "applied"
    assert (done["attempts_up"], done["passes_won"], done["certificates_touched"]) == (5, 5, 5)
    assert (done["done"], done["unchanged"]) == (5, 0)
    assert [await taker.status() for taker in takers] == ["completed"] * 5
    for kind in ("attempt.graded", "course.completed", "certificate.issued", "compliance.completed"):
        assert sorted(one["user_id"] for one in await events(world, kind)) == sorted(USERS)


async def test_those_who_win_a_pass_are_completed_together_and_once(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pace, "FIRST", 2)
    monkeypatch.setattr(pace, "MOST", 2)
    monkeypatch.setattr(pace, "LEAST", 2)
    takers, made = await failed_by_the_key(world)
    step = await _begin(world, made)
    assert (step.done, step.apart) == (2, [])
    await world.run_jobs()
    await each_happened_once(world, takers, made)


async def test_one_that_was_done_by_itself_is_not_done_again(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pace, "FIRST", 2)
    monkeypatch.setattr(pace, "MOST", 2)
    monkeypatch.setattr(pace, "LEAST", 2)
    takers, _ = await failed_by_the_key(world)
    await world.run_jobs()
    [question] = await questions_of(world, takers[0].course)
    answers = [{"key": a["key"], "is_correct": a["is_correct"]} for a in question["answers"]]
    back = {"question_key": question["key"], "answers": answers}
    made = await preview(world, takers[0].course, back, lower=True)
    await world.admin.ok("POST", f"/api/regrades/{made['id']}/apply/")
    step = await _begin(world, made)
    assert len(step.apart) == 2
    async with world.worker.transaction(world.id) as session:
        await regrading.regrade_one(session, _id(made), step.apart[0])
    await world.run_jobs()
    done = await world.admin.ok("GET", f"/api/regrades/{made['id']}/")
    assert (done["status"], done["done"]) == ("applied", 5)
    assert (done["attempts_down"], done["passes_lost"]) == (5, 5)


async def _begin(world: World, made: Json) -> regrading.Step:
    async with world.worker.transaction(world.id) as session:
        step = await regrading.step_regrade(session, _id(made), 2)
    assert step is not None
    return step


def _id(made: Json) -> uuid.UUID:
    return uuid.UUID(made["id"])


@pytest.mark.long
@pytest.mark.timeout(240)
async def test_a_killed_workers_regrade_is_finished_by_the_next(
    world: World, settings: Settings, tmp_path: Path
) -> None:
    takers, made = await failed_by_the_key(world)
    with processes.process(settings, DYING, tmp_path / "dying") as dying:
        assert await asyncio.to_thread(dying.process.wait, 60) == -signal.SIGKILL, dying.log.read_text()
    half = await world.admin.ok("GET", f"/api/regrades/{made['id']}/")
    assert (half["status"], half["done"], half["attempts_up"]) == ("applying", 2, 2)
    async with processes.worker(settings, tmp_path / "next"):
        for _ in range(900):
            seen = await world.admin.ok("GET", f"/api/regrades/{made['id']}/")
            if seen["status"] != "applying":
                break
            await asyncio.sleep(0.1)
    await each_happened_once(world, takers, made)

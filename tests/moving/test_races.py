"""What learners do while they are moved, and workers that are killed meanwhile."""

import asyncio
import signal
import sys
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest
from tests.kit import processes
from tests.kit.moving import (
    course_tree,
    edited,
    enters,
    items_of,
    other_question,
    path_of,
    publishes,
    reads,
    takes,
    view_of,
)
from tests.kit.waiting import someone_waits
from tests.kit.world import Caller, Json, World, right

from learning_service.core.settings import Settings
from learning_service.domain.completion.actions import version_migrations
from learning_service.domain.completion.actions.version_migrations import step_migration

DYING = (sys.executable, "-m", "tests.moving.dying_mover")
USERS = ("ana", "bob", "cyd", "dan", "eve")


@asynccontextmanager
async def a_step_under_way(world: World, course: Json) -> AsyncIterator[None]:
    """Meanwhile a step has moved the enrollments and is not committed; then the run goes on to its end."""
    started = await world.admin("POST", path_of(course), {})
    assert started.status_code == 202, started.text
    async with world.worker.transaction(world.id) as session:
        assert await step_migration(session, uuid.UUID(started.json()["run_id"]))
        yield
        await someone_waits(world.worker)
    await world.run_jobs()


async def _with_second_version(world: World, *, changed: bool) -> tuple[Json, Caller]:
    course = await world.course(course_tree())
    ana = await enters(world, course)
    await reads(ana, course, "What it is")
    tree = await edited(world, course)
    tree["title"] = "New"
    if changed:
        tree["modules"][0]["items"][1]["questions"].append(other_question())
    await publishes(world, course, tree)
    return course, ana


async def _submits(ana: Caller, quiz: Json) -> httpx.Response:
    shown = await ana.ok("GET", f"/api/quizzes/{quiz['id']}/")
    given = [right(one, {"texts": ["right"]}) for one in shown["questions"]]
    return await ana("POST", f"/api/quizzes/{quiz['id']}/submit/", {"responses": given})


@pytest.mark.parametrize("changed", [False, True])
async def test_a_submission_meets_the_move(world: World, changed: bool) -> None:
    """It comes before, and counts; or after, and there is no such quiz any more. Never is it at both or none."""
    course, ana = await _with_second_version(world, changed=changed)
    check = items_of(await view_of(ana, course))["Check"]
    shown = await ana.ok("GET", f"/api/quizzes/{check['id']}/")
    given = {"responses": [right(one, {"texts": ["right"]}) for one in shown["questions"]]}
    async with a_step_under_way(world, course):
        sent = asyncio.create_task(ana("POST", f"/api/quizzes/{check['id']}/submit/", given))
    answer = await sent
    view = await view_of(ana, course)
    assert view["version"] == 2
    assert answer.status_code == 404
    assert items_of(view)["Check"]["attempts_used"] == 0
    assert (await _submits(ana, items_of(view)["Check"])).is_success or changed


async def test_a_lesson_that_is_completed_meanwhile_is_not_lost(world: World) -> None:
    course, ana = await _with_second_version(world, changed=False)
    lesson = items_of(await view_of(ana, course))["What to do"]
    async with a_step_under_way(world, course):
        sent = asyncio.create_task(ana("POST", f"/api/lessons/{lesson['id']}/complete/"))
    assert (await sent).status_code == 404
    await reads(ana, course, "What to do")
    items = items_of(await view_of(ana, course))
    assert items["What it is"]["completed_at"] is not None
    assert items["What to do"]["completed_at"] is not None


async def test_a_course_that_is_completed_before_its_turn_stays(world: World) -> None:
    course, ana = await _with_second_version(world, changed=True)
    started = await world.admin.ok("POST", path_of(course), {})
    await reads(ana, course, "What to do")
    await takes(ana, course)
    assert (await takes(ana, course, "Final"))["enrollment"]["status"] == "completed"
    await world.run_jobs()
    run = await world.admin.ok("GET", f"/api/runs/{started['run_id']}/")
    assert (run["status"], run["done"], run["skipped"]) == ("done", 0, 1)
    assert [e["version"] for e in (await ana.ok("GET", "/api/users/enrollments/"))["items"]] == [1]


async def test_steps_that_are_cut_short_lose_and_double_nothing(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(version_migrations, "CHUNK", 2)
    course, members = await _five(world)
    started = await world.admin.ok("POST", path_of(course), {})
    for _ in range(3):
        async with world.worker.transaction(world.id) as session:
            await step_migration(session, uuid.UUID(started["run_id"]))
    with pytest.raises(RuntimeError):
        await _cut_short(world, started)
    await world.run_jobs()
    await _each_once(world, course, members, started)


async def _cut_short(world: World, started: Json) -> None:
    async with world.worker.transaction(world.id) as session:
        await step_migration(session, uuid.UUID(started["run_id"]))
        raise RuntimeError


@pytest.mark.long
@pytest.mark.timeout(240)
async def test_a_killed_workers_move_is_finished_by_the_next(
    world: World, settings: Settings, tmp_path: Path
) -> None:
    course, members = await _five(world)
    started = await world.admin.ok("POST", path_of(course), {})
    path = f"/api/runs/{started['run_id']}/"
    with processes.process(settings, DYING, tmp_path / "dying") as dying:
        assert await asyncio.to_thread(dying.process.wait, 90) == -signal.SIGKILL, dying.log.read_text()
    assert (await world.admin.ok("GET", path))["status"] == "running"
    async with processes.worker(settings, tmp_path / "next"):
        for _ in range(900):
            if (await world.admin.ok("GET", path))["status"] != "running":
                break
            await asyncio.sleep(0.1)
    await _each_once(world, course, members, started)


async def _five(world: World) -> tuple[Json, list[Caller]]:
    """Five who have read a lesson; two of them have all that the second version still wants."""
    course = await world.course(course_tree())
    members = [await enters(world, course, user) for user in USERS]
    for n, member in enumerate(members):
        await reads(member, course, "What it is")
        if n < 2:
            await takes(member, course)
            await takes(member, course, "Final")
    tree = await edited(world, course)
    del tree["modules"][0]["items"][2]
    await publishes(world, course, tree)
    return course, members


async def _each_once(world: World, course: Json, members: list[Caller], started: Json) -> None:
    run = await world.admin.ok("GET", f"/api/runs/{started['run_id']}/")
    assert (run["status"], run["total"], run["done"]) == ("done", 5, 5)
    for n, member in enumerate(members):
        [own] = (await member.ok("GET", "/api/users/enrollments/"))["items"]
        assert (own["version"], own["status"]) == (2, "completed" if n < 2 else "in_progress")
        told = (await member.ok("GET", "/api/users/notifications/"))["items"]
        assert [one["kind"] for one in told].count("migrated") == 1
        certificates = (await member.ok("GET", "/api/users/certificates/"))["items"]
        assert len(certificates) == (1 if n < 2 else 0)

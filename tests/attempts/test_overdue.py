"""What cannot be closed stops nothing else, and no text that was ever stored freezes a process."""

import json
import time
from datetime import datetime
from typing import Any

import pytest
from sqlalchemy import text
from tests.kit.attempts import longest_wait, shift, short, store
from tests.kit.drawn import cases
from tests.kit.fields import refused
from tests.kit.quiz_taker import QuizTaker, quiz, quiz_taker, tree
from tests.kit.world import Json, World

from learning_service.domain.jobs.admin import list_jobs, retry_jobs
from learning_service.worker.jobs.attempts import close_overdue_attempts

MARKS = ("a" + "\u0301\u0323\u0f71\u0345" * 5000)[:20_000]
LIGATURES = "\ufdfa" * 20_000


async def started(
    world: World, questions: int, user: str = "ana", course: Json | None = None
) -> tuple[QuizTaker, Json]:
    content = tree(quiz(*(short(n) for n in range(questions)), time_limit_seconds=60))
    one = await quiz_taker(world, content, user, course)
    return one, await one.start()


@pytest.mark.parametrize("words", cases({"marks": MARKS, "ligatures": LIGATURES}, quick=("ligatures",)))
async def test_texts_from_before_freeze_nobody(world: World, words: str) -> None:
    ana, attempt = await started(world, 45)
    await store(world, attempt, {q["id"]: {"text": words} for q in attempt["questions"]})
    await shift(world, attempt["attempt_id"], seconds=95)
    began = time.process_time()
    assert await longest_wait(close_overdue_attempts(world.worker, None)) < 5
    assert time.process_time() - began < 6
    assert await ana.status() == "in_progress"
    seen = await ana.call.ok("GET", f"/api/attempts/{attempt['attempt_id']}/")
    assert seen["status"] == "graded"


async def test_no_such_text_comes_in(world: World) -> None:
    ana, attempt = await started(world, 1)
    path = f"/api/attempts/{attempt['attempt_id']}/"
    question = attempt["questions"][0]["id"]
    for words in (
        MARKS,
        LIGATURES,
        "a" + "\u0301" * 31,
        "ﾊ" + "ﾞ" * 31,
        "a" + "\u0344" * 16,
        "a" + "\u0301\u200d" * 31,
    ):
        body = {"responses": [{"question_id": question, "text": words}]}
        for answer in (
            await ana.call("PATCH", path, body),
            await ana.submit(attempt_id=attempt["attempt_id"], **body),
        ):
            problem = refused(answer, 422)
            [fault] = problem["errors"]
            assert (fault["pointer"], fault["code"]) == ("/responses/0/text", "too-complex")
    for words in ("a" + "\u0301" * 30, "\ufdfa" * 50, "½" * 20_000, "한" * 20_000):
        kept = await ana.call("PATCH", path, {"responses": [{"question_id": question, "text": words}]})
        assert kept.status_code == 200, kept.text


async def test_directions_in_a_learners_text(world: World) -> None:
    ana, attempt = await started(world, 1)
    path = f"/api/attempts/{attempt['attempt_id']}/"
    words = "\u202ea\u200fb\u2066c\u2069\u200ed"
    sent = [{"question_id": attempt["questions"][0]["id"], "text": words}]
    await ana.call.ok("PATCH", path, {"responses": sent})
    assert json.dumps("a\u200fbc\u200ed") in json.dumps(await ana.call.ok("GET", path))


async def jobs_run(world: World) -> None:
    """What the worker does, without waiting for the next try."""
    async with world.worker.transaction(world.id) as session:
        await session.execute(
            text("UPDATE outbox SET run_at = now() WHERE job = 'close_attempt' AND status = 'queued'")
        )
    await world.run_jobs()


async def closings(world: World) -> list[Any]:
    async with world.worker.transaction(world.id) as session:
        found = await list_jobs(session, limit=1000)
        return [row for row in found if row.job == "close_attempt" and row.organization_id == world.id]


async def test_what_fails_three_times_is_set_aside_and_nothing_waits_for_it(world: World) -> None:
    course = await world.course(tree(quiz(short(), time_limit_seconds=60)))
    bad, spoilt = await started(world, 1, "ana", course)
    good, other = await started(world, 1, "bob", course)
    question = spoilt["questions"][0]["id"]
    # No such answer can be sent; whatever else may one day fail, fails like this.
    await store(world, spoilt, {question: 5})
    for attempt in (spoilt, other):
        await shift(world, attempt["attempt_id"], seconds=95)
    await close_overdue_attempts(world.worker, None)
    assert (await good.call.ok("GET", f"/api/attempts/{other['attempt_id']}/"))["status"] == "graded"
    for failures in (1, 2):
        [job] = await closings(world)
        assert (job.status, job.failures) == ("queued", failures - 1)
        await jobs_run(world)
    [job] = await closings(world)
    assert job.status == "dead"
    assert "closing failed 3 times" in (job.error or "")
    await close_overdue_attempts(world.worker, None)
    assert len(await closings(world)) == 1
    await store(world, spoilt, {question: {"text": "x y z"}})
    async with world.worker.transaction(world.id) as session:
        assert await retry_jobs(session, [job.id]) == [job.id]
    await jobs_run(world)
    assert await closings(world) == []
    seen = await bad.call.ok("GET", f"/api/attempts/{spoilt['attempt_id']}/")
    assert (seen["status"], seen["score"]) == ("graded", 100)
    assert datetime.fromisoformat(seen["submitted_at"]) == datetime.fromisoformat(seen["deadline_at"])

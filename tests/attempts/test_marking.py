"""While large answers are marked nothing is held: no connection, no row, and not the event loop."""

import asyncio
import threading
import uuid
from collections.abc import AsyncIterator, Callable, Coroutine
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import pytest
from fastapi import FastAPI
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession
from tests.kit.attempts import shift, short, store
from tests.kit.quiz_taker import QuizTaker, essay, quiz, quiz_taker, tree
from tests.kit.world import Json, World

from learning_service.core import database
from learning_service.domain.completion.actions import marking
from learning_service.domain.grading.rules.score import grade_attempt
from learning_service.domain.kernel.clock import set_instant
from learning_service.domain.questions.rules.short_answer import ShortAnswerKey
from learning_service.worker.jobs.attempts import close_overdue_attempts

SECONDS = 10.0
LARGE = "a" * 20_000
QUESTIONS = 4


@dataclass
class Slow:
    """Marking that waits until it is told to go on, and not for ever: on the event loop nobody could tell it."""

    begun: threading.Event = field(default_factory=threading.Event)
    go_on: threading.Event = field(default_factory=threading.Event)
    marked: list[str] = field(default_factory=list)
    """The words, in the order in which they were marked."""

    async def until_begun(self) -> None:
        assert await asyncio.to_thread(self.begun.wait, SECONDS), "nothing was marked"


@pytest.fixture
async def slow(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Slow]:
    made = Slow()

    marks = ShortAnswerKey.grade

    def waits(key: ShortAnswerKey, response: Any) -> Any:
        made.begun.set()
        made.go_on.wait(SECONDS)
        made.marked.append(response.text)
        return marks(key, response)

    monkeypatch.setattr(ShortAnswerKey, "grade", waits)
    yield made
    made.go_on.set()


def large(attempt: Json, words: str = LARGE) -> list[Json]:
    return [{"question_id": q["id"], "text": words} for q in attempt["questions"]]


async def overdue(world: World) -> tuple[QuizTaker, Json]:
    ana, attempt = await at_quiz(world, time_limit_seconds=60)
    await stored(world, attempt)
    await shift(world, attempt["attempt_id"], seconds=95)
    return ana, attempt


async def at_quiz(world: World, *more: Json, **settings: Any) -> tuple[QuizTaker, Json]:
    content = tree(quiz(*(short(n) for n in range(QUESTIONS)), *more, **settings))
    ana = await quiz_taker(world, content)
    return ana, await ana.start()


async def stored(world: World, attempt: Json, words: str = LARGE) -> None:
    await store(world, attempt, {given["question_id"]: {"text": words} for given in large(attempt)})


async def submit_with_a_key(world: World, slow: Slow) -> Coroutine[Any, Any, Any]:
    ana, attempt = await at_quiz(world)
    headers = {"Idempotency-Key": uuid.uuid4().hex}
    return ana.call("POST", f"{ana.path}submit/", {"responses": large(attempt)}, headers=headers)


async def submit(world: World, slow: Slow) -> Coroutine[Any, Any, Any]:
    ana, attempt = await at_quiz(world)
    return ana.submit(responses=large(attempt))


async def submit_what_was_saved(world: World, slow: Slow) -> Coroutine[Any, Any, Any]:
    ana, attempt = await at_quiz(world)
    await ana.call.ok("PATCH", f"/api/attempts/{attempt['attempt_id']}/", {"responses": large(attempt)})
    return ana.submit(responses=[])


async def touch_overdue(world: World, slow: Slow) -> Coroutine[Any, Any, Any]:
    ana, attempt = await overdue(world)
    return ana.call("GET", f"/api/attempts/{attempt['attempt_id']}/")


async def start_after_overdue(world: World, slow: Slow) -> Coroutine[Any, Any, Any]:
    ana, _ = await overdue(world)
    return ana.call("POST", f"{ana.path}attempts/")


async def sweep_overdue(world: World, slow: Slow) -> Coroutine[Any, Any, Any]:
    await overdue(world)
    return close_overdue_attempts(world.worker, None)


async def withdraw(world: World, slow: Slow) -> Coroutine[Any, Any, Any]:
    ana, attempt = await at_quiz(world)
    await stored(world, attempt)
    return world.admin("POST", f"/api/enrollments/{ana.enrollment_id}/withdraw/", {"reason": "moved"})


async def grade(world: World, slow: Slow) -> Coroutine[Any, Any, Any]:
    ana, attempt = await at_quiz(world, essay())
    slow.go_on.set()
    closed = await ana.submit(responses=large(attempt))
    assert closed.status_code == 200, closed.text
    slow.go_on.clear()
    slow.begun.clear()
    slow.marked.clear()
    [waiting] = (await world.admin.ok("GET", "/api/learning/grading/pending/"))["items"]
    return world.admin("POST", f"/api/learning/grading/{waiting['response_id']}/", {"points": 1})


WAYS: list[Callable[[World, Slow], Coroutine[Any, Any, Coroutine[Any, Any, Any]]]] = [
    submit,
    submit_with_a_key,
    submit_what_was_saved,
    touch_overdue,
    start_after_overdue,
    sweep_overdue,
    withdraw,
    grade,
]


@pytest.mark.parametrize("way", WAYS)
async def test_nothing_is_held_while_large_answers_are_marked(
    world: World, app: FastAPI, slow: Slow, way: Callable[..., Any]
) -> None:
    begin = await way(world, slow)
    done: list[Any] = []

    async def look() -> None:
        working = asyncio.create_task(begin)
        await slow.until_begun()
        assert slow.marked == [], "the event loop waited for the end of the marking"
        assert app.state.context.engine.pool.checkedout() == 0
        async with world.worker.transaction(world.id) as session:
            in_transactions = text(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
                " AND pid <> pg_backend_pid() AND state LIKE 'idle in transaction%'"
            )
            assert await session.scalar(in_transactions) == 0
            free = text(
                "SELECT count(*) FROM (SELECT FROM enrollments WHERE organization_id = :o"
                " FOR UPDATE SKIP LOCKED) AS held"
            )
            assert await session.scalar(free, {"o": world.id}) == 1
        slow.go_on.set()
        done.append(await working)

    await look()
    answer = done[0]
    assert answer is None or answer.is_success, answer.text


async def test_what_came_in_time_is_not_late_for_having_been_marked(
    world: World, slow: Slow, monkeypatch: pytest.MonkeyPatch
) -> None:
    ana, attempt = await at_quiz(world, time_limit_seconds=60)
    submission = asyncio.create_task(ana.submit(responses=large(attempt)))
    await slow.until_begun()

    def an_hour_later(session: AsyncSession, instant: datetime) -> None:
        known = instant == marking.marked_since()
        set_instant(session, instant if known else instant + timedelta(hours=1))

    monkeypatch.setattr(database, "set_instant", an_hour_later)
    slow.go_on.set()
    answer = await submission
    assert (answer.status_code, answer.json().get("score")) == (200, 0), answer.text


async def test_answers_that_change_meanwhile_are_marked_as_they_are_then(world: World, slow: Slow) -> None:
    """One that is saved while the others are marked counts; and the same submission at once is the same attempt."""
    ana, attempt = await at_quiz(world)
    path = f"/api/attempts/{attempt['attempt_id']}/"
    saved = large(attempt)
    await ana.call.ok("PATCH", path, {"responses": saved})
    submissions = [asyncio.create_task(ana.submit(responses=[])) for _ in range(2)]
    await slow.until_begun()
    await ana.call.ok("PATCH", path, {"responses": [{**saved[0], "text": "x y z"}]})
    slow.go_on.set()
    for answer in [await submission for submission in submissions]:
        seen = answer.json()
        assert (answer.status_code, seen.get("score"), seen.get("number")) == (200, 25, 1), answer.text


async def test_answers_that_never_stay_the_same_are_refused_for_now(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    ana, attempt = await at_quiz(world)
    path = f"/api/attempts/{attempt['attempt_id']}/"
    saved = large(attempt)
    await ana.call.ok("PATCH", path, {"responses": saved})
    loop = asyncio.get_running_loop()
    tries: list[Any] = []

    def meanwhile(*arguments: Any) -> Any:
        tries.append(arguments)
        change = {"responses": [{**saved[0], "text": f"{len(tries)}"}]}
        asyncio.run_coroutine_threadsafe(ana.call.ok("PATCH", path, change), loop).result(10)
        return grade_attempt(*arguments)

    monkeypatch.setattr(marking, "grade_attempt", meanwhile)
    answer = await ana.submit(responses=[])
    assert (answer.status_code, answer.json()["code"], len(tries)) == (503, "unavailable", marking.TRIES)
    assert int(answer.headers["retry-after"]) > 0
    monkeypatch.undo()
    assert (await ana.submit(responses=[])).status_code == 200


async def test_the_large_answers_of_many_learners_end_with_their_enrollments_in_one_call(
    world: World,
) -> None:
    course = await world.course(tree(quiz(short(0))))
    ids = []
    for user in ("ana", "bob", "cyd", "dan", "eve"):
        one = await quiz_taker(world, {}, user, course)
        await stored(world, await one.start(), user * 5_000)
        ids.append(one.enrollment_id)
    sent = {"action": "withdraw", "ids": ids, "reason": "Closed"}
    assert await world.admin.ok("POST", "/api/enrollments/bulk/", sent) == {"done": len(ids), "skipped": []}


async def test_one_learners_large_answers_keep_no_other_learner_waiting(world: World, slow: Slow) -> None:
    course = await world.course(tree(*(quiz(*(short(n) for n in range(QUESTIONS))) for _ in range(4))))
    ana, bob = [await quiz_taker(world, {}, user, course) for user in ("ana", "bob")]
    modules = await ana.call.ok("GET", f"/api/courses/{course['id']}/modules/")
    quizzes = [item["id"] for item in modules["items"][0]["items"]]
    questions = {one: (await ana.call.ok("GET", f"/api/quizzes/{one}/"))["questions"] for one in quizzes}

    def submission(one: QuizTaker, quiz_id: str, words: str = LARGE) -> asyncio.Task[Any]:
        sent = {"responses": large({"questions": questions[quiz_id]}, words)}
        return asyncio.create_task(one.call("POST", f"/api/quizzes/{quiz_id}/submit/", sent))

    flood = [submission(ana, quiz_id) for quiz_id in quizzes]
    await slow.until_begun()
    await asyncio.sleep(0.3)
    words = "b" * len(LARGE)
    other = submission(bob, quizzes[0], words)
    await asyncio.sleep(0.3)
    slow.go_on.set()
    for one in (other, *flood):
        assert (await one).status_code == 200
    assert slow.marked.index(words) <= 2 * QUESTIONS, "after what was being marked, and one more at most"

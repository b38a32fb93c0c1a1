"""The attempt machine through the contract: limits, saving, time, and what may be seen when."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from tests.attempts.races import race_for_the_last_attempt
from tests.kit.attempts import shift
from tests.kit.query_counts import counted
from tests.kit.quiz_taker import QuizTaker, essay, quiz, quiz_taker, tree
from tests.kit.world import Caller, Json, World, choice, right

from learning_service.core.settings import Settings
from learning_service.main import create_app
from learning_service.worker.jobs.attempts import close_overdue_attempts


def timed(**changes: Any) -> Json:
    return quiz(choice(), choice("Second?"), time_limit_seconds=60, **changes)


@pytest.fixture
async def second_client(settings: Settings) -> AsyncIterator[httpx.AsyncClient]:
    """Another instance of the API on the same database."""
    application = create_app(settings)
    async with application.router.lifespan_context(application):
        transport = httpx.ASGITransport(app=application, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="https://learn.example.org") as http:
            yield http


async def test_the_last_attempt_has_one_winner(world: World, second_client: httpx.AsyncClient) -> None:
    await race_for_the_last_attempt(world, (world.http, second_client), 5)


async def test_one_attempt_submitted_ten_times_has_one_result(
    world: World, second_client: httpx.AsyncClient
) -> None:
    ana = await quiz_taker(world, tree(quiz(choice())))
    started = await ana.start()
    callers = [ana.call, Caller(second_client, ana.call.token, "ana")]
    body = {
        "attempt_id": started["attempt_id"],
        "responses": [right(started["questions"][0], {"texts": ["right"]})],
    }
    sent = await asyncio.gather(*(callers[k % 2]("POST", f"{ana.path}submit/", body) for k in range(10)))
    assert sorted(r.status_code for r in sent) == [200, *[409] * 9]
    assert {r.json()["code"] for r in sent if r.status_code == 409} == {"attempt-closed"}
    assert len((await ana.call.ok("GET", "/api/users/certificates/"))["items"]) == 1


async def test_parallel_starts_give_one_attempt(world: World, second_client: httpx.AsyncClient) -> None:
    ana = await quiz_taker(world, tree(quiz(choice(), max_attempts=1)))
    callers = [ana.call, Caller(second_client, ana.call.token, "ana")]
    sent = await asyncio.gather(*(callers[k % 2]("POST", f"{ana.path}attempts/") for k in range(12)))
    assert sorted(r.status_code for r in sent) == [*[200] * 11, 201]
    assert len({r.json()["attempt_id"] for r in sent}) == 1


async def test_parallel_saves_keep_every_answer(world: World, second_client: httpx.AsyncClient) -> None:
    ana = await quiz_taker(world, tree(quiz(*[choice(f"{n}?") for n in range(12)])))
    callers = [ana.call, Caller(second_client, ana.call.token, "ana")]
    for _ in range(3):
        started = await ana.start()
        path = f"/api/attempts/{started['attempt_id']}/"
        saves = [{"responses": [right(q, {"texts": ["right"]})]} for q in started["questions"]]
        last = {"attempt_id": started["attempt_id"], "responses": []}
        sent = await asyncio.gather(*(callers[k % 2]("PATCH", path, body) for k, body in enumerate(saves)))
        assert {r.status_code for r in sent} == {200}
        seen = await ana.call.ok("GET", path)
        assert len(seen["responses"]) == 12
        closed = await ana.submit(**last)
        assert closed.json()["score"] == 100


async def test_saving_is_an_upsert_in_the_clients_order(world: World) -> None:
    ana = await quiz_taker(world, tree(quiz(choice(), choice("Second?"))))
    started = await ana.start()
    first, second = started["questions"]
    path = f"/api/attempts/{started['attempt_id']}/"
    saved = await ana.call.ok(
        "PATCH", path, {"responses": [right(first, {"texts": ["wrong"]})], "sequence": 5}
    )
    assert (saved["saved"], saved["sequence"], saved["deadline_at"]) == (1, 5, None)
    assert saved["server_time"]
    saved = await ana.call.ok(
        "PATCH", path, {"responses": [right(first, {"texts": ["right"]})], "sequence": 5}
    )
    assert (saved["saved"], saved["sequence"]) == (0, 5)
    await ana.call.ok("PATCH", path, {"responses": [right(second, {"texts": ["right"]})]})
    assert (await ana.call.ok("PATCH", path, {"responses": [], "sequence": 7}))["sequence"] == 7
    elsewhere = await ana.call.ok("GET", path)
    assert elsewhere["status"] == "in_progress"
    assert [q["id"] for q in elsewhere["questions"]] == [first["id"], second["id"]]
    assert {r["question_id"] for r in elsewhere["responses"]} == {first["id"], second["id"]}
    assert elsewhere["server_time"]
    result = (await ana.submit(responses=[])).json()
    assert result["score"] == 50
    late = await ana.call("PATCH", path, {"responses": [], "sequence": 9})
    assert (late.status_code, late.json()["code"]) == (409, "attempt-closed")


async def test_a_shuffled_order_is_frozen_in_the_attempt(world: World) -> None:
    ana = await quiz_taker(
        world, tree(quiz(*[choice(f"{n}?") for n in range(8)], shuffle=True, max_attempts=None))
    )
    orders = set()
    for _ in range(4):
        started = await ana.start()
        order = [q["id"] for q in started["questions"]]
        seen = await ana.call.ok("GET", f"/api/attempts/{started['attempt_id']}/")
        assert seen["questions"] == started["questions"] == (await ana.start())["questions"]
        orders.add(tuple(order))
        await ana.submit(responses=[])
    assert len(orders) > 1


async def test_time_runs_out_half_a_minute_after_the_deadline(world: World) -> None:
    ana = await quiz_taker(world, tree(timed()))
    refused = await ana.submit(responses=[])
    assert (refused.status_code, refused.json()["code"]) == (409, "attempt-not-started")
    assert "questions" not in await ana.call.ok("GET", ana.path)
    started = await ana.start()
    limit = datetime.fromisoformat(started["deadline_at"]) - datetime.fromisoformat(started["started_at"])
    assert limit == timedelta(seconds=60)
    await shift(world, started["attempt_id"], seconds=85)
    path = f"/api/attempts/{started['attempt_id']}/"
    answer = right(started["questions"][0], {"texts": ["right"]})
    in_grace = await ana.call("PATCH", path, {"responses": [answer]})
    assert in_grace.status_code == 200
    await close_overdue_attempts(world.worker, None)
    assert (await ana.call.ok("GET", path))["status"] == "in_progress"
    await shift(world, started["attempt_id"], seconds=6)
    bodies: list[Json] = [{"attempt_id": started["attempt_id"], "responses": []}, {"responses": []}]
    for body in bodies:
        late = await ana.submit(**body)
        assert (late.status_code, late.json()["code"]) == (409, "attempt-closed")
    seen = await ana.call.ok("GET", path)
    assert (seen["status"], seen["score"], seen["submitted_at"]) == ("graded", 50, seen["deadline_at"])


async def test_a_submission_within_the_grace_is_stamped_with_the_deadline(world: World) -> None:
    ana = await quiz_taker(world, tree(timed()))
    started = await ana.start()
    await shift(world, started["attempt_id"], seconds=80)
    assert (await ana.submit(responses=[])).status_code == 200
    seen = await ana.call.ok("GET", f"/api/attempts/{started['attempt_id']}/")
    assert seen["submitted_at"] == seen["deadline_at"]


@pytest.mark.parametrize("touch", ["quiz", "attempt", "start"])
async def test_a_touch_closes_what_is_overdue(world: World, touch: str) -> None:
    ana = await quiz_taker(world, tree(timed(max_attempts=2)))
    started = await ana.start()
    await shift(world, started["attempt_id"], seconds=95)
    match touch:
        case "quiz":
            [shown] = (await ana.call.ok("GET", ana.path))["attempts"]
        case "attempt":
            shown = await ana.call.ok("GET", f"/api/attempts/{started['attempt_id']}/")
        case _:
            again = await ana.call("POST", f"{ana.path}attempts/")
            assert (again.status_code, again.json()["number"]) == (201, 2)
            shown = await ana.call.ok("GET", f"/api/attempts/{started['attempt_id']}/")
    assert (shown["status"], shown["score"], shown["passed"]) == ("graded", 0, False)


async def test_the_sweeper_closes_as_of_a_time(world: World) -> None:
    ana = await quiz_taker(world, tree(timed(max_attempts=1)))
    started = await ana.start()
    deadline = datetime.fromisoformat(started["deadline_at"])
    await close_overdue_attempts(world.worker, deadline + timedelta(seconds=29))
    assert await ana.status() == "in_progress"
    await asyncio.gather(
        *(close_overdue_attempts(world.worker, deadline + timedelta(seconds=31)) for _ in range(3))
    )
    assert await ana.status() == "failed"
    seen = await ana.call.ok("GET", f"/api/attempts/{started['attempt_id']}/")
    assert (seen["status"], seen["submitted_at"]) == ("graded", started["deadline_at"])


async def meet_at_the_deadline(world: World, times: int) -> None:
    """Submissions and the sweeper at the same moment: one terminal state each, what was saved graded."""
    course = await world.course(tree(timed(max_attempts=None)))
    ana = await quiz_taker(world, {}, "ana", course)
    for n in range(times):
        started = await ana.start()
        attempt = started["attempt_id"]
        saved = [right(started["questions"][0], {"texts": ["right"]})]
        await ana.call.ok("PATCH", f"/api/attempts/{attempt}/", {"responses": saved})
        # The grace ends within some 20 ms of now, sometimes before, sometimes after.
        await shift(world, attempt, seconds=89.99 + 0.002 * (n % 10))
        body = {"attempt_id": attempt, "responses": [right(started["questions"][1], {"texts": ["right"]})]}
        sent, _ = await asyncio.gather(
            ana.submit(**body), close_overdue_attempts(world.worker, datetime.now(UTC))
        )
        seen = await ana.call.ok("GET", f"/api/attempts/{attempt}/")
        if seen["status"] == "in_progress":
            # Neither came after the deadline, nor did the submission win: impossible.
            raise AssertionError(sent.text)
        expected = 100 if sent.status_code == 200 else 50
        assert (seen["score"], sent.status_code in (200, 409)) == (expected, True), sent.text
        assert seen["submitted_at"] == seen["deadline_at"]


async def test_submitting_against_the_sweeper(world: World) -> None:
    await meet_at_the_deadline(world, 30)


@pytest.mark.slow
@pytest.mark.timeout(900)
async def test_submitting_against_the_sweeper_a_thousand_times(world: World) -> None:
    await meet_at_the_deadline(world, 1000)


async def test_a_submission_is_two_statements_of_its_own(world: World, app: FastAPI) -> None:
    twenty = [choice(f"{n}?") for n in range(20)]
    ana = await quiz_taker(world, tree(quiz(*twenty, pass_score=70), quiz(choice("other"))))
    started = await ana.start()
    given = [right(q, {"texts": ["right"]}) for q in started["questions"]]
    with counted(app) as own:
        sent = await ana.submit(attempt_id=started["attempt_id"], responses=given)
    assert sent.json()["score"] == 100
    assert 1 <= len(own) <= 2, "\n".join(own)


async def test_what_does_not_fit_is_refused_and_changes_nothing(world: World) -> None:
    ana = await quiz_taker(world, tree(quiz(choice(), essay())))
    bob = await quiz_taker(world, tree(quiz(choice("Other"))), "bob")
    started, others = await ana.start(), await bob.start()
    question, free = started["questions"]
    good = right(question, {"texts": ["right"]})
    both = {"question_id": question["id"], "answer_ids": [a["id"] for a in question["answers"]]}
    path = f"/api/attempts/{started['attempt_id']}/"
    bad: list[Any] = [
        [right(others["questions"][0], {"texts": ["right"]})],
        [{**good, "answer_ids": [others["questions"][0]["answers"][0]["id"]]}],
        [both],
        [good, good],
        [{**good, "answer_ids": [good["answer_ids"][0]] * 2}],
        [{"question_id": question["id"], "text": "right"}],
        [{"question_id": free["id"], "text": "x" * 20_001}],
        [{"question_id": free["id"], "text": "a\x00b"}],
        [{"question_id": free["id"], "text": 7}],
        [{"question_id": free["id"], "value": "true"}],
        [good] * 5_000,
        {},
    ]
    for responses in bad:
        for method, call in (("PATCH", path), ("POST", f"{ana.path}submit/")):
            refused = await ana.call(method, call, {"responses": responses})
            assert (refused.status_code, refused.json()["code"]) == (422, "invalid"), refused.text
    for extra in (
        {"score": 100},
        {"passed": True},
        {"deadline_at": None},
        {"points": 1},
        {"status": "graded"},
    ):
        assert (await ana.submit(responses=[good], **extra)).status_code == 422
    huge = await ana.submit(responses=[{"question_id": free["id"], "text": "x" * 1_100_000}])
    assert huge.status_code == 413
    assert (await bob.call("POST", f"{ana.path}submit/", {"responses": []})).status_code == 404
    assert (await bob.call("PATCH", path, {"responses": []})).status_code == 404
    assert (await bob.call("GET", path)).status_code == 404
    taken = await ana.submit(attempt_id=others["attempt_id"], responses=[good])
    assert (taken.status_code, taken.json()["code"]) == (404, "not-found")
    wrong_kind = await ana.call("POST", ana.path.replace("quizzes", "assessments") + "submit/", {"x": 1})
    assert wrong_kind.status_code == 404
    seen = await ana.call.ok("GET", path)
    assert (seen["status"], seen["responses"]) == ("in_progress", [])


@pytest.mark.parametrize(
    ("feedback", "shown"),
    [("never", [False, False, False]), ("after_submit", [True] * 3), (None, [False, False, True])],
)
async def test_marks_are_shown_as_the_quiz_says(
    world: World, feedback: str | None, shown: list[bool]
) -> None:
    policy = {} if feedback is None else {"feedback": feedback}
    ana = await quiz_taker(world, tree(quiz({**choice(), "explanation_html": "<p>Because</p>"}, **policy)))
    for expected in shown:
        result = await ana.answer({"texts": ["wrong"]})
        seen = await ana.call.ok("GET", f"/api/attempts/{result['attempt_id']}/")
        for view in (result, seen):
            [mark] = view["responses"]
            assert (mark["correct"] is not None) == expected
            assert (mark["right_answer"] is not None) == expected
            assert (mark["explanation_html"] is not None) == expected
            assert (mark["points_awarded"] is not None) == expected


async def test_answers_are_normalized_and_partly_credited(world: World) -> None:
    short = {
        "type": "short_answer",
        "prompt_html": "<p>s</p>",
        "points": 1,
        "accepted_answers": ["Don't \u201chaze\u201d"],
    }
    several = {
        "type": "multi_select",
        "prompt_html": "<p>m</p>",
        "points": 3,
        "scoring": "right_minus_wrong",
        "answers": [{"text": t, "is_correct": t in "abc"} for t in "abcde"],
    }
    ana = await quiz_taker(world, tree(quiz(short, several, max_attempts=None)))
    for text_, chosen, points in (
        ('  DON\u2019T   "haze" ', "ab", 3.0),
        ("dont haze", "abcd", 1.5),
        ("don\u2018t \u201ehaze\u201c", "", 1.0),
        ("", "de", 0.0),
    ):
        result = await ana.answer({"text": text_}, {"texts": list(chosen)})
        assert result["points"] == points, (text_, chosen)


async def _scene(world: World) -> QuizTaker:
    return await quiz_taker(world, tree(timed(max_attempts=1)))


async def test_extra_time_moves_the_deadline_of_the_attempt_under_way(world: World) -> None:
    ana = await _scene(world)
    started = await ana.start()
    path = f"/api/enrollments/{ana.enrollment_id}/"
    north = world.call_as("nora", "regional_admin:north")
    changed = await north.ok("PATCH", path, {"extra_time_seconds": 600, "reason": "Accommodation"})
    assert (changed["id"], changed["user_id"]) == (ana.enrollment_id, "ana")
    seen = await ana.call.ok("GET", f"/api/attempts/{started['attempt_id']}/")
    before, after = (datetime.fromisoformat(a["deadline_at"]) for a in (started, seen))
    assert after - before == timedelta(seconds=600)
    await shift(world, started["attempt_id"], seconds=120)
    assert (await ana.submit(responses=[])).status_code == 200
    told = await north.ok("GET", f"{path}explain/")
    assert [(g["kind"], g["amount"], g["reason"]) for g in told["grants"]] == [
        ("extra_time", 600, "Accommodation")
    ]
    assert (told["cause"]["kind"], told["cause"]["id"], told["source"]) == ("person", "ana", "self")

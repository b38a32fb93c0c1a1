"""A submission that names no attempt and comes twice: one attempt, one answer, by the short way and the long one."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from sqlalchemy import text
from tests.kit.quiz_taker import essay, quiz, tree
from tests.kit.world import Caller, Json, World, choice, right
from tests.standing.scene import Scene, scene

from learning_service import main
from learning_service.core.settings import Settings
from learning_service.main import create_app

QUIZ = quiz(choice(), max_attempts=5)
LESSON = {"kind": "lesson", "title": "Read", "body_html": "<p>Read.</p>"}


@pytest.fixture(scope="module", params=["short", "long"])
async def lane(request: pytest.FixtureRequest, settings: Settings) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the application with its hot paths, and of one without."""
    with pytest.MonkeyPatch.context() as patch:
        if request.param == "long":
            patch.setattr(main, "HOT_PATHS", ())
        application = create_app(settings)
    async with application.router.lifespan_context(application):
        transport = httpx.ASGITransport(app=application, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="https://learn.example.org") as http:
            yield http


async def ready(world: World, lane: httpx.AsyncClient, *items: Json) -> tuple[Scene, str, Json]:
    """Enrolled by this lane; the path of the first item, and a wrong answer to it."""
    here = await scene(world, *items)
    here.call = Caller(lane, here.call.token, here.call.user)
    await here.enroll()
    path = await here.quiz_path(0)
    questions = (await here.call.ok("GET", path))["questions"]
    wrong = [right(question, {"texts": ["wrong"]}) for question in questions]
    return here, path, {"responses": wrong}


async def used(here: Scene, path: str) -> int:
    return int((await here.call.ok("GET", path))["attempts_used"])


async def later(here: Scene, seconds: int) -> None:
    """Make it that much later than everything that was submitted."""
    async with here.world.worker.transaction(here.world.id) as session:
        await session.execute(
            text("UPDATE quiz_attempts SET submitted_at = submitted_at - make_interval(secs => :s)"),
            {"s": seconds},
        )


async def test_the_same_again_is_answered_by_the_first(world: World, lane: httpx.AsyncClient) -> None:
    here, path, body = await ready(world, lane, QUIZ, LESSON)
    first = await here.call.ok("POST", f"{path}submit/", body)
    again = await here.call.ok("POST", f"{path}submit/", body)
    assert again == first
    assert await used(here, path) == 1


async def test_two_at_once_are_one_attempt(world: World, lane: httpx.AsyncClient) -> None:
    here, path, body = await ready(world, lane, QUIZ, LESSON)
    answers = await asyncio.gather(*(here.call("POST", f"{path}submit/", body) for _ in range(6)))
    assert [a.status_code for a in answers] == [200] * 6
    assert len({a.json()["attempt_id"] for a in answers}) == 1
    assert await used(here, path) == 1


async def test_other_answers_are_another_attempt(world: World, lane: httpx.AsyncClient) -> None:
    here, path, body = await ready(world, lane, QUIZ, LESSON)
    await here.call.ok("POST", f"{path}submit/", body)
    blank = await here.call.ok("POST", f"{path}submit/", {"responses": []})
    assert blank["number"] == 2
    assert (await here.call.ok("POST", f"{path}submit/", body))["number"] == 1
    assert await used(here, path) == 2


async def test_a_minute_later_it_is_another_attempt(world: World, lane: httpx.AsyncClient) -> None:
    here, path, body = await ready(world, lane, QUIZ, LESSON)
    await here.call.ok("POST", f"{path}submit/", body)
    await later(here, 50)
    assert (await here.call.ok("POST", f"{path}submit/", body))["number"] == 1
    await later(here, 11)
    assert (await here.call.ok("POST", f"{path}submit/", body))["number"] == 2


async def test_an_attempt_started_since_is_what_is_meant(world: World, lane: httpx.AsyncClient) -> None:
    here, path, body = await ready(world, lane, QUIZ, LESSON)
    await here.call.ok("POST", f"{path}submit/", body)
    started = await here.call.ok("POST", f"{path}attempts/")
    closed = await here.call.ok("POST", f"{path}submit/", body)
    assert (closed["attempt_id"], closed["number"]) == (started["attempt_id"], 2)


async def test_what_was_saved_is_no_part_of_the_body(world: World, lane: httpx.AsyncClient) -> None:
    """The answers that count are those saved and those sent; the body that repeats is the one sent."""
    here, path, body = await ready(world, lane, QUIZ, LESSON)
    started = await here.call.ok("POST", f"{path}attempts/")
    await here.call.ok("PATCH", f"/api/attempts/{started['attempt_id']}/", body)
    first = await here.call.ok("POST", f"{path}submit/", {"responses": []})
    assert await here.call.ok("POST", f"{path}submit/", {"responses": []}) == first
    assert (await here.call.ok("POST", f"{path}submit/", body))["number"] == 2


async def test_one_that_completed_the_course_is_answered_with_its_certificate(
    world: World, lane: httpx.AsyncClient
) -> None:
    here, path, body = await ready(world, lane, QUIZ)
    questions = (await here.call.ok("GET", path))["questions"]
    body = {"responses": [right(question, {"texts": ["right"]}) for question in questions]}
    answers = await asyncio.gather(*(here.call("POST", f"{path}submit/", body) for _ in range(4)))
    answers.append(await here.call("POST", f"{path}submit/", body))
    first = answers[0].json()
    assert first["certificate"]["id"] == (await here.certificates())[0]["id"]
    assert [a.json() for a in answers] == [first] * 5
    assert await used(here, path) == 1


async def test_one_that_failed_the_course_is_answered_again(world: World, lane: httpx.AsyncClient) -> None:
    here, path, body = await ready(world, lane, quiz(choice(), max_attempts=1))
    answers = await asyncio.gather(*(here.call("POST", f"{path}submit/", body) for _ in range(4)))
    assert [a.status_code for a in answers] == [200] * 4
    assert {a.json()["enrollment"]["status"] for a in answers} == {"failed"}
    assert len({a.json()["attempt_id"] for a in answers}) == 1


async def test_a_failed_renewal_is_answered_not_the_completion_before_it(
    world: World, lane: httpx.AsyncClient
) -> None:
    here = Scene(world, await world.course(tree(QUIZ), recertification_cadence="P20D"), world.member())
    here.call = Caller(lane, here.call.token, here.call.user)
    await here.enroll()
    path = await here.quiz_path(0)
    questions = (await here.call.ok("GET", path))["questions"]
    body = {"responses": [right(questions[0], {"texts": ["right"]})]}
    await here.call.ok("POST", f"{path}submit/", body)
    async with world.worker.transaction(world.id) as session:
        await session.execute(
            text(
                "UPDATE course_completions SET completed_at = now() - interval '19 days',"
                " expires_at = now() + interval '1 day' WHERE course_id = :c"
            ),
            {"c": here.course["id"]},
        )
    renewal = await here.enroll()
    blank: Json = {"responses": []}
    for n in range(4):
        sent = {"responses": [right(questions[0], {"texts": ["wrong"]})]} if n % 2 else blank
        await here.call.ok("POST", f"{path}submit/", sent)
        await later(here, 120)
    last = await here.call.ok("POST", f"{path}submit/", blank)
    assert last["enrollment"] == {"id": renewal, "status": "failed"}
    assert await here.call.ok("POST", f"{path}submit/", blank) == last


async def crossed(world: World, lane: httpx.AsyncClient) -> tuple[Scene, str, Json]:
    """An attempt under way in an enrollment that has failed, and a newer enrollment; the path, and a wrong answer."""
    here = await scene(
        world, quiz(choice(), max_attempts=5), quiz(choice(), title="Other", max_attempts=1), LESSON
    )
    here.call = Caller(lane, here.call.token, here.call.user)
    await here.enroll()
    path = await here.quiz_path(0)
    started = await here.call.ok("POST", f"{path}attempts/")
    assert (await here.take(1, {"texts": ["wrong"]}))["enrollment"]["status"] == "failed"
    assert (await here.assign())["assigned"] == 1
    return here, path, {"responses": [right(started["questions"][0], {"texts": ["wrong"]})]}


async def test_the_same_again_is_one_where_another_enrollment_is_open_by_now(
    world: World, lane: httpx.AsyncClient
) -> None:
    here, path, body = await crossed(world, lane)
    first = await here.call.ok("POST", f"{path}submit/", body)
    assert first["enrollment"]["status"] == "failed"
    assert await here.call.ok("POST", f"{path}submit/", body) == first
    assert (await here.statuses(), await used(here, path)) == (["failed", "assigned"], 0)
    other = await here.call.ok("POST", f"{path}submit/", {"responses": []})
    assert (other["number"], other["enrollment"]["status"]) == (1, "in_progress")
    assert await here.call.ok("POST", f"{path}submit/", body) == first, "also after something else"
    await later(here, 61)
    meant = await here.call.ok("POST", f"{path}submit/", body)
    assert (meant["number"], meant["enrollment"]) == (2, other["enrollment"])


async def test_the_same_at_once_is_one_where_another_enrollment_is_open(
    world: World, lane: httpx.AsyncClient
) -> None:
    here, path, body = await crossed(world, lane)
    answers = await asyncio.gather(*(here.call.ok("POST", f"{path}submit/", body) for _ in range(6)))
    assert [a["attempt_id"] for a in answers] == [answers[0]["attempt_id"]] * 6
    assert (await here.statuses(), await used(here, path)) == (["failed", "assigned"], 0)


async def test_the_same_answers_in_an_enrollment_made_since_are_an_attempt_of_their_own(
    world: World, lane: httpx.AsyncClient
) -> None:
    here, path, body = await ready(world, lane, quiz(choice(), max_attempts=1), LESSON)
    first = await here.call.ok("POST", f"{path}submit/", body)
    assert (await here.assign())["assigned"] == 1
    anew = await here.call.ok("POST", f"{path}submit/", body)
    assert anew["attempt_id"] != first["attempt_id"]
    assert await here.statuses() == ["failed", "failed"]


async def test_an_essay_is_queued_once(world: World, lane: httpx.AsyncClient) -> None:
    here = await scene(world, quiz(essay(), max_attempts=5), LESSON)
    here.call = Caller(lane, here.call.token, here.call.user)
    await here.enroll()
    path = await here.quiz_path(0)
    questions = (await here.call.ok("GET", path))["questions"]
    body = {"responses": [right(questions[0], {"text": "Because."})]}
    await asyncio.gather(*(here.call.ok("POST", f"{path}submit/", body) for _ in range(4)))
    assert len(await here.pending()) == 1


async def test_a_timed_quiz_answers_what_it_has_closed(world: World, lane: httpx.AsyncClient) -> None:
    here = await scene(world, quiz(choice(), max_attempts=3, time_limit_seconds=600), LESSON)
    here.call = Caller(lane, here.call.token, here.call.user)
    await here.enroll()
    path = await here.quiz_path(0)
    await here.call.ok("POST", f"{path}attempts/")
    first = await here.call.ok("POST", f"{path}submit/", {"responses": []})
    assert await here.call.ok("POST", f"{path}submit/", {"responses": []}) == first


async def test_one_that_names_its_attempt_is_no_repetition(world: World, lane: httpx.AsyncClient) -> None:
    here, path, body = await ready(world, lane, QUIZ, LESSON)
    closed = await here.call.ok("POST", f"{path}submit/", body)
    again: Any = await here.call("POST", f"{path}submit/", {**body, "attempt_id": closed["attempt_id"]})
    assert (again.status_code, again.json()["code"]) == (409, "attempt-closed")

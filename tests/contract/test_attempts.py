"""Attempts: limits, time, saves, and who is first when many come at once."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import httpx
from tests.kit.direct import Database
from tests.kit.fields import random_id, refused
from tests.kit.learner import Learner, final, lesson, quiz, tree
from tests.kit.world import World


async def move_deadline(database: Database, attempt: str, seconds: float) -> datetime:
    """Put an attempt's deadline so many seconds from now by the database's clock."""
    moved: datetime = await database.value(
        "UPDATE quiz_attempts SET deadline_at = clock_timestamp() + $1 WHERE id = $2::uuid RETURNING deadline_at",
        timedelta(seconds=seconds),
        attempt,
    )
    return moved


def tally(answers: Sequence[httpx.Response]) -> Counter[int]:
    """Answers by status. A machine with too much to do may refuse some calls whole, which decides nothing."""
    decided = Counter(answer.status_code for answer in answers if answer.status_code != 503)
    assert decided.total() > 1, "all refused: nothing was raced"
    return decided


async def test_starting_twice_is_one_attempt(world: World) -> None:
    at = await Learner.enter(world, tree(quiz(max_attempts=2)))
    first, again = await at.start(), await at.start()
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json()["attempt_id"] == again.json()["attempt_id"]
    assert first.json()["questions"] == again.json()["questions"]
    await at.send("Q")
    second = await at.start()
    assert (second.status_code, second.json()["number"]) == (201, 2)
    await at.send("Q")
    refused(await at.start(), 409, "no-attempts-left")
    refused(await at.send("Q", await at.responses("Q", 0)), 409, "no-attempts-left")


async def test_submitting_takes_what_was_saved_and_lays_the_new_over_it(world: World) -> None:
    at = await Learner.enter(world, tree(quiz(questions=3, feedback="after_submit")))
    attempt = (await at.start()).json()["attempt_id"]
    path = f"/api/attempts/{attempt}/"
    right, wrong = await at.responses("Q", 3), await at.responses("Q", 0)
    await at.call.ok("PATCH", path, {"responses": [right[0], wrong[1]]})
    await at.call.ok("PATCH", path, {"responses": []})
    result = (await at.send("Q", [right[1]], attempt_id=attempt)).json()
    assert [mark["correct"] for mark in result["responses"]] == [True, True, False]
    assert (result["attempt_id"], result["points"]) == (attempt, 2)
    refused(await at.call("PATCH", path, {"responses": []}), 409, "attempt-closed")
    refused(await at.send("Q", attempt_id=attempt), 409, "attempt-closed")


async def test_an_old_sequence_changes_nothing(world: World) -> None:
    at = await Learner.enter(world, tree(quiz()))
    path = f"/api/attempts/{(await at.start()).json()['attempt_id']}/"
    [right], [wrong] = await at.responses("Q", 1), await at.responses("Q", 0)
    steps: list[tuple[Any, int | None, int, int, Any]] = [
        (right, None, 1, 0, right),
        (wrong, 0, 1, 0, wrong),
        (right, 0, 0, 0, wrong),
        (wrong, 5, 1, 5, wrong),
        (right, 5, 0, 5, wrong),
        (right, 4, 0, 5, wrong),
        (right, None, 1, 5, right),
        (wrong, 6, 1, 6, wrong),
    ]
    for response, sequence, saved, last, kept in steps:
        body = {"responses": [response]} | ({} if sequence is None else {"sequence": sequence})
        answer = await at.call.ok("PATCH", path, body)
        assert (answer["saved"], answer["sequence"]) == (saved, last)
        [stored] = (await at.call.ok("GET", path))["responses"]
        assert stored["answer_ids"] == kept["answer_ids"]


async def test_responses_that_do_not_fit_are_refused_and_nothing_is_used_up(world: World) -> None:
    at = await Learner.enter(world, tree(quiz(questions=2), quiz("Other"), assessment=final()))
    [other] = await at.responses("Other", 1)
    first, second = await at.responses("Q", 2)
    foreign_choice = {**first, "answer_ids": second["answer_ids"]}
    for responses in (
        [other],
        [foreign_choice],
        [first, first],
        [{**first, "answer_ids": first["answer_ids"] * 2}],
        [{**first, "answer_ids": [random_id()]}],
        [{"question_id": first["question_id"], "text": "x"}],
        [{"question_id": first["question_id"], "value": True}],
        [{"question_id": first["question_id"], "answer_ids": [], "value": True}],
        [{"question_id": first["question_id"]}],
        [{"question_id": random_id(), "text": "x"}],
        [{**first, "score": 100}],
    ):
        refused(await at.send("Q", responses), 422)
    for extra in ({"passed": True}, {"score": 100}, {"number": 1}, {"deadline_at": None}):
        refused(await at.send("Q", [], **extra), 422)
    assert (await at.call.ok("GET", at.path("Q")))["attempts_used"] == 0


async def test_an_attempt_id_that_is_not_ones_own_is_unknown(world: World) -> None:
    at = await Learner.enter(world, tree(quiz(), quiz("Other")))
    bob = await Learner.join(world.member("bob"), at.course)
    foreign = (await bob.start()).json()["attempt_id"]
    sibling = (await at.start("Other")).json()["attempt_id"]
    for attempt in (random_id(), foreign, sibling):
        refused(await at.send("Q", attempt_id=attempt), 404, "not-found")
    assert (await at.call.ok("GET", at.path("Q")))["attempts_used"] == 0
    refused(await at.call("GET", f"/api/attempts/{foreign}/"), 404)
    refused(await at.call("PATCH", f"/api/attempts/{foreign}/", {"responses": []}), 404)


async def test_within_the_grace_a_submission_counts(world: World, database: Database) -> None:
    at = await Learner.enter(world, tree(quiz(time_limit_seconds=600, max_attempts=2)))
    begun = (await at.start()).json()
    started, deadline = (datetime.fromisoformat(begun[name]) for name in ("started_at", "deadline_at"))
    assert deadline - started == timedelta(seconds=600)
    right = [
        {"question_id": q["id"], "answer_ids": [a["id"] for a in q["answers"] if a["text"] == "right"]}
        for q in begun["questions"]
    ]
    await move_deadline(database, begun["attempt_id"], -20)
    path = f"/api/attempts/{begun['attempt_id']}/"
    assert (await at.call.ok("GET", path))["status"] == "in_progress", "until then nothing closes it"
    assert (await at.call.ok("PATCH", path, {"responses": []}))["saved"] == 0
    result = (await at.send("Q", right)).json()
    assert (result["score"], result["passed"]) == (100, True)


async def test_after_the_grace_what_was_saved_is_graded_and_stamped_with_the_deadline(
    world: World, database: Database
) -> None:
    touches = ("submit", "save", "read", "quiz", "start")
    at = await Learner.enter(world, tree(lesson(), quiz(time_limit_seconds=600, questions=2)))
    for number, touch in enumerate(touches, 1):
        begun = (await at.start()).json()
        assert begun["number"] == number
        path = f"/api/attempts/{begun['attempt_id']}/"
        right = [
            {"question_id": q["id"], "answer_ids": [a["id"] for a in q["answers"] if a["text"] == "right"]}
            for q in begun["questions"]
        ]
        await at.call.ok("PATCH", path, {"responses": right[:1]})
        deadline = await move_deadline(database, begun["attempt_id"], -31)
        match touch:
            case "submit":
                refused(await at.send("Q", right), 409, "attempt-closed")
            case "save":
                refused(await at.call("PATCH", path, {"responses": right}), 409, "attempt-closed")
            case "read":
                assert (await at.call.ok("GET", path))["status"] == "graded"
            case "quiz":
                assert (await at.call.ok("GET", at.path("Q")))["attempts"][-1]["status"] == "graded"
            case _:
                assert (await at.start()).json()["number"] == number + 1
        closed = await at.call.ok("GET", path)
        assert (closed["status"], closed["points"], closed["score"]) == ("graded", 1, 50)
        assert datetime.fromisoformat(closed["submitted_at"]) == deadline


async def test_a_late_touch_may_complete_or_fail_the_course(world: World, database: Database) -> None:
    timed = final(time_limit_seconds=60, max_attempts=1)
    for user, correct, expected in (("ana", "right", "completed"), ("bob", "wrong", "failed")):
        at = await Learner.enter(world, tree(assessment=timed), user)
        begun = (await at.start("Final")).json()
        [question] = begun["questions"]
        chosen = [a["id"] for a in question["answers"] if a["text"] == correct]
        body = {"responses": [{"question_id": question["id"], "answer_ids": chosen}]}
        await at.call.ok("PATCH", f"/api/attempts/{begun['attempt_id']}/", body)
        await move_deadline(database, begun["attempt_id"], -31)
        refused(await at.send("Final"), 409, "attempt-closed")
        assert await at.status() == expected
        certificates = (await at.call.ok("GET", "/api/users/certificates/"))["items"]
        assert len(certificates) == (expected == "completed")


async def test_a_shuffled_attempt_keeps_its_order(world: World) -> None:
    at = await Learner.enter(world, tree(quiz(questions=12, shuffle=True)))
    first = (await at.start()).json()["questions"]
    assert (await at.start()).json()["questions"] == first
    await at.send("Q")
    assert (await at.start()).json()["questions"] != first, "one chance in 12! · 2^12 to fail by accident"


async def test_twenty_starts_at_the_last_attempt_are_one(world: World) -> None:
    at = await Learner.enter(world, tree(quiz(max_attempts=2)))
    await at.submit(correct=0)
    answers = await asyncio.gather(*(at.start() for _ in range(20)))
    assert (tally(answers).keys() <= {200, 201}, tally(answers)[201]) == (True, 1)
    assert len({a.json()["attempt_id"] for a in answers if a.is_success}) == 1


async def test_twenty_submissions_at_the_last_attempt_are_one(world: World, database: Database) -> None:
    at = await Learner.enter(world, tree(quiz(max_attempts=2)))
    await at.submit(correct=0)
    responses = await at.responses("Q", 1)
    answers = await asyncio.gather(*(at.send("Q", responses) for _ in range(20)))
    assert tally(answers) == {200: 20}
    assert len({a.json()["attempt_id"] for a in answers}) == 1, "the same again is the same attempt"
    [row] = await database(
        "SELECT count(*) AS n, max(number) AS last FROM quiz_attempts WHERE quiz_id = $1::uuid", at.ids["Q"]
    )
    assert (row["n"], row["last"]) == (2, 2)


async def test_twenty_submissions_of_one_attempt_complete_once(world: World, database: Database) -> None:
    at = await Learner.enter(world, tree(assessment=final()))
    attempt = (await at.start("Final")).json()["attempt_id"]
    responses = await at.responses("Final", 1)
    answers = await asyncio.gather(*(at.send("Final", responses, attempt_id=attempt) for _ in range(20)))
    assert (tally(answers).keys() <= {200, 409}, tally(answers)[200]) == (True, 1)
    assert {a.json()["code"] for a in answers if a.status_code == 409} == {"attempt-closed"}
    for table in ("course_completions", "certificates", "quiz_attempts", "assessment_results"):
        n = await database.value(f"SELECT count(*) FROM {table} WHERE organization_id = $1", world.id)
        assert n == 1, table


async def test_the_last_things_done_at_the_same_time_complete_exactly_once(
    world: World, database: Database
) -> None:
    course = await world.course(tree(lesson(), quiz(), assessment=final()))
    for user in ("ana", "bob", "cyd", "dan", "eve"):
        at = await Learner.join(world.member(user), course["id"])
        ready, last = await at.responses("Q", 1), await at.responses("Final", 1)
        answers = await asyncio.gather(
            at.call("POST", at.path("L", "complete")),
            at.send("Q", ready),
            at.send("Final", last),
            at.call("POST", at.path("L", "complete")),
        )
        assert [a.status_code for a in answers] == [200] * 4
        assert await at.status() == "completed"
    for table in ("course_completions", "certificates"):
        n = await database.value(f"SELECT count(*) FROM {table} WHERE organization_id = $1", world.id)
        assert n == 5, table


async def test_twenty_enrollments_at_once_are_one(world: World) -> None:
    course = await world.course(tree(lesson()))
    ana = world.member()
    answers = await asyncio.gather(*(ana("POST", f"/api/courses/{course['id']}/enroll/") for _ in range(20)))
    assert (tally(answers).keys() <= {200, 201}, tally(answers)[201]) == (True, 1)
    assert len({a.json()["id"] for a in answers if a.is_success}) == 1


async def test_two_authors_at_once_make_one_edit(world: World) -> None:
    course = await world.course(publish=False)
    path = f"/api/courses/{course['id']}"
    etag = (await world.admin("GET", f"{path}/draft/")).headers["etag"]
    edits = [
        world.admin("PUT", f"{path}/draft/", tree(lesson(f"L{n}")), headers={"If-Match": etag})
        for n in range(8)
    ]
    answers = await asyncio.gather(*edits)
    assert (tally(answers).keys() <= {200, 412}, tally(answers)[200]) == (True, 1)
    publishes = [world.admin("POST", f"{path}/publish/") for _ in range(8)]
    answers = await asyncio.gather(*publishes)
    assert (tally(answers).keys() <= {200, 409}, tally(answers)[200]) == (True, 1)

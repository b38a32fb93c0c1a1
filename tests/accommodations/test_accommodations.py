"""What a member needs at attempts: more time and more tries, from its grant on, in every course."""

from datetime import datetime
from typing import Any

import pytest
from tests.kit.direct import Database
from tests.kit.fields import refused
from tests.kit.learner import Learner, final, lesson, quiz, tree
from tests.kit.regrades import questions_of, regrade
from tests.kit.world import Caller, Json, World


def path(user: str = "ana") -> str:
    return f"/api/directory/members/{user}/accommodations/"


async def grant(world: World, user: str = "ana", by: Caller | None = None, **facts: Any) -> Json:
    """Half as much time again and one more try, unless told otherwise."""
    facts = facts or {"time_multiplier": 1.5, "extra_attempts": 1}
    made: Json = await (by or world.admin).ok("PUT", path(user), {"reason": "A doctor's letter", **facts})
    return made


async def fail(at: Learner) -> int:
    """One more attempt that passes nothing; how many are left."""
    assert (await at.start()).status_code == 201
    left: int = (await at.submit(correct=0))["attempts_remaining"]
    return left


def minutes(attempt: Json) -> float:
    begun, ends = (datetime.fromisoformat(attempt[name]) for name in ("started_at", "deadline_at"))
    return (ends - begun).total_seconds() / 60


async def test_they_are_put_read_and_deleted(world: World) -> None:
    refused(await world.admin("GET", path()), 404, "not-found")
    made = await grant(world)
    granted_at = made["granted_at"]
    assert made == {
        "user_id": "ana",
        "time_multiplier": 1.5,
        "extra_attempts": 1,
        "reason": "A doctor's letter",
        "granted_by": "boss",
        "granted_at": granted_at,
    }
    assert await world.admin.ok("GET", path()) == made
    changed = await grant(world, extra_attempts=3)
    assert (changed["time_multiplier"], changed["extra_attempts"]) == (1, 3), "it replaces what was there"
    mine = (await world.member().ok("GET", "/api/users/export/"))["accommodations"]
    assert {name: mine[name] for name in ("time_multiplier", "extra_attempts", "reason")} == {
        "time_multiplier": 1,
        "extra_attempts": 3,
        "reason": "A doctor's letter",
    }
    assert await world.admin.ok("DELETE", path()) is None
    refused(await world.admin("DELETE", path()), 404, "not-found")
    refused(await world.admin("GET", path()), 404, "not-found")
    assert (await world.member().ok("GET", "/api/users/export/"))["accommodations"] is None
    trail = (await world.admin.ok("GET", "/api/audit/?subject=ana"))["items"]
    written = [(entry["action"], entry["reason"]) for entry in trail if "accommodations" in entry["action"]]
    assert written == [
        ("accommodations.ended", None),
        ("accommodations.granted", None),
        ("accommodations.granted", None),
    ], "what a person needs is not for the trail"


async def test_an_attempt_takes_the_time_that_held_at_its_start(world: World) -> None:
    at = await Learner.enter(world, tree(quiz(time_limit_seconds=600, max_attempts=3)))
    first = (await at.start()).json()
    await grant(world)
    assert (await at.start()).json()["deadline_at"] == first["deadline_at"], "one under way keeps its time"
    await at.send("Q", attempt_id=first["attempt_id"])
    second = (await at.start()).json()
    assert (minutes(first), minutes(second)) == (10, 15)
    await world.admin.ok("DELETE", path())
    assert (await at.start()).json()["deadline_at"] == second["deadline_at"]
    await at.send("Q", attempt_id=second["attempt_id"])
    assert minutes((await at.start()).json()) == 10


async def test_time_of_the_enrollment_comes_on_top_and_odd_seconds_are_rounded_up(world: World) -> None:
    at = await Learner.enter(world, tree(quiz(time_limit_seconds=61)))
    await grant(world, time_multiplier=1.25)
    change = {"extra_time_seconds": 60, "reason": "A slow line"}
    await world.admin.ok("PATCH", f"/api/enrollments/{at.enrollment_id}/", change)
    assert minutes((await at.start()).json()) * 60 == 77 + 60


async def test_more_attempts_in_every_course_from_then_on(world: World) -> None:
    content = tree(lesson(), quiz(max_attempts=2), pass_score=50)
    under_way = await Learner.enter(world, content)
    assert await fail(under_way) == 1
    await grant(world, extra_attempts=2)
    later = await Learner.enter(world, content)
    for at, done in ((under_way, 1), (later, 0)):
        shown = await at.call.ok("GET", f"/api/courses/{at.course}/modules/")
        item = shown["items"][0]["items"][1]
        assert (item["max_attempts"], item["attempts_used"]) == (4, done)
        left = [await fail(at) for _ in range(4 - done)]
        assert left == list(range(3 - done, -1, -1))
        refused(await at.start(), 409, "no-attempts-left")
        assert await at.status(at.enrollment_id) == "failed"


async def test_who_failed_for_want_of_attempts_goes_on(world: World) -> None:
    content = tree(lesson(), quiz(max_attempts=1))
    at, elsewhere = await Learner.enter(world, content), await Learner.enter(world, content)
    for one in (at, elsewhere):
        await one.submit(correct=0)
    await world.admin.ok("POST", f"/api/courses/{elsewhere.course}/assign/", {"user_ids": ["ana"]})
    await grant(world, time_multiplier=2)
    assert await at.status(at.enrollment_id) == "failed", "more time alone gives no attempt"
    await grant(world, extra_attempts=1)
    assert await at.status(at.enrollment_id) == "in_progress"
    assert await elsewhere.status(elsewhere.enrollment_id) == "failed", "another one is open"
    await at.read()
    assert (await at.start()).status_code == 201
    await at.submit()
    assert await at.status(at.enrollment_id) == "completed"
    trail = (await world.admin.ok("GET", "/api/audit/?subject=ana&action=enrollment.reopened"))["items"]
    assert [(one["actor"], one["enrollment_id"]) for one in trail] == [("boss", at.enrollment_id)]


@pytest.mark.parametrize("fewer", [True, False])
async def test_who_has_no_attempt_left_without_them_has_failed(world: World, *, fewer: bool) -> None:
    at = await Learner.enter(world, tree(lesson(), quiz(max_attempts=1)))
    other = await Learner.enter(world, tree(lesson(), quiz(max_attempts=2)))
    await grant(world, extra_attempts=1)
    for one in (at, other):
        assert await fail(one) >= 1
    if fewer:
        await grant(world, extra_attempts=0)
    else:
        await world.admin.ok("DELETE", path())
    assert (await at.status(), await other.status()) == ("failed", "in_progress")


async def test_of_two_that_failed_the_newest_goes_on(world: World) -> None:
    first = await Learner.enter(world, tree(lesson(), quiz(max_attempts=1)))
    await first.submit(correct=0)
    await world.admin.ok("POST", f"/api/courses/{first.course}/assign/", {"user_ids": ["ana"]})
    await (await Learner.join(first.call, first.course, enroll=False)).submit(correct=0)
    await grant(world, extra_attempts=1)
    mine = (await first.call.ok("GET", "/api/users/enrollments/"))["items"]
    assert [one["status"] for one in mine] == ["in_progress", "failed"]
    assert mine[1]["id"] == first.enrollment_id


async def test_what_an_enrollment_was_granted_comes_on_top(world: World) -> None:
    at = await Learner.enter(world, tree(lesson(), quiz(max_attempts=1)))
    await grant(world, extra_attempts=1)
    await at.submit(correct=0)
    body = {"quiz_id": at.ids["Q"], "extra": 1, "reason": "A fire alarm"}
    await world.admin.ok("POST", f"/api/enrollments/{at.enrollment_id}/attempts/", body)
    assert [await fail(at) for _ in range(2)] == [1, 0]
    await world.admin.ok("DELETE", path())
    shown = await at.call.ok("GET", at.path("Q"))
    assert (shown["max_attempts"], shown["attempts_used"]) == (2, 3)
    refused(await at.start(), 409, "no-attempts-left")


async def test_an_unlimited_quiz_stays_so_and_others_have_none_of_it(world: World) -> None:
    content = tree(quiz(max_attempts=None, time_limit_seconds=600), lesson())
    await grant(world)
    ana = await Learner.enter(world, content)
    bob = await Learner.join(world.member("bob"), ana.course)
    assert (await ana.call.ok("GET", ana.path("Q")))["max_attempts"] is None
    assert (minutes((await ana.start()).json()), minutes((await bob.start()).json())) == (15, 10)


async def test_a_correction_fails_no_one_who_has_attempts_left(world: World) -> None:
    await grant(world, extra_attempts=1)
    content = tree(lesson(), assessment=final(max_attempts=1, questions=2))
    at = await Learner.enter(world, content)
    await at.submit("Final", correct=0)
    assert await at.status(at.enrollment_id) == "in_progress"
    course = {"id": at.course}
    [question, *_] = await questions_of(world, course)
    done = await regrade(world, course, {"question_key": question["key"]}, policy="full_credit")
    assert done["attempts_up"] == 1
    assert await at.status(at.enrollment_id) == "in_progress"


async def test_the_export_shows_no_marks_before_their_time(world: World) -> None:
    await grant(world, extra_attempts=1)
    content = tree(quiz(max_attempts=1, feedback="after_last_attempt"), lesson())
    at = await Learner.enter(world, content)
    told = await at.submit(correct=0)
    exported = (await at.call.ok("GET", "/api/users/export/"))["attempts"][0]
    assert (exported["score"], exported["passed"]) == (told["score"], told["passed"])
    assert [one.get("correct") for one in exported["responses"]] == [
        one.get("correct") for one in told["responses"]
    ]


async def test_graders_and_learners_are_not_told(world: World) -> None:
    await grant(world)
    essay = quiz() | {"questions": [{"type": "free_form", "prompt_html": "<p>Why?</p>", "points": 5}]}
    at = await Learner.enter(world, tree(essay))
    [question] = await at.questions("Q")
    sent = await at.send("Q", [{"question_id": question["id"], "text": "Because"}])
    grader = world.call_as("gil", "grader")
    seen = [
        sent.text,
        (await grader("GET", "/api/learning/grading/pending/")).text,
        (await grader("GET", f"/api/attempts/{sent.json()['attempt_id']}/")).text,
        (await at.call("GET", "/api/users/enrollments/")).text,
        (await world.admin("GET", "/api/directory/members/ana/")).text,
    ]
    for text in seen:
        assert "doctor" not in text
        assert "multiplier" not in text
        assert "accommodation" not in text


async def test_who_may_say_what_a_member_needs(world: World, other_world: World) -> None:
    body = {"reason": "A doctor's letter", "extra_attempts": 1}
    north, chair = world.call_as("rita", "regional_admin:north"), world.call_as("chair", "chapter_admin:n1")
    await grant(world, "ana", north)
    for caller in (chair, world.call_as("gil", "grader"), world.member(), world.directory):
        for method in ("GET", "PUT", "DELETE"):
            answer = await caller(method, path(), body if method == "PUT" else None)
            refused(answer, 403, "forbidden")
    for caller, user in ((north, "eve"), (other_world.admin, "gone"), (north, "nobody"), (north, "a b")):
        for method in ("GET", "PUT", "DELETE"):
            answer = await caller(method, path(user), body if method == "PUT" else None)
            refused(answer, 404, "not-found")
    own = world.call_as("ana", "national_admin")
    refused(await own("PUT", path(), body), 403, "forbidden")
    refused(await own("DELETE", path()), 403, "forbidden")
    assert (await own.ok("GET", path()))["granted_by"] == "rita"


NO_NEEDS: list[tuple[Json, str, str]] = [
    ({"time_multiplier": 0.5}, "/time_multiplier", "too-small"),
    ({"time_multiplier": 5.01}, "/time_multiplier", "too-large"),
    ({"time_multiplier": 1.333}, "/time_multiplier", "too-precise"),
    ({"time_multiplier": "2"}, "/time_multiplier", "wrong-type"),
    ({"time_multiplier": True}, "/time_multiplier", "wrong-type"),
    ({"extra_attempts": -1}, "/extra_attempts", "too-small"),
    ({"extra_attempts": 11}, "/extra_attempts", "too-large"),
    ({"extra_attempts": 1.5}, "/extra_attempts", "wrong-type"),
    ({"extra_attempts": None}, "/extra_attempts", "wrong-type"),
    ({"reason": "\u200b"}, "/reason", "empty"),
    ({"reason": "x" * 2001}, "/reason", "too-long"),
    ({"user_id": "bob"}, "/user_id", "unknown-field"),
]


async def test_what_cannot_be_needed(world: World) -> None:
    for facts, pointer, code in NO_NEEDS:
        answer = await world.admin("PUT", path(), {"reason": "A doctor's letter", **facts})
        assert answer.status_code == 422, (facts, answer.text)
        assert (answer.json()["errors"][0]["pointer"], answer.json()["errors"][0]["code"]) == (
            pointer,
            code,
        ), facts
        refused(await world.admin("GET", path()), 404, "not-found")


async def test_a_later_member_with_the_same_id_needs_nothing(world: World, database: Database) -> None:
    await grant(world)
    await world.directory.ok("DELETE", "/api/directory/members/ana/")
    assert (
        await database.value("SELECT count(*) FROM accommodations WHERE organization_id = $1", world.id) == 0
    )
    refused(await world.admin("GET", path()), 404, "not-found")
    await world.add_member("ana")
    refused(await world.admin("GET", path()), 404, "not-found")

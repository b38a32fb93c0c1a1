"""What follows from grades: the completion's score, passes in doubt, and what a person decides about them."""

import asyncio
from typing import Any

import pytest
from tests.kit.grading import QUEUE, events, grade, mine, waiting
from tests.kit.quiz_taker import QuizTaker, essay, quiz, quiz_taker, tree
from tests.kit.world import Caller, Json, World, choice

TEXT = {"text": "Because it harms."}
DOUBTS = f"{QUEUE}lost-passes/"


async def score(who: QuizTaker) -> Any:
    """The score of the learner's enrollment."""
    return (await mine(who))["score"]


async def item_of(who: QuizTaker) -> Json:
    """The learner's quiz as its module shows it."""
    return dict(await who.call.ok("GET", who.path))


async def doubts(world: World) -> list[Json]:
    """The passes in doubt."""
    return list((await world.admin.ok("GET", DOUBTS))["items"])


async def passed_with(world: World, points: float, **changes: Any) -> tuple[QuizTaker, str]:
    """Somebody who has completed a course of one essay of ten points, passed at 6, with these; and its answer."""
    content = tree(quiz(essay(points=10), pass_score=60, max_attempts=1, **changes))
    ana = await quiz_taker(world, content)
    await ana.answer(TEXT)
    path = await waiting(world)
    await grade(world.admin, path, points)
    assert await ana.status() == "completed"
    return ana, path


async def test_the_completions_score_follows_corrections(world: World) -> None:
    ana, path = await passed_with(world, 6)
    assert (await score(ana), await events(world, "completion.updated")) == (60, [])
    for points in (10, 10, 7):
        await grade(world.admin, path, points)
        assert await score(ana) == 10 * points
    told = await events(world, "completion.updated")
    assert [data["score"] for data in told] == [100, 70]
    [certificate] = (await ana.call.ok("GET", "/api/users/certificates/"))["items"]
    entry = await mine(ana)
    assert (entry["certificate_id"], certificate["status"]) == (certificate["id"], "valid")
    assert {(d["enrollment_id"], d["completed_at"], d["user_id"]) for d in told} == {
        (ana.enrollment_id, entry["completed_at"], "ana")
    }
    assert {(d["course_id"], "completion_id" in d) for d in told} == {(ana.course["id"], True)}


async def test_the_score_that_arrives_after_an_early_pass(world: World) -> None:
    ana = await quiz_taker(world, tree(quiz(choice(points=6), essay(points=4), pass_score=60)))
    done = await ana.answer({"texts": ["right"]}, TEXT)
    assert (done["completion"]["score"], await score(ana)) == (None, None)
    await grade(world.admin, await waiting(world), 2)
    assert (await score(ana), await ana.status()) == (80, "completed")
    assert [data["score"] for data in await events(world, "completion.updated")] == [80]


async def test_the_completions_score_follows_retakes(world: World) -> None:
    ana = await quiz_taker(world, tree(quiz(choice(points=6), choice(points=4), pass_score=60)))
    first = await ana.answer({"texts": ["right"]}, {"texts": ["wrong"]})
    assert first["completion"]["score"] == 60
    for answers, expected in ((("wrong", "right"), 60), (("right", "right"), 100)):
        again = await ana.answer(*({"texts": [text]} for text in answers))
        assert ("completion" in again, await score(ana)) == (False, expected)
    assert [data["score"] for data in await events(world, "completion.updated")] == [100]
    [certificate] = (await ana.call.ok("GET", "/api/users/certificates/"))["items"]
    assert certificate["status"] == "valid"


async def test_a_lost_pass_moves_no_score_before_it_is_decided(world: World) -> None:
    ana, path = await passed_with(world, 10)
    lost = await grade(world.admin, path, 2)
    assert (lost["points_awarded"], lost["attempt"]["score"], lost["attempt"]["passed"]) == (2, 20, False)
    assert (await score(ana), await ana.status()) == (100, "completed")
    seen = await item_of(ana)
    assert (seen["best_score"], seen["passed"]) == (100, True)
    assert [d["enrollment_id"] for d in await doubts(world)] == [ana.enrollment_id]
    await grade(world.admin, path, 3)
    assert (len(await doubts(world)), await score(ana)) == (1, 100)
    assert await events(world, "completion.updated") == []
    await grade(world.admin, path, 8)
    assert (await doubts(world), await score(ana)) == ([], 80)
    assert [data["score"] for data in await events(world, "completion.updated")] == [80]


async def decide(caller: Caller, who: QuizTaker, decision: str, **more: Any) -> Any:
    """Decide about a pass in doubt; the response."""
    sent = {"decision": decision, "reason": "Looked at it.", **more}
    return await caller("POST", f"{DOUBTS}{who.enrollment_id}/", sent)


async def test_a_lost_pass_may_be_kept(world: World) -> None:
    ana, path = await passed_with(world, 10)
    await grade(world.admin, path, 2)
    kept = await decide(world.admin, ana, "keep")
    assert kept.status_code == 200, kept.text
    assert (kept.json()["enrollment_id"], kept.json()["decision"]) == (ana.enrollment_id, "keep")
    assert (await doubts(world), await score(ana), await ana.status()) == ([], 100, "completed")
    again = await decide(world.admin, ana, "revoke")
    assert (again.status_code, again.json()["code"]) == (409, "not-in-doubt")
    await grade(world.admin, path, 1)
    assert (await doubts(world), await score(ana)) == ([], 100)
    await grade(world.admin, path, 9)
    assert await score(ana) == 90
    await grade(world.admin, path, 1)
    assert (len(await doubts(world)), await score(ana)) == (1, 90)


async def test_a_lost_pass_may_be_revoked(world: World) -> None:
    ana, path = await passed_with(world, 10)
    await grade(world.admin, path, 2)
    revoked = await decide(world.admin, ana, "revoke")
    assert revoked.status_code == 200, revoked.text
    [certificate] = (await ana.call.ok("GET", "/api/users/certificates/"))["items"]
    assert (certificate["status"], await doubts(world)) == ("revoked", [])
    assert [d["certificate_id"] for d in await events(world, "certificate.revoked")] == [certificate["id"]]
    seen = await item_of(ana)
    assert (seen["best_score"], seen["passed"]) == (20, False)
    assert (await decide(world.admin, ana, "keep")).status_code == 409
    await grade(world.admin, path, 10)
    [certificate] = (await ana.call.ok("GET", "/api/users/certificates/"))["items"]
    assert certificate["status"] == "revoked"


@pytest.mark.usefixtures("learners")
async def test_a_pass_in_doubt_of_an_open_enrollment_holds_until_it_is_decided(world: World) -> None:
    for decision, status, passed in (("keep", "in_progress", True), ("revoke", "failed", False)):
        essays = quiz(essay(points=10), pass_score=60, max_attempts=1)
        who = await quiz_taker(world, tree(essays, quiz(choice(), title="Other")), decision[0] + "na")
        await who.answer(TEXT)
        path = await waiting(world)
        await grade(world.admin, path, 10)
        await grade(world.admin, path, 2)
        assert ((await item_of(who))["passed"], await who.status()) == (True, "in_progress")
        assert [d["completion_id"] for d in await doubts(world)] == [None]
        assert (await decide(world.admin, who, decision)).status_code == 200
        assert (await doubts(world), await who.status()) == ([], status)
        assert (await item_of(who))["passed"] is passed


@pytest.fixture
async def learners(world: World) -> None:
    """Members for the test above."""
    for user in ("kna", "rna"):
        await world.add_member(user)


async def test_another_attempt_gives_a_pass_back(world: World) -> None:
    ana = await quiz_taker(world, tree(quiz(essay(points=10), choice(points=10), pass_score=50)))
    await ana.answer(TEXT, {"texts": ["wrong"]})
    path = await waiting(world)
    await grade(world.admin, path, 10)
    await grade(world.admin, path, 2)
    assert (len(await doubts(world)), await score(ana)) == (1, 50)
    await ana.answer({"text": ""}, {"texts": ["right"]})
    assert (await doubts(world), await score(ana), await ana.status()) == ([], 50, "completed")
    assert (await decide(world.admin, ana, "revoke")).status_code == 409


async def test_who_decides_about_a_pass_in_doubt(world: World, other_world: World) -> None:
    ana, path = await passed_with(world, 10)
    await grade(world.admin, path, 2)
    for caller, status in (
        (world.member("bob"), 403),
        (world.call_as("gil", "grader"), 403),
        (world.call_as("ana", "national_admin"), 403),
        (world.call_as("sam", "regional_admin:south"), 404),
        (other_world.admin, 404),
    ):
        assert (await decide(caller, ana, "keep")).status_code == status, caller.user
    for wrong in ({"decision": "maybe"}, {"reason": ""}, {"reason": " "}, {"more": 1}, {"reason": None}):
        refused = await world.admin(
            "POST", f"{DOUBTS}{ana.enrollment_id}/", {"decision": "keep", "reason": "x", **wrong}
        )
        assert refused.status_code == 422, wrong
    assert len(await doubts(world)) == 1
    nobody = f"{DOUBTS}01a20371-504b-77c7-91f6-b56ddf5371fa/"
    assert (await world.admin("POST", nobody, {"decision": "keep", "reason": "x"})).status_code == 404
    assert (await world.admin("POST", f"{DOUBTS}x/", {"decision": "keep", "reason": "x"})).status_code == 404
    nora = world.call_as("nora", "regional_admin:north")
    assert (await decide(nora, ana, "keep")).status_code == 200


async def test_one_decision_of_many_at_once(world: World) -> None:
    ana, path = await passed_with(world, 10)
    await grade(world.admin, path, 2)
    admins = [world.call_as(f"a{n}", "national_admin") for n in range(6)]
    sent = (decide(a, ana, ("keep", "revoke")[n % 2]) for n, a in enumerate(admins))
    got = await asyncio.gather(*sent)
    assert sorted(r.status_code for r in got) == [200, *[409] * 5]
    [decided] = [r.json()["decision"] for r in got if r.status_code == 200]
    [certificate] = (await ana.call.ok("GET", "/api/users/certificates/"))["items"]
    assert certificate["status"] == ("valid" if decided == "keep" else "revoked")
    key = {"Idempotency-Key": "again"}
    await grade(world.admin, path, 9)
    if decided == "keep":
        await grade(world.admin, path, 1)
        body = {"decision": "keep", "reason": "x"}
        path = f"{DOUBTS}{ana.enrollment_id}/"
        first = await world.admin("POST", path, body, headers=key)
        again = await world.admin("POST", path, body, headers=key)
        assert (first.status_code, again.status_code, again.json()) == (200, 200, first.json())


async def test_corrections_at_once_end_with_one_of_them(world: World) -> None:
    ana, path = await passed_with(world, 10)
    await asyncio.gather(*(grade(world.admin, path, points) for points in (6, 7, 8, 9)))
    told = [data["score"] for data in await events(world, "completion.updated")]
    assert (await score(ana), len(told)) == (told[-1], 4)

"""A wrong key is corrected: attempts, outcomes and all that follows come to be as with the right one."""

from typing import Any

import pytest
from tests.kit.direct import database
from tests.kit.grading import events, grade, mine, waiting
from tests.kit.quiz_taker import QuizTaker, essay, quiz, quiz_taker, tree
from tests.kit.regrades import (
    apply,
    asked_for,
    forecast,
    preview,
    questions_of,
    regrade,
    swapped,
)
from tests.kit.world import Json, World, choice

__all__ = ["database"]
WRONG = {"texts": ["wrong"]}
RIGHT = {"texts": ["right"]}


async def shown(who: QuizTaker, attempt: Json) -> Json:
    """The attempt as its learner sees it."""
    found: Json = await who.call.ok("GET", f"/api/attempts/{attempt['attempt_id']}/")
    return found


async def test_who_failed_by_the_wrong_key_completes(world: World) -> None:
    content = tree(quiz(max_attempts=1))
    ana = await quiz_taker(world, content)
    bob = await quiz_taker(world, content, "bob", ana.course)
    cyd = await quiz_taker(world, content, "cyd", ana.course)
    sent = await ana.answer(WRONG)
    await bob.answer(RIGHT)
    assert await ana.status() == "failed"
    [question] = await questions_of(world, ana.course)
    before = await world.admin.ok("GET", f"/api/courses/{ana.course['id']}/versions/1/")
    seen = await preview(world, ana.course, swapped(question))
    assert seen["status"] == "preview"
    assert forecast(seen) == {
        "attempts_up": 1,
        "attempts_down": 0,
        "unchanged": 1,
        "passes_won": 1,
        "passes_lost": 0,
        "certificates_touched": 1,
        "compliance_touched": 0,
    }
    assert seen["sample"] == [
        {
            "attempt_id": sent["attempt_id"],
            "enrollment_id": ana.enrollment_id,
            "quiz_key": before["modules"][0]["items"][0]["key"],
            "number": 1,
            "score_before": 0,
            "score_after": 100,
            "passed_before": False,
            "passed_after": True,
        }
    ]
    assert await ana.status() == "failed"
    done = await apply(world, seen)
    assert forecast(done) == forecast(seen)
    assert (done["done"], done["total"], done["applied_by"]) == (3, 3, "boss")
    assert await ana.status() == "completed"
    assert (await mine(ana))["certificate_id"] is not None
    assert (await mine(ana))["score"] == 100
    # What bob had is not taken.
    assert (await mine(bob))["score"] == 100
    attempt = await shown(ana, sent)
    assert (attempt["score"], attempt["passed"]) == (100, True)
    [told] = await events(world, "attempt.graded")
    assert (told["attempt_id"], told["score"]) == (sent["attempt_id"], 100)
    assert len(await events(world, "course.completed")) == 2
    # Later ones are graded by the new key, too.
    assert (await cyd.answer(RIGHT))["score"] == 0


async def test_the_tree_stays_with_the_correction_beside_it_and_the_draft_gets_it(world: World) -> None:
    ana = await quiz_taker(world, tree(quiz(choice(points=2))))
    [question] = await questions_of(world, ana.course)
    path = f"/api/courses/{ana.course['id']}"
    before = await world.admin.ok("GET", f"{path}/versions/1/")
    done = await regrade(world, ana.course, {**swapped(question), "points": 3})
    after = await world.admin.ok("GET", f"{path}/versions/1/")
    [correction] = after.pop("corrections")
    assert after == before
    assert (correction["number"], correction["corrected_by"], correction["policy"]) == (1, "boss", "new_only")
    assert correction["changes"] == done["changes"]
    [change] = correction["changes"]
    assert (change["question_key"], change["points"], change["correct"]) == (question["key"], 3, None)
    draft = await world.admin.ok("GET", f"{path}/draft/")
    [drafted] = draft["modules"][0]["items"][0]["questions"]
    assert (drafted["points"], [a["is_correct"] for a in drafted["answers"]]) == (3, [False, True])
    page = await world.admin.ok("GET", "/api/audit/?action=regrade.applied")
    [entry] = page["items"]
    assert (entry["actor"], entry["course_id"]) == ("boss", ana.course["id"])


async def test_a_single_choice_may_get_two_right_answers(world: World) -> None:
    content = tree(quiz(max_attempts=1))
    ana = await quiz_taker(world, content)
    bob = await quiz_taker(world, content, "bob", ana.course)
    await ana.answer(WRONG)
    await bob.answer(RIGHT)
    [question] = await questions_of(world, ana.course)
    both = {"question_key": question["key"], "answers": [{**swapped(question)["answers"][1]}]}
    done = await regrade(world, ana.course, both, lower=True)
    assert (done["attempts_up"], done["attempts_down"]) == (1, 0)
    assert [(await mine(who))["score"] for who in (ana, bob)] == [100, 100]
    draft = await world.admin.ok("GET", f"/api/courses/{ana.course['id']}/draft/")
    [drafted] = draft["modules"][0]["items"][0]["questions"]
    assert [a["is_correct"] for a in drafted["answers"]] == [True, False]


@pytest.mark.parametrize(
    ("policy", "change", "scores"),
    [
        # ana: wrong, right; bob: right, right; cyd: right, wrong; of 1 and 3 points.
        ("either", "key", [100, 100, 25]),
        ("new_only", "key", [100, 100, 25]),
        ("full_credit", "none", [100, 100, 25]),
        ("drop", "none", [100, 100, 25]),
    ],
)
async def test_a_policy_never_lowers_unless_asked(
    world: World, policy: str, change: str, scores: list[float]
) -> None:
    content = tree(quiz(choice(), choice("And?", 3), max_attempts=1, pass_score=0), pass_score=0)
    ana = await quiz_taker(world, content)
    bob = await quiz_taker(world, content, "bob", ana.course)
    cyd = await quiz_taker(world, content, "cyd", ana.course)
    attempts = [
        await ana.answer(WRONG, RIGHT),
        await bob.answer(RIGHT, RIGHT),
        await cyd.answer(RIGHT, WRONG),
    ]
    assert [one["score"] for one in attempts] == [75, 100, 25]
    first, _ = await questions_of(world, ana.course)
    changed = swapped(first) if change == "key" else {"question_key": first["key"]}
    await regrade(world, ana.course, changed, policy=policy)
    found = [(await shown(who, one))["score"] for who, one in zip((ana, bob, cyd), attempts, strict=True)]
    assert found == scores
    assert [(await mine(who))["score"] for who in (ana, bob, cyd)] == scores
    assert {one["score"] for one in await events(world, "completion.updated")} == {100}


async def test_what_is_dropped_leaves_points_and_maximum(world: World) -> None:
    ana = await quiz_taker(world, tree(quiz(choice(), choice("And?", 3), max_attempts=1, pass_score=0)))
    sent = await ana.answer(RIGHT, WRONG)
    first, _ = await questions_of(world, ana.course)
    done = await regrade(world, ana.course, {"question_key": first["key"]}, policy="drop", lower=True)
    assert (done["attempts_up"], done["attempts_down"]) == (0, 1)
    attempt = await shown(ana, sent)
    assert (attempt["points"], attempt["max_points"], attempt["score"]) == (0, 3, 0)
    assert (await mine(ana))["score"] == 0
    # Asked again, by another regrade.
    await regrade(world, ana.course, {"question_key": first["key"], "points": 1}, policy="new_only")
    key = {"question_key": first["key"], "answers": [{"key": first["answers"][0]["key"], "is_correct": True}]}
    await regrade(world, ana.course, key)
    assert (await shown(ana, sent))["score"] == 25


async def test_a_pass_that_would_be_lost_counts_until_a_person_decides(world: World) -> None:
    content = tree(quiz(max_attempts=1))
    ana = await quiz_taker(world, content)
    sent = await ana.answer(RIGHT)
    certificate = (await mine(ana))["certificate_id"]
    [question] = await questions_of(world, ana.course)
    done = await regrade(world, ana.course, swapped(question), lower=True)
    assert (done["passes_lost"], done["certificates_touched"], done["attempts_down"]) == (1, 1, 1)
    assert (await shown(ana, sent))["score"] == 0
    assert ((await mine(ana))["status"], (await mine(ana))["score"]) == ("completed", 100)
    [lost] = (await world.admin.ok("GET", "/api/learning/grading/lost-passes/"))["items"]
    assert (lost["enrollment_id"], lost["response_id"], lost["corrected_by"]) == (
        ana.enrollment_id,
        None,
        "boss",
    )
    assert (await world.admin.ok("GET", f"/api/certificates/{certificate}/verify/"))["status"] == "valid"
    # A second regrade gives it back.
    await regrade(
        world,
        ana.course,
        {
            **swapped(question),
            "answers": [{"key": a["key"], "is_correct": a["is_correct"]} for a in question["answers"]],
        },
    )
    assert (await world.admin.ok("GET", "/api/learning/grading/lost-passes/"))["items"] == []
    assert (await shown(ana, sent))["score"] == 100


async def test_a_persons_mark_stays_and_is_at_most_what_the_question_is_worth(world: World) -> None:
    ana = await quiz_taker(world, tree(quiz(choice(), essay(points=4), max_attempts=None, pass_score=0)))
    sent = await ana.answer(WRONG, {"text": "Because."})
    await grade(world.call_as("gil", "grader"), await waiting(world), 3, feedback="<p>Well.</p>")
    first, second = await questions_of(world, ana.course)
    await regrade(world, ana.course, swapped(first), {"question_key": second["key"], "points": 2})
    attempt = await shown(ana, sent)
    assert (attempt["points"], attempt["max_points"], attempt["score"]) == (3, 3, 100)
    assert [(r["points_awarded"], r["feedback"]) for r in attempt["responses"]][1] == (2, "<p>Well.</p>")
    await regrade(world, ana.course, {"question_key": second["key"]}, policy="full_credit", lower=True)
    await regrade(world, ana.course, {"question_key": second["key"]}, policy="drop", lower=True)
    attempt = await shown(ana, sent)
    assert (attempt["points"], attempt["max_points"]) == (1, 1)


async def test_waiting_responses_follow(world: World) -> None:
    word = {
        "type": "short_answer",
        "prompt_html": "<p>Word?</p>",
        "points": 2,
        "accepted_answers": ["hazing"],
        "review": "unmatched",
    }
    ana = await quiz_taker(world, tree(quiz(word, choice(points=2), max_attempts=None)))
    sent = await ana.answer({"text": "bullying"}, WRONG)
    assert sent["status"] == "pending_review"
    first, second = await questions_of(world, ana.course)
    await regrade(world, ana.course, {"question_key": first["key"], "points": 4})
    path = await waiting(world)
    assert (await world.admin("POST", path, {"points": 4.5})).status_code == 422
    change = {"question_key": first["key"], "accepted_answers": ["hazing", "bullying"]}
    await regrade(world, ana.course, change)
    assert (await world.admin.ok("GET", "/api/learning/grading/pending/"))["items"] == []
    attempt = await shown(ana, sent)
    assert (attempt["status"], attempt["points"], attempt["max_points"]) == ("graded", 4, 6)
    # Back again: it waits.
    await regrade(world, ana.course, {**change, "accepted_answers": ["hazing"]}, lower=True)
    await grade(world.admin, await waiting(world), 4)
    attempt = await shown(ana, sent)
    assert (attempt["status"], attempt["points"]) == ("graded", 4)
    await regrade(world, ana.course, {"question_key": second["key"]}, policy="full_credit")
    assert (await shown(ana, sent))["score"] == 100


async def test_who_was_assigned_anew_after_the_failure_has_both_set_right(world: World) -> None:
    ana = await quiz_taker(world, tree(quiz(max_attempts=1)))
    await ana.answer(WRONG)
    await world.admin.ok("POST", f"/api/courses/{ana.course['id']}/assign/", {"user_ids": ["ana"]})
    [question] = await questions_of(world, ana.course)
    done = await regrade(world, ana.course, swapped(question))
    assert done["passes_won"] == 1
    assert await ana.status() == "completed"
    items = (await world.admin.ok("GET", "/api/enrollments/?user_id=ana&withdrawn=true"))["items"]
    assert len(items) == 1


async def test_who_went_on_in_a_newer_version_completes_once(world: World) -> None:
    content = tree(quiz(max_attempts=1))
    ana = await quiz_taker(world, content)
    await ana.answer(WRONG)
    [question] = await questions_of(world, ana.course)
    path = f"/api/courses/{ana.course['id']}"
    await world.admin.ok("PUT", f"{path}/draft/", {**content, "title": "Anew"}, headers={"If-Match": "*"})
    await world.admin.ok("POST", f"{path}/publish/")
    await world.admin.ok("POST", f"{path}/assign/", {"user_ids": ["ana"]})
    assert (await regrade(world, ana.course, swapped(question)))["passes_won"] == 1
    listed = "/api/enrollments/?user_id=ana"
    assert [one["status"] for one in (await world.admin.ok("GET", listed))["items"]] == ["completed"]
    assert len((await world.admin.ok("GET", f"{listed}&withdrawn=true"))["items"]) == 1


async def test_an_attempt_under_way_is_graded_by_the_new_key(world: World) -> None:
    ana = await quiz_taker(world, tree(quiz(choice(points=2), max_attempts=1, time_limit_seconds=600)))
    started = await ana.start()
    [question] = await questions_of(world, ana.course)
    await regrade(world, ana.course, {**swapped(question), "points": 5})
    [asked] = started["questions"]
    chosen = [a["id"] for a in asked["answers"] if a["text"] == "wrong"]
    sent = await ana.submit(
        attempt_id=started["attempt_id"], responses=[{"question_id": asked["id"], "answer_ids": chosen}]
    )
    assert (sent.json()["points"], sent.json()["max_points"], sent.json()["score"]) == (5, 5, 100)


async def test_it_is_applied_once_and_only_to_what_it_has_seen(world: World) -> None:
    ana = await quiz_taker(world, tree(quiz()))
    await ana.answer(WRONG)
    [question] = await questions_of(world, ana.course)
    one, other = [await preview(world, ana.course, swapped(question)) for _ in range(2)]
    started = await world.admin("POST", f"/api/regrades/{one['id']}/apply/")
    assert started.status_code == 202
    during = await asked_for(world.admin, ana.course, swapped(question))
    assert (during.status_code, during.json()["code"]) == (409, "regrade-under-way")
    stale = await world.admin("POST", f"/api/regrades/{other['id']}/apply/")
    assert (stale.status_code, stale.json()["code"]) == (409, "preview-stale")
    await world.run_jobs()
    again = await world.admin("POST", f"/api/regrades/{one['id']}/apply/")
    assert (again.status_code, again.json()["code"]) == (409, "already-applied")


CHANGES: dict[str, tuple[Any, str, int]] = {
    "no change": ([], "new_only", 422),
    "nothing named": ([{"question_key": "{choice}"}], "new_only", 422),
    "another question": ([{"question_key": "nowhere", "points": 1}], "new_only", 422),
    "twice": ([{"question_key": "{choice}", "points": 1}] * 2, "new_only", 422),
    "another choice": (
        [{"question_key": "{choice}", "answers": [{"key": "nowhere", "is_correct": True}]}],
        "new_only",
        422,
    ),
    "no right answer": (
        [{"question_key": "{choice}", "answers": [{"key": "{right}", "is_correct": False}]}],
        "either",
        422,
    ),
    "negative points": ([{"question_key": "{choice}", "points": -1}], "new_only", 422),
    "points as text": ([{"question_key": "{choice}", "points": "1"}], "new_only", 422),
    "no points left": ([{"question_key": "{choice}", "points": 0}], "new_only", 422),
    "nothing left": ([{"question_key": "{choice}"}], "drop", 422),
    "points of a drop": ([{"question_key": "{choice}", "points": 1}], "drop", 422),
    "a key of another type": ([{"question_key": "{choice}", "correct": True}], "new_only", 422),
    "an unknown policy": ([{"question_key": "{choice}", "points": 1}], "guess", 422),
}


async def test_bad_input_is_refused_and_changes_nothing(world: World) -> None:
    course = await world.course(tree(quiz()))
    [question] = await questions_of(world, course)
    names = {"{choice}": question["key"], "{right}": question["answers"][0]["key"]}

    def filled(value: Any) -> Any:
        if isinstance(value, list):
            return [filled(one) for one in value]
        if isinstance(value, dict):
            return {name: filled(one) for name, one in value.items()}
        return names.get(value, value) if isinstance(value, str) else value

    for kind, (changes, policy, status) in CHANGES.items():
        response = await asked_for(world.admin, course, *filled(changes), policy=policy)
        assert response.status_code == status, (kind, response.text)


async def test_other_authors_and_drafts_are_not_there(world: World, other_world: World) -> None:
    course = await world.course(tree(quiz()), scope="regional", scope_id="north")
    [question] = await questions_of(world, course)
    seen = await preview(world, course, swapped(question))
    stranger = world.call_as("sue", "regional_admin:south")
    paths = [f"/api/courses/{course['id']}/versions/1/regrades/", f"/api/regrades/{seen['id']}/"]
    for caller in (stranger, other_world.admin):
        assert (await asked_for(caller, course, swapped(question))).status_code in (403, 404)
        assert (await caller("GET", paths[1])).status_code in (403, 404)
        assert (await caller("POST", f"{paths[1]}apply/")).status_code in (403, 404)
    assert (await other_world.admin("GET", paths[1])).status_code == 404
    assert (await world.admin.ok("GET", paths[1]))["status"] == "preview"
    draft = await asked_for(world.admin, course, swapped(question), number=2)
    assert draft.status_code == 404


async def test_statistics_are_by_the_corrected_key(world: World) -> None:
    content = tree(quiz(choice(), choice("And?"), max_attempts=1, pass_score=0))
    ana = await quiz_taker(world, content)
    await ana.answer(WRONG, RIGHT)
    for n in range(5):
        await world.add_member(f"m{n}")
        await (await quiz_taker(world, content, f"m{n}", ana.course)).answer(WRONG, RIGHT if n else WRONG)
    path = f"/api/courses/{ana.course['id']}/versions/1/statistics/"
    first, _ = await questions_of(world, ana.course)
    [before] = (await world.admin.ok("GET", path))["quizzes"]
    assert before["questions"][0]["facility"] == 0
    await regrade(world, ana.course, swapped(first))
    [found] = (await world.admin.ok("GET", path))["quizzes"]
    assert found["questions"][0]["facility"] == 1
    assert found["questions"][0]["choices"][1]["chosen"] == 6


async def test_of_a_pool_each_attempt_is_regraded_by_what_it_drew(world: World) -> None:
    pool = {"type": "pool", "draw": 1, "questions": [choice("One?", 2), choice("Two?", 2)]}
    content = tree(quiz(choice("All?", 2), pool, max_attempts=1, pass_score=0))
    ana = await quiz_taker(world, content)
    attempts = {"ana": await ana.answer(RIGHT, WRONG)}
    takers = {"ana": ana}
    for user in ("bob", "cyd", "dan", "eve"):
        takers[user] = await quiz_taker(world, content, user, ana.course)
        attempts[user] = await takers[user].answer(RIGHT, WRONG)
    drew = {user: (await shown(who, attempts[user]))["questions"][1] for user, who in takers.items()}
    _, asked = await questions_of(world, ana.course)
    first, second = asked["questions"]
    done = await regrade(world, ana.course, {**swapped(first), "points": 6})
    assert done["attempts_up"] == sum(one["key"] == first["key"] for one in drew.values())
    for user, who in takers.items():
        found = await shown(who, attempts[user])
        expected = (8, 8) if drew[user]["key"] == first["key"] else (2, 4)
        assert (found["points"], found["max_points"]) == expected
    await regrade(world, ana.course, {"question_key": second["key"]}, policy="drop")
    assert {(await shown(who, attempts[user]))["score"] for user, who in takers.items()} == {100}

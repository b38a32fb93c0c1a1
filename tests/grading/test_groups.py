"""Answers that read alike are one group: one grade for all of them, and for those to come."""

from typing import Any

import pytest
from fastapi import FastAPI
from tests.kit.direct import Database, database
from tests.kit.grading import events
from tests.kit.learner import Learner
from tests.kit.query_counts import counted
from tests.kit.quiz_taker import QuizTaker, essay, quiz, quiz_taker, tree
from tests.kit.world import Caller, Json, World, choice

from learning_service.domain.completion.actions import group_grades

__all__ = ["database"]
GROUPS = "/api/learning/grading/groups/"
WORD = {
    "type": "short_answer",
    "prompt_html": "<p>Word?</p>",
    "points": 2,
    "accepted_answers": ["hazing"],
    "review": "unmatched",
}


async def takers(world: World, content: Json, *texts: str, course: Json | None = None) -> list[QuizTaker]:
    """A learner for each text, who has handed it in as the answer to the first question."""
    found: list[QuizTaker] = []
    for text in texts:
        user = f"w{len(found)}" if course is None else f"v{len(found)}"
        await world.add_member(user)
        course_of = course or (found[0].course if found else None)
        if course_of is None:
            one = await quiz_taker(world, content, user)
        else:
            learner = await Learner.join(world.member(user), course_of["id"])
            path, quiz_id = learner.path("Check"), learner.ids["Check"]
            one = QuizTaker(world, course_of, learner, path, quiz_id, learner.enrollment_id)
        await one.answer({"text": text})
        found.append(one)
    return found


async def groups(caller: Caller, query: str = "") -> list[Json]:
    """The groups that the caller may grade."""
    page = await caller.ok("GET", GROUPS + query)
    return list(page["items"])


async def marks(who: QuizTaker) -> list[Any]:
    """Points and feedback of the learner's last attempt, with its status."""
    attempts = (await who.call.ok("GET", who.path))["attempts"]
    seen = await who.call.ok("GET", f"/api/attempts/{attempts[-1]['attempt_id']}/")
    return [seen["status"], *((r["points_awarded"], r["feedback"]) for r in seen["responses"])]


async def test_what_reads_alike_is_one_group_with_similar_ones_beside_it(world: World) -> None:
    texts = ("Bullying", " bullying ", "BULLYING", "bulying", "Sport")
    await takers(world, tree(quiz(WORD, max_attempts=None)), *texts)
    found = await groups(world.admin)
    assert [(one["text"], one["count"]) for one in found] == [
        ("Bullying", 3),
        *((one["text"], 1) for one in found[1:]),
    ]
    assert {one["text"] for one in found[1:]} == {"bulying", "Sport"}
    by_text = {one["text"]: one for one in found}
    [similar] = by_text["bulying"]["similar"]
    assert (similar["group_id"], similar["count"]) == (by_text["Bullying"]["group_id"], 3)
    assert by_text["Bullying"]["similar"][0]["group_id"] == by_text["bulying"]["group_id"]
    assert by_text["Sport"]["similar"] == []
    question = found[0]["question"]
    assert (question["type"], question["accepted_answers"], found[0]["max_points"]) == (
        "short_answer",
        ["hazing"],
        2,
    )
    assert not {"learner", "user_id"} & set(found[0])


async def test_one_grade_for_all_of_a_group_and_for_those_to_come(world: World) -> None:
    texts = ("bullying", "Bullying", "sport")
    alike = await takers(world, tree(quiz(WORD, max_attempts=1)), *texts)
    gil = world.call_as("gil", "grader")
    group, _ = await groups(gil)
    body = {"points": 2, "feedback": "<p>Fine.<script>x</script></p>"}
    assert await gil.ok("POST", f"{GROUPS}{group['group_id']}/", body) == {"graded": 2, "under_way": 0}
    for who in alike[:2]:
        assert await marks(who) == ["graded", (2, "<p>Fine.</p>")]
        assert await who.status() == "completed"
    assert (await marks(alike[2]))[0] == "pending_review"
    assert len(await events(world, "attempt.graded")) == 2
    [later] = await takers(world, {}, "BULLYING ", course=alike[0].course)
    assert await marks(later) == ["graded", (2, "<p>Fine.</p>")]
    assert await later.status() == "completed"
    assert [one["text"] for one in await groups(gil)] == ["sport"]
    history = (await gil.ok("GET", "/api/learning/grading/history/"))["items"]
    assert [(one["points_awarded"], one["correction"]) for one in history] == [(2, False)] * 3
    entries = (await world.admin.ok("GET", "/api/audit/?action=response.graded"))["items"]
    assert [one["actor"] for one in entries] == ["gil"] * 3
    again = await gil("POST", f"{GROUPS}{group['group_id']}/", body)
    assert (again.status_code, again.json()["code"]) == (409, "already-graded")


async def test_what_is_graded_later_by_itself_can_be_corrected_alone(world: World) -> None:
    alike = await takers(world, tree(quiz(WORD, essay(), max_attempts=None)), "a", "A")
    [group] = await groups(world.admin)
    await world.admin.ok("POST", f"{GROUPS}{group['group_id']}/", {"points": 1})
    [later] = await takers(world, {}, "a ", course=alike[0].course)
    history = (await world.admin.ok("GET", "/api/learning/grading/history/"))["items"]
    path = f"/api/learning/grading/{history[0]['response_id']}/"
    await world.admin.ok("POST", path, {"points": 2, "correction": True})
    assert (await marks(later))[1] == (2, None)
    assert (await marks(alike[0]))[1] == (1, None)


async def test_nobody_grades_their_own_and_what_another_holds_waits(world: World) -> None:
    alike = await takers(world, tree(quiz(WORD, max_attempts=None)), "same", "same", "same")
    as_grader = world.call_as("w0", "grader")
    [own_left_out] = await groups(as_grader)
    assert own_left_out["count"] == 2
    pending = (await as_grader.ok("GET", "/api/learning/grading/pending/"))["items"]
    held = pending[0]["response_id"]
    await world.call_as("hal", "grader").ok("POST", f"/api/learning/grading/{held}/claim/")
    graded = await as_grader.ok("POST", f"{GROUPS}{own_left_out['group_id']}/", {"points": 2})
    assert graded["graded"] == 1
    assert sorted([(await marks(who))[0] for who in alike]) == ["graded", "pending_review", "pending_review"]
    assert (await marks(alike[0]))[0] == "pending_review"
    await alike[0].answer({"text": "same"})
    assert (await marks(alike[0]))[0] == "pending_review"


async def test_many_are_graded_by_the_job(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(group_grades, "AT_ONCE", 2)
    alike = await takers(world, tree(quiz(WORD, max_attempts=None)), *["same"] * 5)
    [group] = await groups(world.admin)
    answer = await world.admin.ok("POST", f"{GROUPS}{group['group_id']}/", {"points": 2})
    assert answer == {"graded": 2, "under_way": 3}
    await world.run_jobs()
    assert [(await marks(who))[0] for who in alike] == ["graded"] * 5
    assert await groups(world.admin) == []


async def test_accepting_takes_the_text_into_the_drafts_right_answers(world: World) -> None:
    [ana] = await takers(world, tree(quiz(WORD, essay(), max_attempts=None)), "5 * 3 bullies")
    [group] = await groups(world.admin)
    path = f"{GROUPS}{group['group_id']}/"
    await world.admin.ok("POST", path, {"points": 2, "accept": True})
    draft = await world.admin.ok("GET", f"/api/courses/{ana.course['id']}/draft/")
    word, _ = draft["modules"][0]["items"][0]["questions"]
    assert word["accepted_answers"] == ["hazing", "5 \\* 3 bullies"]
    await world.admin.ok("POST", f"/api/courses/{ana.course['id']}/publish/")
    [bob] = await takers(world, {}, "5 * 3 BULLIES", course=ana.course)
    assert (await marks(bob))[0] == "graded"


async def test_only_a_short_answer_that_the_draft_has_accepts(world: World) -> None:
    [ana] = await takers(world, tree(quiz(essay(), max_attempts=None)), "Because.")
    [group] = await groups(world.admin)
    path = f"{GROUPS}{group['group_id']}/"
    for body in (
        {"points": 5, "accept": True},
        {"points": 6},
        {"points": -1},
        {"points": "1"},
        {"points": 1, "accept": None},
        {"points": 1, "feedback": 3},
        {},
    ):
        assert (await world.admin("POST", path, body)).status_code == 422, body
    assert (await marks(ana))[0] == "pending_review"
    assert (await world.member()("POST", path, {"points": 1})).status_code == 403
    assert (await world.member()("GET", GROUPS)).status_code == 403
    unknown = f"{GROUPS}{ana.enrollment_id}/"
    assert (await world.admin("POST", unknown, {"points": 1})).status_code == 404
    other = await world.course(tree(quiz(choice())))
    await world.admin.ok("PUT", f"/api/courses/{other['id']}/graders/bob/")
    assert (await world.member("bob")("POST", path, {"points": 1})).status_code == 404
    assert await groups(world.member("bob")) == []


async def test_a_question_that_left_the_draft_accepts_nothing(world: World) -> None:
    [ana] = await takers(world, tree(quiz(WORD, max_attempts=None)), "bullies")
    path = f"/api/courses/{ana.course['id']}/draft/"
    etag = (await world.admin("GET", path)).headers["etag"]
    await world.admin.ok("PUT", path, tree(quiz(choice())), headers={"If-Match": etag})
    [group] = await groups(world.admin)
    answer = await world.admin("POST", f"{GROUPS}{group['group_id']}/", {"points": 2, "accept": True})
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "/accept")
    assert (await marks(ana))[0] == "pending_review"


async def test_pages_and_statements_are_bounded(app: FastAPI, world: World) -> None:
    await takers(world, tree(quiz(WORD, max_attempts=None)), "one", "one", "two", "three", "four")
    await groups(world.admin)
    with counted(app) as statements:
        first = await world.admin.ok("GET", f"{GROUPS}?limit=3")
    assert 1 <= len(statements) <= 3, statements
    rest = await world.admin.ok("GET", f"{GROUPS}?limit=3&cursor={first['next_cursor']}")
    texts = [one["text"] for one in (*first["items"], *rest["items"])]
    assert (texts[0], sorted(texts), rest["next_cursor"]) == ("one", ["four", "one", "three", "two"], None)
    nowhere = await groups(world.admin, f"?course_id={first['items'][0]['question']['id']}")
    assert nowhere == []
    assert (await world.admin("GET", f"{GROUPS}?course_id=x")).status_code == 422


async def test_erasing_a_learner_takes_the_text_out_of_the_group(world: World, database: Database) -> None:
    await takers(world, tree(quiz(WORD, max_attempts=None)), "my name", "my name")
    [group] = await groups(world.admin)
    await world.admin.ok("POST", f"{GROUPS}{group['group_id']}/", {"points": 1})
    await world.directory("DELETE", "/api/directory/members/w0/")
    rows = await database(
        "SELECT text, normal, group_id FROM pending_responses WHERE organization_id = $1 ORDER BY text",
        world.id,
    )
    assert [tuple(row)[:2] for row in rows] == [("", None), ("my name", "my name")]
    assert rows[0]["group_id"] is None

"""Withdrawing an enrollment: closed at once, whatever was begun, and out of everything that counts or lists."""

import asyncio
from typing import Any

import pytest
from tests.kit.drawn import rounds
from tests.kit.quiz_taker import essay, quiz
from tests.kit.world import World, choice, right
from tests.standing.scene import RIGHT, WRONG, Scene, scene

LESSON = {"kind": "lesson", "title": "Read", "body_html": "<p>Read.</p>"}


async def withdraw(here: Scene, enrollment: str, **options: Any) -> Any:
    path = f"/api/enrollments/{enrollment}/withdraw/"
    return await here.world.admin("POST", path, {"reason": "Moved away"}, **options)


async def code(here: Scene, method: str, path: str, body: Any = None) -> tuple[int, str | None]:
    answer = await here.call(method, path, body)
    return answer.status_code, answer.json().get("code")


async def test_an_attempt_under_way_is_closed_and_counts_for_nothing(world: World) -> None:
    here = await scene(world, quiz(choice(), max_attempts=1))
    enrollment = await here.enroll()
    path = await here.quiz_path(0)
    started = await here.call.ok("POST", f"{path}attempts/")
    given = [right(started["questions"][0], RIGHT)]
    attempt = f"/api/attempts/{started['attempt_id']}/"
    await here.call.ok("PATCH", attempt, {"responses": given})
    answer = await withdraw(here, enrollment)
    assert answer.status_code == 200, answer.text
    assert answer.json()["withdrawn_at"] is not None
    assert answer.json()["status"] == "in_progress"
    assert (await withdraw(here, enrollment)).json() == answer.json()
    shown = await here.call.ok("GET", attempt)
    assert (shown["status"], shown["submitted_at"] is not None) == ("graded", True)
    assert [r["answer_ids"] for r in shown["responses"]] == [given[0]["answer_ids"]]
    assert await here.certificates() == []
    assert (await here.call.ok("GET", path))["best_score"] is None
    assert await code(here, "PATCH", attempt, {"responses": given}) == (409, "attempt-closed")
    named = {"attempt_id": started["attempt_id"], "responses": given}
    assert await code(here, "POST", f"{path}submit/", named) == (409, "attempt-closed")
    assert await code(here, "POST", f"{path}submit/", {"responses": given}) == (409, "withdrawn")
    assert await code(here, "POST", f"{path}attempts/") == (409, "withdrawn")


async def test_it_leaves_lists_and_its_history_stays(world: World) -> None:
    here = await scene(world, LESSON, quiz(essay(), max_attempts=1), linked_compliance_requirement="hazing")
    await here.assign(user_ids=["ana"], due_at="2999-01-01T00:00:00Z")
    [mine] = await here.enrollments()
    lesson = (await here.modules())["items"][0]["items"][0]["id"]
    await here.call.ok("POST", f"/api/lessons/{lesson}/complete/")
    await here.take(1, {"text": "Because."})
    assert (await withdraw(here, mine["id"])).status_code == 200
    assert await here.enrollments() == await here.enrollments(withdrawn="false") == []
    assert (await here.call.ok("GET", "/api/users/enrollments/"))["items"] == []
    progress = await here.call.ok("GET", "/api/users/enrollments/progress/")
    assert progress["items"] == []
    assert set(progress["totals"].values()) == {0}
    [listed] = await here.enrollments(withdrawn="true", status="in_progress")
    assert listed["id"] == mine["id"]
    assert await here.enrollments(withdrawn="true", status="assigned") == []
    report = await world.admin.ok("GET", "/api/reports/compliance/?chapter_id=n1")
    assert (report["items"][0]["pending"], report["items"][0]["overdue"]) == (0, 0)
    told = await world.admin.ok("GET", f"/api/enrollments/{mine['id']}/explain/")
    [grant] = told["grants"]
    assert (grant["kind"], grant["reason"], grant["granted_by"]) == ("withdrawal", "Moved away", "boss")
    shown = await here.modules()
    assert shown["enrollment"]["withdrawn_at"] == listed["withdrawn_at"]
    assert shown["items"][0]["items"][0]["completed_at"] is not None
    assert await code(here, "POST", f"/api/lessons/{lesson}/complete/") == (200, None)
    exported = await here.call.ok("GET", "/api/users/export/")
    assert [e["id"] for e in exported["enrollments"]] == [mine["id"]]


async def test_a_lesson_is_not_completed_any_more(world: World) -> None:
    here = await scene(world, LESSON)
    enrollment = await here.enroll()
    lesson = (await here.modules())["items"][0]["items"][0]["id"]
    await withdraw(here, enrollment)
    assert await code(here, "POST", f"/api/lessons/{lesson}/complete/") == (409, "withdrawn")
    assert await here.certificates() == []


async def test_only_an_explicit_assignment_starts_anew(world: World) -> None:
    here = await scene(world, LESSON)
    enrollment = await here.enroll()
    await withdraw(here, enrollment)
    enroll = f"/api/courses/{here.course['id']}/enroll/"
    assert await code(here, "POST", enroll) == (409, "withdrawn")
    await here.assign(audience_filter={})
    assert await here.enrollments() == []
    rule = {"course_id": here.course["id"], "trigger": "manual", "audience_filter": {}}
    made = await world.admin.ok("POST", "/api/assignment-rules/", rule)
    await world.admin.ok("POST", f"/api/assignment-rules/{made['id']}/run/")
    await world.run_jobs()
    assert await here.enrollments() == []
    assert (await here.assign())["assigned"] == 1
    assert await here.statuses() == ["assigned"]
    assert await code(here, "POST", enroll) == (200, None)


async def test_a_completed_one_is_not_withdrawn(world: World) -> None:
    here = await scene(world, quiz(choice(), max_attempts=1))
    enrollment = await here.enroll()
    await here.take(0, RIGHT)
    refused = await withdraw(here, enrollment)
    assert (refused.status_code, refused.json()["code"]) == (409, "completed")
    assert (await here.certificates())[0]["status"] == "valid"


async def test_a_failed_one_may_be_withdrawn_and_goes_on_no_more(world: World) -> None:
    here = await scene(world, quiz(choice(), max_attempts=1))
    enrollment = await here.enroll()
    await here.take(0, WRONG)
    answer = (await withdraw(here, enrollment)).json()
    assert answer["status"] == "failed"
    quiz_id = (await here.modules())["items"][0]["items"][0]["id"]
    sent = {"quiz_id": quiz_id, "reason": "?"}
    for method, path, body in (
        ("POST", f"/api/enrollments/{enrollment}/attempts/", sent),
        ("PATCH", f"/api/enrollments/{enrollment}/", {"extra_time_seconds": 60}),
    ):
        refused = await world.admin(method, path, body)
        assert (refused.status_code, refused.json()["code"]) == (409, "withdrawn"), path
    assert await code(here, "POST", f"/api/courses/{here.course['id']}/enroll/") == (409, "withdrawn")


async def test_a_grade_that_comes_later_changes_nothing(world: World) -> None:
    here = await scene(world, quiz(essay(), max_attempts=1))
    enrollment = await here.enroll()
    await here.take(0, {"text": "Because."})
    [waiting] = await here.pending()
    await withdraw(here, enrollment)
    assert (await here.grade(5, waiting["response_id"])).status_code == 200
    assert await here.enrollments() == []
    assert await here.certificates() == []


@pytest.mark.parametrize("body", [{}, {"reason": ""}, {"reason": None}, {"reason": "x", "because": "y"}])
async def test_a_reason_is_needed(world: World, body: Any) -> None:
    here = await scene(world, LESSON)
    enrollment = await here.enroll()
    refused = await world.admin("POST", f"/api/enrollments/{enrollment}/withdraw/", body)
    assert refused.status_code == 422
    assert await here.statuses() == ["in_progress"]


async def test_a_withdrawal_is_replayed_under_its_key(world: World) -> None:
    here = await scene(world, LESSON)
    enrollment = await here.enroll()
    key = {"headers": {"Idempotency-Key": "w1"}}
    first = await withdraw(here, enrollment, **key)
    await here.assign()
    again = await withdraw(here, enrollment, **key)
    assert again.json() == first.json()
    assert again.headers["Idempotency-Replayed"] == "true"
    assert await here.statuses() == ["assigned"]


async def test_a_filter_that_is_no_word_is_refused(world: World) -> None:
    assert (await world.admin("GET", "/api/enrollments/?withdrawn=maybe")).status_code == 422


@pytest.mark.parametrize("round_", rounds(4))
async def test_a_withdrawal_and_the_last_answer_at_once(world: World, round_: int) -> None:
    """Either it is completed and cannot be withdrawn, or it is withdrawn and completes nothing."""
    here = await scene(world, quiz(choice(), max_attempts=1))
    enrollment = await here.enroll()
    path = await here.quiz_path(0)
    started = await here.call.ok("POST", f"{path}attempts/")
    body = {"attempt_id": started["attempt_id"], "responses": [right(started["questions"][0], RIGHT)]}
    withdrawn, submitted = await asyncio.gather(
        withdraw(here, enrollment), here.call("POST", f"{path}submit/", body)
    )
    outcome = (withdrawn.status_code, submitted.status_code, len(await here.certificates()))
    assert outcome in ((200, 409, 0), (409, 200, 1)), (withdrawn.text, submitted.text)

"""An older enrollment that a correction or a grant completes, or would complete, beside what came after it."""

import asyncio
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import text
from tests.kit.drawn import rounds
from tests.kit.quiz_taker import essay, quiz
from tests.kit.waiting import someone_waits
from tests.kit.world import Json, World, choice
from tests.standing.scene import RIGHT, WRONG, Scene, scene

from learning_service.domain.completion.actions.grades import grade_response
from learning_service.domain.grading.queries import get_waiting
from learning_service.domain.kernel.principal import Principal

ESSAY = quiz(essay(), max_attempts=1)
LESSON = {"kind": "lesson", "title": "Read", "body_html": "<p>Read.</p>", "required": False}


async def failed_and_assigned_anew(world: World, *items: Json, **policy: Any) -> tuple[Scene, str]:
    """The essay was graded 0 and the course assigned anew; the scene and the first response."""
    here = await scene(world, *(items or (ESSAY, LESSON)), **policy)
    await here.enroll()
    await here.take(0, {"text": "First."})
    [waiting] = await here.pending()
    await here.grade(0)
    assert (await here.assign())["assigned"] == 1
    return here, waiting["response_id"]


async def correct(here: Scene, response_id: str, points: float = 5) -> None:
    corrected = await here.grade(points, response_id, correction=True)
    assert corrected.status_code == 200, corrected.text


@pytest.mark.parametrize("begun", [False, True])
async def test_an_open_newer_one_is_withdrawn(world: World, begun: bool) -> None:
    here, first = await failed_and_assigned_anew(world)
    if begun:
        lesson = (await here.modules())["items"][0]["items"][1]["id"]
        await here.call.ok("POST", f"/api/lessons/{lesson}/complete/")
        started = await here.call.ok("POST", f"{await here.quiz_path(0)}attempts/")
    await correct(here, first)
    assert await here.statuses() == ["completed"]
    [withdrawn] = await here.enrollments(withdrawn="true")
    assert withdrawn["withdrawn_at"] is not None
    assert withdrawn["status"] == ("in_progress" if begun else "assigned")
    if begun:
        closed = await here.call("PATCH", f"/api/attempts/{started['attempt_id']}/", {"responses": []})
        assert (closed.status_code, closed.json()["code"]) == (409, "attempt-closed")
    refused = await here.call("POST", f"/api/courses/{here.course['id']}/enroll/")
    assert (refused.status_code, refused.json()["code"]) == (409, "already-completed")
    for answer in (await here.assign(), await here.assign(audience_filter={})):
        assert {"user_id": "ana", "reason": "completed"} in answer["skipped"]
    assert (await here.modules())["enrollment"]["status"] == "completed"


async def test_nobody_has_two_valid_certificates_for_one_span(world: World) -> None:
    here, first = await failed_and_assigned_anew(world, recertification_cadence="P1Y")
    await here.take(0, {"text": "Second."})
    await here.grade(5)
    before = await here.certificates()
    assert [c["status"] for c in before] == ["valid"]
    await correct(here, first)
    assert await here.certificates() == before
    assert await here.statuses() == ["failed", "completed"]


async def test_it_is_completed_where_the_newer_completion_counts_no_more(world: World) -> None:
    here, first = await failed_and_assigned_anew(world)
    await here.take(0, {"text": "Second."})
    await here.grade(5)
    [certificate] = await here.certificates()
    await world.admin.ok("POST", f"/api/certificates/{certificate['id']}/revoke/", {"reason": "Cheated"})
    await correct(here, first)
    assert await here.statuses() == ["completed", "completed"]
    assert sorted(c["status"] for c in await here.certificates()) == ["revoked", "valid"]


async def test_a_renewal_still_wanted_stays(world: World) -> None:
    """The first failed long ago; a completion since is about to expire, and its renewal is open."""
    here, first = await failed_and_assigned_anew(world, recertification_cadence="P1Y")
    await here.take(0, {"text": "Second."})
    await here.grade(5)
    async with world.worker.transaction(world.id) as session:
        await session.execute(
            text(
                "UPDATE course_completions SET expires_at = clock_timestamp() + :left, voided_at = clock_timestamp()"
                " WHERE course_id = :c"
            ),
            {"c": here.course["id"], "left": timedelta(days=5)},
        )
        await session.execute(
            text(
                "INSERT INTO enrollments (id, organization_id, user_id, course_id, version_id, status, source,"
                " assigned_at, cause_kind, cause_id) SELECT gen_random_uuid(), organization_id, user_id, course_id,"
                " version_id, 'assigned', 'recertification', now(), 'completion', id::text"
                " FROM course_completions WHERE course_id = :c"
            ),
            {"c": here.course["id"]},
        )
        await session.execute(
            text("UPDATE courses SET recertification_cadence = 'P10D' WHERE id = :c"),
            {"c": here.course["id"]},
        )
        await session.execute(
            text(
                "UPDATE quiz_attempts SET submitted_at = submitted_at - interval '9 days' WHERE enrollment_id IN"
                " (SELECT id FROM enrollments WHERE course_id = :c)"
            ),
            {"c": here.course["id"]},
        )
    await correct(here, first)
    # Of ten days nine are over: whoever is completed now is to renew at once.
    assert "assigned" in await here.statuses()
    assert await here.enrollments(withdrawn="true") == []


async def test_a_correction_does_not_reopen_beside_a_newer_completion(world: World) -> None:
    here, first = await failed_and_assigned_anew(
        world, quiz(essay(), max_attempts=1), quiz(choice(), title="Other", max_attempts=1)
    )
    await here.take(0, {"text": "Second."})
    await here.take(1, RIGHT)
    await here.grade(5)
    assert await here.statuses() == ["failed", "completed"]
    await correct(here, first)
    assert await here.statuses() == ["failed", "completed"]


@pytest.mark.parametrize("newer", ["open", "completed"])
async def test_no_attempts_are_granted_on_what_the_member_has_left_behind(world: World, newer: str) -> None:
    here = await scene(world, quiz(choice(), max_attempts=1))
    old = await here.enroll()
    await here.take(0, WRONG)
    await here.assign()
    quiz_id = (await here.modules())["items"][0]["items"][0]["id"]
    if newer == "completed":
        await here.take(0, RIGHT)
    before = await here.enrollments()
    sent = {"quiz_id": quiz_id, "reason": "?"}
    refused = await world.admin("POST", f"/api/enrollments/{old}/attempts/", sent)
    assert (refused.status_code, refused.json()["code"]) == (409, "newer-enrollment")
    assert await here.enrollments() == before


@pytest.mark.parametrize("cadence", [None, "P1Y"])
async def test_a_newer_failure_is_not_taken_up_beside_an_older_completion(
    world: World, cadence: str | None
) -> None:
    """The first was completed after both had failed: the second neither goes on nor is completed too."""
    here, first = await failed_and_assigned_anew(world, ESSAY, LESSON, recertification_cadence=cadence)
    await here.take(0, {"text": "Second."})
    [waiting] = await here.pending()
    await here.grade(0)
    assert await here.statuses() == ["failed", "failed"]
    newer = (await here.enrollments())[1]["id"]
    await correct(here, first)
    quiz_id = (await here.modules())["items"][0]["items"][0]["id"]
    sent = {"quiz_id": quiz_id, "reason": "?"}
    refused = await world.admin("POST", f"/api/enrollments/{newer}/attempts/", sent)
    assert (refused.status_code, refused.json()["code"]) == (409, "newer-enrollment")
    await correct(here, waiting["response_id"])
    assert await here.statuses() == ["completed", "failed"]
    assert [item["status"] for item in await here.certificates()] == ["valid"]


async def test_a_failed_renewal_may_be_granted_attempts(world: World) -> None:
    """The completion before it counts still, and this renews it."""
    here = await scene(world, quiz(choice(), max_attempts=1), recertification_cadence="P20D")
    await here.enroll()
    await here.take(0, RIGHT)
    await _expiring(here)
    renewal = await here.enroll()
    await here.take(0, WRONG)
    quiz_id = (await here.modules())["items"][0]["items"][0]["id"]
    sent = {"quiz_id": quiz_id, "reason": "Again"}
    granted = await world.admin.ok("POST", f"/api/enrollments/{renewal}/attempts/", sent)
    assert granted["status"] == "in_progress"
    await here.take(0, RIGHT)
    assert await here.statuses() == ["completed", "completed"]


async def _expiring(here: Scene) -> None:
    async with here.world.worker.transaction(here.world.id) as session:
        await session.execute(
            text(
                "UPDATE course_completions SET completed_at = now() - interval '19 days',"
                " expires_at = now() + interval '1 day' WHERE course_id = :c"
            ),
            {"c": here.course["id"]},
        )


@pytest.mark.parametrize("round_", rounds(4))
async def test_a_correction_and_the_newer_completion_at_once(world: World, round_: int) -> None:
    """Whoever comes first, one certificate is valid."""
    here, first = await failed_and_assigned_anew(
        world, quiz(essay(), max_attempts=1), {**LESSON, "required": True}
    )
    lesson = (await here.modules())["items"][0]["items"][1]["id"]
    await here.take(0, {"text": "Second."})
    await here.grade(5)
    old = (await here.enrollments())[0]["id"]
    async with world.worker.transaction(world.id) as session:
        await session.execute(
            text(
                "INSERT INTO lesson_progress (enrollment_id, lesson_id, organization_id, completed_at)"
                " VALUES (:e, :l, :o, now())"
            ),
            {"e": old, "l": lesson, "o": world.id},
        )
    _, done = await asyncio.gather(
        correct(here, first), here.call("POST", f"/api/lessons/{lesson}/complete/")
    )
    assert done.status_code in (200, 409), done.text
    assert [c["status"] for c in await here.certificates()] == ["valid"]
    assert sorted(await here.statuses()) in (["completed"], ["completed", "failed"])


@asynccontextmanager
async def corrected_but_not_committed(here: Scene, response_id: str) -> AsyncIterator[None]:
    """The correction is done when the block begins, and committed when it ends."""
    boss = Principal(here.world.id, "boss", roles=frozenset({"national_admin"}))
    async with here.world.worker.transaction(here.world.id) as session:
        await grade_response(
            session,
            await get_waiting(session, uuid.UUID(response_id)),
            points=Decimal(5),
            feedback=None,
            keep_feedback=True,
            correction=True,
            actor=boss,
        )
        yield


@pytest.mark.parametrize("how", ["assign", "enroll"])
async def test_who_is_enrolled_in_the_moment_of_a_correction_waits_for_it(world: World, how: str) -> None:
    here = await scene(world, ESSAY)
    await here.enroll()
    await here.take(0, {"text": "First."})
    [waiting] = await here.pending()
    await here.grade(0)
    calls = {
        "assign": ("assign/", {"user_ids": ["ana"]}),
        "enroll": ("enroll/", None),
    }
    path, body = calls[how]
    caller = here.call if how == "enroll" else world.admin
    async with corrected_but_not_committed(here, waiting["response_id"]):
        meanwhile = asyncio.create_task(caller("POST", f"/api/courses/{here.course['id']}/{path}", body))
        await someone_waits(world.worker)
    answer = await meanwhile
    assert await here.statuses() == ["completed"], answer.text
    if how == "enroll":
        assert answer.json()["code"] == "already-completed"
    else:
        assert {"user_id": "ana", "reason": "completed"} in answer.json()["skipped"]

"""Renewals: when one opens, however late, and what it counts from."""

import asyncio
import uuid
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import text
from tests.kit.assignments import finish
from tests.kit.compliance import REPORT, STATUSES, linked, pursue
from tests.kit.direct import Database, database
from tests.kit.learner import Learner, quiz, tree
from tests.kit.renewals import ZONE, age, events, mine
from tests.kit.waiting import someone_waits
from tests.kit.world import World

from learning_service.domain.enrollments.queries.standing import hold_entrance
from learning_service.domain.kernel.days import last_day
from learning_service.worker.jobs.completions import open_recertifications
from learning_service.worker.jobs.reminders import send_course_reminders

__all__ = ["database"]


async def expiry(world: World, user: str = "ana") -> datetime:
    """When what the member has for the requirement expires."""
    [row] = (await world.member(user).ok("GET", "/api/users/compliance/"))["items"]
    return datetime.fromisoformat(row["expires_at"])


async def test_enrolling_oneself_inside_the_window_is_a_renewal(world: World, database: Database) -> None:
    course = await linked(world, recertification_cadence="P1Y")
    for user in ("ana", "bob"):
        await pursue(world, user, course)
    await age(world, database, days=350)
    expires = await expiry(world)
    await world.member("bob").ok("POST", f"/api/courses/{course['id']}/enroll/")
    for _ in range(2):
        await open_recertifications(world.worker, None)
    assert [len(await mine(world, user)) for user in ("ana", "bob")] == [2, 2]
    for user in ("ana", "bob"):
        renewal = (await mine(world, user))[0]
        due = datetime.fromisoformat(renewal["due_at"])
        assert (renewal["source"], due) == ("recertification", expires)
    await send_course_reminders(world.worker, expires - timedelta(days=2))
    told = await events(world, "enrollment.reminder_due")
    assert sorted(data["user_id"] for data in told) == ["ana", "bob"]
    await age(world, database, days=20)
    await database(
        "UPDATE enrollments SET due_at = due_at - interval '20 days' WHERE organization_id = $1", world.id
    )
    rows = {row["user_id"]: row for row in (await world.admin.ok("GET", STATUSES))["items"]}
    kept = ("status", "completed_at", "due_at")
    ana, bob = ({k: v for k, v in rows[user].items() if k in kept} for user in ("ana", "bob"))
    assert ana["status"] == bob["status"] == "pending"
    assert ana["due_at"] == bob["due_at"]
    totals = (await world.admin.ok("GET", REPORT))["totals"]
    assert (totals["pending"], totals["overdue"], totals["expired"]) == (2, 2, 0)
    assert [(await mine(world, user))[0]["overdue"] for user in ("ana", "bob")] == [True, True]


async def test_both_at_once_make_one_renewal(world: World, database: Database) -> None:
    course = await linked(world, recertification_cadence="P1Y")
    await pursue(world, "ana", course)
    await age(world, database, days=350)
    expires = await expiry(world)
    path = f"/api/courses/{course['id']}/enroll/"
    await asyncio.gather(
        *(open_recertifications(world.worker, None) for _ in range(3)),
        *(world.member().ok("POST", path, headers={"Idempotency-Key": "k"}) for _ in range(2)),
        *(world.member().ok("POST", path) for _ in range(2)),
    )
    renewal, _ = await mine(world)
    assert (renewal["source"], datetime.fromisoformat(renewal["due_at"])) == ("recertification", expires)


async def test_a_correction_at_the_same_moment_comes_first(world: World, database: Database) -> None:
    """Who lets a failed enrollment be completed after all holds the entrance: no renewal is opened beside it."""
    course = await linked(world, recertification_cadence="P1Y")
    await pursue(world, "ana", course)
    await age(world, database, days=350)
    async with world.worker.transaction(world.id) as session:
        await hold_entrance(session, uuid.UUID(course["id"]), alone=True)
        renewing = asyncio.create_task(open_recertifications(world.worker, None))
        await someone_waits(world.worker)
        assert not renewing.done()
        await session.execute(
            text(
                "UPDATE course_completions SET expires_at = expires_at + interval '1 year' WHERE course_id = :c"
            ),
            {"c": course["id"]},
        )
    await renewing
    assert [e["status"] for e in await mine(world)] == ["completed"]


@pytest.mark.parametrize("archived", [False, True])
async def test_a_lapse_that_is_seen_late_is_renewed(world: World, database: Database, archived: bool) -> None:
    course = await linked(world, recertification_cadence="P1Y")
    await pursue(world, "ana", course)
    if archived:
        await world.admin.ok("POST", f"/api/courses/{course['id']}/archive/")
        await age(world, database, days=350)
        await open_recertifications(world.worker, None)
        await age(world, database, days=50)
        await world.admin.ok("POST", f"/api/courses/{course['id']}/unarchive/")
    else:
        await age(world, database, days=400)
    for _ in range(2):
        await open_recertifications(world.worker, None)
    renewal, _ = await mine(world)
    assert (renewal["status"], renewal["source"], renewal["overdue"]) == ("assigned", "recertification", True)
    await finish(world, "ana", course["id"])
    assert await expiry(world) > datetime.now(tz=None).astimezone() + timedelta(days=364)
    await open_recertifications(world.worker, None)
    assert len(await mine(world)) == 2


@pytest.mark.parametrize("lapsed", [False, True])
async def test_a_revoked_renewal_is_opened_again(world: World, database: Database, lapsed: bool) -> None:
    course = await linked(world, recertification_cadence="P1Y")
    await pursue(world, "ana", course)
    await age(world, database, days=350)
    await open_recertifications(world.worker, None)
    await finish(world, "ana", course["id"])
    certificate = (await world.member().ok("GET", "/api/users/certificates/"))["items"][0]
    await world.admin.ok("POST", f"/api/certificates/{certificate['id']}/revoke/", {"reason": "Fraud"})
    [revoked] = await events(world, "compliance.revoked")
    assert (revoked["requirement_id"], revoked["user_id"]) == ("hazing", "ana")
    told = [data["completion_id"] for data in await events(world, "compliance.completed")]
    assert len(told) == 3, "the first, its renewal, and the first again"
    assert told[0] == told[2] != told[1] == revoked["completion_id"]
    if lapsed:
        await age(world, database, days=30)
    for _ in range(2):
        await open_recertifications(world.worker, None)
    renewal, *before = await mine(world)
    assert (renewal["status"], renewal["source"], len(before)) == ("assigned", "recertification", 2)


@pytest.mark.parametrize("lapsed", [False, True])
async def test_after_a_failed_renewal_an_administrator_assigns_anew(
    world: World, database: Database, lapsed: bool
) -> None:
    at = await Learner.enter(
        world,
        tree(quiz(max_attempts=1)),
        linked_compliance_requirement="hazing",
        recertification_cadence="P1Y",
    )
    await at.submit()
    await age(world, database, days=350)
    await open_recertifications(world.worker, None)
    await at.submit(correct=0)
    if lapsed:
        await age(world, database, days=30)
    await open_recertifications(world.worker, None)
    assert [e["status"] for e in await mine(world)] == ["failed", "completed"]
    path = f"/api/courses/{at.course}/assign/"
    assert (await world.admin.ok("POST", path, {"audience_filter": {"chapters": ["n1"]}}))["assigned"] == 1
    assert (await world.admin.ok("POST", path, {"user_ids": ["ana"]}))["assigned"] == 1
    assert [e["status"] for e in await mine(world)] == ["assigned", "failed", "completed"]


async def test_a_row_that_was_not_made_opens_no_renewal(world: World, database: Database) -> None:
    """A fails, B is assigned and fails, A is completed after all: its renewal opens in time."""
    at = await Learner.enter(
        world,
        tree(quiz(max_attempts=1)),
        linked_compliance_requirement="hazing",
        recertification_cadence="P1Y",
    )
    await at.submit(correct=0)
    [first] = await mine(world)
    await world.admin.ok("POST", f"/api/courses/{at.course}/assign/", {"user_ids": ["ana"]})
    await at.submit(correct=0)
    body = {"quiz_id": at.ids["Q"], "reason": "Broken link"}
    await world.admin.ok("POST", f"/api/enrollments/{first['id']}/attempts/", body)
    await at.submit()
    assert sorted(e["status"] for e in await mine(world)) == ["completed", "failed"]
    await age(world, database, days=300)
    await open_recertifications(world.worker, None)
    assert len(await mine(world)) == 2
    await age(world, database, days=50)
    for _ in range(2):
        await open_recertifications(world.worker, None)
    assert (await mine(world))[0]["source"] == "recertification"
    assert len(await mine(world)) == 3


async def test_a_short_cadence_has_a_short_window(world: World, database: Database) -> None:
    course = await linked(world, recertification_cadence="P2W")
    await pursue(world, "ana", course)
    first = await expiry(world)
    await open_recertifications(world.worker, None)
    assert len(await mine(world)) == 1
    refused = await world.member()("POST", f"/api/courses/{course['id']}/enroll/")
    assert (refused.status_code, refused.json()["code"]) == (409, "already-completed")
    await age(world, database, days=8)
    await open_recertifications(world.worker, None)
    await finish(world, "ana", course["id"])
    second = await expiry(world)
    before, after = last_day(first, ZONE), last_day(second, ZONE)
    assert after - before == timedelta(days=14 - 8), "counts from the old expiry, which was moved by 8 days"
    await open_recertifications(world.worker, None)
    assert len(await mine(world)) == 2


async def test_renewed_late_it_counts_from_the_new_completion(world: World, database: Database) -> None:
    course = await linked(world, recertification_cadence="P1Y")
    await pursue(world, "ana", course)
    first = await expiry(world)
    await age(world, database, days=400)
    await world.member().ok("POST", f"/api/courses/{course['id']}/enroll/")
    await finish(world, "ana", course["id"])
    assert await expiry(world) == first


async def test_members_of_other_statuses_are_left_in_peace_until_they_come_back(
    world: World, database: Database
) -> None:
    course = await linked(world, recertification_cadence="P1Y")
    for user in ("ana", "bob"):
        await pursue(world, user, course)
    await world.add_member("ana", status="Alumna")
    await world.admin.ok("PATCH", "/api/organization/", {"active_statuses": ["Active"]})
    await age(world, database, days=350)
    await open_recertifications(world.worker, None)
    assert [len(await mine(world, user)) for user in ("ana", "bob")] == [1, 2]
    await world.add_member("ana", status="active")
    await open_recertifications(world.worker, None)
    assert len(await mine(world)) == 2
    expires = datetime.fromisoformat((await mine(world))[0]["due_at"])
    await world.add_member("ana", status="Alumna")
    await send_course_reminders(world.worker, expires - timedelta(days=2))
    told: list[Any] = [data["user_id"] for data in await events(world, "enrollment.reminder_due")]
    assert told == ["bob"]
    await world.add_member("ana", status="ACTIVE")
    await send_course_reminders(world.worker, expires - timedelta(days=1.9))
    told = [data["user_id"] for data in await events(world, "enrollment.reminder_due")]
    assert told == ["bob", "ana"]

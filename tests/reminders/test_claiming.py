"""Which reminders are claimed as of a moment, and what a claim writes; asked of the database itself."""

import uuid
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select, text
from tests.kit.scopes import SCOPES, add_course
from tests.kit.world import World

from learning_service.domain.enrollments.models import Enrollment
from learning_service.domain.kernel.base import new_id
from learning_service.domain.reminders.actions import claims
from learning_service.domain.reminders.actions.claims import Key, claim_overdue, claim_reminders, may_claim
from learning_service.domain.reminders.actions.mails import begin_mail, end_mail, give_back_mail
from learning_service.domain.reminders.models import Reminder

# Far from the due times of other tests, whose enrollments are in the same database.
AT = datetime(2040, 6, 1, 12, tzinfo=UTC)
TICK = timedelta(microseconds=1)
DAY = timedelta(days=1)
WITHDRAWN: dict[str, Any] = {"withdrawn_at": AT - DAY, "withdrawn_because": "by-administrator"}


async def enroll(world: World, *facts: dict[str, Any]) -> list[uuid.UUID]:
    """An enrollment of Ana's for each, assigned a month ago and due in two days unless it says otherwise."""
    made = []
    async with world.worker.transaction(None) as session:
        for changes in facts:
            course = await add_course(session, world.id, SCOPES[0], "published")
            assert course.version_id is not None
            values = {"status": "assigned", "assigned_at": AT - 30 * DAY, "due_at": AT + 2 * DAY, **changes}
            enrollment = Enrollment(
                id=new_id(),
                organization_id=world.id,
                user_id="ana",
                course_id=course.view.id,
                version_id=course.version_id,
                source="admin",
                cause_kind="person",
                cause_id="boss",
                **values,
            )
            session.add(enrollment)
            made.append(enrollment.id)
    return made


async def claim(world: World, after: Key | None = None, at: datetime = AT) -> Key | None:
    async with world.worker.transaction(None, at=at) as session:
        return await claim_reminders(session, after=after, mails_per_second=20)


async def reminders(world: World) -> Sequence[Reminder]:
    async with world.worker.transaction(None) as session:
        mine = select(Reminder).where(Reminder.organization_id == world.id)
        return (await session.scalars(mine.order_by(Reminder.enrollment_id))).all()


async def test_the_nearest_moment_that_came_after_the_assignment(world: World) -> None:
    cases: list[tuple[dict[str, Any], int | None]] = [
        ({"due_at": AT + 7 * DAY}, 7),
        ({"due_at": AT + 7 * DAY + TICK}, None),
        ({"due_at": AT + 6 * DAY}, 7),
        ({"due_at": AT + 2 * DAY}, 3),
        ({"due_at": AT + TICK}, 1),
        ({"due_at": AT}, None),
        ({"due_at": None}, None),
        ({"status": "in_progress"}, 3),
        ({"status": "completed"}, None),
        ({"status": "failed"}, None),
        ({"status": "in_progress", "awaiting_review": True}, None),
        ({"status": "withdrawn", **WITHDRAWN}, None),
        ({"assigned_at": AT - DAY}, None),
        ({"assigned_at": AT - DAY - TICK}, 3),
    ]
    made = await enroll(world, *(facts for facts, _ in cases))
    assert await claim(world) is None, "all were looked at"
    found = {one.enrollment_id: one.days_before for one in await reminders(world)}
    assert [found.get(one) for one in made] == [days for _, days in cases]


@pytest.mark.parametrize(
    ("days", "due_in", "claimed"), [([365, 14], 365, 365), ([365, 14], 13, 14), ([], 2, None)]
)
async def test_the_organizations_own_days(
    world: World, days: list[int], due_in: int, claimed: int | None
) -> None:
    await world.admin.ok("PATCH", "/api/organization/", {"reminder_days": days})
    await enroll(world, {"assigned_at": AT - 1000 * DAY, "due_at": AT + due_in * DAY})
    await claim(world)
    assert [one.days_before for one in await reminders(world)] == [claimed] * (claimed is not None)


async def test_what_a_claim_writes(world: World) -> None:
    [enrollment_id] = await enroll(world, {})
    for _ in range(2):
        await claim(world)
    [made] = await reminders(world)
    assert (made.enrollment_id, made.kind, made.days_before) == (enrollment_id, "due", 3)
    assert (made.status, made.reason, made.ended_at) == ("pending", None, None)
    assert (made.due_at, made.claimed_at) == (AT + 2 * DAY, AT)
    async with world.worker.transaction(None) as session:
        enrollment = await session.get_one(Enrollment, (world.id, enrollment_id))
        events = (
            await session.execute(
                text("SELECT type, user_id, at, data FROM events WHERE organization_id = :org"),
                {"org": world.id},
            )
        ).all()
        jobs = (
            await session.execute(
                text("SELECT job, arguments FROM outbox WHERE organization_id = :org AND job = 'send_mails'"),
                {"org": world.id},
            )
        ).all()
    data = {
        "organization_id": world.id,
        "user_id": "ana",
        "enrollment_id": str(enrollment_id),
        "course_id": str(enrollment.course_id),
        "due_at": "2040-06-03T12:00:00Z",
    }
    assert [tuple(event) for event in events] == [("learning.enrollment.reminder_due", "ana", AT, data)]
    assert [tuple(job) for job in jobs] == [("send_mails", {"reminder_ids": [str(made.id)]})]


async def test_one_batch_after_the_other(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    made = sorted(await enroll(world, {}, {}, {}))
    monkeypatch.setattr(claims, "BATCH", 2)
    before = (world.id, uuid.UUID(int=made[0].int - 1))
    after = await claim(world, before)
    assert after == (world.id, made[1])
    assert [one.enrollment_id for one in await reminders(world)] == made[:2]
    # Beyond these come other organizations, which earlier tests have left.
    while after is not None:
        before, after = after, await claim(world, after)
        assert after is None or after > before
    assert [one.enrollment_id for one in await reminders(world)] == made


async def test_one_claims_at_a_time(world: World) -> None:
    async with world.worker.transaction(None) as first:
        assert await may_claim(first)
        async with world.worker.transaction(None) as second:
            assert not await may_claim(second)
    async with world.worker.transaction(None) as third:
        assert await may_claim(third)


async def test_a_mail_is_taken_once_and_ends_once(world: World) -> None:
    await enroll(world, {}, {"due_at": AT + DAY})
    await claim(world)
    mail, other = await reminders(world)
    async with world.worker.transaction(None, at=AT) as session:
        assert await begin_mail(session, "reminder", mail.id)
        assert not await begin_mail(session, "reminder", mail.id)
        await give_back_mail(session, "reminder", mail.id)
        assert await begin_mail(session, "reminder", mail.id)
        for status, reason in (("refused", "no such user"), ("sent", None)):
            await end_mail(session, "reminder", mail.id, status, reason=reason)
        await end_mail(session, "reminder", other.id, "sent")
    ended, untouched = await reminders(world)
    assert (ended.status, ended.reason, ended.ended_at) == ("refused", "no such user", AT)
    assert (untouched.status, untouched.ended_at) == ("pending", None)


async def overdue(world: World, at: datetime = AT) -> None:
    since: datetime | None = None
    while True:
        async with world.worker.transaction(None, at=at) as session:
            since = await claim_overdue(session, since=since)
        if since is None:
            return


async def told(world: World) -> list[tuple[Any, ...]]:
    async with world.worker.transaction(None) as session:
        rows = await session.execute(
            text(
                "SELECT data->>'enrollment_id', data->>'due_at', at FROM events WHERE organization_id = :org"
                " AND type = 'learning.enrollment.overdue' ORDER BY data->>'due_at', data->>'enrollment_id'"
            ),
            {"org": world.id},
        )
        return [tuple(row) for row in rows]


async def test_overdue_is_told_once_for_each_due_time(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(claims, "BATCH", 2)
    cases: list[tuple[dict[str, Any], bool]] = [
        ({"due_at": AT - TICK}, True),
        ({"due_at": AT}, False),
        ({"due_at": AT - DAY, "status": "in_progress", "awaiting_review": True}, False),
        ({"due_at": AT - DAY, "status": "withdrawn", **WITHDRAWN}, False),
        ({"due_at": AT - 300 * DAY}, True),
        ({"due_at": AT - DAY, "status": "in_progress"}, True),
        ({"due_at": AT - DAY}, True),
        ({"due_at": AT - DAY}, True),
        ({"due_at": AT + TICK}, False),
        ({"due_at": None}, False),
        ({"due_at": AT - DAY, "status": "completed"}, False),
        ({"due_at": AT - DAY, "status": "failed"}, False),
    ]
    made = await enroll(world, *(facts for facts, _ in cases))
    for _ in range(2):
        await overdue(world)
    assert {row[0] for row in await told(world)} == {
        str(one) for one, (_, is_told) in zip(made, cases, strict=True) if is_told
    }
    assert len(await told(world)) == 5
    assert {(one.kind, one.status) for one in await reminders(world)} == {("overdue", "told")}
    async with world.worker.transaction(None) as session:
        enrollment = await session.get_one(Enrollment, (world.id, made[0]))
        enrollment.due_at = AT + 5 * DAY
    await overdue(world, AT + 6 * DAY)
    assert [row for row in await told(world) if row[0] == str(made[0])] == [
        (str(made[0]), "2040-06-01T11:59:59.999999Z", AT),
        (str(made[0]), "2040-06-06T12:00:00Z", AT + 6 * DAY),
    ]


async def test_whom_the_organization_does_not_call_active_is_left_in_peace(world: World) -> None:
    """Until they come back: then the nearest reminder is claimed, and what became overdue meanwhile is told."""
    await world.admin.ok("PATCH", "/api/organization/", {"active_statuses": ["Active", "pledge"]})
    await world.add_member("ana", status="alumnus")
    await enroll(world, {}, {"due_at": AT - DAY})
    await claim(world)
    await overdue(world)
    assert [*await reminders(world), *await told(world)] == []
    await world.add_member("ana", status="active")
    await claim(world)
    await overdue(world)
    assert {(one.kind, one.days_before) for one in await reminders(world)} == {
        ("due", 3),
        ("overdue", 0),
        ("overdue", -1),
    }
    assert len(await told(world)) == 1

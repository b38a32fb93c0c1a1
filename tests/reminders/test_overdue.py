"""Mails of overdue learning on the days that the organization says, and of what expires."""

from datetime import UTC, datetime, timedelta

from sqlalchemy import text
from tests.kit.assignments import finish
from tests.kit.mails import parts_of
from tests.reminders.post import Post, assigned, remind, soon

from learning_service.worker.jobs.completions import open_recertifications


async def test_overdue_learning_is_told_on_the_organization_s_days(post: Post) -> None:
    world, due = post.world, soon(days=9.5)
    await assigned(world, due, "ana")
    await world.run_jobs()
    sent = [await remind(post, due + timedelta(days=d)) for d in (0.1, 1.1, 1.2, 6.9, 7.1, 14.1, 14.2, 60)]
    assert sent == [0, 1, 0, 0, 1, 1, 0, 0]
    first = post.inbox.messages[1]
    assert first["Subject"] == "Overdue: Hazing prevention"
    assert "It was due on " in parts_of(first)[0]
    assert first["List-Unsubscribe-Post"]
    events = world.call_as("bus", scopes=["events:read"])
    types = [e["type"] for e in (await events.ok("GET", "/api/events/"))["items"]]
    assert types.count("learning.enrollment.overdue") == 1
    assert types.count("learning.enrollment.reminder_due") == 0, "a mail after the due time is no reminder"
    told = (await world.member().ok("GET", "/api/users/notifications/"))["items"]
    assert [one["kind"] for one in told].count("overdue") == 1


async def test_other_days_and_none(post: Post) -> None:
    world, due = post.world, soon(days=9.5)
    await assigned(world, due, "ana")
    await world.run_jobs()
    await world.admin.ok("PATCH", "/api/organization/", {"overdue_days": [3]})
    assert await remind(post, due + timedelta(days=2)) == 0
    assert await remind(post, due + timedelta(days=3.1)) == 1
    await world.admin.ok("PATCH", "/api/organization/", {"overdue_days": []})
    assert await remind(post, due + timedelta(days=8)) == 0


async def test_none_when_late_moved_finished_or_not_wanted(post: Post) -> None:
    world, due = post.world, soon(days=9.5)
    course = await assigned(world, due, "ana", "bob", "cyd", "dan")
    await world.run_jobs()
    await finish(world, "ana", course["id"])
    await world.member("bob").ok("PATCH", "/api/users/preferences/", {"mail": {"reminders": False}})
    [cyd] = (await world.member("cyd").ok("GET", "/api/users/enrollments/"))["items"]
    later = (due + timedelta(days=30)).isoformat()
    await world.admin.ok("PATCH", f"/api/enrollments/{cyd['id']}/", {"due_at": later})
    await world.run_jobs()
    post.inbox.messages.clear()
    assert await remind(post, due + timedelta(days=10)) == 1, "of days that were missed the last one only"
    [mail] = post.inbox.messages
    assert mail["To"].addresses[0].username == "dan"
    assert await remind(post, due + timedelta(days=29.5)) == 1, "and one that is too late not at all"
    assert post.inbox.messages[-1]["To"].addresses[0].username == "cyd", "a day before it is due"


async def test_what_expires_is_told_with_its_renewal(post: Post) -> None:
    world = post.world
    course = await assigned(world, None, "ana")
    await finish(world, "ana", course["id"])
    await world.run_jobs()
    expiry = datetime.now(UTC) + timedelta(days=10)
    async with world.worker.transaction(world.id) as session:
        await session.execute(
            text(
                "UPDATE course_completions SET expires_at = :at, completed_at = now() - interval '300 days'"
                " WHERE course_id = :course"
            ),
            {"at": expiry, "course": course["id"]},
        )
    post.inbox.messages.clear()
    await open_recertifications(world.worker, None)
    await world.run_jobs()
    [mail] = [one for one in post.inbox.messages if one["Subject"].startswith("Time to renew")]
    assert mail["Subject"] == "Time to renew: Hazing prevention"
    said, _ = parts_of(mail)
    assert "It is valid until " in said
    assert "It is due on " in said

"""At which hours mails leave: when their reader is awake, by the reader's own clock."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import text
from tests.kit.mails import MAIL
from tests.reminders.post import Post, assigned, hurry

from learning_service.context import open_context
from learning_service.domain.reminders.rules import leaves_at
from learning_service.worker.jobs.reminders import send_course_reminders

DAY = (8, 20)


def there(zone: str, *moment: int) -> datetime:
    return datetime(*moment, tzinfo=ZoneInfo(zone)).astimezone(UTC)  # type: ignore[misc,arg-type]


def leaves(zone: str, instant: datetime, due_at: datetime | None = None) -> datetime:
    return leaves_at(replace(MAIL, timezone=zone, due_at=due_at), instant, DAY)


@pytest.mark.parametrize(
    ("at", "goes"),
    [
        ((8, 0), (31, 8, 0)),
        ((19, 59), (31, 19, 59)),
        ((7, 59), (31, 8, 0)),
        ((0, 0), (31, 8, 0)),
        ((20, 0), (32, 8, 0)),
        ((23, 59), (32, 8, 0)),
    ],
)
@pytest.mark.parametrize("zone", ["Asia/Kathmandu", "Pacific/Honolulu", "UTC"])
def test_by_the_readers_clock(at: tuple[int, int], goes: tuple[int, int, int], zone: str) -> None:
    day, hour, minute = goes
    month = 3 if day == 31 else 4
    expected = there(zone, 2027, month, day if day == 31 else 1, hour, minute)
    assert leaves(zone, there(zone, 2027, 3, 31, *at)) == expected


@pytest.mark.parametrize(
    ("night", "zone", "length"),
    [
        ((2027, 3, 13), "America/New_York", 11),
        ((2027, 11, 6), "America/New_York", 13),
        ((2027, 10, 2), "Australia/Lord_Howe", 11.5),
    ],
)
def test_over_a_night_in_which_clocks_change(night: tuple[int, int, int], zone: str, length: float) -> None:
    evening = there(zone, *night, 20)
    assert leaves(zone, evening) - evening == timedelta(hours=length)


@pytest.mark.parametrize(("due", "waits"), [((11, 59), False), ((12, 0), True), ((7, 0), False)])
def test_what_is_urgent_does_not_wait(due: tuple[int, int], waits: bool) -> None:
    evening = there("Europe/Vienna", 2027, 1, 30, 22)
    left = leaves("Europe/Vienna", evening, there("Europe/Vienna", 2027, 1, 31, *due))
    assert left == (there("Europe/Vienna", 2027, 1, 31, 8) if waits else evening)


def test_no_reminder_comes_after_its_due_time() -> None:
    """However late on the day before it is claimed, and whatever the zone and the time of year."""
    for zone in ("America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu"):
        for hours in range(24 * 14):
            due = datetime(2027, 3, 9, tzinfo=UTC) + timedelta(hours=hours)
            for before in (0.2, 1, 8, 13, 23.9):
                assert leaves(zone, due - timedelta(hours=before), due) < due


@pytest.fixture
async def night_post(post: Post) -> AsyncIterator[Post]:
    """As in production: mails keep to the day."""
    settings = post.world.worker.settings.model_copy(update={"mail_hours": "8-20"})
    async with open_context(settings, "learning_worker") as worker:
        yield Post(replace(post.world, worker=worker), post.inbox)


async def waiting(post: Post) -> list[datetime]:
    """When the mails that were kept may leave."""
    async with post.world.worker.transaction(None) as session:
        rows = await session.scalars(
            text(
                "SELECT as_of FROM outbox WHERE status = 'queued' AND job = 'send_mails' AND run_at > now()"
                " AND organization_id = :o ORDER BY as_of"
            ),
            {"o": post.world.id},
        )
        return list(rows)


async def test_reminders_of_a_night_leave_in_the_morning_each_at_its_own(night_post: Post) -> None:
    """The job as of a time reasons with that time: midnight in New York is the morning in Vienna."""
    post = night_post
    zones = {"ana": None, "bob": "Europe/Vienna", "cyd": "America/Los_Angeles"}
    for user, zone in zones.items():
        await post.world.add_member(user, email=f"{user}@{post.inbox.domain}", timezone=zone)
    day = (datetime.now(UTC) + timedelta(days=40)).date()
    due = there("America/New_York", day.year, day.month, day.day, 0)
    await assigned(post.world, due, *zones)
    async with post.world.worker.transaction(None) as session:
        await session.execute(text("DELETE FROM outbox"))
    # Half past eight in Vienna also in the weeks when only New York has its summer time.
    last_day = due - timedelta(days=1) + timedelta(hours=3.5)
    await send_course_reminders(post.world.worker, last_day)
    await post.world.run_jobs()
    assert post.inbox.subjects() == [f"bob@{post.inbox.domain}: Due tomorrow: Hazing prevention"] or (
        post.inbox.subjects() == [f"bob@{post.inbox.domain}: Due today: Hazing prevention"]
    )
    eve = day - timedelta(days=1)
    mornings = [
        there(zone, eve.year, eve.month, eve.day, 8) for zone in ("America/New_York", "America/Los_Angeles")
    ]
    assert await waiting(post) == [mornings[0], mornings[1]]
    await hurry(post.world.worker)
    await post.world.run_jobs()
    assert [subject for subject in post.inbox.subjects() if "bob" not in subject] == [
        f"{user}@{post.inbox.domain}: Due today: Hazing prevention" for user in ("ana", "cyd")
    ]
    assert await waiting(post) == []


async def test_what_was_finished_overnight_is_not_sent(night_post: Post) -> None:
    post = night_post
    day = (datetime.now(UTC) + timedelta(days=40)).date()
    due = there("America/New_York", day.year, day.month, day.day, 0)
    await assigned(post.world, due, "ana")
    async with post.world.worker.transaction(None) as session:
        await session.execute(text("DELETE FROM outbox"))
    await send_course_reminders(post.world.worker, due - timedelta(hours=23))
    await post.world.run_jobs()
    assert len(await waiting(post)) == 1
    async with post.world.worker.transaction(post.world.id) as session:
        await session.execute(
            text("UPDATE enrollments SET due_at = due_at + interval '9 days' WHERE organization_id = :o"),
            {"o": post.world.id},
        )
    await hurry(post.world.worker)
    await post.world.run_jobs()
    assert post.inbox.subjects() == []


async def test_in_development_mails_leave_at_any_hour(post: Post) -> None:
    assert post.world.worker.settings.mail_hours_there == (0, 24)
    due = datetime.now(UTC).replace(microsecond=0) + timedelta(days=9.5)
    await assigned(post.world, due, "ana")
    for hour in range(0, 24, 5):
        zone = f"Etc/GMT{-(hour - 11):+d}" if hour != 11 else "UTC"
        await post.world.add_member("ana", email=f"ana@{post.inbox.domain}", timezone=zone)
    await post.world.run_jobs()
    assert len(post.inbox.messages) == 1

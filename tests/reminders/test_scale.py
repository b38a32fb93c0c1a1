"""Reminders of many: four workers at once, and two years in twelve zones."""

import asyncio
import random
import uuid
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from pydantic import SecretStr
from sqlalchemy import text
from tests.kit import processes
from tests.kit.service import MakeSettings
from tests.kit.stack import create_database_from_template, drop_database
from tests.kit.world import World, small_tree
from tests.reminders.inbox import Inbox, smtp_server

from learning_devstack.parts import Parts
from learning_service.context import Context, open_context
from learning_service.core.settings import Settings
from learning_service.domain.kernel.days import end_of_day
from learning_service.worker.jobs.reminders import send_course_reminders

ZONES = (
    "America/New_York",
    "America/St_Johns",
    "America/Los_Angeles",
    "America/Sao_Paulo",
    "Pacific/Honolulu",
    "Europe/Dublin",
    "Europe/Berlin",
    "Africa/Casablanca",
    "Asia/Kolkata",
    "Australia/Lord_Howe",
    "Pacific/Auckland",
    "Pacific/Chatham",
)
ENROLL = """
INSERT INTO enrollments (id, organization_id, user_id, course_id, version_id, status, source, assigned_at, due_at,
                         cause_kind, cause_id)
SELECT gen_random_uuid(), :organization_id, given.user_id, c.id, c.published_version_id, 'assigned', 'admin',
       :assigned_at, given.due_at, 'person', 'x'
FROM courses c, unnest(CAST(:users AS text[]), CAST(:dues AS timestamptz[])) AS given(user_id, due_at)
WHERE c.id = :course_id
"""
MEMBERS = """
INSERT INTO members (organization_id, user_id, chapter_id, status, display_name, email, custom_fields, created_at,
                     updated_at)
SELECT :organization_id, user_id, 'n1', 'pledge', user_id, user_id || '@example.org', '{}', now(), now()
FROM unnest(CAST(:users AS text[])) AS user_id
"""


@dataclass
class Office:
    """A service with a database of its own, whose mails arrive in the inbox."""

    world: World
    inbox: Inbox
    settings: Settings
    context: Context

    async def organization(self, name: str, timezone: str) -> tuple[World, str]:
        """Another organization in this zone, with a course: its world and the course's id."""
        made = World(self.world.http, self.world.signer, self.context, name)
        await made.found()
        facts = {"name": name, "timezone": timezone}
        await made.directory.ok("PUT", f"/api/directory/organizations/{name}/", facts)
        course = await made.course(small_tree())
        await made.admin.ok("PATCH", "/api/organization/", {"reminder_days": [7, 3, 1], "overdue_days": [1]})
        return made, course["id"]

    async def enroll(
        self, organization_id: str, course_id: str, due: dict[str, datetime], assigned_at: datetime
    ) -> None:
        """Members with an enrollment that is due at these times."""
        users, dues = list(due), list(due.values())
        async with self.context.transaction(organization_id) as session:
            named = {"organization_id": organization_id, "users": users}
            await session.execute(text(MEMBERS), named)
            rest = {"dues": dues, "course_id": course_id, "assigned_at": assigned_at}
            await session.execute(text(ENROLL), {**named, **rest})
            await session.execute(text("ANALYZE enrollments"))


@pytest.fixture
async def office(parts: Parts, world: World, make_settings: MakeSettings) -> AsyncIterator[Office]:
    """The service on a database of its own, so that a job run as of a far time meets nobody else's enrollments."""
    name = f"office_{uuid.uuid4().hex[:12]}"
    inbox = Inbox()
    async with smtp_server(inbox) as port:
        settings = make_settings(
            await create_database_from_template(parts, name),
            smtp_url=SecretStr(f"smtp://127.0.0.1:{port}"),
            mail_from="Learn <learn@example.org>",
            mails_per_second=5_000,
        )
        async with AsyncExitStack() as stack:
            _, http = await stack.enter_async_context(
                processes.api(settings, Path(parts.directory) / f"{name}.log")
            )
            context = await stack.enter_async_context(open_context(settings, "learning_worker"))
            yield Office(World(http, world.signer, context), inbox, settings, context)
    await drop_database(parts, name)


async def four_at_once(office: Office, members: int, days_before: tuple[int, ...], tmp_path: Path) -> None:
    """Four worker processes, four runs of the scheduled job at a time: each member has each mail once."""
    due = (datetime.now(UTC) + timedelta(days=20)).replace(microsecond=0)
    made, course_id = await office.organization("crowd", "America/New_York")
    users = {f"u{n}": due for n in range(members)}
    await office.enroll(made.id, course_id, users, datetime.now(UTC))
    async with AsyncExitStack() as stack:
        for n in range(4):
            await stack.enter_async_context(processes.worker(office.settings, tmp_path / f"worker{n}"))
        opened = (open_context(office.settings, "learning_worker") for _ in range(4))
        contexts = [await stack.enter_async_context(context) for context in opened]
        for round_, days in enumerate(days_before, 1):
            at = due - timedelta(days=days - 0.1)
            await asyncio.gather(*(send_course_reminders(context, at) for context in contexts))
            for _ in range(12_000):
                if len(office.inbox.messages) >= members * round_:
                    break
                await asyncio.sleep(0.1)
        await asyncio.sleep(3)
    mails = Counter(str(mail["Message-ID"]) for mail in office.inbox.messages)
    assert set(mails.values()) == {1}
    reached = Counter(mail["To"].addresses[0].addr_spec for mail in office.inbox.messages)
    assert (len(reached), set(reached.values())) == (members, {len(days_before)})


@pytest.mark.long
@pytest.mark.timeout(300)
async def test_four_workers_at_once_send_none_twice(office: Office, tmp_path: Path) -> None:
    await four_at_once(office, 150, (7, 3), tmp_path)


@pytest.mark.slow
@pytest.mark.timeout(1800)
async def test_four_workers_at_once_over_10_000_send_none_twice(office: Office, tmp_path: Path) -> None:
    await four_at_once(office, 10_000, (7,), tmp_path)


async def simulate(
    office: Office, days_due: list[date], begin: datetime, end: datetime, chance: random.Random
) -> None:
    """Run the job at odd hours as of each time; each mail comes in the first run after its moment, once."""
    expected: dict[str, dict[int, datetime]] = {}
    for n, zone in enumerate(ZONES):
        made, course_id = await office.organization(f"zone{n}", zone)
        due = {f"z{n}d{day.isoformat()}": end_of_day(day, zone) for day in days_due}
        await office.enroll(made.id, course_id, due, begin)
        for user, at in due.items():
            expected[f"{user}@example.org"] = {days: at - timedelta(days=days) for days in (7, 3, 1, -1)}
    got: dict[str, list[datetime]] = {address: [] for address in expected}
    at, seen = begin, 0
    while at < end:
        at += timedelta(hours=chance.uniform(0.5, 23))
        await send_course_reminders(office.context, at)
        await office.world.run_jobs()
        for message in office.inbox.messages[seen:]:
            got[message["To"].addresses[0].addr_spec].append(at)
        seen = len(office.inbox.messages)
    for address, moments in expected.items():
        assert len(got[address]) == 4, (address, got[address])
        for (days, moment), run in zip(moments.items(), got[address], strict=True):
            assert moment <= run < moment + timedelta(hours=23), (address, days, moment, run)


@pytest.mark.long
@pytest.mark.timeout(300)
async def test_none_twice_and_none_missing_where_clocks_change(office: Office) -> None:
    chance = random.Random(11)
    springs = [date(2027, 3, 14 + n) for n in range(-1, 3)] + [date(2027, 3, 28 + n) for n in range(-1, 3)]
    begin, end = datetime(2027, 3, 1, tzinfo=UTC), datetime(2027, 4, 3, tzinfo=UTC)
    await simulate(office, springs, begin, end, chance)


@pytest.mark.slow
@pytest.mark.timeout(1800)
async def test_none_twice_and_none_missing_in_two_years(office: Office) -> None:
    begin, end = datetime(2027, 1, 1, tzinfo=UTC), datetime(2029, 1, 10, tzinfo=UTC)
    days = [(begin + timedelta(days=10 + 9 * n)).date() for n in range(80)]
    await simulate(office, days, begin, end, random.Random(12))

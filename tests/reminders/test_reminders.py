"""Reminders and assignment mails, received by a real SMTP server."""

import asyncio
import email
import email.policy
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from tests.kit.assignments import finish
from tests.kit.world import World
from tests.reminders.post import Post, assigned, hurry, remind, soon

from learning_service.context import open_context
from learning_service.core.settings import Settings
from learning_service.domain.kernel.days import last_day
from learning_service.worker.jobs.reminders import send_course_reminders


async def test_the_mail_of_an_assignment(post: Post) -> None:
    address = f"ana@{post.inbox.domain}"
    await post.world.add_member("ana", email=address, locale="es-MX", timezone="America/Mexico_City")
    due = soon(days=9.5)
    await assigned(post.world, due, "ana")
    await post.world.run_jobs()
    [mail] = post.inbox.messages
    assert mail["Subject"] == "Se le ha asignado: Hazing prevention"
    assert mail["To"].addresses[0].addr_spec == address
    assert mail["From"].addresses[0].addr_spec == "learn@example.org"
    assert mail["Auto-Submitted"] == "auto-generated"
    text, page = mail.get_body(("plain",)), mail.get_body(("html",))
    assert text is not None
    assert page is not None
    assert "Alpha & Co le ha asignado el curso «Hazing prevention»" in text.get_content()
    assert "Alpha &amp; Co le ha asignado" in page.get_content()
    assert "(hora de Ciudad de México)" in text.get_content()
    await post.world.run_jobs()
    assert len(post.inbox.messages) == 1


async def test_reminders_come_one_at_a_time(post: Post) -> None:
    due = soon(days=9.5)
    await assigned(post.world, due, "ana")
    await post.world.run_jobs()
    sent = [await remind(post, due - timedelta(days=d)) for d in (9, 6.9, 6.8, 5, 2.9, 2.8, 0.9, 0.8)]
    assert sent == [0, 1, 0, 0, 1, 0, 1, 0]
    assert await remind(post, due + timedelta(hours=1)) == 0
    # Within the minute after midnight, the mail says the day that has just ended.
    last = last_day(due.replace(second=0), "America/New_York")
    day = f"{last:%A {last.day} %B}"
    subjects = [m["Subject"] for m in post.inbox.messages[1:]]
    assert [subject.partition(" 202")[0].partition(":")[0] for subject in subjects[:2]] == [
        f"Due on {day}"
    ] * 2
    assert subjects[2] in ("Due today: Hazing prevention", "Due tomorrow: Hazing prevention")
    events = post.world.call_as("bus", scopes=["events:read"])
    types = [e["type"] for e in (await events.ok("GET", "/api/events/"))["items"]]
    assert types.count("learning.enrollment.reminder_due") == 3


async def test_a_late_worker_sends_only_the_nearest(post: Post) -> None:
    due = soon(days=9.5)
    await assigned(post.world, due, "ana")
    await post.world.run_jobs()
    assert await remind(post, due - timedelta(days=0.9)) == 1
    assert await remind(post, due - timedelta(days=2)) == 0
    events = post.world.call_as("bus", scopes=["events:read"])
    types = [e["type"] for e in (await events.ok("GET", "/api/events/"))["items"]]
    assert types.count("learning.enrollment.reminder_due") == 1, (
        "nor is one farther off claimed and then left"
    )


@pytest.mark.long
async def test_none_whose_moment_had_passed_none_after_completion_and_a_moved_date(post: Post) -> None:
    due = soon(days=2)
    course = await assigned(post.world, due, "ana", "bob")
    await post.world.run_jobs()
    assert await remind(post, soon(minutes=5)) == 0
    await finish(post.world, "bob", course["id"])
    await post.world.run_jobs()
    assert await remind(post, due - timedelta(hours=20)) == 1
    [mine] = (await post.world.member().ok("GET", "/api/users/enrollments/"))["items"]
    later = due + timedelta(days=30)
    await post.world.admin.ok("PATCH", f"/api/enrollments/{mine['id']}/", {"due_at": later.isoformat()})
    assert await remind(post, due - timedelta(hours=19)) == 0
    assert await remind(post, later - timedelta(days=6.5)) == 1


async def test_the_organization_says_on_which_days(post: Post) -> None:
    due = soon(days=20)
    await assigned(post.world, due, "ana")
    await post.world.run_jobs()
    await post.world.admin.ok("PATCH", "/api/organization/", {"reminder_days": [14]})
    assert await remind(post, due - timedelta(days=13)) == 1
    assert await remind(post, due - timedelta(days=2)) == 0
    await post.world.admin.ok("PATCH", "/api/organization/", {"reminder_days": []})
    assert await remind(post, due - timedelta(hours=2)) == 0


async def test_what_the_server_refuses_or_does_not_take(post: Post) -> None:
    domain = post.inbox.domain
    for user, address in (("ana", f"ana@exämple.{domain}"), ("bob", None)):
        await post.world.add_member(user, email=address)
    post.inbox.refuse = {f"cyd@{domain}": "550 no such user"}
    await assigned(post.world, None, "ana", "bob", "cyd", "dan")
    await post.world.run_jobs()
    assert post.inbox.subjects() == [
        f"ana@xn--exmple-cua.{domain}: Assigned to you: Hazing prevention",
        f"dan@{domain}: Assigned to you: Hazing prevention",
    ]
    post.inbox.refuse = {"*": "451 later"}
    await assigned(post.world, None, "ana", "dan")
    await post.world.run_jobs()
    assert len(post.inbox.messages) == 2
    post.inbox.refuse = {}
    await hurry(post.world.worker)
    await post.world.run_jobs()
    assert len(post.inbox.messages) == 4


async def test_a_connection_that_breaks_after_the_text_sends_nothing_twice(post: Post) -> None:
    post.inbox.cut = True
    await assigned(post.world, None, "ana", "bob")
    for _ in range(2):
        await post.world.run_jobs()
        await hurry(post.world.worker)
    assert len(post.inbox.messages) == 2


async def test_development_mail_is_a_file(world: World, settings: Settings, tmp_path: Path) -> None:
    changed = settings.model_copy(update={"mail_directory": tmp_path / "mail"})
    async with open_context(changed, "learning_worker") as context:
        world = replace(world, worker=context)
        await assigned(world, None, "ana", "bob")
        await world.run_jobs()
    files = sorted((tmp_path / "mail").iterdir())
    assert [file.suffix for file in files] == [".eml", ".eml"]
    parsed = [email.message_from_bytes(file.read_bytes(), policy=email.policy.default) for file in files]
    assert {str(mail["To"].addresses[0].addr_spec) for mail in parsed} == {
        "ana@example.org",
        "bob@example.org",
    }


@pytest.mark.long
async def test_four_workers_at_once_send_none_twice_and_none_too_fast(post: Post, settings: Settings) -> None:
    pace = settings.mails_per_second
    usual = post.world.worker.settings.model_copy(update={"mails_per_second": pace})
    world = replace(post.world, worker=replace(post.world.worker, settings=usual))
    users = [f"u{n}" for n in range(60)]
    members = [
        {
            "user_id": u,
            "chapter_id": "n1",
            "status": "a",
            "display_name": u,
            "email": f"{u}@{post.inbox.domain}",
        }
        for u in users
    ]
    await world.directory.ok("POST", "/api/directory/members/batch/", {"members": members})
    due = soon(days=9.5)
    await assigned(world, due, *users)
    await world.run_jobs()
    post.inbox.messages.clear()
    post.inbox.at.clear()
    await asyncio.gather(*(send_course_reminders(world.worker, due - timedelta(days=6.9)) for _ in range(4)))
    await asyncio.gather(*(world.run_jobs() for _ in range(2)))
    assert len(post.inbox.subjects()) == len(set(post.inbox.subjects())) == 60
    assert post.inbox.at[-1] - post.inbox.at[0] >= 59 / pace * 0.9

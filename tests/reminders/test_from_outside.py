"""Mails as a stranger gets them from a real server: the due day, the addressee, the header."""

from datetime import UTC, datetime, timedelta
from email.message import EmailMessage

from sqlalchemy import text
from tests.kit.assignments import LESSON
from tests.kit.world import small_tree
from tests.reminders.post import Post, assigned, remind

from learning_service.domain.kernel.days import end_of_day
from learning_service.worker.jobs.reminders import send_course_reminders

SMUGGLED = "=?utf-8?q?Hi=0D=0ABcc:_victim=40evil.example=0D=0A=0D=0Aread_this?="
OF_BEFORE = (
    "UPDATE members SET display_name = 'Bob' || chr(8232) || 'by' WHERE organization_id = :o AND user_id = 'bob'",
    "UPDATE members SET display_name = 'Doe, ' || repeat('Jane, ', 30) WHERE organization_id = :o"
    " AND user_id = 'cyd'",
    "UPDATE organizations SET name = 'Alpha' || chr(8233) || name WHERE id = :o",
)
"""What may be stored from before line separators were refused, and a name that folds at its comma."""
HEADERS = [
    "Subject", "From", "To", "Message-ID", "Date", "Auto-Submitted", "Content-Language",
    "List-Unsubscribe", "List-Unsubscribe-Post", "MIME-Version", "Content-Type",
]  # fmt: skip


def body_of(message: EmailMessage) -> str:
    part = message.get_body(("plain",))
    assert part is not None
    content: str = part.get_content()
    return content


async def test_the_mail_of_the_last_day(post: Post) -> None:
    """Due on a day, reminded early on that day."""
    now = datetime.now(UTC)
    last = (now + timedelta(days=40)).date()
    due = end_of_day(last, "America/New_York")
    await assigned(post.world, due, "ana")
    await post.world.run_jobs()
    # On the day of 23 hours, too, when the clocks go forward.
    assert await remind(post, due - timedelta(hours=22)) == 1
    for mail, subject in zip(post.inbox.messages, ("Assigned to you", "Due today"), strict=True):
        assert mail["Subject"] == f"{subject}: Hazing prevention"
        year = f" {last.year}" if subject == "Assigned to you" and last.year != now.year else ""
        assert f"{last:%A} {last.day} {last:%B}{year}, end of day, New York time." in body_of(mail)


async def test_what_is_stored_smuggles_nothing_and_stops_nothing(post: Post) -> None:
    domain = post.inbox.domain
    users = ("ana", "bob", "cyd")
    for user in users:
        await post.world.add_member(user, email=f"{user}@{domain}", display_name=SMUGGLED)
    await assigned(post.world, None, *users)
    async with post.world.worker.transaction(post.world.id) as session:
        for statement in OF_BEFORE:
            await session.execute(text(statement), {"o": post.world.id})
    await post.world.run_jobs()
    reached = [[one.addr_spec for one in m["To"].addresses] for m in post.inbox.messages]
    assert sorted(reached) == [[f"{user}@{domain}"] for user in users]
    for message in post.inbox.messages:
        assert message.keys() == HEADERS
    [ana] = [m for m in post.inbox.messages if m["To"].addresses[0].username == "ana"]
    assert f"Hello {SMUGGLED}," in body_of(ana)


async def test_a_title_of_before_with_a_line_separator_is_mailed(post: Post) -> None:
    """Put into the draft as it was stored before, then published."""
    world = post.world
    course = await world.course(small_tree(**LESSON), publish=False)
    async with world.worker.transaction(world.id) as session:
        await session.execute(
            text(
                "UPDATE course_versions SET title = 'Know' || chr(8232) || 'the law' WHERE course_id = :course"
            ),
            {"course": course["id"]},
        )
    await world.admin.ok("POST", f"/api/courses/{course['id']}/publish/")
    await world.admin.ok("POST", f"/api/courses/{course['id']}/assign/", {"user_ids": ["ana"]})
    await world.run_jobs()
    assert [m["Subject"] for m in post.inbox.messages] == ["Assigned to you: Know the law"]


async def test_mail_goes_to_the_name_of_2008(post: Post) -> None:
    for user, domain in (("ana", "faß"), ("bob", "βόλος")):
        await post.world.add_member(user, email=f"{user}@{domain}.{post.inbox.domain}")
    await assigned(post.world, None, "ana", "bob")
    await post.world.run_jobs()
    assert sorted(m["To"].addresses[0].addr_spec for m in post.inbox.messages) == [
        f"ana@xn--fa-hia.{post.inbox.domain}",
        f"bob@xn--nxasmm1c.{post.inbox.domain}",
    ]


async def test_no_mail_to_whom_the_organization_does_not_call_active(post: Post) -> None:
    world, domain = post.world, post.inbox.domain
    await world.admin.ok("PATCH", "/api/organization/", {"active_statuses": ["active"]})
    await world.add_member("ana", status="alumnus", email=f"ana@{domain}")
    due = datetime.now(UTC).replace(microsecond=0) + timedelta(days=9.5)
    await assigned(world, due, "ana", "bob")
    await world.run_jobs()
    assert await remind(post, due - timedelta(days=6.9)) == 1
    assert {m["To"].addresses[0].addr_spec for m in post.inbox.messages} == {f"bob@{domain}"}
    # One that was claimed before: the status counts as the mail would leave.
    await send_course_reminders(world.worker, due - timedelta(days=2.9))
    await world.add_member("bob", status="alumnus", email=f"bob@{domain}")
    await world.run_jobs()
    assert len(post.inbox.messages) == 2

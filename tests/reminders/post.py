"""A world whose mails arrive at a real SMTP server."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from typing import Any

from tests.kit.assignments import LESSON
from tests.kit.world import Json, World, small_tree
from tests.reminders.inbox import Inbox

from learning_service.context import Context
from learning_service.worker.jobs.reminders import send_course_reminders, send_officer_digests


@dataclass(frozen=True)
class Post:
    """A world whose worker sends mail to the inbox."""

    world: World
    inbox: Inbox


async def assigned(world: World, due_at: datetime | None, *users: str) -> Json:
    """A course of one lesson, assigned to these members."""
    course = await world.course(small_tree(**LESSON))
    body: Json = {"user_ids": list(users)}
    if due_at is not None:
        body["due_at"] = due_at.isoformat()
    await world.admin.ok("POST", f"/api/courses/{course['id']}/assign/", body)
    return course


async def remind(post: Post, at: datetime) -> int:
    """How many mails the job sends as of a time."""
    before = len(post.inbox.messages)
    await send_course_reminders(post.world.worker, at)
    await post.world.run_jobs()
    return len(post.inbox.messages) - before


def soon(**length: float) -> datetime:
    return (datetime.now(UTC) + timedelta(**length)).replace(microsecond=0)


async def hurry(context: Context) -> None:
    """Make jobs that wait for a later moment due now."""
    async with context.transaction(None) as session:
        connection: Any = await session.connection()
        await connection.exec_driver_sql(
            "UPDATE outbox SET run_at = now() WHERE status = 'queued' AND job = 'send_mails'"
        )


def digests(post: Post) -> dict[str, EmailMessage]:
    """The digests by their readers; nobody has two."""
    found = [mail for mail in post.inbox.messages if mail["Subject"].startswith("This week: ")]
    by_reader = {mail["To"].addresses[0].username: mail for mail in found}
    assert len(by_reader) == len(found)
    return by_reader


async def appoint(post: Post, user: str, chapter: str, role: str, scope: str | None) -> None:
    """Give a member an office and an address."""
    office = [{"role": role, "scope_id": scope}]
    await post.world.add_member(user, chapter, email=f"{user}@{post.inbox.domain}", offices=office)


async def send(post: Post, at: datetime) -> None:
    """Send the digests of that week."""
    await send_officer_digests(post.world.worker, at)
    await post.world.run_jobs()

"""Webhooks: subscribing, completing something to hear of, delivering."""

import asyncio
from datetime import timedelta

from sqlalchemy import text

from learning_service.worker.jobs.webhooks import number_all_events
from tests.kit.receiver import Receiver
from tests.kit.running import Runner
from tests.kit.world import Caller, Json, World

ALL_TYPES = ["learning.course.completed", "learning.certificate.issued", "learning.skill.mastered"]


async def complete(world: World, user: str = "ana") -> None:
    """A member completes a course of one lesson: three events."""
    tree = {
        "title": "One lesson",
        "mastered_skills": [{"skill_id": "reading", "name": "Reading"}],
        "modules": [{"title": "m", "items": [{"kind": "lesson", "title": "l"}]}],
    }
    course = await world.course(tree)
    member = world.member(user)
    await member.ok("POST", f"/api/courses/{course['id']}/enroll/")
    modules = await member.ok("GET", f"/api/courses/{course['id']}/modules/")
    await member.ok("POST", f"/api/lessons/{modules['items'][0]['items'][0]['id']}/complete/")


async def deliver(world: World) -> None:
    """Number, fan out and send everything that is due."""
    await number_all_events(world.worker)
    runner = Runner(world.worker, "webhooks")
    await runner.drain()
    await asyncio.wait_for(runner.stop(), 20)


async def make_due(world: World) -> None:
    """Let the waiting tries be due now."""
    async with world.worker.transaction(world.id) as session:
        await session.execute(
            text(
                "UPDATE outbox SET run_at = now() - interval '1 s' WHERE queue = 'webhooks' AND organization_id = :o"
                " AND status = 'queued'"
            ),
            {"o": world.id},
        )
        for table, column in (
            ("webhook_subscriptions", "paused_until"),
            ("webhook_deliveries", "next_attempt_at"),
        ):
            past = f"UPDATE {table} SET {column} = now() - interval '1 s' WHERE organization_id = :o"
            await session.execute(text(f"{past} AND {column} > now()"), {"o": world.id})


async def subscribe(manager: Caller, receiver: Receiver, types: list[str] | None = None) -> Json:
    made: Json = await manager.ok(
        "POST", "/api/webhooks/", {"url": receiver.url, "event_types": types or ALL_TYPES}
    )
    return made


async def age(world: World, **length: float) -> None:
    """Let what the service remembers of receivers be so much older."""
    async with world.worker.transaction(world.id) as session:
        await session.execute(
            text(
                "UPDATE webhook_subscriptions SET failing_since = failing_since - CAST(:length AS interval)"
                " WHERE organization_id = :o"
            ),
            {"o": world.id, "length": timedelta(**length)},
        )

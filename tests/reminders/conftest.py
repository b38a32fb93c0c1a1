"""The world of mails, on a database of its own.

Reminders look at all organizations: beside those that other tests leave, each of these tests took ten times as long.
"""

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
from pydantic import SecretStr
from sqlalchemy import text
from tests.kit.service import app, client, settings, worker_context
from tests.kit.world import World
from tests.reminders.inbox import Inbox, smtp_server
from tests.reminders.post import Post

from learning_service.core.settings import Settings

__all__ = ["app", "client", "settings", "worker_context"]


@pytest.fixture
async def post(world: World, settings: Settings) -> AsyncIterator[Post]:
    """The world's worker with a mail server."""
    inbox = Inbox()
    async with world.worker.transaction(None) as session:
        # What earlier tests left would all be due as of the later times that these tests name.
        await session.execute(
            text("UPDATE enrollments SET due_at = NULL WHERE organization_id <> :own AND due_at IS NOT NULL"),
            {"own": world.id},
        )
    async with smtp_server(inbox) as port:
        changed = settings.model_copy(
            update={
                "smtp_url": SecretStr(f"smtp://127.0.0.1:{port}"),
                "mail_from": "Learn <learn@example.org>",
                # At the usual pace a mail that follows another within 50 ms is not due yet when the jobs are run.
                "mails_per_second": 5_000,
            }
        )
        inbox.domain = f"{world.id}.org"
        for user, chapter in (("ana", "n1"), ("bob", "n1"), ("cyd", "n2"), ("dan", "s1")):
            await world.add_member(user, chapter, email=f"{user}@{inbox.domain}")
        # Of the settings nothing but what is changed here makes other clients of a worker.
        yield Post(replace(world, worker=replace(world.worker, settings=changed)), inbox)

"""What a mail to a chapter's officer is made of, read as a worker does. Prints one line of JSON."""

import asyncio
import json
import time

from benchmarks.people import ORGANIZATION
from sqlalchemy import text

from learning_service.context import open_context
from learning_service.core.settings import Settings
from learning_service.domain.reminders.queries.digests import load_digest

TIMES = 50
APPOINTED = """UPDATE members SET offices = '[{"role": "chapter_admin", "scope_id": "c1"}]'
    WHERE organization_id = :organization_id AND user_id = 'user-1'"""
CLAIMED = """INSERT INTO officer_digests (organization_id, id, user_id, week, status, claimed_at)
    VALUES (:organization_id, gen_random_uuid(), 'user-1', '2026-01-05', 'pending', now())
    ON CONFLICT DO NOTHING"""


async def _read() -> dict[str, float]:
    of = {"organization_id": ORGANIZATION}
    async with open_context(Settings(), "learning_worker") as context:
        async with context.transaction(ORGANIZATION) as session:
            await session.execute(text(APPOINTED), of)
            await session.execute(text(CLAIMED), of)
        started = time.process_time()
        for _ in range(TIMES):
            async with context.transaction(ORGANIZATION) as session:
                digest_id = await session.scalar(text("SELECT id FROM officer_digests"))
                digest = await load_digest(session, digest_id)
                assert digest is not None
        return {"seconds": time.process_time() - started}


if __name__ == "__main__":
    print(json.dumps(asyncio.run(_read())))

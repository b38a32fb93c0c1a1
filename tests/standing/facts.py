"""What the model's machine reads in the database: moments and ids that no answer of the service has."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import text
from tests.world import World

ENROLLMENTS = """
SELECT e.id::text, e.status, e.source, e.withdrawn_because, c.completed_at, c.expires_at, c.voided_at, c.score
FROM enrollments e LEFT JOIN course_completions c ON c.enrollment_id = e.id
WHERE e.organization_id = :o AND e.user_id = :u ORDER BY e.id
"""
HANDED_IN = """
SELECT min(submitted_at) FROM quiz_attempts WHERE enrollment_id = CAST(:id AS uuid) AND passed
"""
SUBMITTED = "SELECT submitted_at FROM quiz_attempts WHERE id = CAST(:id AS uuid)"
RESPONSE = "SELECT id FROM pending_responses WHERE attempt_id = CAST(:id AS uuid)"
CERTIFICATE = """
SELECT k.id FROM certificates k JOIN course_completions c ON c.id = k.completion_id
WHERE c.enrollment_id = CAST(:id AS uuid) AND k.reissued_as IS NULL
"""


@dataclass
class Clock:
    """The time of every transaction while the machine runs: a second later each."""

    now: datetime

    def tick(self) -> datetime:
        """The time of the next transaction."""
        self.now += timedelta(seconds=1)
        return self.now


@dataclass
class Facts:
    """Of one member."""

    world: World
    user: str
    clock: Clock

    async def enrollments(self) -> list[Any]:
        """All enrollments with their completions, in the order in which they were made."""
        async with self.world.worker.transaction(self.world.id) as session:
            found = await session.execute(text(ENROLLMENTS), {"o": self.world.id, "u": self.user})
            return list(found.all())

    async def _one(self, statement: str, id_: str) -> Any:
        async with self.world.worker.transaction(self.world.id) as session:
            return await session.scalar(text(statement), {"id": id_})

    async def handed_in(self, enrollment: str) -> datetime:
        """When the first attempt that passes was submitted."""
        found: datetime = await self._one(HANDED_IN, enrollment)
        return found

    async def age(self, attempt: str) -> timedelta:
        """How long ago it was submitted."""
        at: datetime = await self._one(SUBMITTED, attempt)
        return self.clock.now - at

    async def response(self, attempt: str) -> str:
        """The id under which its essay is graded."""
        return str(await self._one(RESPONSE, attempt))

    async def certificate(self, enrollment: str) -> str:
        """The one that counts of its completion."""
        return str(await self._one(CERTIFICATE, enrollment))

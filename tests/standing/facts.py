"""What the model's machine reads in the database: moments and ids that no answer of the service has."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import text
from tests.kit.world import World

ENROLLMENTS = """
SELECT e.id::text, e.status, e.source, e.due_at, e.withdrawn_because, c.completed_at, c.expires_at, c.voided_at,
    c.score, k.id::text AS certificate_id, k.issued_at
FROM enrollments e LEFT JOIN course_completions c ON c.enrollment_id = e.id
    LEFT JOIN certificates k ON k.completion_id = c.id AND k.reissued_as IS NULL
WHERE e.organization_id = :o AND e.user_id = :u ORDER BY e.id
"""
SUBMITTED = "SELECT submitted_at FROM quiz_attempts WHERE id = CAST(:id AS uuid)"
RESPONSE = "SELECT id FROM pending_responses WHERE attempt_id = CAST(:id AS uuid)"


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
        """All enrollments with their completions and current certificates, in the order in which they were made."""
        async with self.world.worker.transaction(self.world.id) as session:
            found = await session.execute(text(ENROLLMENTS), {"o": self.world.id, "u": self.user})
            return list(found.all())

    async def _one(self, statement: str, id_: str) -> Any:
        async with self.world.worker.transaction(self.world.id) as session:
            return await session.scalar(text(statement), {"id": id_})

    async def submitted_at(self, attempt: str) -> datetime:
        """When it was handed in."""
        found: datetime = await self._one(SUBMITTED, attempt)
        return found

    async def response(self, attempt: str) -> str:
        """The id under which its essay is graded."""
        return str(await self._one(RESPONSE, attempt))

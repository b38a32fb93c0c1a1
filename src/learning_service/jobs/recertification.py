"""Before and when completions expire: renewals are opened, and other services are told."""

from datetime import datetime

from learning_service.context import Context
from learning_service.domain.assignments.actions.recertifying import open_renewals
from learning_service.domain.compliance.actions import announce_expired


async def open_recertifications(context: Context, at: datetime | None) -> None:
    """Open a renewal for every completion whose window has begun as of `at` (None: now), each once."""
    found = 1
    while found:
        async with context.transaction(None, at=at) as session:
            found = await open_renewals(session)


async def expire_completions(context: Context, at: datetime | None) -> None:
    """Tell other services of every status that has expired as of `at` (None: now), each once."""
    found = 1
    while found:
        async with context.transaction(None, at=at) as session:
            found = await announce_expired(session)

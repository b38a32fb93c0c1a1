"""The engine's pool of connections."""

from sqlalchemy import text

from learning_service.context import open_context
from learning_service.core.settings import Settings

PID = text("SELECT pg_backend_pid()")


async def test_the_connection_that_was_used_last_is_taken_first(settings: Settings) -> None:
    """So that few of them keep statements and plans where few are needed at once."""
    async with open_context(settings, "learning_worker") as context:
        async with context.engine.connect() as first, context.engine.connect() as second:
            one, other = await first.scalar(PID), await second.scalar(PID)
        async with context.engine.connect() as again:
            last = await again.scalar(PID)
        assert last in (one, other)
        for _ in range(5):
            async with context.engine.connect() as again:
                assert await again.scalar(PID) == last

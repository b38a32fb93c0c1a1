"""A replica of the database for reports: asked while it follows closely, passed over while it does not."""

import asyncio
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from typing import Final

import asyncpg
import structlog
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from learning_service.core.database import (
    BOUNDS_OF_TRANSACTIONS,
    DRIVER_ERRORS,
    create_engine,
    open_transaction,
    transaction_bounds,
)
from learning_service.core.settings import Settings
from learning_service.core.turns import Turns

log = structlog.get_logger()

REST_SECONDS = 10
"""So long a replica that was away, or far behind, is not asked."""
FARTHEST_BEHIND = timedelta(seconds=60)
_LOST_SQLSTATES = ("08", "57P", "40")
"""Connections that broke, servers that stop or start, and statements that stood in the way of what is replayed."""
# What was replayed up to a commit has all that was committed before. A server that follows nobody has everything.
_FOLLOWS = text(
    "SELECT set_config('transaction_read_only', 'on', true), CASE WHEN pg_is_in_recovery()"
    " THEN pg_last_xact_replay_timestamp() ELSE clock_timestamp() END"
)


class Replica:
    """The replica's pool of one process."""

    def __init__(self, url: str, settings: Settings, *, each: int) -> None:
        """`each` is how many of its connections one organization may have."""
        told = settings.model_copy(update={"database_url": url})
        self.engine: Final = create_engine(told)
        bounds = transaction_bounds(settings, "learning_api") if settings.database_pooler else None
        self._sessions = async_sessionmaker(
            self.engine, expire_on_commit=False, autoflush=False, info={BOUNDS_OF_TRANSACTIONS: bounds}
        )
        self._turns = Turns(each, settings.database_pool_timeout_seconds)
        self._rests_until = 0.0
        self.why = ""
        """Why it was passed over last."""

    async def enter(
        self, stack: AsyncExitStack, organization_id: str
    ) -> tuple[AsyncSession, datetime] | None:
        """A transaction that only reads, until the stack ends, and as of when it reads; None where it cannot be had.

        Raises TimeoutError while the organization has as many as it may.
        """
        if asyncio.get_running_loop().time() < self._rests_until:
            return None
        async with AsyncExitStack() as own:
            await own.enter_async_context(self._turns.turn(organization_id))
            session = await own.enter_async_context(self._sessions())
            try:
                await open_transaction(session, role="learning_api", organization_id=organization_id)
                as_of: datetime | None = (await session.execute(_FOLLOWS)).one()[1]
            except (DBAPIError, *DRIVER_ERRORS, OSError) as error:
                self.rest(f"It failed: {type(error).__name__}.")
                return None
            if as_of is None or datetime.now(UTC) - as_of > FARTHEST_BEHIND:
                self.rest("It is more than a minute behind.")
                return None
            stack.push_async_exit(own.pop_all())
            return session, as_of

    def rest(self, reason: str) -> None:
        """Pass it over for a while."""
        self.why = reason
        log.warning("replica_passed_over", reason=reason)
        self._rests_until = asyncio.get_running_loop().time() + REST_SECONDS


def was_lost(error: Exception) -> bool:
    """Whether a statement failed for what the replica is, so that another server would answer it."""
    if isinstance(error, DBAPIError):
        state = str(getattr(error.orig, "sqlstate", None) or "")
        return error.connection_invalidated or state.startswith(_LOST_SQLSTATES)
    if isinstance(error, asyncpg.PostgresError):
        return str(error.sqlstate).startswith(_LOST_SQLSTATES)
    return isinstance(error, (*DRIVER_ERRORS, ConnectionError))

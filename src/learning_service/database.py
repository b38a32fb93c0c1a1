"""The engine, and the statement that opens every transaction.

A connection's own role is `learning_api` from the first moment, so that a transaction which somebody forgot to
open sees no row of any tenant; the opening statement then names role and organization for this transaction only.
"""

from datetime import datetime
from typing import Literal

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, create_async_engine

from learning_service.domain.clock import set_instant
from learning_service.settings import Settings

Role = Literal["learning_api", "learning_worker"]

_OPENING = text(
    "SELECT set_config('role', :role, true), set_config('app.organization_id', :organization_id, true),"
    " clock_timestamp()"
)
_WORKER_STATEMENT_TIMEOUT_MS = 60_000


def create_engine(settings: Settings, *, role: Role = "learning_api") -> AsyncEngine:
    """The pool of one process. Waiting for anything is bounded: for a connection, a lock, a statement, a peer."""
    timeout = settings.statement_timeout_ms if role == "learning_api" else _WORKER_STATEMENT_TIMEOUT_MS
    return create_async_engine(
        settings.database_url,
        # Tracebacks go to logs, and parameters are names, texts and keys.
        hide_parameters=True,
        pool_size=settings.database_pool_size,
        max_overflow=0,
        pool_timeout=settings.database_pool_timeout_seconds,
        pool_recycle=1800,
        connect_args={
            "timeout": 3,
            "command_timeout": timeout / 1000 + 2,
            "server_settings": {
                "role": "learning_api",
                "application_name": role,
                "statement_timeout": str(timeout),
                "lock_timeout": str(settings.lock_timeout_ms),
                "idle_in_transaction_session_timeout": "60000",
                "timezone": "UTC",
            },
        },
    )


async def open_transaction(
    session: AsyncSession, *, role: Role, organization_id: str | None, at: datetime | None = None
) -> None:
    """Begin: assume the role, name the organization, and take the transaction's instant from the database.

    `at` replaces the instant, for jobs that run as of another time. Without an organization the API's role sees
    no tenant's rows.
    """
    row = await session.execute(_OPENING, {"role": role, "organization_id": organization_id or ""})
    set_instant(session, at or row.one()[2])

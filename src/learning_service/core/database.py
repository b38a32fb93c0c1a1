"""The engine, and the statement that opens every transaction.

A connection's own role is `learning_api` from the first moment, so that a transaction which the code forgot to
open sees no row of any tenant; the opening statement then names role and organization for this transaction only.
"""

import asyncio
import json
from collections import deque
from collections.abc import Awaitable, Mapping, Sequence
from datetime import datetime
from typing import Any, Literal, TypeVar

import asyncpg
from opentelemetry.trace import SpanKind
from sqlalchemy import DateTime, Text, text
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, create_async_engine

from learning_service.core.primary import address_arguments, connect
from learning_service.core.settings import Settings
from learning_service.core.tracing import span
from learning_service.domain.kernel.clock import set_instant
from learning_service.domain.kernel.tenant import set_organization

Role = Literal["learning_api", "learning_worker"]
T = TypeVar("T")
DRIVER_ERRORS = (asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError)
"""What the driver raises where no engine is between; the last from a connection whose backend has just been ended."""

_OPENED = (
    "SELECT set_config('role', :role, true), set_config('app.organization_id', :organization_id, true),"
    " clock_timestamp()"
)
_OPENING = text(_OPENED).columns(role=Text, organization_id=Text, instant=DateTime(timezone=True))
"""With its columns named: else SQLAlchemy asks the driver for them each time, a tenth of what a transaction costs."""
_BOUNDED_OPENING = text(
    f"{_OPENED}, set_config('statement_timeout', :statement_timeout, true),"
    " set_config('lock_timeout', :lock_timeout, true),"
    " set_config('idle_in_transaction_session_timeout', :idle_in_transaction_session_timeout, true)"
)
"""Behind a pooler, where a connection has no bounds of its own that last."""
BOUNDS_OF_TRANSACTIONS = "bounds_of_transactions"
"""In a session's `info`: what each of its transactions sets for itself, where connections have no bounds."""
_AS_OF = text("SELECT set_config('app.instant', :at, true)")
_WORKER_STATEMENT_TIMEOUT_MS = 60_000
_BESIDE_JOBS = 4
"""What else a worker does at the database at once: claim and end jobs, keep their leases, and what runs by itself."""


def pool_size(settings: Settings, role: Role) -> int:
    """How many connections the process keeps: a worker one for each job at least, so that no job waits for others."""
    if role == "learning_api":
        return settings.database_pool_size
    return max(settings.database_pool_size, settings.job_concurrency + _BESIDE_JOBS)


def create_engine(settings: Settings, *, role: Role = "learning_api") -> AsyncEngine:
    """The pool of one process. Waiting for anything is bounded: for a connection, a lock, a statement, a peer."""
    return create_async_engine(
        settings.database_url,
        # Tracebacks go to logs, and parameters are names, texts and keys.
        hide_parameters=True,
        pool_size=pool_size(settings, role),
        max_overflow=0,
        pool_timeout=settings.database_pool_timeout_seconds,
        pool_recycle=1800,
        # Else all take turns, and each keeps the statements of all.
        pool_use_lifo=True,
        connect_args={
            **_connect_arguments(settings, role),
            # The engine's own cache follows the driver's, which a pooler may forbid.
            **({"prepared_statement_cache_size": 0} if settings.database_pooler else {}),
            "async_creator_fn": connect,
        },
    )


def transaction_bounds(settings: Settings, role: Role) -> Mapping[str, str]:
    """The longest that statements, waits for locks and silence within a transaction may take, in milliseconds."""
    return {
        "statement_timeout": str(_statement_timeout(settings, role)),
        "lock_timeout": str(settings.lock_timeout_ms),
        "idle_in_transaction_session_timeout": "60000",
    }


def _statement_timeout(settings: Settings, role: Role) -> int:
    return settings.statement_timeout_ms if role == "learning_api" else _WORKER_STATEMENT_TIMEOUT_MS


def _connect_arguments(settings: Settings, role: Role) -> dict[str, Any]:
    arguments = {"timeout": 3, "command_timeout": _statement_timeout(settings, role) / 1000 + 2}
    start = {"application_name": role, "timezone": "UTC"}
    if settings.database_pooler is not None:
        # A statement with a name stays at one of the pooler's servers, and the next transaction is at another one.
        # Without a cache the driver gives none.
        # A pooler refuses the other parameters, so the login has its role and transactions name their bounds.
        return {**arguments, "statement_cache_size": 0, "server_settings": start}
    bounds = transaction_bounds(settings, role)
    return {**arguments, "server_settings": {"role": "learning_api", **start, **bounds}}


class Unsure(Exception):
    """A write failed, perhaps only after its commit: it must not be tried again by us."""

    def __init__(self, cause: Exception) -> None:
        super().__init__("the write failed")
        self.cause = cause


class DirectPool:
    """Connections by the driver alone, for the hot paths: no session, no greenlet, no reset between uses.

    Nothing is ever set for longer than a transaction on them, so nothing has to be reset. A connection on which
    anything failed is closed. This costs 0.3 ms of processor less a statement than the engine (the row `verify`).
    """

    def __init__(self, settings: Settings, *, role: Role = "learning_api", size: int | None = None) -> None:
        self._arguments = {**address_arguments(settings.database_url), **_connect_arguments(settings, role)}
        self._as_role = f"SELECT set_config('role', '{role}', true);"
        self._patience = settings.database_pool_timeout_seconds
        self._free = size or settings.database_direct_pool_size
        """Places for connections that nobody has."""
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._idle: list[asyncpg.Connection] = []
        self.used = 0
        """Connections in use."""

    async def row(self, statement: str, *values: object) -> asyncpg.Record | None:
        """The first row of a statement that is a transaction of its own. Raises TimeoutError when no connection gets
        free in time.
        """
        connection = await self._take()
        return await self._done(connection, connection.fetchrow(statement, *values))

    async def rows(self, statement: str, *values: object) -> Sequence[asyncpg.Record]:
        """The same with all of its rows."""
        connection = await self._take()
        return await self._done(connection, connection.fetch(statement, *values))

    async def finds(self, statement: str) -> bool:
        """Whether a statement finds any row under this process's role, asked in one round trip."""
        connection = await self._take()
        # Both are one transaction, which ends with them.
        status = await self._done(connection, connection.execute(f"{self._as_role} {statement}"))
        return not status.endswith(" 0")

    async def write(self, statement: str, *values: object) -> asyncpg.Record | None:
        """The first row of a statement that writes. Raises what `write_many` does."""
        rows = await self.write_many(statement, *values)
        return rows[0] if rows else None

    async def write_many(self, statement: str, *values: object) -> Sequence[asyncpg.Record]:
        """The rows of a statement that writes. Raises Unsure when it cannot be known whether it did."""
        connection = await self._take()
        try:
            return await self._done(connection, connection.fetch(statement, *values))
        except asyncpg.LockNotAvailableError:
            raise  # nothing was written: another transaction held the row for too long
        except (*DRIVER_ERRORS, OSError) as error:
            raise Unsure(error) from error

    async def _take(self) -> asyncpg.Connection:
        if self._free:
            self._free -= 1
        else:
            await self._turn()
        self.used += 1
        try:
            while self._idle:
                connection = self._idle.pop()
                if not connection.is_closed():
                    return connection
            return await self._connect()
        except BaseException:
            self._give_back()
            raise

    async def _turn(self) -> None:
        """Wait for a place. A future and a timer of its own take a third of what a semaphore in a timeout takes."""
        loop = asyncio.get_running_loop()
        turn: asyncio.Future[None] = loop.create_future()
        self._waiting.append(turn)
        timer = loop.call_later(self._patience, _is_too_late, turn)
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled() and turn.exception() is None:
                self._hand_on()  # the place came, and nobody is here to take it
            raise
        finally:
            timer.cancel()

    def _give_back(self) -> None:
        self.used -= 1
        self._hand_on()

    def _hand_on(self) -> None:
        """Give a place to who has waited longest."""
        while self._waiting:
            turn = self._waiting.popleft()
            if not turn.done():
                turn.set_result(None)
                return
        self._free += 1

    async def _connect(self) -> asyncpg.Connection:
        connection: asyncpg.Connection = await connect(**self._arguments)
        # What is written is JSON text already.
        await connection.set_type_codec("jsonb", schema="pg_catalog", encoder=str, decoder=json.loads)
        return connection

    async def _done(self, connection: asyncpg.Connection, call: Awaitable[T]) -> T:
        try:
            with span("statement of a fast path", SpanKind.CLIENT):
                found = await call
        except BaseException:
            connection.terminate()
            raise
        else:
            self._idle.append(connection)
            return found
        finally:
            self._give_back()

    async def close(self) -> None:
        """Close the idle connections."""
        while self._idle:
            await self._idle.pop().close(timeout=5)


def _is_too_late(turn: "asyncio.Future[None]") -> None:
    if not turn.done():
        turn.set_exception(TimeoutError())


async def open_transaction(
    session: AsyncSession, *, role: Role, organization_id: str | None, at: datetime | None = None
) -> None:
    """Begin: assume the role, name the organization, and take the transaction's instant from the database.

    What is for one organization is behind its wall, whoever does it: a worker's own role is for what goes through
    all of them. `at` replaces the instant, for jobs that run as of another time. Without an organization the API's
    role sees no tenant's rows.
    """
    within = "learning_api" if organization_id else role
    bounds = session.info.get(BOUNDS_OF_TRANSACTIONS)
    given = {"role": within, "organization_id": organization_id or "", **(bounds or {})}
    row = await session.execute(_BOUNDED_OPENING if bounds else _OPENING, given)
    set_instant(session, at or row.one()[2])
    if at is not None:
        # Triggers say then when something was, too.
        await session.execute(_AS_OF, {"at": at.isoformat()})
    set_organization(session, organization_id)

"""Requests that only read: their kept reads go to the driver, and all else opens a transaction of the engine first.

See `domain.kernel.reads` for what a kept read is, and decision 0023 for what this costs and saves.
"""

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from typing import Any

import asyncpg
from opentelemetry.trace import SpanKind
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from learning_service.core.database import DRIVER_ERRORS, DirectPool
from learning_service.core.settings import Settings
from learning_service.core.tracing import span
from learning_service.domain.kernel.clock import now, set_instant
from learning_service.domain.kernel.reads import READER
from learning_service.domain.kernel.tenant import set_organization

_OPENING = "SELECT set_config('app.organization_id', $1, false), clock_timestamp()"
"""Lasts until the connection is taken again, which begins by it: a statement is a transaction of its own here."""


class ReadingPool(DirectPool):
    """Connections that only read, each for one organization at a time. Nothing else is asked on them."""

    is_off = False
    """Kept reads go by the engine then: for who watches its statements."""

    def __init__(self, settings: Settings) -> None:
        super().__init__(settings, size=settings.database_pool_size)

    async def take(self, organization_id: str | None) -> tuple[asyncpg.Connection, datetime]:
        """A connection that sees this organization's rows only, and the instant. Raises TimeoutError where none gets
        free in time, and what the driver raises.
        """
        idle = len(self._idle)
        while True:
            connection = await self._take()
            try:
                row = await connection.fetchrow(_OPENING, organization_id or "")
            except BaseException as error:
                self.drop(connection)
                if not idle or not isinstance(error, (*DRIVER_ERRORS, OSError)):
                    raise
                idle -= 1  # of before the database's restart: another one is tried, and at last a new one
                continue
            assert row is not None
            return connection, row[1]

    def put_back(self, connection: asyncpg.Connection) -> None:
        """Let others take it."""
        self._idle.append(connection)
        self._give_back()

    def drop(self, connection: asyncpg.Connection) -> None:
        """Close it: something went wrong on it."""
        connection.terminate()
        self._give_back()


class ReadingSession(AsyncSession):
    """A request's session that is the engine's only once it is asked for more than kept reads.

    It holds one connection at most: the driver's is given back before the engine's is taken. Both read what is
    committed at each statement, so that nothing is lost on the way.
    """

    def __init__(
        self,
        pool: ReadingPool,
        organization_id: str | None,
        sessions: async_sessionmaker[AsyncSession],
        begin: Callable[[AsyncSession], Awaitable[None]],
    ) -> None:
        """`begin` opens a transaction of the engine in a session that is made as `sessions` makes them."""
        self._pool = pool
        self._organization_id = organization_id
        self._sessions = sessions
        self._begin = begin
        self._connection: asyncpg.Connection | None = None
        self._info: dict[Any, Any] = {**sessions.kw.get("info", {}), READER: self._read}
        self.is_of_engine = False
        set_organization(self, organization_id)

    @property
    def info(self) -> dict[Any, Any]:
        """Facts of this session; the same ones after it has become the engine's."""
        return self.sync_session.info if self.is_of_engine else self._info

    async def start(self) -> None:
        """Take a connection of the driver, and the instant with it."""
        self._connection, instant = await self._pool.take(self._organization_id)
        set_instant(self, instant)

    def end(self) -> None:
        """Give the driver's connection back, if there is one."""
        connection, self._connection = self._connection, None
        if connection is not None:
            self._pool.put_back(connection)

    async def _read(self, text: str, values: Sequence[object]) -> Sequence[Any]:
        """What the driver finds. Raises DBAPIError for what the database refuses, and the driver's own errors."""
        if self._connection is None:
            raise RuntimeError("a session reads between its start and its end")
        try:
            with span("kept read", SpanKind.CLIENT):
                found: Sequence[Any] = await self._connection.fetch(text, *values)
        except BaseException as error:
            broken, self._connection = self._connection, None
            self._pool.drop(broken)
            if isinstance(error, asyncpg.PostgresError):
                # As the engine tells it: whether to try again depends on what went wrong, see `api.problems`.
                raise DBAPIError(None, None, error, hide_parameters=True) from error
            raise
        return found

    async def be_of_engine(self) -> None:
        """Open a transaction of the engine; the instant of the first read stays."""
        if self.is_of_engine:
            return
        self.end()
        del self._info[READER]
        super().__init__(**{**self._sessions.kw, "info": self._info})
        self.is_of_engine = True
        first = now(self)
        await self._begin(self)
        set_instant(self, first)

    async def execute(self, *given: Any, **options: Any) -> Any:
        """As of any session, and so are those that follow."""
        await self.be_of_engine()
        return await super().execute(*given, **options)

    async def scalar(self, *given: Any, **options: Any) -> Any:
        """As of any session."""
        await self.be_of_engine()
        return await super().scalar(*given, **options)

    async def get(self, *given: Any, **options: Any) -> Any:
        """As of any session."""
        await self.be_of_engine()
        return await super().get(*given, **options)

    async def get_one(self, *given: Any, **options: Any) -> Any:
        """As of any session."""
        await self.be_of_engine()
        return await super().get_one(*given, **options)

    async def connection(self, *given: Any, **options: Any) -> Any:
        """As of any session."""
        await self.be_of_engine()
        return await super().connection(*given, **options)

    async def flush(self, *given: Any, **options: Any) -> None:
        """As of any session: nothing, while there is nothing to write."""
        if self.is_of_engine:
            await super().flush(*given, **options)

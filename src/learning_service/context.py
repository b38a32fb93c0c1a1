"""The long-lived clients of a process, built once for API and worker alike, and `transaction()`.

This is the only place that commits: open, do, commit, and only then hand arq what has to be done.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker
from starlette.types import Scope

from learning_service.adapters.http import HttpClient
from learning_service.adapters.processes import ProcessPool
from learning_service.adapters.storage import ObjectStore, open_store
from learning_service.core.database import (
    BOUNDS_OF_TRANSACTIONS,
    DirectPool,
    Role,
    create_engine,
    open_transaction,
    transaction_bounds,
)
from learning_service.core.queue import Queue
from learning_service.core.rate_limits import Limits
from learning_service.core.reading import ReadingPool, ReadingSession
from learning_service.core.replica import Replica
from learning_service.core.settings import Settings
from learning_service.core.tokens import TokenVerifier
from learning_service.core.tracing import start_tracing, traceparent
from learning_service.core.turns import Turns
from learning_service.domain.attempts.actions.attempts import BOUNDS
from learning_service.domain.attempts.rules import Bounds
from learning_service.domain.certificates.actions.certificates import PUBLIC_URL
from learning_service.domain.jobs.outbox import TRACEPARENT, take_due
from learning_service.domain.kernel.sealing import Seal
from learning_service.domain.records.idempotency import claim_key, release_key


@dataclass(frozen=True)
class Context:
    """What every request and every job works with."""

    settings: Settings
    role: Role
    engine: AsyncEngine
    sessions: async_sessionmaker[AsyncSession]
    replica: Replica | None
    """What reports read, beside the engine's database."""
    turns: Turns
    """At the engine's connections, by organization; what is for none has a share, too."""
    own_turns: Turns
    """The same, by caller."""
    direct: DirectPool
    readers: ReadingPool | None
    """What the API's kept reads are asked on; none behind a pooler, which gives each transaction another server."""
    queue: Queue
    store: ObjectStore
    http: HttpClient
    processes: ProcessPool
    tokens: TokenVerifier
    limits: Limits
    seal: Seal
    """For secrets that are stored."""
    bounds: Bounds
    """Of attempts; a session's `info` has them too."""
    cursor_keys: tuple[bytes, ...]
    """Sign the cursors of lists; the first one does, all are believed."""

    @asynccontextmanager
    async def transaction(
        self, organization_id: str | None, *, at: datetime | None = None, caller: str | None = None
    ) -> AsyncIterator[AsyncSession]:
        """One transaction under this process's role, for one organization; committed when the block ends.

        An exception rolls everything back. `at` replaces the transaction's instant. `caller`: for whom, so that
        nobody has all of the organization's connections.
        """
        async with self._turn(organization_id, caller), self.sessions() as session:
            await self._open(session, organization_id, at)
            yield session
            await self._commit(session)

    @asynccontextmanager
    async def reading(
        self, organization_id: str | None, *, caller: str | None
    ) -> AsyncIterator[AsyncSession]:
        """The same for a request that only reads: its kept reads need no transaction of the engine."""
        if self.readers is None or self.readers.is_off:
            async with self.transaction(organization_id, caller=caller) as usual:
                yield usual
            return

        async def begin(of_engine: AsyncSession) -> None:
            await self._open(of_engine, organization_id, None)

        async with self._turn(organization_id, caller):
            session = ReadingSession(self.readers, organization_id, self.sessions, begin)
            await session.start()
            try:
                yield session
                if session.is_of_engine:
                    await self._commit(session)
            finally:
                session.end()
                if session.is_of_engine:
                    await session.__aexit__(None, None, None)

    async def checkpoint(self, session: AsyncSession, organization_id: str | None) -> None:
        """Commit what was done so far, whatever comes after, and open the next transaction in its place.

        An idempotency key stands for the whole call, so it is given back and taken anew.
        """
        keyed = await release_key(session)
        await self._commit(session)
        await open_transaction(session, role=self.role, organization_id=organization_id)
        if keyed is not None:
            await claim_key(session, keyed)

    @asynccontextmanager
    async def _turn(self, organization_id: str | None, caller: str | None) -> AsyncIterator[None]:
        """A worker's jobs are shared out by its queue; what asks for nobody, as `/readyz` does, waits for none."""
        if self.role != "learning_api" or (organization_id is None and caller is None):
            yield
            return
        async with AsyncExitStack() as stack:
            if organization_id is not None and caller is not None:
                await stack.enter_async_context(self.own_turns.turn(caller))
            await stack.enter_async_context(self.turns.turn(organization_id or ""))
            yield

    async def _open(self, session: AsyncSession, organization_id: str | None, at: datetime | None) -> None:
        session.info[TRACEPARENT] = traceparent()
        try:
            await open_transaction(session, role=self.role, organization_id=organization_id, at=at)
        except DBAPIError as error:
            # A connection of before the database's restart: nothing has happened on it, so once more on a new one.
            if not error.connection_invalidated:
                raise
            await session.rollback()
            await open_transaction(session, role=self.role, organization_id=organization_id, at=at)

    async def _commit(self, session: AsyncSession) -> None:
        await session.flush()
        due = take_due(session)
        await session.commit()
        await self.queue.hand_over(due)


def share_of(size: int) -> int:
    """How many of so many connections one organization, or one caller of those, may have: two thirds, but one."""
    return max(1, size * 2 // 3)


def _replica_of(settings: Settings, role: Role, each: int) -> Replica | None:
    if role != "learning_api" or settings.database_replica_url is None:
        return None
    return Replica(settings.database_replica_url, settings, each=each)


def _readers_of(settings: Settings, role: Role) -> ReadingPool | None:
    return ReadingPool(settings) if role == "learning_api" and settings.database_pooler is None else None


def _sessions_of(engine: AsyncEngine, info: dict[str, object]) -> async_sessionmaker[AsyncSession]:
    return async_sessionmaker(
        engine,
        expire_on_commit=False,
        autoflush=False,
        # Writes by condition leave objects that were read before as they are.
        execution_options={"synchronize_session": False},
        info=info,
    )


def _facts_of_sessions(settings: Settings, role: Role, bounds: Bounds) -> dict[str, object]:
    facts: dict[str, object] = {PUBLIC_URL: settings.public_url.rstrip("/"), BOUNDS: bounds}
    if settings.database_pooler is not None:
        facts[BOUNDS_OF_TRANSACTIONS] = transaction_bounds(settings, role)
    return facts


@asynccontextmanager
async def open_context(settings: Settings, role: Role) -> AsyncIterator[Context]:
    """Build the clients of one process and close them at its end."""
    engine = create_engine(settings, role=role)
    direct = DirectPool(settings, role=role)
    readers = _readers_of(settings, role)
    each, patience = share_of(settings.database_pool_size), settings.database_pool_timeout_seconds
    replica = _replica_of(settings, role, each)
    queue, http = Queue(settings.redis_url.get_secret_value()), HttpClient()
    limits = Limits(settings)
    bounds = Bounds(settings.max_attempts_per_quiz, settings.max_attempt_kib * 1024)
    processes = ProcessPool(settings.certificate_processes)
    tracing = start_tracing(settings, role.removeprefix("learning_"), engine)
    try:
        async with open_store(settings) as store:
            yield Context(
                settings=settings,
                role=role,
                engine=engine,
                sessions=_sessions_of(engine, _facts_of_sessions(settings, role, bounds)),
                replica=replica,
                turns=Turns(each, patience),
                own_turns=Turns(share_of(each), patience),
                direct=direct,
                readers=readers,
                queue=queue,
                store=store,
                http=http,
                processes=processes,
                tokens=TokenVerifier(settings, fetch=http.get_json),
                limits=limits,
                seal=Seal(settings.keys_for("stored secrets")),
                bounds=bounds,
                cursor_keys=settings.keys_for("cursors"),
            )
    finally:
        await processes.close()
        await limits.close()
        await http.close()
        await queue.close()
        await direct.close()
        if readers is not None:
            await readers.close()
        await engine.dispose()
        if replica is not None:
            await replica.engine.dispose()
        if tracing is not None:
            await asyncio.to_thread(tracing.stop)


def context_of(scope: Scope) -> Context:
    """The context of the application that serves this connection.

    By its name as an item: as an attribute, Starlette finds it in ten times as long.
    """
    found: Context = scope["app"].state["context"]
    return found

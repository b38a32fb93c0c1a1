"""The service with its limits beside it: a process that notes what a call asks the database, and asks it bare.

`GET /-/begin` and `GET /-/keep` stand around a call. `GET /-/limits/N` then runs the noted statements by Starlette
and asyncpg alone, each wrapped by PostgreSQL as JSON. Opening statements are left out, and what writes.
"""

import os
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Any

import asyncpg
from asyncpg.prepared_stmt import PreparedStatement
from benchmarks.floors import Connection
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from learning_service.main import create_app

PREFIX = "/-/"
Statement = tuple[str, tuple[object, ...]]
_READS = ("SELECT", "WITH")
_AROUND = ("SAVEPOINT", "RELEASE", "ROLLBACK")


class Walked:
    """ASGI: the service, and what belongs to the walk."""

    def __init__(self, service: ASGIApp, url: str) -> None:
        self._service = service
        self._url = url
        self._pool: asyncpg.Pool | None = None
        self._noting: Iterator[Any] | None = None
        self._noted: list[Statement] = []
        self._limits: list[list[Statement]] = []
        self._walk = Starlette(
            routes=[
                Route(f"{PREFIX}begin", self.begin),
                Route(f"{PREFIX}keep", self.keep),
                Route(f"{PREFIX}limits/{{number:int}}", self.limit),
            ]
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one call."""
        walks = scope["type"] == "http" and scope["path"].startswith(PREFIX)
        await (self._walk if walks else self._service)(scope, receive, send)

    async def begin(self, _request: Request) -> Response:
        """Note from now on."""
        self._noted = []
        self._noting = noting(self._noted)
        next(self._noting)
        return JSONResponse({})

    async def keep(self, _request: Request) -> Response:
        """End that, and say which limit it is and what was left out."""
        if self._noting is not None:
            next(self._noting, None)
            self._noting = None
        pool = await self._connected()
        kept, left_out = [], []
        async with pool.acquire() as connection:
            for statement, values in self._noted:
                wrapped = f"SELECT json_agg(t)::text FROM ({statement}) t"
                try:
                    if not statement.lstrip().startswith(_READS):
                        raise asyncpg.FeatureNotSupportedError("it writes")
                    await connection.fetchval(wrapped, *values)
                except asyncpg.PostgresError as error:
                    left_out.append(f"{error}: {statement[:200]}")
                else:
                    kept.append((wrapped, values))
        self._limits.append(kept)
        return JSONResponse({"number": len(self._limits) - 1, "kept": len(kept), "left_out": left_out})

    async def limit(self, request: Request) -> Response:
        """The noted statements and nothing else."""
        pool = self._pool
        statements = self._limits[request.path_params["number"]]
        if not statements or pool is None:
            return Response("[]", media_type="application/json")
        async with pool.acquire() as connection:
            found = [
                await connection.fetchval(statement, *values) or "null" for statement, values in statements
            ]
        return Response(f"[{','.join(found)}]", media_type="application/json")

    async def _connected(self) -> asyncpg.Pool:
        if self._pool is None:
            self._pool = await asyncpg.create_pool(
                self._url, min_size=5, max_size=5, connection_class=Connection, init=_as_the_engine
            )
        return self._pool


async def _as_the_engine(connection: asyncpg.Connection) -> None:
    """Values were noted as the engine gives them to the driver: JSON is text already."""
    for name in ("json", "jsonb"):
        await connection.set_type_codec(name, schema="pg_catalog", encoder=str, decoder=str)


@contextmanager
def _noted_by(owner: type, name: str, note: Callable[[Any, tuple[Any, ...]], None]) -> Iterator[None]:
    usual: Callable[..., Awaitable[Any]] = getattr(owner, name)

    async def noting_it(this: Any, *values: Any, **options: Any) -> Any:
        note(this, values)
        return await usual(this, *values, **options)

    setattr(owner, name, noting_it)
    try:
        yield
    finally:
        setattr(owner, name, usual)


def noting(noted: list[Statement]) -> Iterator[None]:
    """Until it is asked again, every statement that the driver is given with its values, but the opening ones."""

    def by_connection(_connection: Any, given: tuple[Any, ...]) -> None:
        statement, *values = given
        if not statement.startswith(_AROUND) and "set_config(" not in statement:
            noted.append((statement, tuple(values)))

    def by_prepared(prepared: Any, given: tuple[Any, ...]) -> None:
        by_connection(None, (prepared.get_query(), *given))

    with (
        _noted_by(asyncpg.Connection, "fetch", by_connection),
        _noted_by(asyncpg.Connection, "fetchrow", by_connection),
        _noted_by(asyncpg.Connection, "fetchval", by_connection),
        _noted_by(PreparedStatement, "fetch", by_prepared),
    ):
        yield


def make() -> ASGIApp:
    """The application."""
    return Walked(create_app(), os.environ["FLOOR_DATABASE_URL"])

"""Kept reads by the driver: the same rows as by the engine, behind the same wall, on one connection at most."""

import asyncio
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from fastapi import FastAPI
from sqlalchemy import ARRAY, Integer, Text, any_, bindparam, cast, func, literal, select
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased
from tests.kit.direct import Database, database
from tests.kit.waiting import until
from tests.kit.world import World

from learning_service.context import Context
from learning_service.core.reading import ReadingPool, ReadingSession
from learning_service.domain.courses.models import Course
from learning_service.domain.directory.models import Member
from learning_service.domain.kernel.clock import now
from learning_service.domain.kernel.errors import NotFound
from learning_service.domain.kernel.reads import ORGANIZATION_ID, Kept, fetch, fetch_first, fetch_value, kept
from learning_service.domain.webhooks.models import WebhookSubscription
from learning_service.routers import webhooks

__all__ = ["database"]
MEMBERS = kept(
    select(Member.organization_id, Member.user_id).order_by(Member.organization_id, Member.user_id)
)
SLEEP = kept(select(func.pg_sleep(30)))
WORDS = ["ana", "eve"]


@pytest.fixture
def context(app: FastAPI) -> Context:
    found: Context = app.state.context
    return found


@pytest.fixture
def pool(context: Context) -> ReadingPool:
    assert context.readers is not None
    return context.readers


@asynccontextmanager
async def reading(context: Context, organization: str | None) -> AsyncIterator[AsyncSession]:
    async with context.reading(organization, caller="a caller") as session:
        assert isinstance(session, ReadingSession)
        yield session


def shapes(world: World) -> list[tuple[Kept, dict[str, Any]]]:
    """Selects of each kind of value, and what they are given."""
    own = {"organization_id": world.id}
    other = aliased(Member)
    some = select(Member.user_id, Member.display_name).where(Member.organization_id == ORGANIZATION_ID)
    return [
        (kept(select(*Course.__table__.columns).where(Course.organization_id == ORGANIZATION_ID)), own),
        (kept(select(*WebhookSubscription.__table__.columns)), own),
        (
            kept(some.where(Member.user_id == any_(bindparam("users", type_=ARRAY(Text()))))),
            {**own, "users": WORDS},
        ),
        (kept(some.where(Member.status == "active").order_by(Member.user_id).limit(2)), own),
        (kept(some.where(Member.user_id.in_(WORDS)).where(Member.user_id > "b").limit(2)), own),
        (kept(some.order_by(Member.user_id).limit(bindparam("limit"))), {**own, "limit": 3}),
        (kept(select(cast({"a": [1, None]}, JSONB), literal(uuid.UUID(int=7)), func.now() - func.now())), {}),
        (kept(select(Member.user_id, other.user_id).join(other, other.user_id == Member.user_id)), own),
    ]


async def test_rows_are_those_of_the_engine(world: World, context: Context) -> None:
    await world.course()
    hook = {"url": "http://127.0.0.1:9/x", "event_types": ["learning.enrollment.assigned"]}
    await world.admin.ok("POST", "/api/webhooks/", hook)
    for read, given in shapes(world):
        async with reading(context, world.id) as session, context.transaction(world.id) as usual:
            by_driver, by_engine = await fetch(session, read, given), await fetch(usual, read, given)
            assert by_driver
            assert list(map(tuple, by_driver)) == list(map(tuple, by_engine))
            assert [list(map(type, row)) for row in by_driver] == [list(map(type, row)) for row in by_engine]
            assert tuple(await fetch_first(session, read, given)) == tuple(by_engine[0])
            assert await fetch_value(session, read, given) == by_engine[0][0]


async def test_a_row_has_the_names_of_its_columns(world: World, context: Context) -> None:
    async with reading(context, world.id) as session:
        first = await fetch_first(session, MEMBERS, {})
        assert (first.organization_id, first.user_id) == (world.id, "ana")


def test_a_text_that_changes_with_its_values_is_refused() -> None:
    with pytest.raises(ValueError, match="any_"):
        kept(select(Member.user_id).where(Member.user_id.in_(bindparam("words", expanding=True))))


async def test_each_sees_its_own_organization_on_the_same_connection(
    world: World, other_world: World, context: Context, pool: ReadingPool
) -> None:
    used = set()
    for organization in (world.id, other_world.id, None, world.id):
        async with reading(context, organization) as session:
            assert {row.organization_id for row in await fetch(session, MEMBERS, {})} == {organization} - {
                None
            }
            used.add(id(session._connection))  # type: ignore[attr-defined]
    assert len(used) == 1
    assert pool.used == 0


async def test_a_session_becomes_the_engines_and_holds_one_connection(
    world: World, context: Context, pool: ReadingPool
) -> None:
    async with reading(context, world.id) as session:
        assert await fetch(session, MEMBERS, {})
        instant = now(session)
        assert pool.used == 1
        found = (await session.execute(select(Member.user_id))).scalars().all()
        assert pool.used == 0
        assert now(session) == instant
        assert len(found) == len(await fetch(session, MEMBERS, {}))
        assert await session.scalar(select(func.current_setting("app.organization_id"))) == world.id
        assert pool.used == 0


async def test_a_refusal_gives_the_connection_back_and_a_fault_closes_it(
    world: World, context: Context, pool: ReadingPool
) -> None:
    async def ask(read: Kept, given: dict[str, Any]) -> None:
        async with reading(context, world.id) as session:
            await fetch(session, read, given)
            raise NotFound

    with pytest.raises(NotFound):
        await ask(MEMBERS, {})
    assert (pool.used, len(pool._idle)) == (0, 1)
    with pytest.raises(DBAPIError, match="division by zero"):
        await ask(kept(select(literal(1) / bindparam("by", type_=Integer()))), {"by": 0})
    assert (pool.used, len(pool._idle)) == (0, 0)


async def test_who_goes_away_stops_the_statement(world: World, context: Context, pool: ReadingPool) -> None:
    async def ask() -> None:
        async with reading(context, world.id) as session:
            await fetch(session, SLEEP, {})

    asked = asyncio.create_task(ask())

    async def is_asked() -> bool:
        return pool.used == 1

    await until(is_asked)
    asked.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asked
    assert (pool.used, len(pool._idle)) == (0, 0)


async def test_connections_of_before_a_restart_are_passed_over(
    world: World, context: Context, pool: ReadingPool, database: Database
) -> None:
    held = [await pool.take(world.id) for _ in range(3)]
    for connection, _ in held:
        pool.put_back(connection)
    for connection, _ in held:
        await database("SELECT pg_terminate_backend($1)", connection.get_server_pid())
    async with reading(context, world.id) as session:
        assert await fetch(session, MEMBERS, {})
    assert pool.used == 0


async def test_a_fault_of_a_read_is_an_accident_and_not_a_moment_to_wait_for(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = kept(select(literal(1) / bindparam("by", type_=Integer())))

    async def list_webhooks(session: AsyncSession, *_: Any) -> Any:
        return await fetch(session, broken, {"by": 0})

    monkeypatch.setattr(webhooks, "list_webhooks", list_webhooks)
    assert (await world.admin("GET", "/api/webhooks/")).status_code == 500

"""Places in the pool of the hot paths: who waits gets a turn, and no place is ever lost."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from learning_service.core.database import DirectPool
from learning_service.core.settings import Settings


@pytest.fixture
async def pool(settings: Settings) -> AsyncIterator[DirectPool]:
    """Of one connection."""
    few = {"database_direct_pool_size": 1, "database_pool_timeout_seconds": 60.0}
    found = DirectPool(settings.model_copy(update=few))
    yield found
    await found.close()


async def one(pool: DirectPool, number: int = 1) -> int:
    row = await pool.row("SELECT $1::int", number)
    assert row is not None
    found: int = row[0]
    return found


async def test_all_who_wait_get_their_turn_in_order(pool: DirectPool) -> None:
    ended: list[int] = []

    async def ask(number: int) -> None:
        ended.append(await one(pool, number))

    await asyncio.gather(*map(ask, range(30)))
    assert ended == list(range(30))
    assert pool.used == 0


async def test_who_waits_too_long_is_told(settings: Settings) -> None:
    few = {"database_direct_pool_size": 1, "database_pool_timeout_seconds": 0.05}
    pool = DirectPool(settings.model_copy(update=few))
    held = await pool._take()
    for _ in range(3):
        with pytest.raises(TimeoutError):
            await one(pool)
    await pool._done(held, held.fetchrow("SELECT 1"))
    assert await one(pool) == 1
    assert pool.used == 0
    await pool.close()


@pytest.mark.parametrize("handed_first", [True, False], ids=["with the place", "before it"])
async def test_who_goes_away_leaves_the_place_to_others(pool: DirectPool, handed_first: bool) -> None:
    held = await pool._take()
    first, second = asyncio.create_task(one(pool, 1)), asyncio.create_task(one(pool, 2))
    await asyncio.sleep(0)
    if handed_first:
        pool._give_back()
        first.cancel()
    else:
        first.cancel()
        pool._give_back()
    assert await second == 2
    assert first.cancelled()
    assert pool.used == 0
    assert await one(pool) == 1
    await held.close()

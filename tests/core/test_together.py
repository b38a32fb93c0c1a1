"""Calls that come at the same time and are done together."""

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest

from learning_service.core.together import Together, TogetherBy


async def test_calls_that_come_together_are_done_together() -> None:
    batches: list[list[int]] = []

    async def do(items: Any) -> Any:
        batches.append(list(items))
        await asyncio.sleep(0.01)
        if 5 in items:
            raise ZeroDivisionError
        return [item * 2 for item in items]

    together: Together[int, int] = Together(do)
    assert await asyncio.gather(*map(together, range(4))) == [0, 2, 4, 6]
    results = await asyncio.gather(together(5), together(6), return_exceptions=True)
    assert [type(result) for result in results] == [ZeroDivisionError] * 2
    assert batches == [[0, 1, 2, 3], [5, 6]]
    given_up = asyncio.create_task(together(7))
    await asyncio.sleep(0)
    given_up.cancel()
    await together.settle()
    assert batches[-1] == [7]


async def test_where_enough_wait_no_others_are_waited_for() -> None:
    batches: list[list[int]] = []

    async def do(items: Any) -> Any:
        batches.append(list(items))
        return items

    together: Together[int, int] = Together(do, gather=60, enough=3)
    assert await together(1) == 1
    # Calls are many now: one alone waits for others, and three go at once.
    alone = asyncio.create_task(together(2))
    await asyncio.sleep(0.01)
    assert batches == [[1]]
    assert list(await asyncio.gather(alone, together(3), together(4))) == [2, 3, 4]
    again = [asyncio.create_task(together(item)) for item in (5, 6)]
    await asyncio.sleep(0.01)
    assert batches == [[1], [2, 3, 4]]
    assert await together(7) == 7
    assert await asyncio.gather(*again) == [5, 6]


class Notes:
    """Does what is given to it in its turn, and notes what came together."""

    def __init__(self) -> None:
        self.batches: list[tuple[str, list[int]]] = []
        self.together = TogetherBy(self._do, subject=lambda item: item % 10, most=3, patience=60)

    async def _do(self, key: str, items: Sequence[int]) -> list[int]:
        self.batches.append((key, list(items)))
        await asyncio.sleep(0.01)
        if 9 in items:
            raise ZeroDivisionError
        return [item * 2 for item in items]


async def test_calls_of_a_key_are_done_together_after_the_first() -> None:
    notes = Notes()
    calls = [("a", 1), ("a", 2), ("b", 2), ("a", 3), ("a", 12), ("a", 4), ("a", 5)]
    assert await asyncio.gather(*(notes.together(*call) for call in calls)) == [item * 2 for _, item in calls]
    # The second of the same subject, and what is more than three, wait for the next time.
    assert notes.batches == [("a", [1]), ("b", [2]), ("a", [2, 3, 4]), ("a", [12, 5])]
    assert await notes.together("a", 6) == 12
    assert notes.batches[-1] == ("a", [6])


async def test_what_fails_fails_for_its_batch_alone() -> None:
    notes = Notes()
    results = await asyncio.gather(*(notes.together("a", n) for n in (9, 1, 9, 2, 3)), return_exceptions=True)
    assert [type(one) for one in results] == [ZeroDivisionError] * 4 + [int]
    assert await notes.together("a", 4) == 8


async def test_who_has_given_up_is_left_out() -> None:
    notes = Notes()
    first, second, third = (asyncio.create_task(notes.together("a", n)) for n in (1, 2, 3))
    await asyncio.sleep(0)
    second.cancel()
    assert (await first, await third) == (2, 6)
    assert notes.batches == [("a", [1]), ("a", [3])]
    first, second = (asyncio.create_task(notes.together("a", n)) for n in (1, 2))
    await asyncio.sleep(0)
    first.cancel()
    with pytest.raises(asyncio.CancelledError):
        await first
    assert await second == 4


async def test_what_takes_long_is_not_waited_for() -> None:
    free = asyncio.Event()
    batches: list[list[int]] = []

    async def do(_: str, items: Sequence[int]) -> Sequence[int]:
        batches.append(list(items))
        if 0 in items:
            await free.wait()
        return items

    together: TogetherBy[str, int, int] = TogetherBy(do, subject=lambda item: item, most=9, patience=0.01)
    slow = asyncio.create_task(together("a", 0))
    await asyncio.sleep(0)
    assert await asyncio.gather(*(together("a", n) for n in (1, 2))) == [1, 2]
    assert await together("a", 3) == 3
    assert not slow.done()
    free.set()
    assert await slow == 0
    assert batches == [[0], [1, 2], [3]]
    assert await together("a", 4) == 4


async def test_where_calls_are_many_one_waits_for_others() -> None:
    batches: list[list[int]] = []

    async def do(_: str, items: Sequence[int]) -> Sequence[int]:
        batches.append(list(items))
        return items

    together: TogetherBy[str, int, int] = TogetherBy(
        do, subject=lambda item: item, most=9, patience=60, gather=0.2
    )
    assert await together("a", 1) == 1
    second = asyncio.create_task(together("a", 2))
    await asyncio.sleep(0.001)
    assert [await together("a", 3), await second] == [3, 2]
    assert batches == [[1], [2, 3]]
    # The one who waited for others has given up; they go on.
    third = asyncio.create_task(together("a", 4))
    await asyncio.sleep(0)
    third.cancel()
    assert await together("a", 5) == 5
    assert batches == [[1], [2, 3], [5]]

"""Many requests that arrive at once begin a few at a time."""

import asyncio

from learning_service.api.starts import A_TURN, Starts


async def test_so_many_begin_in_a_turn_and_all_in_their_order() -> None:
    loop = asyncio.get_running_loop()
    starts = Starts()
    begun: list[int] = []
    for n in range(3 * A_TURN):
        starts.begin(loop, lambda n=n: begun.append(n))  # type: ignore[misc]
    assert begun == list(range(A_TURN))
    for turn in (2, 3):
        await asyncio.sleep(0)
        starts.begin(loop, lambda: None)
        assert len(begun) == turn * A_TURN
    for _ in range(4):
        await asyncio.sleep(0)
    assert begun == list(range(3 * A_TURN))
    starts.begin(loop, lambda: begun.append(-1))
    assert begun[-1] == -1, "who comes alone begins at once"

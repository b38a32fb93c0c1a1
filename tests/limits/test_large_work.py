"""Large work has one thread, and whoever has much of it lets the others have their turns."""

import asyncio
import threading
import time

from learning_service.domain.kernel.large_work import apart


async def test_organizations_and_their_people_take_turns_in_one_thread() -> None:
    order: list[str] = []
    threads: set[int] = set()

    def work(name: str) -> str:
        threads.add(threading.get_ident())
        time.sleep(0.01)
        order.append(name)
        return name

    asked = [("a", "greedy")] * 10 + [("a", "modest"), ("b", "other")]
    answers = await asyncio.gather(*(apart(*who, work, "/".join(who)) for who in asked))
    assert answers == ["/".join(who) for who in asked]
    assert len(threads) == 1
    assert order.index("b/other") <= 2, order
    assert order.index("a/modest") <= 3, order


async def test_a_failure_gives_the_turn_on() -> None:
    def fail() -> None:
        raise LookupError

    for _ in range(2):
        try:
            await apart("a", "x", fail)
        except LookupError:
            continue
        raise AssertionError
    assert await apart("a", "x", str, 1) == "1"

"""Large work has one thread, and whoever has much of it lets the others have their turns."""

import asyncio
import threading
import time

import pytest

from learning_service.domain.courses.rules.richtext import sanitize_html, sanitize_tree
from learning_service.domain.courses.rules.tree import Lesson, Module, Tree
from learning_service.domain.kernel import pieces
from learning_service.domain.kernel.large_work import apart, apart_in_pieces


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


async def test_a_large_tree_keeps_the_thread_from_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    """It takes many pieces to clean; what others have, one of them at most."""
    # However quick the machine, it is more of them than others have turns.
    monkeypatch.setattr(pieces, "PIECE_SECONDS", 0.001)
    item = Lesson(kind="lesson", title="L", body_html="<b><div><div></b></div></div>" * 60)
    tree = Tree(title="T", modules=(Module(title="M", items=(item,) * 400),))
    order: list[str] = []

    async def clean() -> None:
        await apart_in_pieces("a", "author", sanitize_tree(tree, sanitize_html))
        order.append("author")

    async def other(organization: str, who: str) -> None:
        for _ in range(5):
            await apart(organization, who, str)
        order.append(who)

    await asyncio.gather(clean(), other("a", "colleague"), other("b", "stranger"))
    assert order[-1] == "author", order

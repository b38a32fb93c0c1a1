"""What a preview of a regrade asks of the database."""

from fastapi import FastAPI
from tests.kit.query_counts import counted
from tests.kit.quiz_taker import quiz, quiz_taker, tree
from tests.kit.regrades import preview, questions_of, swapped
from tests.kit.world import World

WRONG = {"texts": ["wrong"]}


async def test_a_preview_asks_no_more_for_more_who_failed(world: World, app: FastAPI) -> None:
    content = tree(quiz(max_attempts=1))
    first, asked = await quiz_taker(world, content), []
    [question] = await questions_of(world, first.course)
    await first.answer(WRONG)
    for user in ("bob", "cyd", "dan"):
        with counted(app) as statements:
            seen = await preview(world, first.course, swapped(question))
        asked.append((seen["passes_won"], len(statements)))
        await (await quiz_taker(world, content, user, first.course)).answer(WRONG)
    assert [won for won, _ in asked] == [1, 2, 3]
    assert asked[1][1] == asked[2][1] <= asked[0][1]

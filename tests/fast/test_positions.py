"""Members who start or submit at the same moment are looked up together, and each finds their own place."""

import asyncio

from fastapi import FastAPI
from tests.kit.query_counts import counted
from tests.kit.quiz_taker import QuizTaker, quiz, quiz_taker, tree
from tests.kit.world import World, choice, right

CHOICES = ("right", "wrong", "right", "wrong")


def lookups(statements: list[str]) -> int:
    return sum("hot_own_position_at_quiz" in statement for statement in statements)


async def test_each_finds_their_own_place(app: FastAPI, world: World) -> None:
    eve = await quiz_taker(world, tree(quiz(choice("First?"), choice("Last?"))), "eve")
    await eve.start()
    takers = [await quiz_taker(world, {}, user, eve.course) for user in ("ana", "bob", "cyd", "dan")]
    stranger = world.call_as("stranger")
    path = f"{eve.path}attempts/"
    with counted(app) as statements:
        refused, *started = await asyncio.gather(
            stranger("POST", path), *(one.call.ok("POST", path) for one in takers)
        )
    assert refused.status_code == 403
    assert 1 < lookups(statements) < 5
    for one, paper in zip(takers, started, strict=True):
        assert (await one.call.ok("GET", f"/api/attempts/{paper['attempt_id']}/"))["status"] == "in_progress"

    async def submit(one: QuizTaker, paper: dict[str, object], text: str) -> float:
        given = [right(question, {"texts": [text]}) for question in paper["questions"]]  # type: ignore[attr-defined]
        body = {"attempt_id": paper["attempt_id"], "responses": given}
        points: float = (await one.call.ok("POST", f"{eve.path}submit/", body))["points"]
        return points

    with counted(app) as statements:
        points = await asyncio.gather(*map(submit, takers, started, CHOICES))
    assert points == [2, 0, 2, 0]
    assert 1 < lookups(statements) < 4

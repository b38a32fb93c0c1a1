"""Races that are run through two instances of the API: in one process, and in two."""

import asyncio

import httpx
from tests.kit.quiz_taker import quiz, quiz_taker, tree
from tests.kit.world import Caller, Json, World, choice, right


async def race_for_the_last_attempt(
    world: World, apis: tuple[httpx.AsyncClient, httpx.AsyncClient], rounds: int
) -> None:
    """Twenty different submissions at once on a last attempt, spread over the two: one wins, none is one too many."""
    questions = [choice(f"{n}?") for n in range(5)]
    course = await world.course(tree(quiz(*questions, max_attempts=2, pass_score=100)))
    for n in range(rounds):
        await world.add_member(f"racer{n}")
        racer = await quiz_taker(world, {}, f"racer{n}", course)
        assert (await racer.answer({"texts": ["wrong"]}))["attempts_remaining"] == 1
        shown = (await racer.call.ok("GET", racer.path))["questions"]
        callers = [Caller(api, racer.call.token, racer.call.user) for api in apis]
        sent = await asyncio.gather(
            *(callers[k % 2]("POST", f"{racer.path}submit/", _answers(shown, k)) for k in range(20))
        )
        statuses = sorted(r.status_code for r in sent)
        assert statuses == [200, *[409] * 19], statuses
        assert {r.json()["code"] for r in sent if r.status_code == 409} == {"no-attempts-left"}
        shown = await racer.call.ok("GET", racer.path)
        assert (shown["attempts_used"], len(shown["attempts"])) == (2, 2)
        assert await racer.status() == "failed"


def _answers(questions: list[Json], k: int) -> Json:
    """The k-th of 31 sets of answers, of which none is all right."""
    given = ({"texts": ["right" if k >> n & 1 else "wrong"]} for n in range(len(questions)))
    return {"responses": [right(q, answer) for q, answer in zip(questions, given, strict=True)]}

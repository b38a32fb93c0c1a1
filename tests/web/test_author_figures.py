"""An author sees in pictures which question of a version looks wrong."""

import pytest
from tests.kit.learner import Learner, tree
from tests.kit.world import Json, World, choice, right
from tests.web.conftest import Stage, each_width

QUESTIONS = 5
PICKS = "bbbbbbaaa"
"""The last question's key is wrong: those who know all the others choose the other choice."""


async def _hand_in(world: World) -> Json:
    asked = [choice(f"Question {n}?") for n in range(QUESTIONS)]
    quiz: Json = {"kind": "quiz", "title": "Check", "pass_score": 90, "questions": asked}
    course = await world.course(tree(quiz, title="Hazing prevention"))
    for n, pick in enumerate(PICKS):
        user = f"w{n}"
        await world.add_member(user)
        learner = await Learner.join(world.member(user), course["id"])
        *known, last = await learner.questions("Check")
        knows = pick == "b"
        given = [right(one, {"texts": ["right" if knows else "wrong"]}) for one in known]
        given.append(right(last, {"texts": ["wrong" if knows else "right"]}))
        assert (await learner.send("Check", given)).status_code == 200
    return course


@pytest.mark.timeout(120)
@each_width
async def test_the_question_with_the_wrong_key_stands_out(stage: Stage, world: World, width: int) -> None:
    course = await _hand_in(world)
    stage.offers("boss", "Margaret Okonkwo", "national_admin", role="administrator")
    author = stage.person(width)
    await author.opens(f"/app/author/{course['id']}/versions")
    await author.chooses("M Margaret")
    await author.chooses("Statistics")
    await author.sees("The key may be wrong")
    await author.sees("Learners who do well tend to choose “wrong”")
    await author.sees("Chosen in 6 of 9")
    await author.sees("67 % of the points, over 9 attempts")
    suspects = (
        "[...document.querySelectorAll('.question')].map((e) => Boolean(e.querySelector('.notice.bad')))"
    )
    assert await author.tab.evaluate(suspects) == [False] * (QUESTIONS - 1) + [True]
    await author.looks_at_it("author-statistics")
    assert not author.faults, "\n".join(author.faults)

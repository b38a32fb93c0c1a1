"""An author sees in pictures which question of a version looks wrong, and sets it right."""

import pytest
from tests.kit.clerk import Clerk
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


async def _sets_it_right(author: Clerk, world: World) -> None:
    await author.chooses("Set it right", ".button.primary")
    await author.sees("What is right")
    await author.sees("Question 4?")
    await author.picks("How answers count", "Only the new key counts")
    await author.chooses("right")
    await author.chooses("wrong")
    await author.chooses("See what would change")
    await author.sees("Something is not right yet.")
    assert "422" in author.tab.errors.pop()
    await author.fills("What was wrong", "It was the other one")
    await author.looks_at_it("regrade-wrong")
    await author.chooses("See what would change")
    await author.sees("Nothing has changed yet.")
    figures = (
        "Object.fromEntries([...document.querySelectorAll('.figure')].map((e) => e.innerText.split('\\n')))"
    )
    told = await author.tab.evaluate(figures)
    # Those who know have all five now; the others keep their one, for nothing asked for less.
    assert [told["Attempts that rise"], told["Attempts that fall"], told["Passes won"]] == ["6", "0", "6"]
    await author.looks_at_it("regrade-preview")
    await author.chooses("Apply it")
    await author.sees("Attempts are being graded anew.")
    await world.run_jobs()
    await author.sees("It is applied.")
    await author.looks_at_it("regrade-applied")
    enrollments = [
        (await world.member(f"w{n}").ok("GET", "/api/users/enrollments/"))["items"][0] for n in (0, 8)
    ]
    assert [one["status"] == "completed" for one in enrollments] == [True, False]


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
    await _sets_it_right(author, world)
    await author.chooses("Statistics")
    await author.sees("“It was the other one”")
    assert not author.faults, "\n".join(author.faults)

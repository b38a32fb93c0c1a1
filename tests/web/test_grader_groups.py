"""A grader gives one grade to answers that read alike, and overrides a mark that a key gave."""

import pytest
from tests.kit.learner import Learner, tree
from tests.kit.world import Caller, Json, World, choice, right
from tests.web.conftest import Stage, each_width

WORD: Json = {
    "type": "short_answer",
    "prompt_html": "<p>What is it called?</p>",
    "points": 2,
    "accepted_answers": ["hazing"],
    "review": "unmatched",
}
TEXTS = {"ana": "Bullying", "bob": " bullying", "cyd": "BULLYING", "dan": "bulying"}


async def _hand_in(world: World) -> Json:
    quiz: Json = {"kind": "quiz", "title": "Check", "pass_score": 50, "questions": [WORD, choice()]}
    course = await world.course(tree(quiz, title="Hazing prevention"))
    for user, text in TEXTS.items():
        learner = await Learner.join(world.member(user), course["id"])
        word, one = await learner.questions("Check")
        given = [right(word, {"text": text}), right(one, {"texts": ["wrong"]})]
        assert (await learner.send("Check", given)).status_code == 200
    return course


async def _points(caller: Caller) -> list[float | None]:
    """What each answer of the only attempt has got, as its owner sees it."""
    [enrollment] = (await caller.ok("GET", "/api/users/enrollments/"))["items"]
    modules = await caller.ok("GET", f"/api/courses/{enrollment['course_id']}/modules/")
    quiz = await caller.ok("GET", f"/api/quizzes/{modules['items'][0]['items'][0]['id']}/")
    [attempt] = quiz["attempts"]
    shown = await caller.ok("GET", f"/api/attempts/{attempt['attempt_id']}/")
    return [one["points_awarded"] for one in shown["responses"]]


@pytest.mark.timeout(120)
@each_width
async def test_one_grade_for_answers_that_read_alike_and_a_mark_overridden(
    stage: Stage, world: World, width: int
) -> None:
    course = await _hand_in(world)
    stage.offers("noor", "Noor Haddad", "grader", role="grader")
    noor = stage.person(width)
    await noor.opens("/app/grading/groups")
    await noor.chooses("N Noor")
    await noor.sees("3 answers")
    await noor.sees("Similar: bulying (1)")
    await noor.looks_at_it("grading-groups")
    await noor.chooses("Grade them together")
    await noor.sees("One grade for 3 answers")
    await noor.chooses("Give it to 3 answers")
    await noor.sees("A number from 0 to 2.")
    await noor.fills("Points, 0 to 2", "1,5")
    await noor.chooses("Accept this answer in future")
    await noor.looks_at_it("grading-group")
    await noor.chooses("Give it to 3 answers")
    await noor.sees("3 answers graded")
    await noor.waits_for("document.querySelectorAll('.row').length === 1", "the group still waits")
    for user in ("ana", "bob", "cyd"):
        assert (await _points(world.member(user)))[0] == 1.5
    draft = await world.admin.ok("GET", f"/api/courses/{course['id']}/draft/")
    [word, _] = draft["modules"][0]["items"][0]["questions"]
    assert word["accepted_answers"] == ["hazing", "Bullying"]
    await _overrides(stage, noor.width, world)


async def _overrides(stage: Stage, width: int, world: World) -> None:
    noor = stage.person(width)
    await noor.goes("/app/grading/history")
    await noor.sees("1.5 of 2")
    await noor.chooses("The whole attempt")
    await noor.sees("Wrong · 0 of 1")
    await noor.looks_at_it("grading-attempt")
    await noor.chooses("Override the mark", "li:nth-of-type(2) button")
    await noor.fills("Points, 0 to 1", "1")
    await noor.chooses("Save")
    await noor.sees("Something is not right yet.")
    assert "422" in noor.tab.errors.pop()
    await noor.fills("Reason", "The picture could be read either way")
    await noor.looks_at_it("grading-override")
    await noor.chooses("Save")
    await noor.sees("1 of 1 points given")
    await noor.sees("Right · 1 of 1")
    changed = [user for user in TEXTS if (await _points(world.member(user)))[1] == 1]
    assert len(changed) == 1
    assert not noor.faults, "\n".join(noor.faults)

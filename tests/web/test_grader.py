"""A grader's whole story in a real browser: by hand on a telephone, by keyboard alone at a desk."""

import pytest
from tests.kit.learner import Learner, lesson, tree
from tests.kit.screens import Person
from tests.kit.world import Json, World
from tests.web.conftest import Stage

PHONE, DESK = 360, 1440
ANSWERS = {
    "ana": "We end the silence periods, and new members choose their own mentors.",
    "bob": "I do not know.\nPerhaps we talk about it?",
    "cyd": "نوقف فترات الصمت ونخبر المستشار",
}
QUESTION: Json = {
    "type": "free_form",
    "prompt_html": "<p>What will <em>your</em> chapter change this year?</p>",
    "points": 5,
    "rubric_html": "<p>Full points for a change that can be checked:</p>"
    "<ul><li>what changes</li><li>who sees to it</li></ul>",
}


@pytest.fixture
async def grader(stage: Stage, world: World) -> Stage:
    """Three answers wait, in two courses, and a grader who is no member is offered."""
    asked: Json = {"kind": "quiz", "title": "Your own chapter", "pass_score": 50, "questions": [QUESTION]}
    course = await world.course(tree(lesson("Read this"), asked, title="Hazing prevention"))
    for user, text in ANSWERS.items():
        await world.add_member(
            user, display_name={"ana": "Ana Lindqvist", "cyd": "سارة الأحمد"}.get(user, "Bob Nwosu")
        )
        learner = await Learner.join(world.member(user), course["id"])
        [question] = await learner.questions("Your own chapter")
        sent = await learner.send("Your own chapter", [{"question_id": question["id"], "text": text}])
        assert sent.status_code == 200, sent.text
    stage.offers("noor", "Noor Haddad", "grader", role="grader")
    return stage


async def graded(world: World, user: str) -> tuple[float | None, str | None]:
    """The points and the feedback that a learner now sees."""
    member = world.member(user)
    [enrollment] = (await member.ok("GET", "/api/users/enrollments/"))["items"]
    modules = await member.ok("GET", f"/api/courses/{enrollment['course_id']}/modules/")
    quiz = await member.ok("GET", f"/api/quizzes/{modules['items'][0]['items'][1]['id']}/")
    attempt = await member.ok("GET", f"/api/attempts/{quiz['attempts'][0]['attempt_id']}/")
    [response] = attempt["responses"]
    return response["points_awarded"], response["feedback"]


async def held(world: World) -> set[str]:
    """Whose answers are held by a grader."""
    page = await world.admin.ok("GET", "/api/learning/grading/pending/")
    return {one["learner"]["user_id"] for one in page["items"] if one["claimed_by"]}


@pytest.mark.timeout(120)
async def test_a_grader_empties_the_queue_on_a_telephone(grader: Stage, world: World) -> None:
    noor = grader.person(PHONE)
    await noor.opens()
    await noor.chooses("N Noor")
    await noor.sees_heading("Queue")
    await noor.sees("3 answers wait")
    await noor.looks_at_it("grading-queue")
    await noor.chooses("Grade the next one")
    await noor.sees_heading("Ana Lindqvist")
    await noor.sees("Full points for a change that can be checked")
    assert await held(world) == {"ana"}
    await noor.chooses("Give grade, next")
    await noor.sees("A number from 0 to 5.")
    await noor.chooses("4")
    await noor.types("Well thought.\n\nWho sees to it?", "textarea")
    await noor.looks_at_it("grading-answer")
    here = await noor.tab.evaluate("location.pathname")
    await noor.opens(here)
    await noor.sees_heading("Ana Lindqvist")
    assert (
        await noor.tab.evaluate("document.querySelector('textarea').value")
        == "Well thought.\n\nWho sees to it?"
    )
    await noor.chooses("Give grade, next")
    await noor.sees_heading("Bob Nwosu")
    await noor.sees("4 of 5 points given")
    assert await graded(world, "ana") == (4, "<p>Well thought.</p><p>Who sees to it?</p>")
    await noor.chooses("Skip")
    await noor.sees_heading("سارة الأحمد")
    assert await held(world) == {"cyd"}
    await noor.chooses("Give back")
    await noor.sees("2 answers wait")
    assert await held(world) == set()
    await noor.chooses("Grade the next one")
    await noor.sees_heading("Bob Nwosu")
    await noor.chooses("0")
    await noor.chooses("Give grade, next")
    await noor.sees_heading("سارة الأحمد")
    await noor.types("2,5", "input[inputmode=decimal]")
    await noor.chooses("Give grade, next")
    await noor.sees("Nothing waits")
    await noor.looks_at_it("grading-queue-empty")
    assert await graded(world, "cyd") == (2.5, None)
    await _corrects(noor, world)
    assert not noor.faults, "\n".join(noor.faults)


async def _corrects(noor: Person, world: World) -> None:
    await noor.chooses("History")
    await noor.sees_heading("History")
    await noor.sees("4 of 5")
    await noor.looks_at_it("grading-history")
    await noor.chooses("Correct")
    await noor.sees("Correct the grade")
    await noor.chooses("5", "dialog button")
    await noor.looks_at_it("grading-correction")
    await noor.chooses("Save")
    await noor.sees("Corrected: 5 of 5 points")
    assert await graded(world, "cyd") == (5, None)


@pytest.mark.timeout(120)
async def test_a_grader_works_by_keyboard_alone_at_a_desk(grader: Stage, world: World) -> None:
    noor = grader.person(DESK)
    await noor.opens()
    await noor.goes_by_key("N Noor")
    await noor.sees("3 answers wait")
    await noor.looks_at_it("grading-queue")
    await noor.goes_by_key("Grade the next one")
    await noor.sees_heading("Ana Lindqvist")
    await noor.presses("?")
    await noor.sees("Keys of this screen")
    await noor.looks_at_it("grading-keys")
    await noor.presses("Escape")
    await noor.presses("3")
    await noor.presses("Escape")
    await noor.presses("c")
    await noor.tab.call("Input.insertText", text="Who sees to it?")
    await noor.looks_at_it("grading-answer")
    await noor.presses("Enter", control=True)
    await noor.sees_heading("Bob Nwosu")
    assert await graded(world, "ana") == (3, "<p>Who sees to it?</p>")
    await noor.presses("n")
    await noor.sees_heading("سارة الأحمد")
    await noor.presses("f")
    await noor.presses("Enter", control=True)
    await noor.sees_heading("Bob Nwosu")
    assert await graded(world, "cyd") == (5, None)
    await noor.presses("b")
    await noor.sees("1 answer waits")
    assert await held(world) == set()
    await noor.goes_by_key("What will your chapter change")
    await noor.sees_heading("Bob Nwosu")
    await noor.goes_by_key("Keys")
    await noor.sees("Use single keys")
    await noor.goes_by_key("Use single keys", " ")
    await noor.presses("Escape")
    await noor.presses("b")
    await noor.presses("0")
    assert await noor.tab.evaluate("document.querySelector('[inputmode=decimal]').value") == ""
    await noor.reaches("Points, 0 to 5")
    await noor.presses("1")
    await noor.goes_by_key("Give grade, next")
    await noor.sees("Nothing waits")
    await noor.goes_by_key("History")
    await noor.sees("1 of 5")
    assert await graded(world, "bob") == (1, None)
    assert not noor.faults, "\n".join(noor.faults)


@pytest.mark.timeout(60)
async def test_what_another_grader_holds_or_has_graded_is_said(grader: Stage, world: World) -> None:
    noor = grader.person(PHONE)
    other = world.call_as("otto", "grader")
    await noor.opens()
    await noor.chooses("N Noor")
    await noor.sees("3 answers wait")
    first, *rest = (await other.ok("GET", "/api/learning/grading/pending/"))["items"]
    path = "/api/learning/grading"
    await other.ok("POST", f"{path}/{first['response_id']}/claim/", {})
    await noor.opens(f"/app/grading/{first['response_id']}")
    await noor.sees("Another grader holds this answer.")
    await noor.chooses("Grade the next one")
    await noor.sees_heading("Bob Nwosu")
    await world.admin.ok("DELETE", f"{path}/{rest[0]['response_id']}/claim/")
    await other.ok("POST", f"{path}/{rest[0]['response_id']}/", {"points": 1})
    await noor.chooses("4")
    await noor.chooses("Give grade, next")
    await noor.sees("This answer has been graded meanwhile.")
    assert await graded(world, "bob") == (1, None)
    await noor.opens("/app/grading")
    await noor.sees("Held by another grader")
    # The browser notes every refusal by itself.
    assert all("409" in error for error in grader.tab.errors)
    grader.tab.errors.clear()

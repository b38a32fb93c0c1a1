"""Which waiting answers still decide something."""

from tests.kit.quiz_taker import QuizTaker, essay, quiz, quiz_taker, tree
from tests.kit.world import Json, World, choice

QUEUE = "/api/learning/grading/"
TEXT = {"text": "Because it harms."}
RIGHT, WRONG = {"texts": ["right"]}, {"texts": ["wrong"]}


async def decides(world: World) -> list[bool]:
    """What the queue says of each answer, oldest first."""
    return [item["decides"] for item in (await world.admin.ok("GET", f"{QUEUE}pending/"))["items"]]


async def other_quiz(who: QuizTaker, n: int) -> QuizTaker:
    """The same learner at the n-th item."""
    modules = await who.call.ok("GET", f"/api/courses/{who.course['id']}/modules/")
    item = modules["items"][0]["items"][n]
    path = f"/api/quizzes/{item['id']}/"
    return QuizTaker(who.world, who.course, who.learner, path, item["id"], who.enrollment_id)


async def test_an_undecided_attempt_decides_nothing_once_another_has_passed(world: World) -> None:
    ana = await quiz_taker(
        world, tree(quiz(choice(points=5), essay(), max_attempts=None), quiz(choice(), title="Other"))
    )
    await ana.answer(RIGHT, TEXT)
    assert await decides(world) == [True]
    await ana.answer(RIGHT, {"text": "Better."})
    [first, second] = (await world.admin.ok("GET", f"{QUEUE}pending/"))["items"]
    await world.admin.ok("POST", f"{QUEUE}{second['response_id']}/", {"points": 5})
    assert await ana.status() == "in_progress"
    assert await decides(world) == [False]
    del first


async def test_nothing_is_decided_in_an_enrollment_that_has_ended(world: World) -> None:
    """Failed elsewhere, and completed by another attempt: grades change marks alone."""
    ana = await quiz_taker(world, tree(quiz(essay()), quiz(choice(), max_attempts=1, title="Other")))
    await ana.answer(TEXT)
    assert await decides(world) == [True]
    other = await other_quiz(ana, 1)
    await other.answer(WRONG)
    assert await ana.status() == "failed"
    assert await decides(world) == [False]
    bob = await quiz_taker(
        world, tree(quiz(choice(points=5), essay(), max_attempts=None, pass_score=60)), "bob"
    )
    await bob.answer(WRONG, TEXT)
    assert (await decides(world))[1:] == [False]
    await bob.answer(RIGHT, TEXT)
    assert (await decides(world))[1:] == [False, True]
    [*_, last] = (await world.admin.ok("GET", f"{QUEUE}pending/"))["items"]
    await world.admin.ok("POST", f"{QUEUE}{last['response_id']}/", {"points": 5})
    assert await bob.status() == "completed"
    assert await decides(world) == [False, False]


async def test_thirds_do_not_seem_to_raise_the_best(world: World) -> None:
    """What an attempt can come to is compared exactly with the best."""
    thirds: Json = {
        "type": "multi_select",
        "prompt_html": "<p>Which?</p>",
        "points": 1,
        "scoring": "right_minus_wrong",
        "answers": [{"text": f"r{n}", "is_correct": True} for n in range(3)],
    }
    first = quiz(thirds, choice(points=1), essay(points=1), pass_score=40, max_attempts=None)
    ana = await quiz_taker(world, tree(first, quiz(choice(), title="Other"), pass_score=95))
    await ana.answer({"texts": ["r0"]}, RIGHT, TEXT)
    [item] = (await world.admin.ok("GET", f"{QUEUE}pending/"))["items"]
    await world.admin.ok("POST", f"{QUEUE}{item['response_id']}/", {"points": 1})
    await ana.answer({"texts": ["r0"]}, RIGHT, TEXT)
    assert await decides(world) == [False]


async def test_an_essay_worth_nothing_blocks_nobody(world: World) -> None:
    ana = await quiz_taker(world, tree(quiz(choice(), essay(points=0)), pass_score=80))
    done = await ana.answer(RIGHT, TEXT)
    assert (done["passed"], done["completion"]["score"], await ana.status()) == (True, 100, "completed")
    assert await decides(world) == [False]
    [item] = (await world.admin.ok("GET", f"{QUEUE}pending/"))["items"]
    graded = await world.admin.ok("POST", f"{QUEUE}{item['response_id']}/", {"points": 0})
    assert (graded["attempt"]["status"], graded["attempt"]["score"]) == ("graded", 100)
    bob = await quiz_taker(world, tree(quiz(choice(), essay(points=0), max_attempts=1), pass_score=80), "bob")
    failed = await bob.answer(WRONG, TEXT)
    assert (failed["passed"], failed["enrollment"]["status"]) == (False, "failed")


async def test_an_essay_worth_nothing_is_not_waited_for(world: World) -> None:
    """A quiz that is passed but for an essay of no points, and another that is still to be taken."""
    ana = await quiz_taker(world, tree(quiz(choice(), essay(points=0)), quiz(choice(), title="Other")))
    await ana.answer(RIGHT, TEXT)
    [mine] = (await ana.call.ok("GET", "/api/users/enrollments/"))["items"]
    assert (mine["awaiting_review"], mine["status"]) == (False, "in_progress")
    other = await other_quiz(ana, 1)
    assert (await other.answer(RIGHT))["completion"]["score"] == 100

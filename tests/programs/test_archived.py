"""Programs whose courses are archived: nobody stands still at a course that they can no longer enter."""

from tests.kit.learner import Learner, quiz, tree
from tests.kit.programs import PROGRAMS, complete, course, own, published, statuses
from tests.kit.world import World


async def archive(world: World, course_id: str, *, back: bool = False) -> None:
    await world.admin.ok("POST", f"/api/courses/{course_id}/{'unarchive' if back else 'archive'}/")


async def test_a_step_does_not_ask_for_an_archived_course(world: World) -> None:
    one, two, three = [await course(world, title) for title in ("One", "Two", "Three")]
    made = await published(world, *[{"courses": [each]} for each in (one, two, three)], ordered=True)
    await world.member().ok("POST", f"{PROGRAMS}{made}/enroll/")
    await archive(world, two)
    await complete(world, one)
    assert await statuses(world) == {one: "completed", three: "assigned"}
    seen = await own(world)
    assert (seen["percent"], [step["done"] for step in seen["steps"]]) == (50, [True, True, False])
    await complete(world, three)
    seen = await own(world)
    assert (seen["status"], seen["percent"], seen["certificate_id"] is None) == ("completed", 100, False)


async def test_who_enters_later_begins_with_what_is_open(world: World) -> None:
    one, two = await course(world, "One"), await course(world, "Two")
    made = await published(world, {"courses": [one]}, {"courses": [two]}, ordered=True)
    await archive(world, one)
    await world.member().ok("POST", f"{PROGRAMS}{made}/enroll/")
    assert await statuses(world) == {two: "assigned"}
    assert [step["open"] for step in (await own(world))["steps"]] == [False, True]
    await archive(world, one, back=True)
    await complete(world, two)
    assert await statuses(world) == {one: "assigned", two: "completed"}, "opened again, it is asked for"
    await complete(world, one)
    assert (await own(world))["status"] == "completed"


async def test_who_is_inside_goes_on(world: World) -> None:
    one, two = await course(world, "One"), await course(world, "Two")
    made = await published(world, {"courses": [one, two]})
    await world.member().ok("POST", f"{PROGRAMS}{made}/enroll/")
    await archive(world, one)
    await complete(world, two)
    seen = await own(world)
    assert (seen["status"], seen["percent"]) == ("in_progress", 50)
    await complete(world, one)
    assert (await own(world))["status"] == "completed"


async def test_whoever_failed_an_archived_course_may_still_be_let_go_on(world: World) -> None:
    one = (await world.course(tree(quiz(max_attempts=1), title="One")))["id"]
    two = await course(world, "Two")
    made = await published(world, {"courses": [one]}, {"courses": [two]})
    await world.member().ok("POST", f"{PROGRAMS}{made}/enroll/")
    learner = await Learner.join(world.member(), one, enroll=False)
    await learner.submit(correct=0)
    await archive(world, one)
    await complete(world, two)
    assert (await own(world))["status"] == "in_progress"


async def test_of_a_step_that_needs_some_the_open_ones_are_asked_for(world: World) -> None:
    one, two, three = [await course(world, title) for title in ("One", "Two", "Three")]
    made = await published(world, {"courses": [one, two, three], "need": 2})
    await archive(world, one)
    await archive(world, two)
    await world.member().ok("POST", f"{PROGRAMS}{made}/enroll/")
    assert await statuses(world) == {three: "assigned"}
    assert (await own(world))["percent"] == 0
    await complete(world, three)
    assert (await own(world))["status"] == "completed"


async def test_a_program_of_archived_courses_alone_is_done_by_nobody(world: World) -> None:
    one = await course(world, "One")
    made = await published(world, {"courses": [one]}, linked_compliance_requirement="hazing")
    await archive(world, one)
    await world.member().ok("POST", f"{PROGRAMS}{made}/enroll/")
    seen = await own(world)
    assert (seen["status"], seen["percent"], seen["certificate_id"]) == ("in_progress", 0, None)
    [status] = (await world.member().ok("GET", "/api/users/compliance/"))["items"]
    assert status["status"] == "pending"

"""A learner who is invited to a new version of a course moves there by a button."""

import pytest
from tests.kit.moving import course_tree, edited, enters, publishes, reads, view_of
from tests.kit.world import World
from tests.web.conftest import Stage, each_width

BUTTONS = "[...document.querySelectorAll('main button')].filter((e) => e.innerText === 'Move to it').length"


@pytest.mark.timeout(120)
@each_width
async def test_who_is_invited_moves_and_is_not_asked_again(stage: Stage, world: World, width: int) -> None:
    course = await world.course(course_tree())
    ana = await enters(world, course)
    await reads(ana, course, "What it is")
    tree = await edited(world, course)
    tree["modules"][0]["items"][2]["body_html"] = "<p>Act otherwise.</p>"
    await publishes(world, course, tree, open_enrollments="invite")
    await world.run_jobs()
    stage.offers("ana", "Ana Lindqvist")
    learner = stage.person(width)
    await learner.opens("/app/notifications")
    await learner.chooses("A Ana")
    await learner.sees("A course has a new version: you may move to it, or finish yours")
    await learner.sees("Move to it")
    await learner.looks_at_it("invited")
    assert (await view_of(ana, course))["version"] == 1
    await learner.chooses("Move to it")
    await learner.sees("You are on the new version now")
    await learner.waits_for(f"{BUTTONS} === 0", "the button is still there")
    moved = await view_of(ana, course)
    assert moved["version"] == 2
    await learner.opens("/app/notifications")
    await learner.sees("A course has a new version")
    await learner.goes(f"/app/courses/{course['id']}")
    await learner.sees("What to do")
    await learner.goes("/app/notifications")
    await learner.sees("A course has a new version")
    assert await learner.tab.evaluate(BUTTONS) == 0
    assert not learner.faults, "\n".join(learner.faults)

"""An author sees what a move to a new version would keep, and moves those who are under way."""

import pytest
from tests.kit.clerk import Clerk
from tests.kit.moving import course_tree, edited, enters, publishes, reads, takes, view_of
from tests.kit.world import World
from tests.web.conftest import Stage, each_width


@pytest.mark.timeout(120)
@each_width
async def test_those_under_way_are_moved(stage: Stage, world: World, width: int) -> None:
    course = await world.course(course_tree())
    ana = await enters(world, course)
    await reads(ana, course, "What it is", "What to do")
    await takes(ana, course)
    tree = await edited(world, course)
    tree["modules"][0]["items"][2]["body_html"] = "<p>Act otherwise.</p>"
    await publishes(world, course, tree)
    stage.offers("boss", "Margaret Okonkwo", "national_admin", role="administrator")
    author = stage.person(width)
    await author.opens(f"/app/author/{course['id']}/versions/2/move")
    await author.chooses("M Margaret")
    await author.sees("Nothing has changed yet.")
    figures = (
        "Object.fromEntries([...document.querySelectorAll('.figure')].map((e) => e.innerText.split('\\n')))"
    )
    told = await author.tab.evaluate(figures)
    assert (told["Would move"], told["Items they keep"], told["Completed by that"]) == ("1", "2", "0")
    await author.sees("What to do")
    await author.looks_at_it("move-forecast")
    await author.chooses("Move them")
    await author.sees("Enrollments are being moved.")
    await world.run_jobs()
    await author.sees("It is done.")
    await author.looks_at_it("move-done")
    assert (await view_of(ana, course))["version"] == 2
    await _publishes_and_moves(author, world, course["id"])
    assert (await view_of(ana, course))["version"] == 3
    assert not author.faults, "\n".join(author.faults)


async def _publishes_and_moves(author: Clerk, world: World, course: str) -> None:
    path = f"/api/courses/{course}"
    tree = await world.admin.ok("GET", f"{path}/draft/")
    tree["title"] = "The third"
    await world.admin.ok("PUT", f"{path}/draft/", tree, headers={"If-Match": "*"})
    await author.opens(f"/app/author/{course}/publish")
    await author.sees("What changes")
    await author.picks("Those under way", "Move to the new version")
    await author.looks_at_it("publish-moves")
    await author.chooses("Publish", ".button.primary, button.primary")
    await author.sees("Enrollments are being moved.")
    await world.run_jobs()
    await author.sees("It is done.")

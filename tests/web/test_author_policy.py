"""An author sets a course's policy beside its versions, names its graders, and deletes one that came to nothing."""

import pytest
from tests.kit.learner import lesson, tree
from tests.kit.world import World
from tests.web.conftest import Stage, each_width


@pytest.mark.timeout(120)
@each_width
async def test_policy_graders_and_the_end_of_a_course(stage: Stage, world: World, width: int) -> None:
    course = await world.course(tree(lesson("Read this"), title="Hazing prevention"), publish=False)
    before = await world.course(tree(lesson(), title="Read me first"))
    path = f"/api/courses/{course['id']}/"
    stage.offers("boss", "Margaret Okonkwo", "national_admin", role="administrator")
    author = stage.person(width)
    await author.opens(f"/app/author/{course['id']}")
    await author.chooses("M Margaret")
    await author.chooses("Settings")
    await author.sees("No one was named for this course")
    await author.fills("Category in the catalogue", "Safety")
    await author.picks("A completion counts for", "Two years")
    await author.picks("Requirement that it meets", "Hazing")
    await author.picks("Order of lessons and quizzes", "One after the other")
    await author.chooses("Read me first")
    await author.chooses("Members may take it by themselves")
    await author.chooses("Also for earlier completions")
    await author.chooses("Save")
    await author.sees("Saved")
    stored = await world.admin.ok("GET", path)
    assert [stored["category"], stored["recertification_cadence"]] == ["Safety", "P2Y"]
    assert [stored["linked_compliance_requirement"], stored["self_enrollment"]] == ["hazing", False]
    assert [stored["sequence"], stored["prerequisites"]] == ["ordered", [before["id"]]]
    await author.fills("Who may grade it", "noor")
    await author.chooses("Add")
    await author.sees("Since")
    assert (await world.admin.ok("GET", f"{path}graders/"))["items"][0]["user_id"] == "noor"
    await author.looks_at_it("author-policy")
    await author.chooses("Remove")
    await author.sees("No one was named for this course")
    await author.chooses("Delete the course")
    await author.sees("Delete “Hazing prevention”?")
    await author.looks_at_it("author-deletion")
    await author.chooses("Delete the course", "dialog button")
    await author.waits_for(
        "!document.body.innerText.includes('Hazing prevention')", "the course is still listed"
    )
    assert (await world.admin("GET", path)).status_code == 404
    assert not author.faults, "\n".join(author.faults)

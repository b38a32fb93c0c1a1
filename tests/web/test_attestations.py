"""An attestation in a real browser: its author writes it, a learner signs it."""

import pytest
from tests.kit.screens import Person
from tests.kit.world import World
from tests.web.conftest import DESK, Stage, each_width

PART = ".author-part"


@pytest.mark.timeout(240)
@each_width
async def test_what_an_author_writes_a_learner_signs(stage: Stage, world: World, width: int) -> None:
    await world.add_member("ana", display_name="Ana Exemplar")
    made = await world.admin.ok("POST", "/api/courses/", {"title": "Code of conduct", "scope": "national"})
    stage.offers("boss", "Margaret Okonkwo", "national_admin", role="administrator")
    author = stage.person(DESK)
    await author.opens(f"/app/author/{made['id']}")
    await author.chooses("M Margaret")
    await author.sees_heading("Code of conduct")
    await author.chooses("Add a module")
    await author.fills("Title of the module", "Promise")
    await author.chooses("Add an attestation")
    await author.fills("Title", "The promise")
    await author.types("I will keep the code.", f"{PART} .rich [contenteditable]")
    await author.sees("All is saved")
    await author.looks_at_it("author-attestation")
    await world.admin.ok("POST", f"/api/courses/{made['id']}/publish/")
    assert not author.faults, "\n".join(author.faults)
    await stage.tab.clean(stage.site.address)
    stage.offers("ana", "Ana Exemplar")
    await _signs(stage.person(width), str(made["id"]))
    [mine] = (await world.member().ok("GET", "/api/users/export/"))["enrollments"]
    assert [(one["typed_name"], mine["status"]) for one in mine["attestations"]] == [
        ("Ana Exemplar", "completed")
    ]


async def _signs(ana: Person, course: str) -> None:
    await ana.opens(f"/app/courses/{course}")
    await ana.chooses("A Ana")
    await ana.chooses("Take this course")
    await ana.chooses("Begin")
    await ana.sees_heading("The promise")
    await ana.sees("I will keep the code.")
    await ana.looks_at_it("attestation")
    await ana.types("Ana Exemplar", "input[autocomplete=name]")
    await ana.chooses("Sign", "form button")
    await ana.sees("Signed on")
    await ana.looks_at_it("attestation-signed")
    assert not ana.faults, "\n".join(ana.faults)

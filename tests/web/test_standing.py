"""Evidence and exemptions in a real browser: what a member shows, and what an administrator decides and grants."""

from pathlib import Path

import pytest
from tests.kit import documents as files
from tests.kit.clerk import Clerk
from tests.kit.world import World
from tests.web.conftest import Stage, each_width

NAME = "Anaïs Lindqvist"


@pytest.fixture
async def people(stage: Stage, world: World) -> Stage:
    """A member who must meet a requirement, and an administrator."""
    await world.add_member("ana", display_name=NAME)
    await world.course(linked_compliance_requirement="hazing")
    stage.offers("ana", NAME)
    stage.offers("boss", "Margaret Okonkwo", "national_admin", role="administrator")
    return stage


async def _is_now(stage: Stage, width: int, who: str, path: str) -> Clerk:
    """Whoever sits down before the window next, at a screen."""
    await stage.tab.clean(stage.site.address)
    person = stage.person(width)
    await person.opens(path)
    await person.chooses(who)
    return person


async def _status(world: World) -> list[str]:
    listed = await world.member().ok("GET", "/api/users/compliance/")
    return [one["status"] for one in listed["items"]]


@pytest.mark.timeout(240)
@each_width
async def test_evidence_with_a_document_is_decided(
    people: Stage, world: World, width: int, tmp_path: Path
) -> None:
    proof = tmp_path / "transcript.pdf"
    proof.write_bytes(files.pdf(1))
    ana = await _is_now(people, width, "A Ana", "/app/requirements")
    await ana.chooses("Send evidence")
    await ana.fills("Done on", "2026-05-04")
    await ana.fills("What was done", "The same course at my last college")
    await ana.hands_over("A file that shows it", proof)
    await ana.sees("transcript.pdf")
    await ana.looks_at_it("evidence-send")
    await ana.chooses("Send evidence", "dialog button")
    await ana.sees("Your evidence is sent")
    await ana.sees("Waits for a decision")
    await ana.looks_at_it("evidence-sent")
    assert await _status(world) == ["not_started"]
    boss = await _is_now(people, width, "M Margaret", "/app/administer/evidence")
    await boss.sees("The same course at my last college")
    await boss.looks_at_it("evidence-queue")
    await boss.chooses("Approve", ".row-actions button")
    await boss.sees("It counts from now on.")
    await boss.chooses("Approve", "dialog button")
    await boss.sees("Something is not right yet.")
    await boss.fills("Reason", "Seen the original")
    await boss.looks_at_it("evidence-approve")
    await boss.chooses("Approve", "dialog button")
    await boss.sees("The evidence is approved")
    await boss.sees("Nothing waits for a decision")
    assert await _status(world) == ["complete"]
    assert [error for error in people.tab.errors if "422" not in error] == []
    people.tab.errors.clear()
    told = await _is_now(people, width, "A Ana", "/app/requirements")
    await told.sees("Approved")
    await told.sees("Reason: Seen the original")
    await told.looks_at_it("evidence-approved")
    faults = ana.faults + boss.faults + told.faults
    assert not faults, "\n".join(faults)


@pytest.mark.timeout(240)
@each_width
async def test_an_exemption_is_granted_seen_and_ended(
    people: Stage, world: World, width: int, tmp_path: Path
) -> None:
    letter = tmp_path / "letter.pdf"
    letter.write_bytes(files.pdf(1))
    boss = await _is_now(people, width, "M Margaret", "/app/administer/exemptions")
    await boss.sees("No one is exempt")
    await boss.chooses("Exempt a person")
    await boss.fills("Find a person", "lindq")
    await boss.picks("Person", NAME)
    await boss.picks("Exempt from", "Hazing")
    await boss.hands_over("A file that shows it", letter)
    await boss.sees("letter.pdf")
    await boss.fills("Reason", "On leave, abroad")
    await boss.looks_at_it("exemption-grant")
    await boss.chooses("Exempt a person", "dialog button")
    await boss.sees("The person is exempt")
    await boss.sees("On leave, abroad")
    await boss.looks_at_it("exemptions")
    await boss.picks("Status", "Ended by their day")
    await boss.sees("No one is exempt")
    await boss.picks("Status", "In force")
    await boss.sees("On leave, abroad")
    assert await _status(world) == ["exempt"]
    ana = await _is_now(people, width, "A Ana", "/app/requirements")
    await ana.sees("Exempt")
    await ana.looks_at_it("requirements-exempt")
    boss_again = await _is_now(people, width, "M Margaret", "/app/administer/exemptions")
    await boss_again.chooses("End", ".row-actions button")
    await boss_again.sees("From now on it counts no more.")
    await boss_again.looks_at_it("exemption-end")
    await boss_again.chooses("End", "dialog button")
    await boss_again.sees("The exemption has ended")
    await boss_again.sees("No one is exempt")
    assert await _status(world) == ["not_started"]
    faults = boss.faults + ana.faults + boss_again.faults
    assert not faults, "\n".join(faults)

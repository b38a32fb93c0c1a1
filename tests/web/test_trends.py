"""An administrator sees how compliance went and who lapses next, and grants a person more time."""

from datetime import UTC, datetime, timedelta

import pytest
from tests.kit.earned import POLICY
from tests.kit.learner import lesson, tree
from tests.kit.world import World
from tests.web.conftest import Stage, each_width

ROWS = "document.querySelectorAll('.table tbody tr').length"


async def _completes(world: World, course_id: str, user: str, days_ago: int) -> None:
    """Have somebody completed the course on a day, as an import tells."""
    day = (datetime.now(UTC) - timedelta(days=days_ago)).date().isoformat()
    await world.add_member(user, display_name=user.title())
    rows = f"user_id,course_id,completed_on\n{user},{course_id},{day}\n".encode()
    address = "/api/imports/?kind=completions"
    await world.admin.ok("POST", address, files={"file": ("rows.csv", rows, "text/csv")})


@pytest.mark.timeout(120)
@each_width
async def test_history_and_forecast_lead_to_names(stage: Stage, world: World, width: int) -> None:
    course = await world.course(tree(lesson(), title="Hazing prevention"), **POLICY)
    for user, days in (("ana", 400), ("ben", 340), ("cleo", 300)):
        await _completes(world, course["id"], user, days)
    stage.offers("boss", "Margaret Okonkwo", "national_admin", role="administrator")
    boss = stage.person(width)
    await boss.opens("/app/administer/trends")
    await boss.chooses("M Margaret")
    await boss.waits_for("document.querySelector('.line-chart canvas')", "no chart is drawn")
    await boss.sees("Ben")
    await boss.looks_at_it("administrator-trends")
    # Ana has lapsed, and both others lapse within 90 days: one column each.
    assert await boss.tab.evaluate(ROWS.replace(".table", "section:last-of-type .table")) == 2
    assert await boss.tab.evaluate("document.querySelectorAll('.columns button:not(:disabled)').length") == 2
    await boss.chooses("1", ".columns button")
    await boss.sees("All weeks")
    assert "Cleo" not in await boss.tab.evaluate("document.querySelector('section:last-of-type').innerText")
    await boss.picks("Chapter", "north 1")
    await boss.chooses("Who is missing")
    await boss.sees_heading("north 1")
    await boss.chooses("Over time, and who lapses next")
    await boss.sees_heading("Trends")
    assert not boss.faults, "\n".join(boss.faults)


@pytest.mark.timeout(120)
@each_width
async def test_accommodations_are_granted_changed_and_ended(stage: Stage, world: World, width: int) -> None:
    await world.add_member("ana", display_name="Ana Lindqvist")
    address = "/api/directory/members/ana/accommodations/"
    stage.offers("boss", "Margaret Okonkwo", "national_admin", role="administrator")
    boss = stage.person(width)
    await boss.opens("/app/administer/members/ana")
    await boss.chooses("M Margaret")
    await boss.chooses("See what was granted")
    await boss.sees("None were granted.")
    await boss.chooses("Grant accommodations")
    await boss.fills("Times as long", "7")
    await boss.fills("Reason", "Dyslexia, papers seen")
    await boss.chooses("Save", "dialog button")
    await boss.waits_for("document.querySelector('dialog [aria-invalid]')", "7 times as long is not refused")
    await boss.looks_at_it("administrator-accommodations")
    await boss.fills("Times as long", "1.5")
    await boss.fills("Further attempts", "2")
    await boss.chooses("Save", "dialog button")
    await boss.sees("Dyslexia, papers seen")
    stored = await world.admin.ok("GET", address)
    assert (stored["time_multiplier"], stored["extra_attempts"]) == (1.5, 2)
    await boss.looks_at_it("administrator-member-accommodations")
    await boss.chooses("End them")
    await boss.sees("None were granted.")
    assert (await world.admin("GET", address)).status_code == 404
    assert not boss.faults, "\n".join(boss.faults)
    stage.tab.errors[:] = [one for one in stage.tab.errors if "404" not in one and "422" not in one]

"""The editor of rules: what a rule assigns, when, whom it reaches, until when, and what becomes of who leaves."""

import pytest
from tests.kit.clerk import Clerk
from tests.kit.learner import lesson, tree
from tests.kit.programs import PROGRAMS, course, program
from tests.kit.world import World
from tests.web.conftest import Stage, each_width

RULES = "/api/assignment-rules/"


@pytest.mark.timeout(150)
@each_width
async def test_rules_of_programs_by_a_members_own_day_and_each_year(
    stage: Stage, world: World, width: int
) -> None:
    await world.add_member("ana", display_name="Ana Lindqvist", custom_fields={"initiation": "2031-03-01"})
    await world.add_member("cyd", chapter="s1", status="new_member", display_name="Cyd Okafor")
    await world.course(tree(lesson(), title="Fire safety"))
    made = await world.admin.ok("POST", PROGRAMS, program(await course(world), title="First year"))
    await world.admin.ok("POST", f"{PROGRAMS}{made['id']}/publish/")
    stage.offers("boss", "Margaret Okonkwo", "national_admin", role="administrator")
    boss = stage.person(width)
    await boss.opens("/app/administer/rules/new")
    await boss.chooses("M Margaret")
    await _makes_one_of_a_program(boss, world, made["id"])
    await _changes_it_to_a_course_each_year(boss, world)
    await _finds_it_in_the_trail(boss)
    assert not boss.faults, "\n".join(boss.faults)


async def _makes_one_of_a_program(boss: Clerk, world: World, program_id: str) -> None:
    await boss.chooses("A program")
    await boss.picks("Program", "First year")
    await boss.chooses("new member")
    await boss.chooses("By a day that each member has")
    await boss.picks("The member’s field", "initiation")
    await boss.fills("Days after that day", "-14")
    await boss.picks("Who no longer matches", "has no due time until they match again")
    await boss.looks_at_it("rule-program")
    await boss.chooses("Save and see whom it reaches")
    await boss.sees_heading("First year")
    await boss.sees("Due 14 days before “initiation”")
    await boss.sees("Whom a run reaches now")
    await boss.sees("Cyd Okafor")
    await boss.sees("Run now: assign 1")
    [stored] = (await world.admin.ok("GET", RULES))["items"]
    assert (stored["program_id"], stored["course_id"]) == (program_id, None)
    assert stored["audience_filter"] == {"status": ["new_member"]}
    assert (stored["due_from"], stored["due_in_days"]) == ({"field": "initiation", "days": -14}, None)
    assert (stored["on_leaving"], stored["repeat"]) == ("pause", None)


async def _changes_it_to_a_course_each_year(boss: Clerk, world: World) -> None:
    await boss.chooses("A course")
    await boss.picks("Course", "Fire safety")
    await boss.chooses("On a day")
    await boss.fills("Runs at the start of", "2031-09-01")
    await boss.chooses("Again each year")
    await boss.chooses("A number of days after the assignment")
    await boss.fills("Days", "21")
    await boss.picks("Who no longer matches", "is withdrawn until they match again")
    await boss.chooses("Save")
    await boss.sees_heading("Fire safety")
    await boss.sees("Each year, next on Sep 1, 2031 · Due 21 days after")
    await boss.looks_at_it("rule-yearly")
    [stored] = (await world.admin.ok("GET", RULES))["items"]
    assert stored["program_id"] is None
    assert (stored["trigger"], stored["scheduled_on"], stored["repeat"]) == (
        "scheduled_date",
        "2031-09-01",
        "yearly",
    )
    assert (stored["due_from"], stored["due_in_days"], stored["on_leaving"]) == (None, 21, "withdraw")
    await boss.goes("/app/administer/rules")
    await boss.sees("Each year, next on Sep 1, 2031")
    await boss.looks_at_it("rules")


async def _finds_it_in_the_trail(boss: Clerk) -> None:
    await boss.goes("/app/administer/audit?action=assignment_rule.updated")
    await boss.sees("Rule: updated")
    await boss.sees("Margaret Okonkwo")
    await boss.looks_at_it("audit")
    await boss.fills("Concerns", "lindq")
    await boss.chooses("Ana Lindqvist", ".chips button")
    await boss.sees("Nothing found")
    await boss.sees("Ana Lindqvist")
    await boss.looks_at_it("audit-of-one")

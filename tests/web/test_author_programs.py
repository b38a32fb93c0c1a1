"""An author makes a program of courses, publishes it and assigns it; a member has it then."""

from datetime import UTC, datetime, timedelta

import pytest
from tests.kit.evidence import decide, send_in
from tests.kit.learner import lesson, tree
from tests.kit.programs import PROGRAMS, complete, course, program, published
from tests.kit.world import World
from tests.web.conftest import DESK, Stage, each_width

from learning_service.worker.jobs.completions import open_recertifications

FIRST_STEP, SECOND_STEP = (f".program-step:nth-of-type({n}) label" for n in (1, 2))


@pytest.mark.timeout(120)
@each_width
async def test_a_program_from_its_steps_to_a_member(stage: Stage, world: World, width: int) -> None:
    for title in ("Hazing prevention", "Treasurers", "Secretaries"):
        await world.course(tree(lesson(), title=title))
    stage.offers("boss", "Margaret Okonkwo", "national_admin", role="administrator")
    author = stage.person(width)
    await author.opens("/app/author/programs")
    await author.chooses("M Margaret")
    await author.sees("No program yet")
    await author.looks_at_it("author-programs-empty")
    await author.chooses("New program")
    await author.fills("Title", "Officers' first year")
    await author.chooses("Hazing prevention", FIRST_STEP)
    await author.chooses("Add a step")
    # A course stands in one step only: the second step does not offer what the first one has.
    await author.chooses("Treasurers", SECOND_STEP)
    assert "Hazing" not in await author.tab.evaluate(
        "document.querySelectorAll('.program-step')[1].innerText"
    )
    await author.chooses("Secretaries", SECOND_STEP)
    await author.picks("To complete the step", "1 of 2")
    await author.fills("Days until it is due", "60")
    await author.picks("A completion of the program counts for", "One year")
    await author.looks_at_it("author-program-new")
    await author.chooses("Make the program")
    await author.sees("Nobody sees it before you publish it.")
    await author.chooses("Publish")
    await author.sees("Version 1 is open now")
    await author.looks_at_it("author-program")
    [made] = (await world.admin.ok("GET", "/api/programs/"))["items"]
    assert [one["need"] for one in made["steps"]] == ["all", 1]
    assert (made["ordered"], made["due_in_days"], made["published_version"]) == (True, 60, 1)
    assert made["recertification_cadence"] == "P1Y"
    await author.chooses("Move up: Step 2")
    await author.chooses("Save")
    await author.sees("Members see the published version until you publish the draft.")
    await author.chooses("Assign to members")
    await author.looks_at_it("author-program-assign")
    await author.chooses("Assign", "dialog button")
    await author.sees("Assigned to 5 members")
    [assigned] = (await world.member().ok("GET", "/api/users/programs/"))["items"]
    assert assigned["title"] == "Officers' first year"
    assert not author.faults, "\n".join(author.faults)


@pytest.mark.timeout(60)
async def test_a_member_takes_a_program_by_themselves(stage: Stage, world: World) -> None:
    courses = [await course(world, title) for title in ("Hazing prevention", "Treasurers")]
    made = await world.admin.ok("POST", PROGRAMS, program(*courses, ordered=True))
    await world.admin.ok("POST", f"{PROGRAMS}{made['id']}/publish/")
    stage.offers("ana", "Ana Lindqvist")
    ana = stage.person(DESK)
    await ana.opens("/app/courses")
    await ana.chooses("A Ana")
    await ana.sees("2 steps")
    await ana.looks_at_it("catalogue-programs")
    await ana.chooses("Take this program")
    await ana.waits_for(
        "!document.body.innerText.includes('Take this program')", "the program is still offered"
    )
    [own] = (await world.member().ok("GET", "/api/users/programs/"))["items"]
    assert own["program_id"] == made["id"]
    await ana.goes("/app/")
    await ana.sees("Opens after the step before")
    assert not ana.faults, "\n".join(ana.faults)


@pytest.mark.timeout(120)
@each_width
async def test_a_member_sees_until_when_a_program_counts_and_its_renewal(
    stage: Stage, world: World, width: int
) -> None:
    one = await course(world, "Hazing prevention")
    made = await published(world, {"courses": [one]}, recertification_cadence="P40D", title="Officers")
    await world.member().ok("POST", f"{PROGRAMS}{made}/enroll/")
    await complete(world, one)
    stage.offers("ana", "Ana Lindqvist")
    ana = stage.person(width)
    await ana.opens("/app/")
    await ana.chooses("A Ana")
    await ana.sees("Its renewal opens on")
    await ana.looks_at_it("home-program-held")
    await open_recertifications(world.worker, datetime.now(UTC) + timedelta(days=25))
    await ana.opens("/app/")
    await ana.sees("Renewal")
    await ana.looks_at_it("home-program-renewal")
    assert not ana.faults, "\n".join(ana.faults)


@pytest.mark.timeout(120)
@each_width
async def test_a_member_sees_what_need_not_be_done_in_a_program(
    stage: Stage, world: World, width: int
) -> None:
    elsewhere = await course(world, "Hazing prevention", linked_compliance_requirement="hazing")
    excused, left = await course(world, "Treasurers"), await course(world, "Secretaries")
    steps = [{"courses": [elsewhere, excused]}, {"courses": [left]}]
    made = await published(world, *steps, ordered=True, title="Officers")
    await decide(world, await send_in(world))
    exemption = {"user_id": "ana", "course_id": excused, "reason": "A judge"}
    await world.admin.ok("POST", "/api/exemptions/", exemption)
    await world.run_jobs()
    await world.member().ok("POST", f"{PROGRAMS}{made}/enroll/")
    stage.offers("ana", "Ana Lindqvist")
    ana = stage.person(width)
    await ana.opens("/app/")
    await ana.chooses("A Ana")
    await ana.sees("Shown by evidence")
    await ana.sees("You need not do this: exempt")
    text = "document.querySelector('.program-steps .step div').textContent"
    assert await ana.tab.evaluate(text) == "Hazing prevention Shown by evidence"
    await ana.looks_at_it("home-program-excused")
    done = "[...document.querySelectorAll('.program-steps .step.done a')].map((one) => one.innerText)"
    assert await ana.tab.evaluate(done) == ["Hazing prevention", "Treasurers"]
    assert (
        await ana.tab.evaluate("document.querySelectorAll('.program-steps .step:not(.done) a').length") == 1
    )
    await ana.chooses("Secretaries", ".program-steps a")
    await ana.sees_heading("Secretaries")
    assert not ana.faults, "\n".join(ana.faults)


@pytest.mark.timeout(150)
@each_width
async def test_a_program_from_its_making_to_a_learners_certificate(
    stage: Stage, world: World, width: int
) -> None:
    for title in ("Hazing prevention", "Treasurers"):
        await course(world, title)
    await world.add_member("ana", display_name="Ana Lindqvist")
    stage.offers("boss", "Margaret Okonkwo", "national_admin", role="administrator")
    stage.offers("ana", "Ana Lindqvist")
    author = stage.person(width)
    await author.opens("/app/author/programs/new")
    await author.chooses("M Margaret")
    await author.fills("Title", "First year")
    await author.chooses("Hazing prevention", FIRST_STEP)
    await author.chooses("Add a step")
    await author.chooses("Treasurers", SECOND_STEP)
    await author.chooses("Make the program")
    await author.sees("Nobody sees it before you publish it.")
    await author.chooses("Publish")
    await author.sees("Version 1 is open now")
    await stage.tab.clean(stage.site.address)
    ana = stage.person(width)
    await ana.opens("/app/courses")
    await ana.chooses("A Ana")
    await ana.chooses("Take this program")
    await ana.goes("/app/")
    for title in ("Hazing prevention", "Treasurers"):
        await ana.chooses(title, ".program-steps a")
        await ana.sees_heading(title)
        await ana.chooses("Begin")
        await ana.chooses("Done")
        await ana.sees("Completed on")
        await ana.goes("/app/")
        await ana.looks_at_it(f"program-after-{title.split()[0].lower()}")
    await world.run_jobs()
    await ana.goes("/app/certificates")
    await ana.sees("First year")
    await ana.looks_at_it("program-certificate")
    [own] = (await world.member().ok("GET", "/api/users/programs/"))["items"]
    assert (own["status"], own["percent"]) == ("completed", 100)
    assert own["certificate_id"]
    assert not author.faults + ana.faults, "\n".join(author.faults + ana.faults)

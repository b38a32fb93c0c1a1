"""An administrator's and a chapter officer's story in a real browser: who is missing, and what is done about it.

`WEB_PICTURES=some/directory` keeps a picture of every screen. The application has to be built: `make web`.
"""

from collections.abc import Iterable

import pytest
from tests.kit.clerk import Clerk
from tests.kit.earned import earn
from tests.kit.grading import grade, waiting
from tests.kit.quiz_taker import essay, quiz, quiz_taker, tree
from tests.kit.world import World
from tests.web.conftest import Stage

PHONE, DESK = 360, 1440
BOSS, OFFICER = "Margaret Okonkwo", "Seán Ó Briain"
SCREENS = {
    "/app/administer": "By chapter",
    "/app/administer/chapters/n1": "Ana",
    "/app/administer/members": "Bob",
    "/app/administer/members/ana": "Assign a course",
    "/app/administer/enrollments": "enrollments",
    "/app/administer/requirements": "All active members",
    "/app/administer/rules": "New rule",
    "/app/administer/rules/new": "Whom it means",
    "/app/administer/reports": "By week",
    "/app/administer/certificates": "Revoked",
    "/app/administer/audit": "Certificate: revoked",
    "/app/administer/organization": "Brand",
    "/app/administer/webhooks": "Deliveries",
}
"""Every screen of an administrator by its address, and a word that stands there when it is complete."""
SEEN = (
    "/app/administer",
    "/app/administer/chapters/n1",
    "/app/administer/rules/new",
    "/app/administer/enrollments",
)
"""What the story at the desk has looked at already."""


@pytest.mark.timeout(240)
async def test_an_administrator_sees_who_is_missing_and_does_something_about_it(
    stage: Stage, world: World, thorough: bool
) -> None:
    earned = await earn(world, "ana")
    stage.offers("boss", BOSS, "national_admin", role="administrator")
    boss = stage.person(DESK)
    await _assigns_to_a_chapter(boss)
    await _makes_a_rule_and_runs_it(boss, world)
    await _extends_and_withdraws(boss)
    await _changes_many_at_once(boss, world)
    await _revokes(boss, earned.id, world)
    await _sets_the_brand(boss, world)
    await _adds_a_webhook(boss)
    await _decides_on_a_pass(boss, world)
    phone = stage.person(PHONE)
    if thorough:
        await _looks(boss, [path for path in SCREENS if path not in SEEN])
        await phone.opens("/app/administer")
        await _looks(phone, SCREENS)
    assert not boss.faults + phone.faults, "\n".join(boss.faults + phone.faults)
    # The one refusal is the revocation without a reason.
    assert len(stage.tab.errors) == 1
    assert "422" in stage.tab.errors.pop()


async def _assigns_to_a_chapter(boss: Clerk) -> None:
    await boss.opens()
    await boss.chooses("M Margaret")
    await boss.chooses("Administer")
    await boss.sees("Who has met what is required")
    await boss.sees("1 of 5")
    await boss.looks_at_it("overview")
    await boss.chooses("north 1")
    await boss.sees_heading("north 1")
    await boss.sees("Bob")
    await boss.chooses("Assign to 1")
    await boss.sees("They get a mail")
    await boss.chooses("Assign to 1", "dialog button")
    await boss.sees("1 assigned")
    await boss.chooses("Under way")
    await boss.chooses("Extend for 1")
    await boss.fills("Due at the end of", "2031-05-06")
    await boss.chooses("Extend for 1", "dialog button")
    await boss.sees("May 6, 2031")
    await boss.looks_at_it("chapter")


async def _makes_a_rule_and_runs_it(boss: Clerk, world: World) -> None:
    await boss.chooses("Rules")
    await boss.sees("There is no rule yet")
    await boss.chooses("New rule")
    await boss.picks("Course", "Hazing prevention")
    await boss.chooses("Only when I run it")
    await boss.chooses("South")
    await boss.looks_at_it("rule-new")
    await boss.chooses("Save and see whom it reaches")
    await boss.sees("Whom a run reaches now")
    await boss.sees("Dan")
    await boss.sees("Eve")
    await boss.chooses("Run now: assign 2")
    await boss.sees("The run has started")
    await world.run_jobs()
    await boss.sees("2 assigned")
    await boss.sees("A run would assign no one now.")
    await boss.looks_at_it("rule-run")


async def _extends_and_withdraws(boss: Clerk) -> None:
    await boss.chooses("Enrollments")
    await boss.sees("4 enrollments")
    await boss.fills("Find by person or course", "dan")
    await boss.sees("1 enrollment")
    await boss.picks("Status", "Assigned")
    await boss.looks_at_it("enrollments")
    await boss.chooses("Dan")
    await boss.sees("Assigned by a rule")
    await boss.chooses("Withdraw")
    await boss.fills("Reason", "Left the chapter")
    await boss.chooses("Withdraw", "dialog button")
    await boss.sees("“Left the chapter”")
    await boss.looks_at_it("enrollment")
    await boss.chooses("Enrollments")
    await boss.sees("3 enrollments")


async def _changes_many_at_once(boss: Clerk, world: World) -> None:
    await boss.fills("Find by person or course", "")
    await boss.sees("For all 3 found:")
    await boss.chooses("Choose all", ".pick input")
    await boss.sees("For the 3 chosen:")
    await boss.chooses("Extend")
    await boss.fills("Due at the end of", "2032-07-08")
    await boss.fills("Reason", "Exams")
    await boss.chooses("Extend", "dialog button")
    await boss.sees("2 changed, 1 left as they are")
    await boss.sees("Completed already")
    await boss.looks_at_it("bulk-result")
    await boss.chooses("Close", "dialog button")
    await boss.sees("Jul 8, 2032")
    await boss.chooses("Remind")
    await boss.sees("Remind 3 people?")
    await boss.chooses("Remind", "dialog button")
    await boss.sees("2 changed, 1 left as they are")
    await boss.chooses("Close", "dialog button")
    listed = await world.admin.ok("GET", "/api/enrollments/?sort=due_at")
    assert [one["due_at"][:7] for one in listed["items"] if one["status"] != "completed"] == ["2032-07"] * 2


async def _decides_on_a_pass(boss: Clerk, world: World) -> None:
    cyd = await quiz_taker(world, tree(quiz(essay(points=10), pass_score=60, max_attempts=1)), "cyd")
    await cyd.answer({"text": "Because it harms."})
    path = await waiting(world)
    for points in (10, 2):
        await grade(world.admin, path, points)
    await boss.opens("/app/administer")
    await boss.sees("Passes in doubt")
    await boss.sees("Cyd")
    await boss.looks_at_it("lost-passes")
    await boss.chooses("Keep the pass")
    await boss.fills("Reason", "It was right")
    await boss.chooses("Keep the pass", "dialog button")
    await boss.sees("The pass is kept")
    assert (await world.admin.ok("GET", "/api/learning/grading/lost-passes/"))["items"] == []


async def _revokes(boss: Clerk, certificate_id: str, world: World) -> None:
    await boss.chooses("Certificates")
    await boss.fills("Find a person", "ana")
    await boss.chooses("Ana", ".chips button")
    await boss.chooses("Revoke")
    await boss.sees("Revoke the certificate of Ana in Hazing prevention?")
    await boss.chooses("Revoke", "dialog button")
    await boss.sees("Something is not right yet.")
    await boss.fills("Reason", "Someone else sat it")
    await boss.looks_at_it("revoke")
    await boss.chooses("Revoke", "dialog button")
    await boss.sees("The certificate is revoked")
    await boss.sees("Revoked")
    answer = await world.http.get(f"/api/certificates/{certificate_id}/verify/")
    assert answer.json()["status"] == "revoked"


async def _sets_the_brand(boss: Clerk, world: World) -> None:
    await boss.chooses("Organization")
    await boss.fills("Colour", "#7a1f3d")
    await boss.fills("Name under the certificate", "Dr. Ada Ruiz")
    await boss.fills("Second name under the certificate", "Prof. Li Bo")
    await boss.fills("Office under the second name", "Chair of education")
    await boss.chooses("Certificates tell the score", ".choice")
    await boss.looks_at_it("brand")
    await boss.sees("Not saved yet")
    await boss.chooses("Save")
    await boss.sees("Saved")
    stored = await world.admin.ok("GET", "/api/organization/")
    assert (stored["primary_color"], stored["signatory_name"]) == ("#7a1f3d", "Dr. Ada Ruiz")
    assert (stored["second_signatory_name"], stored["second_signatory_title"]) == (
        "Prof. Li Bo",
        "Chair of education",
    )
    assert stored["score_on_certificates"] is True


async def _adds_a_webhook(boss: Clerk) -> None:
    await boss.chooses("Webhooks")
    await boss.sees("There is no webhook yet")
    await boss.chooses("New webhook")
    await boss.fills("Address", "http://127.0.0.1:9/hook")
    await boss.chooses("Make")
    await boss.sees("whsec_")
    await boss.looks_at_it("webhook-secret")
    await boss.chooses("Done")
    await boss.sees("http://127.0.0.1:9/hook")


async def _looks(boss: Clerk, paths: Iterable[str]) -> None:
    for path in paths:
        await boss.goes(path)
        await boss.sees(SCREENS[path])
        await boss.looks_at_it("admin" + path.removeprefix("/app/administer").replace("/", "-"))


@pytest.mark.timeout(120)
async def test_an_officer_sees_their_own_chapter_and_what_is_theirs_to_do(stage: Stage, world: World) -> None:
    await earn(world, "cyd")
    stage.offers("sean", OFFICER, "chapter_admin:n1", role="officer")
    officer = stage.person(PHONE)
    await officer.opens()
    await officer.chooses("S Seán")
    await officer.sees("0 of 2")
    await officer.looks_at_it("officer")
    places = await stage.tab.evaluate(
        "[...document.querySelectorAll('nav.places a')].map((one) => one.getAttribute('href'))"
    )
    assert "/app/administer/members" in places
    for closed in ("audit", "rules", "certificates", "organization", "webhooks"):
        assert f"/app/administer/{closed}" not in places
    await officer.opens("/app/administer/members")
    await officer.sees("Bob")
    assert "Cyd" not in await stage.tab.evaluate("document.body.innerText")
    await officer.opens("/app/administer/members/cyd")
    await officer.sees("There is nothing here")
    await officer.opens("/app/administer/audit")
    await officer.sees("not change it")
    stage.tab.errors.clear()
    assert not officer.faults, "\n".join(officer.faults)

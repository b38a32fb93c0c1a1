"""An attestation in a real browser: its author writes it, a learner signs it, an administrator sees who did."""

import pytest
from tests.kit.attestations import oath, sign
from tests.kit.clerk import Clerk
from tests.kit.direct import Database
from tests.kit.learner import Learner, lesson, tree
from tests.kit.screens import Person
from tests.kit.world import World
from tests.web.conftest import DESK, Stage, each_width

PART = ".author-part"
SCREEN = "/app/administer/signatures"
ROWS = "document.querySelectorAll('.table tbody tr').length"
OLDER = """
INSERT INTO attestation_signatures
    (organization_id, enrollment_id, key, text_hash, user_id, course_id, typed_name, signed_at)
SELECT organization_id, enrollment_id, key, md5(n::text), user_id, course_id, 'Earlier ' || n,
    signed_at - n * interval '1 day'
FROM attestation_signatures, generate_series(1, 50) n WHERE organization_id = $1 AND user_id = 'dan'
"""
KEEP = "window.kept = []; URL.createObjectURL = (file) => { window.kept.push(file); return 'data:,'; }; 1"


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


@pytest.mark.timeout(240)
@each_width
async def test_administrators_see_who_signed_which_text(
    stage: Stage, world: World, database: Database, width: int
) -> None:
    ana = await Learner.enter(world, tree(lesson(), oath(), title="Code of conduct"))
    await sign(ana, "Ana M. Exemplar")
    await _changes_the_text(world, ana.course)
    await sign(await Learner.join(world.member("dan"), ana.course), "Dan D. Example")
    await database(OLDER, world.id)
    stage.offers("boss", "Margaret Okonkwo", "national_admin", role="administrator")
    boss = stage.person(width)
    await boss.opens(SCREEN)
    await boss.chooses("M Margaret")
    await boss.sees("Dan D. Example")
    await boss.looks_at_it("administrator-signatures")
    assert await boss.tab.evaluate(ROWS) == 50
    await boss.chooses("Show more")
    await boss.waits_for(f"{ROWS} === 52", "not all 52 signatures are shown")
    await boss.picks("Chapter", "north 1")
    await boss.waits_for(f"{ROWS} === 1", "other chapters' signatures are shown")
    await boss.sees("Ana M. Exemplar")
    await boss.picks("Text", "Still the same")
    await boss.sees("No signatures found")
    await boss.picks("Text", "Has changed since")
    await boss.waits_for(f"{ROWS} === 1", "what was signed under a text that changed is not shown")
    await boss.picks("Course", "Code of conduct")
    await boss.looks_at_it("administrator-signatures-found")
    await boss.tab.evaluate(KEEP)
    await boss.chooses("Save as CSV")
    await boss.waits_for("window.kept.length === 1", "no CSV is saved")
    saved = await boss.tab.evaluate("window.kept[0].text()")
    assert [line.count("Ana M. Exemplar") for line in saved.splitlines()] == [0, 1]
    await boss.chooses("Save for Excel")
    await boss.waits_for("window.kept.length === 2", "no workbook is saved")
    assert (await boss.tab.evaluate("window.kept[1].text()")).startswith("PK")
    await boss.chooses("Code of conduct", "td a")
    await boss.sees_heading("Code of conduct")
    assert not boss.faults, "\n".join(boss.faults)


async def _changes_the_text(world: World, course: str) -> None:
    draft = f"/api/courses/{course}/draft/"
    shown = await world.admin("GET", draft)
    content = shown.json()
    content["modules"][0]["items"][1] |= {"text_html": "<p>I will keep the new code.</p>"}
    await world.admin.ok("PUT", draft, content, headers={"If-Match": shown.headers["ETag"]})
    await world.admin.ok("POST", f"/api/courses/{course}/publish/")


@pytest.mark.timeout(120)
async def test_an_officer_sees_the_signatures_of_their_chapter(stage: Stage, world: World) -> None:
    ana = await Learner.enter(world, tree(lesson(), oath()))
    await sign(ana, "Ana M. Exemplar")
    await sign(await Learner.join(world.member("dan"), ana.course), "Dan D. Example")
    stage.offers("sean", "Seán Okafor", "chapter_admin:n1", role="officer")
    officer: Clerk = stage.person(DESK)
    await officer.opens("/app/administer")
    await officer.chooses("S Seán")
    await officer.chooses("Signatures", "nav a")
    await officer.sees_heading("Signatures")
    await officer.sees("Ana M. Exemplar")
    assert await stage.tab.evaluate(ROWS) == 1
    assert not officer.faults, "\n".join(officer.faults)

"""An author's story in a real browser: from sign-in to a published course with an uploaded deck.

`WEB_PICTURES=some/directory` keeps a picture of every screen. The application has to be built: `make web`.
"""

import shutil
from pathlib import Path

import pytest
from tests.kit import documents as files
from tests.kit.clerk import Clerk
from tests.kit.sending import convert_all
from tests.kit.world import Json, World
from tests.web.conftest import Stage

from learning_service.adapters.office import find_office

PHONE, DESK = 360, 1440
PART = ".author-part"


@pytest.mark.timeout(240)
async def test_an_author_gets_from_sign_in_to_a_published_course_with_a_deck(
    stage: Stage, world: World, tmp_path: Path, thorough: bool
) -> None:
    stage.offers("boss", "Margaret Okonkwo", "national_admin", role="administrator")
    author = stage.person(DESK)
    course = await _begins(author, world)
    await _writes_a_lesson_with_a_deck(author, world, tmp_path)
    await _asks_questions(author)
    await _is_told_what_is_missing(author)
    await _publishes(author, world, course)
    await _keeps_both_works(stage, author, world, course)
    await _retires(author, world, course)
    phone = stage.person(PHONE)
    if thorough:
        await _looks(phone, course)
    assert not author.faults + phone.faults, "\n".join(author.faults + phone.faults)


async def _begins(author: Clerk, world: World) -> str:
    await author.opens()
    await author.chooses("M Margaret")
    await author.chooses("Author")
    await author.sees("No course found")
    await author.chooses("New course")
    await author.fills("Title", "Fire safety")
    await author.chooses("Begin", "dialog button")
    await author.sees_heading("Fire safety")
    [course] = (await world.admin.ok("GET", "/api/courses/"))["items"]
    return str(course["id"])


async def _writes_a_lesson_with_a_deck(author: Clerk, world: World, folder: Path) -> None:
    await author.chooses("Add a module")
    await author.fills("Title of the module", "At home")
    await author.chooses("Add a quiz")
    await author.fills("Title", "Check yourself")
    await author.chooses("Add a lesson")
    await author.fills("Title", "Smoke alarms")
    await author.chooses("Move up: Smoke alarms", ".steps-of button")
    await author.types("Test them every month.", f"{PART} .rich [contenteditable]")
    can_convert = find_office() is not None and shutil.which("bwrap") is not None
    deck = folder / ("alarms.pptx" if can_convert else "alarms.pdf")
    deck.write_bytes(files.pptx(slides=2) if can_convert else files.pdf(2))
    await author.hands_over("Slides or a PDF", deck)
    await author.sees(deck.name)
    await author.sees("Being converted")
    await (convert_all(world) if can_convert else world.run_jobs())
    await author.sees("2 pages")
    await author.sees("All is saved")
    await author.looks_at_it("author-lesson")


async def _asks_questions(author: Clerk) -> None:
    await author.chooses("Check yourself")
    for number, (kind, prompt) in enumerate(
        (
            ("One right choice", "How often?"),
            ("Several right choices", "Where?"),
            ("True or false", "Smoke rises."),
            ("Short answer", "The number to call?"),
            ("Free text, read by a grader", "What will you change?"),
        )
    ):
        await author.picks("Kind of question", kind)
        await author.chooses("Add a question")
        await author.sees(f"{number + 1}. New question")
        await author.types(prompt, ".question .rich [contenteditable]")
        await author.sees(f"{number + 1}. {prompt}")
        if "choice" in kind:
            await author.types("Every month", ".choice-row input[type=text]")
            await author.types("Never", ".choice-row:nth-of-type(2) input[type=text]")
        if kind == "Short answer":
            await author.fills("Accepted answers", "911\n112")
    await author.sees("All is saved")
    await author.looks_at_it("author-quiz")


async def _is_told_what_is_missing(author: Clerk) -> None:
    await author.chooses("Add a final assessment")
    await author.sees("All is saved")
    await author.chooses("Check and publish")
    await author.sees("This becomes the first version.")
    await author.chooses("Publish")
    await author.sees("This has to be done before it can be published:")
    assert "422" in author.tab.errors.pop()
    await author.looks_at_it("author-refused")
    await author.chooses("Final assessment", "[role=alert] a")
    await author.sees_heading("Fire safety")
    await author.waits_for(
        f"document.querySelector('{PART} input')?.value === 'Final assessment'", "not where the refusal is"
    )
    await author.chooses("Add a question")
    await author.types("Who comes?", ".question .rich [contenteditable]")
    await author.types("The fire brigade", ".choice-row input[type=text]")
    await author.types("No one", ".choice-row:nth-of-type(2) input[type=text]")
    await author.sees("All is saved")


async def _publishes(author: Clerk, world: World, course: str) -> None:
    await author.chooses("Preview")
    await author.sees("Test them every month.")
    await author.sees("The fire brigade")
    await author.looks_at_it("author-preview")
    await author.chooses("Go on editing")
    await author.chooses("Check and publish")
    await author.chooses("Publish")
    await author.sees_heading("It is published")
    await author.looks_at_it("author-published")
    await world.member().ok("POST", f"/api/courses/{course}/enroll/")
    shown = await world.member().ok("GET", f"/api/courses/{course}/modules/")
    [module] = shown["items"]
    lesson, quiz = module["items"]
    assert (lesson["title"], quiz["question_count"]) == ("Smoke alarms", 5)
    assert lesson["body_html"] == "<p>Test them every month.</p>"
    assert lesson["document_url"].endswith("/file/")


async def _keeps_both_works(stage: Stage, author: Clerk, world: World, course: str) -> None:
    await author.chooses("Go on editing")
    await author.chooses("Smoke alarms")
    await author.types("Once more: ", f"{PART} .rich [contenteditable]")
    await author.sees("All is saved")
    path = f"/api/courses/{course}/draft/"
    other = world.call_as("olga", "national_admin")
    await world.add_member("olga", display_name="Olga Other")
    draft = await other("GET", path)
    tree: Json = draft.json()
    tree["modules"][0]["items"][0]["body_html"] = "<p>Olga's words.</p>"
    await other.ok("PUT", path, tree, headers={"If-Match": draft.headers["etag"]})
    await author.types("Mine. ", f"{PART} .rich [contenteditable]")
    await author.sees("Olga Other has changed this draft.")
    assert "412" in stage.tab.errors.pop()
    await author.looks_at_it("author-conflict")
    await author.chooses("Keep both")
    await author.sees("Smoke alarms (mine)")
    # What is open now is the other author's; going on to write does not lose it.
    await author.sees("Olga's words.")
    await author.types("Both. ", f"{PART} .rich [contenteditable]")
    await author.sees("All is saved")
    stored = await other.ok("GET", path)
    texts = [item.get("body_html", "") for item in stored["modules"][0]["items"]]
    assert "Olga's words." in texts[0]
    assert "Both." in texts[0]
    assert "Mine." in texts[1]
    await author.chooses("Check and publish")
    await author.sees("Smoke alarms (mine)")
    await author.looks_at_it("author-diff")


async def _retires(author: Clerk, world: World, course: str) -> None:
    await author.goes(f"/app/author/{course}/versions")
    await author.chooses("Retire")
    await author.sees("Retire this course?")
    await author.chooses("Retire", "dialog button")
    await author.sees("Open again")
    assert (await world.admin.ok("GET", f"/api/courses/{course}/"))["archived"] is True


async def _looks(phone: Clerk, course: str) -> None:
    await phone.opens("/app/author")
    for path, words in (
        ("", "Retired"),
        (f"/{course}", "About the course"),
        (f"/{course}?at=/modules/0/items/0", "Slides or a PDF"),
        (f"/{course}?at=/assessment/questions/0", "Add a choice"),
        (f"/{course}/publish", "What changes"),
        (f"/{course}/versions", "Open again"),
    ):
        await phone.goes(f"/app/author{path}")
        await phone.sees(words)
        await phone.looks_at_it(f"author-phone-{len(path)}")

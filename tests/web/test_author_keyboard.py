"""An author's whole story by keyboard alone, and the tree by mouse."""

import json
from pathlib import Path

import pytest
from tests.kit import documents as files
from tests.kit.clerk import Clerk
from tests.kit.learner import lesson, tree
from tests.kit.world import World
from tests.web.conftest import DESK, Stage

pytestmark = [pytest.mark.long, pytest.mark.timeout(240)]
SELECTED = "document.activeElement.selectionEnd - document.activeElement.selectionStart"
IS_TEXT = "document.activeElement?.isContentEditable"
OUTLINE = "[...document.querySelectorAll('.outline .outline-name')].map((e) => e.innerText.trim())"


async def _retitles(author: Clerk, new: str, title: str) -> None:
    """What is new has its title selected: what is typed takes its place."""
    await author.waits_for(f"document.activeElement?.value === {json.dumps(new)}", f"{new!r} has no focus")
    assert await author.tab.evaluate(SELECTED) == len(new)
    await author.tab.call("Input.insertText", text=title)


async def _asks(author: Clerk, prompt: str) -> None:
    await author.goes_by_key("Add a question")
    await author.waits_for(IS_TEXT, "the new question has no focus")
    await author.tab.call("Input.insertText", text=prompt)


async def test_a_course_is_written_and_published_by_keyboard_alone(
    stage: Stage, world: World, tmp_path: Path
) -> None:
    stage.offers("boss", "Margaret Okonkwo", "national_admin", role="administrator")
    author = stage.person(DESK)
    await author.opens()
    await author.goes_by_key("M Margaret")
    await author.goes_by_key("Author")
    await author.goes_by_key("New course")
    await author.reaches("Title")
    await author.tab.call("Input.insertText", text="Fire safety")
    await author.presses("Enter")
    await author.sees_heading("Fire safety")
    await author.goes_by_key("Add a module")
    await _retitles(author, "New module", "At home")
    await author.goes_by_key("Add a lesson")
    await _retitles(author, "New lesson", "Smoke alarms")
    await author.reaches("Text")
    await author.presses("b", control=True)
    await author.tab.call("Input.insertText", text="Test them")
    deck = tmp_path / "alarms.pdf"
    deck.write_bytes(files.pdf(2))
    await author.reaches("Slides or a PDF")
    # The dialog of the system, which Space opens, is no part of the page.
    await author.hands_over("Slides or a PDF", deck)
    await author.sees("Being converted")
    await world.run_jobs()
    await author.sees("2 pages")
    await author.goes_by_key("Add a quiz")
    await _retitles(author, "New quiz", "Check yourself")
    await _asks(author, "Smoke rises.")
    await author.reaches("Kind of question")
    await author.presses("ArrowDown")
    await author.presses("ArrowDown")
    await _asks(author, "Heat falls.")
    await author.reaches("True")
    await author.presses("ArrowDown")
    await author.goes_by_key("1. Smoke rises.")
    await author.reaches("Choice 1 is right")
    await author.presses("Tab")
    await author.tab.call("Input.insertText", text="Yes")
    await author.reaches("Choice 2")
    await author.tab.call("Input.insertText", text="No")
    await author.goes_by_key("Question 2: move up")
    await author.waits_for(
        "document.activeElement.dataset.step?.endsWith(' 0 -1')", "the moved question has lost the focus"
    )
    await author.sees("1. Heat falls.")
    # The quiz goes before the lesson, by the same key twice: the second one is of no effect.
    await author.goes_by_key("Move up: Check yourself")
    await author.waits_for(f"{OUTLINE}[2] === 'Check yourself'", "the quiz has not moved")
    await author.waits_for(
        "document.activeElement.ariaLabel === 'Move up: Check yourself'", "the moved quiz has lost the focus"
    )
    await author.sees("All is saved")
    await author.goes_by_key("Check and publish")
    await author.sees("This becomes the first version.")
    await author.goes_by_key("Publish")
    await author.sees_heading("It is published")
    [course] = (await world.admin.ok("GET", "/api/courses/"))["items"]
    draft = await world.admin.ok("GET", f"/api/courses/{course['id']}/versions/1/")
    quiz, read = draft["modules"][0]["items"]
    assert (draft["title"], quiz["title"], read["title"]) == ("Fire safety", "Check yourself", "Smoke alarms")
    assert read["body_html"] == "<p><strong>Test them</strong></p>"
    assert read["document_url"].startswith("document:")
    first, second = quiz["questions"]
    assert (first["prompt_html"], first["correct"]) == ("<p>Heat falls.</p>", False)
    assert [(one["text"], one["is_correct"]) for one in second["answers"]] == [("Yes", True), ("No", False)]
    assert not author.faults, "\n".join(author.faults)


async def test_lessons_and_modules_are_dragged_to_their_place(stage: Stage, world: World) -> None:
    course = await world.course(
        tree(lesson("First"), lesson("Second"), title="Fire safety")
        | {
            "modules": [
                {"title": "Home", "items": [lesson("First"), lesson("Second")]},
                {"title": "Work", "items": [lesson("Third")]},
            ]
        }
    )
    stage.offers("boss", "Margaret Okonkwo", "national_admin", role="administrator")
    author = stage.person(DESK)
    await author.opens(f"/app/author/{course['id']}")
    await author.chooses("M Margaret")
    await author.sees("Third")
    item = ".outline-part:nth-child({}) .outline-item:nth-child({})"
    for what, onto, wanted in (
        (item.format(1, 1), item.format(2, 1), ["Home", "Second", "Work", "First", "Third"]),
        (
            item.format(2, 1),
            ".outline-part:nth-child(1) .outline-add",
            ["Home", "Second", "First", "Work", "Third"],
        ),
        (
            item.format(1, 1),
            ".outline-part:nth-child(1) .outline-add",
            ["Home", "First", "Second", "Work", "Third"],
        ),
        (
            ".outline-part:nth-child(2) .outline-module",
            ".outline-part:nth-child(1) .outline-module",
            ["Work", "Third", "Home", "First", "Second"],
        ),
    ):
        await author.drags(what, onto)
        told = json.dumps(["About the course", *wanted], separators=(",", ":"))
        await author.waits_for(f"JSON.stringify({OUTLINE}) === {json.dumps(told)}", f"not {wanted}")
        # What was dropped is shown, at its new place.
        await author.waits_for("document.querySelectorAll('.outline .here').length === 1", "nothing is shown")
    await author.sees("All is saved")
    draft = await world.admin.ok("GET", f"/api/courses/{course['id']}/draft/")
    assert [(one["title"], [item["title"] for item in one["items"]]) for one in draft["modules"]] == [
        ("Work", ["Third"]),
        ("Home", ["First", "Second"]),
    ]

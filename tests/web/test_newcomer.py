"""What `make run` starts, met by people who read nothing: a learner gets a certificate, an author a course.

Nobody here calls the service but the browser, by what can be seen and pressed.
"""

import asyncio
import contextlib
import html
import json
import os
import re
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.kit import documents as files
from tests.kit.chromium import Browser
from tests.kit.clerk import Clerk

from learning_devstack.ports import choose

pytestmark = pytest.mark.long
ROOT = Path(__file__).parents[2]
DESK = 1440
PATIENCE_SECONDS = 240
# Under a prefix of its own, so that the commands of this checkout do not take it for the copy that they mean.
START = "import sys; sys.prefix = sys.argv[1]; from learning_devstack.commands.dev import dev; dev()"
HEADING = "document.querySelector('main h1')?.innerText ?? ''"
PROMPTS = "[...document.querySelectorAll('main .question .prose')].map((e) => e.innerText)"


@pytest.fixture(scope="module")
def copy(built_web: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address at which a development copy answers, with its demonstration and its worker."""
    directory, port = tmp_path_factory.mktemp("copy"), choose()
    kept = {name: value for name, value in os.environ.items() if not name.endswith("_URL")}
    own = {"LEARNING_DEV_DIR": str(directory), "PORT": str(port)}
    log = directory.with_suffix(".log")
    with log.open("wb") as written:
        started = subprocess.Popen(
            [sys.executable, "-c", START, str(directory)],
            cwd=ROOT,
            env={**kept, **own},
            stdout=written,
            stderr=subprocess.STDOUT,
        )
    try:
        address, deadline = f"http://127.0.0.1:{port}", time.monotonic() + PATIENCE_SECONDS
        while not _is_ready(address) or "TOKEN=" not in log.read_text():
            assert started.poll() is None, log.read_text()
            assert time.monotonic() < deadline, log.read_text()
            time.sleep(0.5)
        yield address
    finally:
        started.terminate()
        started.wait(60)


def _is_ready(address: str) -> bool:
    with contextlib.suppress(httpx.HTTPError):
        return httpx.get(f"{address}/readyz", timeout=5).is_success
    return False


@pytest.fixture
async def newcomer(copy: str, browser: Browser) -> AsyncIterator[Clerk]:
    """Somebody before the address that was printed."""
    async with browser.tab() as tab:
        person = Clerk(tab, copy, DESK, ["light"])
        await person.opens()
        yield person
        assert not person.faults, "\n".join(person.faults)


def _plain(markup: str) -> str:
    return " ".join(html.unescape(re.sub(r"<[^>]*>", " ", markup)).split())


def _known() -> dict[str, Any]:
    """What somebody who has read the course knows, by the question."""
    course = json.loads((ROOT / "src/learning_devstack/assets/hazing_prevention.json").read_text("utf-8"))
    quizzes = [item for module in course["modules"] for item in module["items"] if "questions" in item]
    asked = [one for quiz in (*quizzes, course["assessment"]) for one in quiz["questions"]]
    return {_plain(one["prompt_html"]): one for one in asked}


async def _answers(person: Clerk, known: dict[str, Any]) -> None:
    """Answer every question on the screen."""
    for number, prompt in enumerate(await person.tab.evaluate(PROMPTS)):
        question = known[_plain(prompt)]
        here = f"document.querySelectorAll('main .question')[{number}]"
        if question["type"] in ("short_answer", "free_form"):
            await person.tab.evaluate(f"{here}.querySelector('input, textarea').focus()")
            text = (question.get("accepted_answers") or ["We end the silence periods."])[0]
            await person.tab.call("Input.insertText", text=text)
            continue
        right = [one["text"] for one in question.get("answers", []) if one["is_correct"]]
        for words in right or [str(question["correct"])]:
            label = f"[...{here}.querySelectorAll('label')].find((e) => e.innerText.trim() === {json.dumps(words)})"
            await person.tab.evaluate(f"{label}.click()")
    await person.sees("All answers are saved")


async def _shows(person: Clerk, before: str) -> str:
    """The name of the screen that comes after another one."""
    await person.waits_for(f"![{json.dumps(before)}, ''].includes({HEADING})", f"still {before!r}")
    heading: str = await person.tab.evaluate(HEADING)
    return heading


async def _is_made(person: Clerk, condition: str) -> None:
    """Wait for what the worker does."""
    for _ in range(240):
        if await person.tab.evaluate(condition):
            return
        await asyncio.sleep(0.5)
    raise AssertionError(await person.tab.evaluate("document.body.innerText"))


async def _goes_through(person: Clerk) -> None:
    """Press what leads on, until the course is completed."""
    known, before, said = _known(), "Welcome, Zoë Castellanos-Nguyễn", ""
    await person.chooses("Begin")
    while "You have completed the course." not in said:
        before = await _shows(person, before)
        if before in ("Passed", "A grader reads your answers"):
            said = await person.tab.evaluate("document.body.innerText")
            if "You have completed the course." not in said:
                await person.chooses("Next: ")
            continue
        await person.waits_for(
            "[...document.querySelectorAll('main button')].some((e) => /^(Done|Start)/.test(e.innerText))",
            f"{before!r} does not lead on",
        )
        if await person.tab.evaluate("document.querySelector('main .facts') === null"):
            await person.chooses("Done")
            continue
        await person.chooses("Start")
        await person.sees("Question 1 of")
        await _answers(person, known)
        await person.chooses("Hand in")
        await person.chooses("Hand in", "dialog button")


@pytest.mark.timeout(600)
async def test_a_learner_gets_from_the_address_to_a_certificate(newcomer: Clerk) -> None:
    await newcomer.chooses("Z Zoë")
    await newcomer.sees("Hazing Prevention")
    await newcomer.looks_at_it("newcomer-home")
    await _goes_through(newcomer)
    await newcomer.looks_at_it("newcomer-completed")
    await newcomer.chooses("See the certificate")
    await newcomer.sees("Hazing Prevention")
    await newcomer.tab.evaluate("window.open = (address) => { window.opened = address; return {}; }; 1")
    await newcomer.chooses("Open PDF")
    await _is_made(newcomer, "Boolean(window.opened)")
    async with httpx.AsyncClient() as http:
        file = await http.get(await newcomer.tab.evaluate("window.opened"))
    assert file.content.startswith(b"%PDF")


@pytest.mark.timeout(400)
async def test_an_author_gets_from_the_address_to_a_published_course_with_a_deck(
    newcomer: Clerk, tmp_path: Path
) -> None:
    deck = tmp_path / "alarms.pdf"
    deck.write_bytes(files.pdf(2))
    await newcomer.chooses("M Margaret")
    await newcomer.chooses("Author")
    await newcomer.chooses("New course")
    await newcomer.fills("Title", "Fire safety")
    await newcomer.chooses("Begin", "dialog button")
    await newcomer.sees_heading("Fire safety")
    await newcomer.chooses("Add a module")
    await newcomer.chooses("Add a lesson")
    await newcomer.fills("Title", "Smoke alarms")
    await newcomer.types("Test them every month.", ".author-part .rich [contenteditable]")
    await newcomer.hands_over("Slides or a PDF", deck)
    await _is_made(newcomer, "document.body.innerText.includes('2 pages')")
    await newcomer.sees("All is saved")
    await newcomer.chooses("Check and publish")
    await newcomer.chooses("Publish")
    await newcomer.sees_heading("It is published")
    await newcomer.looks_at_it("newcomer-published")
    await newcomer.chooses("Learn")
    await newcomer.chooses("Catalogue")
    await newcomer.chooses("Fire safety")
    await newcomer.chooses("Take this course")
    await newcomer.chooses("Begin")
    await newcomer.sees("Test them every month.")
    await newcomer.sees("Open the slides or document")

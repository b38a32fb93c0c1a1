"""A learner goes through a whole course by keyboard alone: every kind of lesson, every kind of question."""

import json

import pytest
from tests.kit import documents as files
from tests.kit.learner import final, lesson, tree
from tests.kit.screens import Person
from tests.kit.sending import send, settled
from tests.kit.world import Json, World, choice
from tests.web.conftest import Stage

DESK = 1440
STEPS = ["Call 911", "Tell the advisor", "Write it down"]
PAIRS = {"Alcohol": "Never a condition", "Silence": "Isolation"}
ORDER = "[...document.querySelectorAll('.ordering-text')].map((e) => e.innerText)"
OPTIONS = "[...document.activeElement.options].map((e) => e.text)"


async def _course(world: World) -> None:
    slides = await settled(world, (await send(world.admin, files.pdf(3), "Fire plan.pdf")).json()["id"])
    picture = await settled(
        world, (await send(world.admin, files.picture(320, 120), "exit.png")).json()["id"]
    )
    shown = f'<p>Where is this?</p><p><img src="document:{picture["id"]}" alt="A green sign"></p>'
    questions: list[Json] = [
        {"type": "true_false", "prompt_html": shown, "correct": True},
        {"type": "numeric", "prompt_html": "<p>How many hours a week?</p>", "answer": 3.5, "tolerance": 0.5},
        {
            "type": "matching",
            "prompt_html": "<p>What is what?</p>",
            "pairs": [{"left": left, "right": right} for left, right in PAIRS.items()],
        },
        {"type": "ordering", "prompt_html": "<p>What first?</p>", "items": STEPS},
    ]
    quiz: Json = {"kind": "quiz", "title": "Check yourself", "pass_score": 100, "questions": questions}
    quiz["feedback"] = "after_submit"
    read = lesson(
        "What counts as hazing",
        document_url=f"document:{slides['id']}",
        image_url=f"document:{picture['id']}",
        video_url="https://youtu.be/dQw4w9WgXcQ",
    )
    timed = final(time_limit_seconds=900) | {"questions": [choice("Last?")]}
    await world.course(tree(read, quiz, assessment=timed, title="Hazing prevention"))


@pytest.mark.long
@pytest.mark.timeout(200)
async def test_a_whole_course_is_taken_by_keyboard_alone(stage: Stage, world: World) -> None:
    await _course(world)
    stage.offers("ana", "Ana Lindqvist")
    ana = stage.person(DESK)
    await ana.opens()
    await ana.goes_by_key("A Ana")
    await ana.goes_by_key("Open the catalogue")
    await ana.reaches("Search courses")
    await ana.tab.call("Input.insertText", text="hazing")
    await ana.goes_by_key("Hazing prevention")
    await ana.goes_by_key("Take this course")
    await ana.goes_by_key("Begin")
    await ana.sees_heading("What counts as hazing")
    await ana.waits_for(
        "document.querySelector('.picture')?.naturalWidth === 320", "the picture is not shown"
    )
    await ana.sees("Play the video here")
    if await ana.tab.evaluate("navigator.pdfViewerEnabled"):
        await ana.waits_for("document.querySelector('iframe.slides')", "the slides are not shown")
    await ana.looks_at_it("lesson-media")
    await ana.goes_by_key("Done, go on")
    await ana.sees_heading("Check yourself")
    await ana.goes_by_key("Start")
    await _answers(ana)
    await ana.sees("All answers are saved")
    await ana.looks_at_it("attempt-parts")
    await ana.goes_by_key("Hand in")
    await ana.sees("All questions are answered.")
    await ana.goes_by_key("Hand in")
    await ana.sees_heading("Passed")
    await ana.sees("2. Tell the advisor")
    await ana.looks_at_it("result-parts")
    await ana.goes_by_key("Next: Final")
    await ana.goes_by_key("Start")
    await ana.sees("Question 1 of 1")
    await ana.goes_by_key("right", " ")
    await ana.sees("All answers are saved")
    await ana.goes_by_key("Hand in")
    await ana.sees("All questions are answered.")
    await ana.goes_by_key("Hand in")
    await ana.sees("You have completed the course.")
    await ana.goes_by_key("See the certificate")
    await ana.sees_heading("Certificates")
    await ana.reaches("Open PDF")
    assert not ana.faults, "\n".join(ana.faults)
    # Chromium's own PDF viewer says this when its page is left.
    stage.tab.errors[:] = [error for error in stage.tab.errors if "postMessage" not in error]


async def _answers(ana: Person) -> None:
    await ana.sees("Question 4 of 4")
    await ana.waits_for("document.querySelector('.question img')?.naturalWidth === 320", "no picture")
    await ana.goes_by_key("True", " ")
    await ana.reaches("Question 2 of 4")
    await ana.tab.call("Input.insertText", text="3.25")
    for left, right in PAIRS.items():
        await ana.reaches(left)
        for _ in range((await ana.tab.evaluate(OPTIONS)).index(right)):
            await ana.presses("ArrowDown")
    for place, step in enumerate(STEPS):
        while (await ana.tab.evaluate(ORDER)).index(step) > place:
            before = await ana.tab.evaluate(ORDER)
            await ana.goes_by_key(f"Move up: {step}")
            await ana.waits_for(
                f"JSON.stringify({ORDER}) !== {json.dumps(json.dumps(before))}", "nothing moved"
            )
    if await ana.tab.evaluate("Boolean(document.querySelector('.keep-order'))"):
        await ana.goes_by_key("This order is right")

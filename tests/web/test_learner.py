"""A learner's whole story in a real browser: from sign-in to the certificate, on a telephone and at a desk.

`WEB_PICTURES=some/directory` keeps a picture of every screen. The application has to be built: `make web`.
"""

import asyncio

import httpx
import pytest
from tests.kit.learner import lesson
from tests.kit.screens import Person
from tests.kit.world import Json, World, choice
from tests.web.conftest import Stage, each_width

from learning_service.api.web_app import WEB_FILES

TREE: Json = {
    "title": "Hazing prevention",
    "description_html": "<p>What hazing is, and what you can do to stop it.</p>",
    "estimated_minutes": 45,
    "pass_score": 80,
    "mastered_skills": [{"skill_id": "hazing-prevention", "name": "Hazing prevention"}],
    "modules": [
        {
            "title": "Know the law",
            "items": [
                lesson(
                    "What counts as hazing",
                    body_html="<p>Three parts of it matter:</p><ol><li>The connection.</li><li>The risk.</li></ol>"
                    '<table><thead><tr><th scope="col">Kind</th><th scope="col">Example</th></tr></thead>'
                    "<tbody><tr><td>Intimidation</td><td>Silence periods</td></tr></tbody></table>",
                ),
                {
                    "kind": "quiz",
                    "title": "Check yourself",
                    "pass_score": 70,
                    "max_attempts": 3,
                    "feedback": "after_submit",
                    "questions": [
                        choice("Which word fits?"),
                        {
                            "type": "true_false",
                            "prompt_html": "<p>A yes is always free.</p>",
                            "correct": False,
                        },
                        {
                            "type": "multi_select",
                            "prompt_html": "<p>Whom do you tell?</p>",
                            "points": 2,
                            "answers": [
                                {"text": "an advisor", "is_correct": True},
                                {"text": "the dean", "is_correct": True},
                                {"text": "no one", "is_correct": False},
                            ],
                        },
                        {
                            "type": "short_answer",
                            "prompt_html": "<p>The number to call?</p>",
                            "accepted_answers": ["911"],
                        },
                    ],
                },
                {
                    "kind": "quiz",
                    "title": "Your own chapter",
                    "pass_score": 50,
                    "required": False,
                    "questions": [
                        {"type": "free_form", "prompt_html": "<p>What will you change?</p>", "points": 5}
                    ],
                },
            ],
        }
    ],
    "assessment": {
        "title": "Final",
        "pass_score": 80,
        "max_attempts": 2,
        "time_limit_seconds": 900,
        "questions": [choice("First?"), choice("Second?")],
    },
}


@pytest.mark.timeout(240)
@each_width
async def test_a_learner_gets_from_sign_in_to_the_certificate(stage: Stage, world: World, width: int) -> None:
    name = "Zoë Castellanos-Nguyễn"
    await world.add_member("ana", display_name=name)
    stage.offers("ana", name)
    await world.course(
        TREE, linked_compliance_requirement="hazing", recertification_cadence="P1Y", category="Safety"
    )
    ana = stage.person(width)
    await _takes_the_course(ana)
    await _answers_the_quizzes(ana)
    await _passes_the_timed_assessment(ana)
    await _has_the_certificate(ana, world)
    await _looks_at_the_rest(ana)
    assert not ana.faults, "\n".join(ana.faults)


async def _takes_the_course(ana: Person) -> None:
    await ana.opens()
    await ana.sees_heading("Sign in")
    await ana.looks_at_it("sign-in")
    await ana.chooses("Z Zoë")
    await ana.sees("Nothing to do right now")
    await ana.looks_at_it("home-empty")
    await ana.chooses("Open the catalogue")
    await ana.types("hazzing", "#q")
    await ana.sees("What hazing is")
    await ana.looks_at_it("catalogue")
    await ana.chooses("Hazing prevention")
    await ana.sees("Take the course to open its lessons.")
    await ana.chooses("Take this course")
    await ana.sees("Next: What counts as hazing")
    await ana.looks_at_it("course")
    await ana.chooses("Begin")
    await ana.sees_heading("What counts as hazing")
    await ana.looks_at_it("lesson")
    await ana.chooses("Done, go on")


async def _answers_the_quizzes(ana: Person) -> None:
    await ana.sees_heading("Check yourself")
    await ana.looks_at_it("quiz")
    await ana.chooses("Start")
    await ana.sees("Question 4 of 4")
    await ana.chooses("right")
    await ana.chooses("False")
    await ana.chooses("an advisor")
    await ana.chooses("the dean")
    await ana.types("911", "input[type=text]")
    await ana.sees("All answers are saved")
    await ana.looks_at_it("attempt")
    await ana.chooses("Hand in")
    await ana.sees("All questions are answered.")
    await ana.looks_at_it("hand-in")
    await ana.chooses("Hand in", "dialog button")
    await ana.sees_heading("Passed")
    await ana.sees("Right · 2 of 2")
    await ana.looks_at_it("result")
    await ana.chooses("Next: Your own chapter")
    await ana.chooses("Start")
    await ana.types("We will end the silence periods.", "textarea")
    await ana.sees("All answers are saved")
    await ana.chooses("Hand in")
    await ana.chooses("Hand in", "dialog button")
    await ana.sees_heading("A grader reads your answers")
    await ana.looks_at_it("result-pending")


async def _passes_the_timed_assessment(ana: Person) -> None:
    await ana.chooses("Next: Final")
    await ana.sees("15 min")
    await ana.chooses("Start")
    await ana.sees("Question 2 of 2")
    await ana.chooses("right")
    await ana.sees("All answers are saved")
    here = await ana.tab.evaluate("location.pathname")
    await ana.opens(here)
    await ana.sees("Question 2 of 2")
    assert await ana.tab.evaluate("document.querySelectorAll('input:checked').length") == 1
    assert await ana.tab.evaluate("/^1[45]:/.test(document.querySelector('[role=timer]').innerText)")
    await ana.looks_at_it("attempt-timed")
    await ana.tab.evaluate("document.querySelectorAll('.question')[1].querySelector('input').click()")
    await ana.sees("All answers are saved")
    await ana.chooses("Hand in")
    await ana.chooses("Hand in", "dialog button")
    await ana.sees("You have completed the course.")


async def _has_the_certificate(ana: Person, world: World) -> None:
    await ana.chooses("See the certificate")
    await ana.sees("Valid until")
    await ana.looks_at_it("certificates")
    await world.run_jobs()
    await ana.tab.evaluate("window.open = (address) => { window.opened = address; return {}; }; 1")
    await ana.chooses("Open PDF")
    await ana.waits_for("Boolean(window.opened)", "no PDF was opened")
    async with httpx.AsyncClient() as http:
        file = await http.get(await ana.tab.evaluate("window.opened"))
    assert file.content.startswith(b"%PDF")
    await ana.tab.evaluate("window.opened = null")
    await ana.chooses("Transcript as PDF")
    while not await ana.tab.evaluate("Boolean(window.opened)"):
        await world.run_jobs()
        await asyncio.sleep(0.5)
    async with httpx.AsyncClient() as http:
        file = await http.get(await ana.tab.evaluate("window.opened"))
    assert file.content.startswith(b"%PDF")


async def _looks_at_the_rest(ana: Person) -> None:
    for path, words, name in (
        ("/app/", "Completed", "home"),
        ("/app/requirements", "Hazing", "requirements"),
        ("/app/notifications", "Mark all as read", "notifications"),
        ("/app/nowhere", "There is nothing here", "nowhere"),
        ("/app/preferences", "Mails", "preferences"),
    ):
        await ana.opens(path)
        await ana.sees(words)
        await ana.looks_at_it(name)
    await ana.tab.evaluate(
        "(() => { const s = document.querySelector('#language');"
        "Object.getOwnPropertyDescriptor(HTMLSelectElement.prototype, 'value').set.call(s, 'fr');"
        "s.dispatchEvent(new Event('change', {bubbles: true})); })()"
    )
    await ana.sees_heading("Préférences")
    assert await ana.tab.evaluate("document.documentElement.lang") == "fr"


def test_the_first_screen_is_small() -> None:
    if not (WEB_FILES / "index.html").is_file():
        pytest.skip("the web application is not built here: make web")
    page = (WEB_FILES / "index.html").read_text("utf-8")
    loaded = [
        file for file in (WEB_FILES / "assets").glob("*.js.gz") if file.name.removesuffix(".gz") in page
    ]
    assert loaded
    assert sum(file.stat().st_size for file in loaded) <= 150_000

"""An author's form has every field of every kind of question, and of a quiz."""

import pytest
from tests.kit.learner import tree
from tests.kit.world import Json, World, choice
from tests.web.conftest import DESK, PHONE, Stage

PAIRS = [{"left": "l", "right": "r"}, {"left": "m", "right": "s"}]
ASKED: list[Json] = [
    choice("Who?"),
    choice("Which?") | {"type": "multi_select"},
    {"type": "short_answer", "prompt_html": "<p>What?</p>", "accepted_answers": ["cafe"]},
    {"type": "numeric", "prompt_html": "<p>How many?</p>", "answer": 40, "tolerance": 1},
    {"type": "matching", "prompt_html": "<p>Whose?</p>", "pairs": PAIRS},
    {"type": "ordering", "prompt_html": "<p>When?</p>", "items": ["one", "two"]},
]


@pytest.mark.long
@pytest.mark.timeout(120)
@pytest.mark.parametrize("width", [PHONE, DESK])
async def test_what_a_question_may_have_is_in_its_form(stage: Stage, world: World, width: int) -> None:
    quiz: Json = {"kind": "quiz", "title": "Check", "pass_score": 80, "questions": ASKED}
    course = await world.course(tree(quiz, title="Fire safety"))
    stage.offers("boss", "Margaret Okonkwo", "national_admin", role="administrator")
    author = stage.person(width)
    await author.opens(f"/app/author/{course['id']}?at=/modules/0/items/0")
    await author.chooses("M Margaret")
    await author.fills("Minutes between attempts", "30")
    await author.chooses("1. Who?")
    await author.chooses("More about choice 2", ".choice-row button")
    await author.types("Not he.", ".choice-more [contenteditable]")
    await author.chooses("Stays last")
    await author.looks_at_it("author-choice")
    await author.chooses("2. Which?")
    await author.picks(
        "Points for a part of the answer", "A share for each right choice, less one for each wrong one"
    )
    await author.chooses("3. What?")
    await author.chooses("Accents do not matter")
    await author.chooses("Points and commas do not matter")
    await author.chooses("4. How many?")
    await author.fills("Off by at most, in %", "5")
    await author.chooses("5. Whose?")
    await author.fills("Right sides that belong to none", "t\n\n u ")
    await author.picks("Points for a part of the answer", "A share for each right part")
    await author.looks_at_it("author-matching")
    await author.chooses("6. When?")
    await author.picks("Points for a part of the answer", "A share for each right part")
    await author.sees("All is saved")
    draft = await world.admin.ok("GET", f"/api/courses/{course['id']}/draft/")
    stored = draft["modules"][0]["items"][0]
    who, which, what, many, whose, when = stored["questions"]
    assert stored["retry_delay_seconds"] == 1800
    assert [(one["feedback_html"], one["pinned"]) for one in who["answers"]] == [
        (None, False),
        ("<p>Not he.</p>", True),
    ]
    assert which["scoring"] == "right_minus_wrong"
    assert (what["ignore_accents"], what["ignore_punctuation"]) == (True, True)
    assert (many["tolerance"], many["tolerance_percent"]) == (None, 5)
    assert (whose["distractors"], whose["scoring"], when["scoring"]) == (["t", "u"], "per_part", "per_part")
    assert not author.faults, "\n".join(author.faults)

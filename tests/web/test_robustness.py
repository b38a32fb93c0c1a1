"""What must not harm a learner: no network, two tabs, a token that ends, a change from elsewhere."""

import asyncio

import pytest
from tests.kit.chromium import CONNECTED
from tests.kit.learner import final, lesson, tree
from tests.kit.screens import Person
from tests.kit.world import Json, World, choice
from tests.web.conftest import Stage

DESK = 1440
CHOICES: list[Json] = [choice("First?"), choice("Second?"), choice("Third?")]
TIMED = final(time_limit_seconds=900, max_attempts=2) | {"questions": CHOICES}
CHECKED = (
    "[...document.querySelectorAll('.question')]"
    ".map((q) => q.querySelector('input:checked')?.parentElement.innerText ?? '')"
)


@pytest.fixture
async def taking(stage: Stage, world: World) -> tuple[Person, str]:
    """Ana, in the middle of a timed assessment, and its address."""
    course = await world.course(tree(lesson("Read this"), assessment=TIMED, title="Hazing prevention"))
    await world.member().ok("POST", f"/api/courses/{course['id']}/enroll/")
    modules = await world.member().ok("GET", f"/api/courses/{course['id']}/modules/")
    stage.offers("ana", "Ana Lindqvist")
    ana = stage.person(DESK)
    await ana.opens(f"/app/courses/{course['id']}/assessments/{modules['assessment']['id']}")
    await ana.chooses("A Ana")
    await ana.chooses("Start")
    await ana.sees("Question 3 of 3")
    return ana, await ana.tab.evaluate("location.pathname")


async def _answers(ana: Person, question: int, words: str) -> None:
    await ana.tab.evaluate(
        f"[...document.querySelectorAll('.question')[{question}].querySelectorAll('label')]"
        f".find((e) => e.innerText === {words!r}).click()"
    )


async def _network(ana: Person, there: bool) -> None:
    await ana.tab.call("Network.emulateNetworkConditions", **{**CONNECTED, "offline": not there})


async def _saved(world: World, path: str) -> int:
    """How many answers the service has."""
    attempt = await world.member().ok("GET", f"/api/attempts/{path.rsplit('/', 1)[1]}/")
    return sum(1 for one in attempt["responses"] if one["answer_ids"])


def _refusals(stage: Stage, *words: str) -> None:
    """The browser notes each refusal by itself; no other note is allowed."""
    others = [error for error in stage.tab.errors if not any(word in error for word in words)]
    assert others == []
    stage.tab.errors.clear()


@pytest.mark.timeout(120)
@pytest.mark.parametrize("seconds", [3, pytest.param(30, marks=pytest.mark.long)])
async def test_a_network_cut_in_a_timed_assessment_loses_nothing(
    stage: Stage, world: World, taking: tuple[Person, str], seconds: int
) -> None:
    ana, path = taking
    await _answers(ana, 0, "right")
    await ana.sees("All answers are saved")
    await _network(ana, there=False)
    await _answers(ana, 1, "right")
    await ana.sees("Not saved yet: no connection.")
    await ana.sees("No connection. You can go on")
    await ana.looks_at_it("attempt-offline")
    await asyncio.sleep(seconds)
    await _answers(ana, 2, "right")
    assert await _saved(world, path) == 1
    await ana.chooses("Hand in")
    await ana.chooses("Hand in", "dialog button")
    await ana.sees("Your answers are handed in as soon as it is back")
    await _network(ana, there=True)
    await ana.sees_heading("Passed")
    await ana.sees("100 %")
    assert not ana.faults, "\n".join(ana.faults)
    _refusals(stage, "ERR_INTERNET_DISCONNECTED")


@pytest.mark.timeout(90)
async def test_two_tabs_of_one_attempt_go_together(
    stage: Stage, world: World, taking: tuple[Person, str]
) -> None:
    ana, path = taking
    async with stage.browser.tab(stage.tab.context) as second:
        other = stage.person(DESK, second)
        await other.opens(path)
        await other.chooses("A Ana")
        await other.sees("Question 3 of 3")
        await _answers(ana, 0, "right")
        await ana.sees("All answers are saved")
        await other.waits_for(
            f"{CHECKED}[0] === 'right'", "the second tab does not show the first one's answer"
        )
        await _answers(other, 1, "wrong")
        await ana.waits_for(
            f"{CHECKED}[1] === 'wrong'", "the first tab does not show the second one's answer"
        )
        await _answers(ana, 1, "right")
        await other.waits_for(f"{CHECKED}[1] === 'right'", "the last answer given does not stand")
        await _answers(other, 2, "right")
        await other.sees("All answers are saved")
        assert await _saved(world, path) == 3
        await ana.chooses("Hand in")
        await ana.chooses("Hand in", "dialog button")
        await ana.sees_heading("Passed")
        await other.sees("This attempt is over")
        await other.sees_heading("Passed")
        assert second.errors == []


@pytest.mark.timeout(90)
async def test_a_token_that_ends_costs_a_press_and_nothing_else(
    stage: Stage, world: World, taking: tuple[Person, str]
) -> None:
    ana, path = taking
    # Nobody waits an hour: this tab goes on with a token that ends in three seconds.
    stage.offers("ana", "Ana Lindqvist", ttl=3)
    await ana.opens(path)
    await ana.sees("Question 3 of 3")
    await _answers(ana, 0, "right")
    await ana.sees("All answers are saved")
    await asyncio.sleep(3)
    await _answers(ana, 1, "right")
    await ana.sees("Your session has ended")
    assert await _saved(world, path) == 1
    stage.offers("ana", "Ana Lindqvist")
    await ana.looks_at_it("attempt-expired")
    await ana.chooses("Go on as Ana Lindqvist")
    await ana.sees("All answers are saved")
    assert await _saved(world, path) == 2
    assert await ana.tab.evaluate(f"{CHECKED}.join()") == "right,right,"
    assert not ana.faults, "\n".join(ana.faults)
    _refusals(stage, "401")


@pytest.mark.timeout(60)
async def test_a_change_from_elsewhere_is_told_in_words(stage: Stage, world: World) -> None:
    course = await world.course(tree(lesson("Read this"), title="Hazing prevention"))
    stage.offers("ana", "Ana Lindqvist")
    ana = stage.person(DESK)
    await ana.opens(f"/app/courses/{course['id']}")
    await ana.chooses("A Ana")
    await ana.sees("Take this course")
    made = await world.member().ok("POST", f"/api/courses/{course['id']}/enroll/")
    await world.admin.ok("POST", f"/api/enrollments/{made['id']}/withdraw/", {"reason": "moved away"})
    await ana.chooses("Take this course")
    await ana.sees("An administrator has withdrawn you from this course.")
    await ana.looks_at_it("course-withdrawn")
    assert not ana.faults, "\n".join(ana.faults)
    _refusals(stage, "409")

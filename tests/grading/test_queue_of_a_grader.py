"""What waits for a grader, what they have graded, and answers that they give back."""

from fastapi import FastAPI
from tests.kit.grading import QUEUE, grade, waiting
from tests.kit.query_counts import counted
from tests.kit.quiz_taker import essay, quiz, quiz_taker, tree
from tests.kit.world import Json, World

TEXT = {"text": "Because it harms."}
SUMMARY, HISTORY = f"{QUEUE}summary/", f"{QUEUE}history/"
NOTHING: Json = {"pending": 0, "oldest_submitted_at": None, "by_course": []}


async def test_the_summary_counts_what_is_pending_for_this_grader(
    app: FastAPI, world: World, other_world: World
) -> None:
    ana = await quiz_taker(world, tree(quiz(essay(), essay()), title="Harm"))
    bob = await quiz_taker(world, tree(quiz(essay()), title="Law"), "bob")
    gil = world.call_as("gil", "grader")
    assert await gil.ok("GET", SUMMARY) == NOTHING
    await bob.answer(TEXT)
    await ana.answer(TEXT, TEXT)
    listed = (await gil.ok("GET", f"{QUEUE}pending/"))["items"]
    with counted(app) as statements:
        summary = await gil.ok("GET", SUMMARY)
    assert len(statements) == 1
    assert summary == {
        "pending": 3,
        "oldest_submitted_at": listed[0]["submitted_at"],
        "by_course": [
            {"course_id": ana.course["id"], "course_title": "Harm", "pending": 2},
            {"course_id": bob.course["id"], "course_title": "Law", "pending": 1},
        ],
    }
    own = await world.call_as("ana", "grader").ok("GET", SUMMARY)
    assert [one["course_title"] for one in own["by_course"]] == ["Law"], "never one's own"
    await world.admin.ok("PUT", f"/api/courses/{bob.course['id']}/graders/dee/")
    assert (await world.call_as("dee").ok("GET", SUMMARY))["pending"] == 1
    assert await other_world.call_as("gil", "grader").ok("GET", SUMMARY) == NOTHING
    for path in (SUMMARY, HISTORY):
        for stranger in (world.member("cyd"), world.call_as("r", "regional_admin:north")):
            assert (await stranger("GET", path)).status_code == 403
    await world.directory("DELETE", "/api/directory/members/bob/")
    assert (await gil.ok("GET", SUMMARY))["pending"] == 2


async def test_the_history_has_each_grade_and_correction_newest_first(app: FastAPI, world: World) -> None:
    ana = await quiz_taker(world, tree(quiz(essay(), essay()), title="Harm"))
    await ana.answer(TEXT, {"text": "Second"})
    gil, hal = world.call_as("gil", "grader"), world.call_as("hal", "grader")
    first, second = (await gil.ok("GET", f"{QUEUE}pending/"))["items"]
    for item, caller in ((first, gil), (second, gil)):
        await grade(caller, f"{QUEUE}{item['response_id']}/", 2, feedback="<b>Well</b>")
    await grade(gil, f"{QUEUE}{first['response_id']}/", 3)
    await grade(world.admin, f"{QUEUE}{first['response_id']}/", 4)
    with counted(app) as statements:
        items = (await gil.ok("GET", HISTORY))["items"]
    assert len(statements) <= 3
    assert [(one["response_id"], one["points_awarded"], one["correction"]) for one in items] == [
        (first["response_id"], 3, True),
        (second["response_id"], 2, False),
        (first["response_id"], 2, False),
    ]
    newest = items[0]
    assert (newest["course_title"], newest["quiz_title"], newest["text"]) == ("Harm", "Check", TEXT["text"])
    assert (newest["max_points"], newest["feedback"]) == (5, "<b>Well</b>")
    assert newest["learner"] == {"user_id": "ana", "display_name": "Ana"}
    assert newest["graded_at"] > newest["submitted_at"]
    page = await gil.ok("GET", HISTORY, params={"limit": "2"})
    rest = await gil.ok("GET", HISTORY, params={"limit": "2", "cursor": page["next_cursor"]})
    assert (page["items"] + rest["items"], rest["next_cursor"]) == (items, None)
    assert (await hal.ok("GET", HISTORY))["items"] == []
    assert [one["points_awarded"] for one in (await world.admin.ok("GET", HISTORY))["items"]] == [4]
    await world.admin.ok("PATCH", "/api/organization/", {"blind_grading": True})
    assert [one["learner"] for one in (await gil.ok("GET", HISTORY))["items"]] == [None] * 3
    assert (await gil("GET", HISTORY, params={"course_id": "x"})).status_code == 422


async def test_who_may_no_longer_grade_a_course_sees_none_of_its_answers(world: World) -> None:
    ana = await quiz_taker(world, tree(quiz(essay())))
    await ana.answer(TEXT)
    path = f"/api/courses/{ana.course['id']}/graders/dee/"
    await world.admin.ok("PUT", path)
    dee = world.call_as("dee")
    await grade(dee, await waiting(world), 1)
    assert len((await dee.ok("GET", HISTORY))["items"]) == 1
    await world.admin.ok("DELETE", path)
    assert (await dee("GET", HISTORY)).status_code == 403
    other = await quiz_taker(world, tree(quiz(essay())), "bob")
    await world.admin.ok("PUT", f"/api/courses/{other.course['id']}/graders/dee/")
    assert (await dee.ok("GET", HISTORY))["items"] == []


async def test_a_claim_is_given_back_by_its_holder_or_an_administrator(
    world: World, other_world: World
) -> None:
    ana = await quiz_taker(world, tree(quiz(essay())))
    await ana.answer(TEXT)
    gil, hal = world.call_as("gil", "grader"), world.call_as("hal", "grader")
    region, elsewhere = (world.call_as("r", f"regional_admin:{name}") for name in ("north", "south"))
    path = f"{(await waiting(world))}claim/"
    for who, status in (
        (hal, 403),
        (world.member("cyd"), 403),
        (world.call_as("c", "chapter_admin:n1"), 403),
        (world.call_as("ana", "grader"), 403),
        (elsewhere, 404),
        (other_world.call_as("gil", "grader"), 404),
        (other_world.admin, 404),
        (gil, 204),
        (gil, 204),
        (hal, 204),
        (region, 204),
        (world.admin, 204),
    ):
        if status != 204 or who in (region, world.admin):
            await gil.ok("POST", path)
        answer = await who("DELETE", path)
        assert answer.status_code == status, (who.user, answer.text)
        held = (await hal.ok("GET", f"{QUEUE}pending/"))["items"][0]["claimed_by"]
        assert held == (None if status == 204 else "gil"), who.user
        assert (await gil("DELETE", path)).status_code == 204
    assert (await hal.ok("POST", f"{QUEUE}next/"))["claimed_by"] == "hal"
    assert (await gil("DELETE", f"{QUEUE}nonsense/claim/")).status_code == 404


async def test_what_was_claimed_meanwhile_stays_with_whom_it_is(world: World) -> None:
    """A claim that ended is somebody else's by now: giving it back does not take it from them."""
    ana = await quiz_taker(world, tree(quiz(essay())))
    await ana.answer(TEXT)
    gil, hal = world.call_as("gil", "grader"), world.call_as("hal", "grader")
    path = f"{(await waiting(world))}claim/"
    await gil.ok("POST", path)
    assert (await gil("DELETE", path)).status_code == 204
    await hal.ok("POST", path)
    assert (await gil("DELETE", path)).status_code == 403
    assert (await hal.ok("GET", f"{QUEUE}pending/"))["items"][0]["claimed_by"] == "hal"

"""The review queue through the contract: claims, grades, corrections, and what follows from them."""

import asyncio
from typing import Any

from tests.kit.quiz_taker import essay, quiz, quiz_taker, tree
from tests.kit.world import Caller, Json, World, choice

TEXT = {"text": "Because it harms."}
QUEUE = "/api/learning/grading/"


async def pending(grader: Caller, **filters: str) -> list[Json]:
    page = await grader.ok("GET", f"{QUEUE}pending/", params=filters)
    items: list[Json] = page["items"]
    return items


async def test_a_grade_decides_the_attempt_and_completes_the_course(world: World) -> None:
    ana = await quiz_taker(world, tree(quiz(choice(points=5), essay())))
    sent = await ana.answer({"texts": ["wrong"]}, TEXT)
    assert (sent["status"], sent["score"], sent["passed"]) == ("pending_review", None, False)
    sent = await ana.answer({"texts": ["right"]}, TEXT)
    assert (sent["status"], sent["score"], sent["passed"], sent["points"]) == (
        "pending_review",
        None,
        None,
        5,
    )
    grader = world.call_as("gil", "grader")
    [first, item] = await pending(grader)
    assert (first["decides"], item["decides"]) == (False, True)
    assert item["attempt_id"] == sent["attempt_id"]
    assert (item["text"], item["max_points"], item["quiz_title"]) == (TEXT["text"], 5, "Check")
    assert (item["learner"], item["claimed_by"]) == ({"user_id": "ana", "display_name": "Ana"}, None)
    graded = await grader.ok(
        "POST", f"{QUEUE}{item['response_id']}/", {"points": 2.5, "feedback": "<b>Good</b><script>x</script>"}
    )
    assert graded == {
        "response_id": item["response_id"],
        "points_awarded": 2.5,
        "attempt": {"attempt_id": sent["attempt_id"], "status": "graded", "score": 75, "passed": True},
    }
    assert await ana.status() == "completed"
    seen = await ana.call.ok("GET", f"/api/attempts/{sent['attempt_id']}/")
    assert [r["points_awarded"] for r in seen["responses"]] == [5, 2.5]
    assert seen["responses"][1]["feedback"] == "<b>Good</b>"
    [certificate] = (await ana.call.ok("GET", "/api/users/certificates/"))["items"]
    assert certificate["course_id"] == ana.course["id"]


NO_POINTS: list[Any] = [-1, 5.0000001, "3", True, None, 1e308, [1]]


async def test_points_outside_the_question_are_refused(world: World) -> None:
    ana = await quiz_taker(world, tree(quiz(essay())))
    await ana.answer(TEXT)
    [item] = await pending(world.admin)
    for points in NO_POINTS:
        refused = await world.admin("POST", f"{QUEUE}{item['response_id']}/", {"points": points})
        assert (refused.status_code, refused.json()["code"]) == (422, "invalid"), (points, refused.text)
        assert refused.json()["errors"][0]["pointer"] == "/points", points
        assert len(await pending(world.admin)) == 1, points


async def test_who_may_grade(world: World, other_world: World) -> None:
    ana = await quiz_taker(world, tree(quiz(essay())))
    bob = await quiz_taker(world, tree(quiz(essay())), "bob")
    await ana.answer(TEXT)
    await bob.answer(TEXT)
    [first, second] = await pending(world.admin)
    of_ana, of_bob = f"{QUEUE}{first['response_id']}/", f"{QUEUE}{second['response_id']}/"
    for stranger in (world.member("cyd"), world.call_as("x", "regional_admin:north"), world.call_as("svc")):
        assert (await stranger("GET", f"{QUEUE}pending/")).status_code == 403
        assert (await stranger("POST", of_ana, {"points": 1})).status_code == 403
        assert (await stranger("POST", of_ana, {"points": "x"})).status_code == 403
        assert (await stranger("POST", f"{QUEUE}next/")).status_code == 403
    await world.admin.ok("PUT", f"/api/courses/{ana.course['id']}/graders/dee/")
    dee = world.call_as("dee")
    assert [i["response_id"] for i in await pending(dee)] == [first["response_id"]]
    assert (await dee("POST", of_bob, {"points": 1})).status_code == 404
    assert (await dee("POST", f"{of_bob}claim/")).status_code == 404
    assert (await dee("GET", f"/api/attempts/{second['attempt_id']}/")).status_code == 404
    assert (await dee("GET", f"/api/attempts/{first['attempt_id']}/")).status_code == 200
    own = world.call_as("ana", "grader")
    assert (await own("POST", of_ana, {"points": 1})).status_code == 403
    assert (await own("POST", f"{of_ana}claim/")).status_code == 403
    assert [i["response_id"] for i in await pending(own)] == [second["response_id"]]
    outside = other_world.call_as("gil", "grader")
    assert (await outside("POST", of_ana, {"points": 1})).status_code == 404
    assert await pending(outside) == []
    assert (await dee("POST", of_ana, {"points": 5})).status_code == 200


async def test_claims_hold_for_a_quarter_of_an_hour(world: World) -> None:
    ana = await quiz_taker(world, tree(quiz(essay())))
    await ana.answer(TEXT)
    gil, hal = world.call_as("gil", "grader"), world.call_as("hal", "grader")
    held = await gil.ok("POST", f"{QUEUE}next/")
    assert held["claimed_by"] == "gil"
    path = f"{QUEUE}{held['response_id']}/"
    assert (await hal("POST", f"{QUEUE}next/")).status_code == 204
    for call in (f"{path}claim/", path):
        refused = await hal("POST", call, {"points": 1} if call == path else None)
        assert (refused.status_code, refused.json()["code"]) == (409, "claimed")
    assert (await gil("POST", f"{path}claim/")).status_code == 200
    [seen] = await pending(hal)
    assert (seen["claimed_by"], seen["claimed_until"] > held["submitted_at"]) == ("gil", True)
    assert (await gil("POST", path, {"points": 1})).status_code == 200
    refused = await gil("POST", f"{path}claim/")
    assert (refused.status_code, refused.json()["code"]) == (409, "already-graded")


async def test_graders_who_ask_at_once_get_different_answers(world: World) -> None:
    course = await world.course(tree(quiz(essay(), max_attempts=None)))
    for user in ("ana", "bob", "cyd", "dan"):
        await (await quiz_taker(world, {}, user, course)).answer(TEXT)
    graders = [world.call_as(f"g{n}", "grader") for n in range(6)]
    got = await asyncio.gather(*(grader("POST", f"{QUEUE}next/") for grader in graders))
    assert sorted(r.status_code for r in got) == [200, 200, 200, 200, 204, 204]
    assert len({r.json()["response_id"] for r in got if r.status_code == 200}) == 4


async def test_one_of_many_graders_grades(world: World) -> None:
    ana = await quiz_taker(world, tree(quiz(essay())))
    await ana.answer(TEXT)
    [item] = await pending(world.admin)
    path = f"{QUEUE}{item['response_id']}/"
    graders = [world.call_as(f"g{n}", "grader") for n in range(8)]
    got = await asyncio.gather(*(g("POST", path, {"points": n / 2}) for n, g in enumerate(graders)))
    assert sorted(r.status_code for r in got) == [200, *[409] * 7]
    assert {r.json()["code"] for r in got if r.status_code == 409} == {"already-graded"}


async def test_a_correction_can_make_a_pass_and_reopen_a_failure(world: World) -> None:
    ana = await quiz_taker(world, tree(quiz(essay(), max_attempts=1)))
    sent = await ana.answer(TEXT)
    gil, hal = world.call_as("gil", "grader"), world.call_as("hal", "grader")
    [item] = await pending(gil)
    path = f"{QUEUE}{item['response_id']}/"
    await gil.ok("POST", path, {"points": 1, "feedback": "<p>Thin.</p>"})
    assert await ana.status() == "failed"
    for caller, body in ((gil, {"points": 5}), (hal, {"points": 5, "correction": True})):
        refused = await caller("POST", path, body)
        assert (refused.status_code, refused.json()["code"]) == (409, "already-graded")
    assert await ana.status() == "failed"
    corrected = await gil.ok("POST", path, {"points": 5, "correction": True})
    assert corrected["attempt"]["passed"] is True
    assert await ana.status() == "completed"
    seen = await ana.call.ok("GET", f"/api/attempts/{sent['attempt_id']}/")
    assert seen["responses"][0]["feedback"] == "<p>Thin.</p>"


async def test_a_correction_never_takes_a_completion_away_in_silence(world: World) -> None:
    ana = await quiz_taker(world, tree(quiz(essay(), max_attempts=1)))
    await ana.answer(TEXT)
    [item] = await pending(world.admin)
    path = f"{QUEUE}{item['response_id']}/"
    await world.admin.ok("POST", path, {"points": 5})
    assert await ana.status() == "completed"
    assert (await world.admin.ok("GET", f"{QUEUE}lost-passes/"))["items"] == []
    north = world.call_as("nora", "regional_admin:north")
    lost = await north.ok("POST", path, {"points": 1, "correction": True})
    assert lost["attempt"]["passed"] is False
    assert await ana.status() == "completed"
    [doubt] = (await world.admin.ok("GET", f"{QUEUE}lost-passes/"))["items"]
    assert (doubt["user_id"], doubt["response_id"], doubt["corrected_by"]) == (
        "ana",
        item["response_id"],
        "nora",
    )
    assert doubt["certificate_id"]
    assert len((await north.ok("GET", f"{QUEUE}lost-passes/"))["items"]) == 1
    south = world.call_as("sam", "regional_admin:south")
    assert (await south.ok("GET", f"{QUEUE}lost-passes/"))["items"] == []
    assert (await world.call_as("gil", "grader")("GET", f"{QUEUE}lost-passes/")).status_code == 403
    await world.admin.ok("POST", path, {"points": 4, "correction": True})
    assert (await world.admin.ok("GET", f"{QUEUE}lost-passes/"))["items"] == []


async def test_blind_grading_names_nobody(world: World) -> None:
    await world.add_member("ana", display_name="Ana Uncommon")
    ana = await quiz_taker(world, tree(quiz(essay())))
    await ana.answer(TEXT)
    await world.admin.ok("PATCH", "/api/organization/", {"blind_grading": True})
    gil = world.call_as("gil", "grader")
    page = await gil("GET", f"{QUEUE}pending/")
    held = await gil("POST", f"{QUEUE}next/")
    seen = await gil("GET", f"/api/attempts/{held.json()['attempt_id']}/")
    for answer in (page, held, seen):
        assert answer.status_code == 200
        assert "Uncommon" not in answer.text
        assert '"ana"' not in answer.text


async def test_the_queue_comes_in_pages_oldest_first(world: World) -> None:
    course = await world.course(tree(quiz(essay(), max_attempts=None)))
    ana = await quiz_taker(world, {}, "ana", course)
    other = await quiz_taker(world, tree(quiz(essay())), "bob")
    sent = [(await ana.answer(TEXT))["attempt_id"] for _ in range(5)]
    await other.answer(TEXT)
    seen, cursor = [], None
    while True:
        query = {"limit": "2", "course_id": course["id"], **({"cursor": cursor} if cursor else {})}
        page = await world.admin.ok("GET", f"{QUEUE}pending/", params=query)
        seen += [item["attempt_id"] for item in page["items"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert seen == sent
    for bad in ({"course_id": "x"}, {"limit": "0"}, {"cursor": "x"}, {"who": "ana"}):
        assert (await world.admin("GET", f"{QUEUE}pending/", params=bad)).status_code == 422


async def test_what_graders_wrote_themselves_is_in_none_of_their_pages(world: World) -> None:
    """The list, its pages, the next one and what is left agree: for all of them, and for one course."""
    made = await quiz_taker(world, tree(quiz(essay(), max_attempts=None)), "dan")
    others = [await quiz_taker(world, {}, user, made.course) for user in ("ana", "bob", "cyd")]
    for _ in range(3):
        for who in (made, *others, made):
            await who.answer(TEXT)
    for grader in (world.call_as("dan", "grader"), world.call_as("dan", "national_admin", "grader")):
        for course in ({}, {"course_id": made.course["id"]}):
            seen, cursor, pages = [], None, 0
            while True:
                page = await grader.ok(
                    "GET",
                    f"{QUEUE}pending/",
                    params={"limit": 2, **course, **({"cursor": cursor} if cursor else {})},
                )
                seen += page["items"]
                pages += 1
                cursor = page["next_cursor"]
                assert page["items"], "no page is empty because of what was left out"
                if cursor is None:
                    break
            assert [item["learner"]["user_id"] for item in seen] == ["ana", "bob", "cyd"] * 3
            assert len({item["response_id"] for item in seen}) == 9
            assert pages == 5
    grader = world.call_as("dan", "grader")
    for n in range(9):
        held = await grader.ok("POST", f"{QUEUE}next/")
        assert held["learner"]["user_id"] != "dan"
        await grader.ok("POST", f"{QUEUE}{held['response_id']}/", {"points": 1})
        assert len(await pending(grader)) == 8 - n
    assert (await grader("POST", f"{QUEUE}next/")).status_code == 204
    assert {item["learner"]["user_id"] for item in await pending(world.admin)} == {"dan"}
    assert len(await pending(world.admin)) == 6

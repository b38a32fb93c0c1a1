"""How far a member is: the hot path and the ordinary route say the same at every stage."""

from collections.abc import AsyncIterator

import httpx
import pytest
from sqlalchemy import text
from tests.kit.attestations import oath, sign
from tests.kit.both_ways import compare, without_hot_paths
from tests.kit.direct import Database
from tests.kit.learner import Learner, final, lesson, quiz, tree
from tests.kit.quiz_taker import essay
from tests.kit.world import World, choice, right

from learning_service.core.settings import Settings
from learning_service.schemas.enrollments import ListedProgressOut

PROGRESS = "/api/users/enrollments/progress/"


@pytest.fixture(scope="module")
async def plain(settings: Settings) -> AsyncIterator[httpx.AsyncClient]:
    async with without_hot_paths(settings) as http:
        yield http


async def test_progress_at_every_stage(world: World, plain: httpx.AsyncClient, database: Database) -> None:
    ana = world.member()
    assert (await compare(plain, ana, PROGRESS)).json()["items"] == []
    items = (lesson("A"), quiz("Q", questions=3, max_attempts=3), lesson("B"))
    at = await Learner.enter(world, tree(*items, assessment=final(questions=3)), user="ana")
    seen = []

    async def look() -> None:
        [item] = (await compare(plain, ana, PROGRESS)).json()["items"]
        seen.append((item["status"], item["percent"], (item["next_item"] or {}).get("title")))

    await look()
    await at.read("A")
    await look()
    await at.start("Q")
    await look()
    await at.submit("Q", correct=2)
    await look()
    await world.admin.ok(
        "PUT", "/api/directory/members/ana/accommodations/", {"extra_attempts": 1, "reason": "Letter"}
    )
    await look()
    await at.read("B")
    await at.submit("Final", correct=3)
    await look()
    assert seen[0] == ("in_progress", 0, "A")
    assert seen[-1][:2] == ("completed", 100)
    assert len(set(seen)) >= 4
    await database(
        f"UPDATE enrollments SET due_at = now() - interval '1 day' WHERE id = '{at.enrollment_id}'"
    )
    await look()


async def test_what_waits_for_others(world: World, plain: httpx.AsyncClient) -> None:
    ana = world.member()
    asked = {**quiz("Q"), "questions": [choice(), essay()]}
    waiting = await Learner.enter(world, tree(asked), user="ana")
    await waiting.call.ok("POST", waiting.path("Q", "submit"), {"responses": []})
    await compare(plain, ana, PROGRESS)
    first = await world.course(tree(lesson()))
    after = await world.course(tree(lesson()), prerequisites=[first["id"]])
    await world.admin.ok("POST", f"/api/courses/{after['id']}/assign/", {"user_ids": ["ana"]})
    found = (await compare(plain, ana, PROGRESS)).json()
    missing = [item["missing_prerequisites"] for item in found["items"]]
    assert [{"course_id": first["id"], "title": "Course"}] in missing
    gone = await Learner.enter(world, tree(lesson()), user="ana")
    await world.admin.ok("POST", f"/api/enrollments/{gone.enrollment_id}/withdraw/", {"reason": "Moved"})
    assert len((await compare(plain, ana, PROGRESS)).json()["items"]) == len(missing)


async def test_who_asks(world: World, other_world: World, plain: httpx.AsyncClient) -> None:
    await Learner.enter(other_world, tree(lesson()), user="ana")
    await Learner.enter(world, tree(lesson()), user="bob")
    assert (await compare(plain, world.member("ana"), PROGRESS)).json()["items"] == []
    assert (await compare(plain, world.call_as("stranger"), PROGRESS)).status_code == 403
    assert (await compare(plain, world.admin, PROGRESS)).status_code == 403
    for query in ("?limit=1", "?cursor=x", "?nonsense=1"):
        await compare(plain, world.member("bob"), PROGRESS + query)


async def test_more_than_a_page(world: World, plain: httpx.AsyncClient) -> None:
    at = await Learner.enter(world, tree(lesson()), user="ana")
    async with world.worker.transaction(world.id) as session:
        await session.execute(
            text(
                "INSERT INTO enrollments SELECT (jsonb_populate_record(e, jsonb_build_object("
                "'id', gen_random_uuid(), 'status', 'failed', 'ended_at', now()))).*"
                " FROM enrollments e, generate_series(1, 50) WHERE e.id = :id"
            ),
            {"id": at.enrollment_id},
        )
    found = (await compare(plain, at.call, PROGRESS)).json()
    assert (len(found["items"]), found["totals"]["failed"]) == (50, 50)
    assert found["next_cursor"] is not None


async def test_a_way_with_all_kinds_of_items(world: World, plain: httpx.AsyncClient) -> None:
    """What is optional, signed, waits for a person or can still be raised: where it goes on, in order."""
    asked = {**quiz("Essay", max_attempts=3), "questions": [choice(), essay()]}
    items = (
        lesson("Extra", required=False),
        lesson("A"),
        oath("Sign"),
        quiz("Q", questions=3, max_attempts=5, pass_score=30),
        asked,
        lesson("B"),
    )
    at = await Learner.enter(world, tree(*items, pass_score=90), user="ana")
    seen = []

    async def look() -> None:
        [item] = (await compare(plain, at.call, PROGRESS)).json()["items"]
        assert list(item) == list(ListedProgressOut.model_fields)
        seen.append((item["percent"], (item["next_item"] or {}).get("title")))

    await look()
    await at.read("B")
    await look()
    await at.read("A")
    await look()
    await sign(at, title="Sign")
    await look()
    await at.submit("Q", correct=1)
    await look()
    first, second = await at.questions("Essay")
    given = [right(first, {"texts": ["wrong"]}), right(second, {"text": "Because."})]
    assert (await at.send("Essay", given)).status_code == 200
    await look()
    assert [title for _, title in seen] == ["A", "A", "Sign", "Q", "Essay", "Q"]
    assert [percent for percent, _ in seen] == [0, 20, 40, 60, 80, 80]

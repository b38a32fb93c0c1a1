"""An administrator's list of enrollments by the hot path and by its ordinary route."""

import uuid
from collections.abc import AsyncIterator
from dataclasses import dataclass

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import text
from tests.kit.both_ways import compare, without_hot_paths
from tests.kit.direct import Database
from tests.kit.learner import Learner, lesson, quiz, tree
from tests.kit.programs import published
from tests.kit.query_counts import counted
from tests.kit.world import World

from learning_service.core.settings import Settings

LIST = "/api/enrollments/"
QUERIES = (
    "",
    "?limit=2",
    "?limit=200&count=true",
    "?status=completed",
    "?status=assigned&sort=due_at",
    "?sort=-assigned_at&limit=1",
    "?sort=display_name&count=true",
    "?user_id=ana",
    "?user_id=nobody&count=true",
    "?chapter_id=n1&sort=due_at",
    "?region_id=south&sort=display_name",
    "?overdue=true",
    "?overdue=false&sort=due_at",
    "?awaiting_review=false",
    "?due_before=2031-01-01T00:00:00Z",
    "?withdrawn=true",
    "?withdrawn=true&status=in_progress",
)
CALLERS = ("national_admin", "regional_admin:north", "chapter_admin:n1", "regional_admin:no.where@1")


@pytest.fixture(scope="module")
async def plain(settings: Settings) -> AsyncIterator[httpx.AsyncClient]:
    async with without_hot_paths(settings) as http:
        yield http


@dataclass
class Place:
    """An organization with enrollments in every state."""

    course: str


@pytest.fixture
async def place(world: World, plain: httpx.AsyncClient) -> Place:
    """Two courses; members who have done nothing, some, all, and one who was withdrawn. All versions are known."""
    items = lesson("A"), quiz("Q", questions=2, max_attempts=3), lesson("B")
    course = await world.course(tree(*items, title="Safety – “ä”"))
    small = await world.course(tree(lesson("L")))
    ana, bob, cyd, eve = [
        await Learner.join(world.member(user), course["id"]) for user in ("ana", "bob", "cyd", "eve")
    ]
    done, _ = [await Learner.join(world.member(user), small["id"]) for user in ("ana", "cyd")]
    await ana.call.ok("POST", ana.path("A", "complete"))
    await ana.submit("Q")
    await ana.call.ok("POST", ana.path("B", "complete"))
    await bob.call.ok("POST", bob.path("A", "complete"))
    await bob.submit("Q", correct=1)
    await done.call.ok("POST", done.path("L", "complete"))
    change = {"due_at": "2030-01-01T00:00:00Z"}
    await world.admin.ok("PATCH", f"{LIST}{eve.enrollment_id}/", change)
    await world.admin.ok("POST", f"{LIST}{cyd.enrollment_id}/withdraw/", {"reason": "Left"})
    await world.admin.ok("GET", LIST)
    return Place(course["id"])


async def test_every_question_has_the_same_answer(
    app: FastAPI, world: World, plain: httpx.AsyncClient, place: Place
) -> None:
    found: dict[str, int] = {}
    for query in (*QUERIES, f"?course_id={place.course}&status=completed&sort=-assigned_at"):
        for role in CALLERS:
            with counted(app) as statements:
                answer = await compare(plain, world.call_as("boss", role), LIST + query)
            assert answer.status_code == 200, answer.text
            asked = [told for told in statements if "page_of_ids" in told]
            assert len(asked) == 1, "only the client with hot paths asks it"
            found[f"{role}{query}"] = len(answer.json()["items"])
    assert found["national_admin?limit=200&count=true"] == 5
    assert found["national_admin?withdrawn=true"] == 1
    assert found["regional_admin:north"] == 4 > found["chapter_admin:n1"] > 0
    assert found["regional_admin:no.where@1"] == 0


async def test_pages_follow_each_other_in_both_ways(
    world: World, plain: httpx.AsyncClient, place: Place
) -> None:
    for sort in ("", "&sort=due_at", "&sort=-assigned_at", "&sort=display_name"):
        ids: list[str] = []
        cursor: str | None = ""
        while cursor is not None:
            answer = await compare(
                plain, world.admin, f"{LIST}?limit=2{sort}{cursor and f'&cursor={cursor}'}"
            )
            page = answer.json()
            ids += [item["id"] for item in page["items"]]
            cursor = page["next_cursor"]
        assert len(ids) == len(set(ids)) == 5


async def test_what_is_not_plain_is_the_routes(
    app: FastAPI, world: World, other_world: World, plain: httpx.AsyncClient, place: Place
) -> None:
    first = (await world.admin.ok("GET", f"{LIST}?limit=1"))["next_cursor"]
    refused = {
        "?limit=0": 422,
        "?limit=1&limit=2": 422,
        "?sort=user_id": 422,
        "?course_id=x": 422,
        "?due_before=yesterday": 422,
        "?unknown=1": 422,
        "?cursor=AAAA": 422,
        f"?status=assigned&cursor={first}": 422,
        "?q=ana": 200,
        "?user_id=%00": 422,
    }
    for query, status in refused.items():
        with counted(app) as statements:
            answer = await compare(plain, world.admin, LIST + query)
        assert answer.status_code == status, query
        assert not any("page_of_ids" in told for told in statements)
    file = await world.admin("GET", LIST, headers={"Accept": "text/csv"})
    assert file.headers["content-type"].startswith("text/csv")
    for caller in (world.member("ana"), world.call_as("stranger")):
        assert (await compare(plain, caller, LIST)).status_code == 403
    assert (await world.http.get(LIST)).status_code == 401
    assert (await compare(plain, other_world.admin, LIST)).json()["items"] == []
    taken = f"{LIST}?limit=1&cursor={first}"
    assert (await compare(plain, other_world.admin, taken)).status_code == 422


async def test_programs_and_exact_scores(
    world: World, plain: httpx.AsyncClient, database: Database, place: Place
) -> None:
    await database(
        "UPDATE course_completions SET score = 200.0 / 3 WHERE user_id = 'ana' AND score IS NOT NULL"
    )
    answer = await compare(plain, world.admin, f"{LIST}?status=completed&course_id={place.course}")
    assert [item["score"] for item in answer.json()["items"]] == [66.666667]
    program = await published(world, {"courses": [place.course]})
    await world.member("bob").ok("POST", f"/api/programs/{program}/enroll/")
    listed = await compare(plain, world.admin, LIST)
    assert program in {item["course_id"] for item in listed.json()["items"]}


async def test_a_page_reads_what_is_on_it(world: World, database: Database, place: Place) -> None:
    """What is shown goes by keys, whatever statistics say."""
    await database("ANALYZE")
    ids = [uuid.UUID(item["id"]) for item in (await world.admin.ok("GET", LIST))["items"]]
    async with world.worker.transaction(world.id) as session:
        whole = text("SELECT sum(seq_scan) FROM pg_stat_xact_user_tables")
        before = await session.scalar(whole)
        rows = await session.execute(
            text("SELECT * FROM hot_enrollments(:o, :ids)"), {"o": world.id, "ids": ids}
        )
        assert len(rows.all()) == len(ids)
        assert await session.scalar(whole) == before

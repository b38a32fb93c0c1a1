"""The list of enrollments as a file: all of it, in its order, within the caller's reach, in flat memory."""

import asyncio
import csv
import io
import tracemalloc
from typing import Any

import pytest
from fastapi import FastAPI
from sqlalchemy import text
from starlette.types import Message
from tests.kit.direct import Database, database
from tests.kit.learner import Learner, lesson, quiz, tree
from tests.kit.plans import measured
from tests.kit.world import World

from learning_service.domain.kernel import paging
from learning_service.routers import enrollments as routed

__all__ = ["database"]
PATH = "/api/enrollments/"
AS_CSV = {"Accept": "text/csv"}
NAMED = "UPDATE members SET display_name = $3 WHERE organization_id = $1 AND user_id = $2"
MANY = (
    "INSERT INTO members (organization_id, user_id, chapter_id, status, display_name, custom_fields, created_at,"
    " updated_at) SELECT :o, CAST(:p AS text) || g, (ARRAY['n1', 's1'])[1 + g % 2], 'active', 'M ' || g, '{}', now(),"
    " now() FROM generate_series(1, :n) g",
    "INSERT INTO enrollments (id, organization_id, user_id, course_id, version_id, status, source, assigned_at,"
    " due_at, cause_kind, cause_id) SELECT gen_random_uuid(), :o, CAST(:p AS text) || g, c.id,"
    " c.published_version_id, 'assigned', 'admin', now() - g * interval '1 s', now() + g % 9 * interval '1 day',"
    " 'person', 'x' FROM generate_series(1, :n) g, courses c WHERE c.id = :c",
)


async def file(world: World, query: str = "", caller: Any = None) -> list[dict[str, str]]:
    response = await (caller or world.admin)("GET", f"{PATH}?{query}", headers=AS_CSV)
    assert response.status_code == 200, response.text
    assert response.headers["content-type"] == "text/csv; charset=utf-8"
    return list(csv.DictReader(io.StringIO(response.text)))


def cell(value: Any) -> str:
    return "" if value is None else str(value).lower() if isinstance(value, bool) else str(value)


async def load(world: World, members: int, prefix: str = "m") -> str:
    course: str = (await world.course(tree(lesson())))["id"]
    async with world.worker.transaction(world.id) as session:
        for statement in MANY:
            values = {"o": world.id, "c": course, "n": members, "p": prefix}
            used = {name: value for name, value in values.items() if f":{name}" in statement}
            await session.execute(text(statement), used)
    return course


async def test_it_says_what_the_list_says(world: World, database: Database) -> None:
    ana = await Learner.enter(world, tree(quiz(), lesson(), title="Fire, safety"), "ana")
    await ana.submit(correct=1)
    await ana.read()
    await Learner.join(world.member("bob"), ana.course)
    await database(NAMED, world.id, "ana", '=HYPERLINK("https://x.example")')
    listed = (await world.admin.ok("GET", PATH))["items"]
    rows = await file(world)
    assert list(rows[0]) == list(listed[0])
    assert rows[1].pop("display_name") == "'" + listed[1].pop("display_name")
    assert rows[0].pop("display_name") == listed[0].pop("display_name")
    assert rows == [{name: cell(value) for name, value in one.items()} for one in listed]


@pytest.mark.parametrize(
    "query", ["", "sort=due_at", "sort=-assigned_at", "sort=display_name", "chapter_id=n1"]
)
async def test_it_has_every_page_in_order_and_in_reach(
    world: World, monkeypatch: pytest.MonkeyPatch, query: str
) -> None:
    await load(world, 30)
    monkeypatch.setattr(routed, "LINES_AT_ONCE", 7)
    for caller in (
        world.admin,
        world.call_as("c", "chapter_admin:n1"),
        world.call_as("r", "regional_admin:north"),
    ):
        listed = (await caller.ok("GET", f"{PATH}?{query}&limit=200"))["items"]
        assert [row["id"] for row in await file(world, query, caller)] == [one["id"] for one in listed]
        assert [row["id"] for row in await file(world, f"{query}&limit=2&count=true", caller)] == [
            one["id"] for one in listed
        ]
    assert len(listed) == 15


async def test_a_refusal_is_a_problem(world: World) -> None:
    assert (await world.admin("GET", f"{PATH}?sort=score", headers=AS_CSV)).status_code == 422
    refused = await world.member("ana")("GET", PATH, headers=AS_CSV)
    assert (refused.status_code, refused.headers["content-type"]) == (403, "application/problem+json")
    assert await file(world) == []


async def test_json_stays_what_it_is_for_those_who_do_not_ask(world: World) -> None:
    for accept in ("*/*", "application/json", "text/csv;q=0.5, application/json"):
        response = await world.admin("GET", PATH, headers={"Accept": accept})
        assert response.headers["content-type"] == "application/json", accept


async def _streamed(app: FastAPI, world: World, query: str) -> tuple[int, int]:
    """How many lines there are, and the most memory taken; no client keeps what it has read."""
    headers = {"authorization": f"Bearer {world.admin.token}", "accept": "text/csv", "host": "test"}
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "GET",
        "scheme": "http",
        "path": PATH,
        "raw_path": PATH.encode(),
        "query_string": query.encode(),
        "root_path": "",
        "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
        "client": ("127.0.0.1", 1),
        "server": ("test", 80),
    }
    lines, asked = 0, False

    async def receive() -> Message:
        nonlocal asked
        if asked:
            await asyncio.sleep(3600)
        asked = True
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Message) -> None:
        nonlocal lines
        lines += message.get("body", b"").count(b"\n")

    tracemalloc.start()
    await app(scope, receive, send)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return lines, peak


@pytest.mark.slow
@pytest.mark.timeout(240)
async def test_its_memory_does_not_grow_with_it(app: FastAPI, world: World) -> None:
    few, many = await load(world, 2_500, "f"), await load(world, 20_000)
    await _streamed(app, world, f"course_id={few}")
    least = await _streamed(app, world, f"course_id={few}")
    most = await _streamed(app, world, f"course_id={many}&sort=due_at")
    assert (least[0], most[0]) == (2_501, 20_001)
    assert most[1] < 2 * least[1], "eight times as many lines"


@pytest.mark.slow
@pytest.mark.timeout(240)
async def test_a_page_costs_the_same_among_a_hundred_times_as_many(
    app: FastAPI, world: World, other_world: World, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first page, and one from the middle."""
    monkeypatch.setattr(paging, "MAX_LIMIT", 5_000)
    for place, members in ((world, 1_000), (other_world, 100_000)):
        await load(place, members)
    await database("ANALYZE")
    grown: dict[tuple[str, int], float] = {}
    for query in ("", "sort=due_at", "sort=-assigned_at", "sort=display_name"):
        few = await _costs(app, world, query, 1_000)
        many = await _costs(app, other_world, query, 100_000)
        grown |= {(query, n): many[n] / few[n] for n in (0, 1)}
    assert {asked: times for asked, times in grown.items() if times >= 1.5} == {}


async def _costs(app: FastAPI, place: World, query: str, members: int) -> list[float]:
    blocks = []
    for start in ("", await _middle(place, query, members)):
        path = f"{PATH}?{query}&limit=50{start}"
        await place.admin.ok("GET", path)
        with measured(app.state.context) as done:
            assert len((await place.admin.ok("GET", path))["items"]) == 50
        blocks.append(sum(work.touched for work in done))
    return blocks


async def _middle(place: World, query: str, members: int) -> str:
    """A cursor half through the list."""
    size, cursor = min(members // 2, 5_000), ""
    for _ in range(members // 2 // size):
        page = await place.admin.ok("GET", f"{PATH}?{query}&limit={size}{cursor}")
        cursor = f"&cursor={page['next_cursor']}"
    return cursor

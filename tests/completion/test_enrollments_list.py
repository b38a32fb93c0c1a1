"""An administrator's list of enrollments: names, progress, filters, orders, counts."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from fastapi import FastAPI
from tests.kit.direct import Database, database
from tests.kit.learner import Learner, lesson, quiz, tree
from tests.kit.query_counts import counted
from tests.kit.world import Json, World

__all__ = ["database"]
NAMES = "UPDATE members SET display_name = $3, email = $4 WHERE organization_id = $1 AND user_id = $2"
PAST = "UPDATE enrollments SET due_at = now() - interval '1 day' WHERE organization_id = $1 AND user_id = $2"
ENROLLED = "UPDATE enrollments SET assigned_at = $3 WHERE organization_id = $1 AND user_id = $2"


def day(n: int) -> str:
    return (datetime.now(UTC) + timedelta(n)).replace(microsecond=0).isoformat().replace("+00:00", "Z")


async def listed(world: World, query: str = "", caller: Any = None) -> list[Json]:
    found: list[Json] = (await (caller or world.admin).ok("GET", f"/api/enrollments/?{query}"))["items"]
    return found


async def users(world: World, query: str, caller: Any = None) -> list[str]:
    return [one["user_id"] for one in await listed(world, query, caller)]


async def enter(world: World, database: Database) -> str:
    """Ana has completed, Bob has done half and is late, Cyd and Dan have not begun; Dan has no due time."""
    ana = await Learner.enter(world, tree(quiz(), lesson(), title="Brandschutz für Häuser"), "ana")
    for user, name in (("ana", "Zoë Ålund"), ("bob", "Bob 100%"), ("cyd", "Anna Cyd"), ("dan", "Dan")):
        await database(NAMES, world.id, user, name, f"{user}@example.org")
    for user, due_at in (("bob", day(3)), ("cyd", day(2)), ("dan", None)):
        body = {"user_ids": [user], "due_at": due_at} if due_at else {"user_ids": [user]}
        await world.admin.ok("POST", f"/api/courses/{ana.course}/assign/", body)
    await ana.submit(correct=1)
    await ana.read()
    await (await Learner.join(world.member("bob"), ana.course)).read()
    await database(PAST, world.id, "bob")
    return ana.course


async def test_what_a_person_reads_of_each(world: World, database: Database) -> None:
    course = await enter(world, database)
    by_user = {one["user_id"]: one for one in await listed(world)}
    ana, bob = by_user["ana"], by_user["bob"]
    assert (ana["display_name"], ana["chapter_name"], ana["percent"]) == ("Zoë Ålund", "north 1", 100)
    assert (ana["score"], ana["course_id"]) == (100, course)
    assert ana["completed_at"] is not None
    assert ana["certificate_id"] is not None
    assert (bob["percent"], bob["score"], bob["completed_at"], bob["certificate_id"]) == (
        50,
        None,
        None,
        None,
    )
    assert await world.admin.ok("GET", f"/api/enrollments/{bob['id']}/") == bob


async def test_filters(world: World, database: Database) -> None:
    await enter(world, database)
    assert await users(world, "overdue=true") == ["bob"]
    assert sorted(await users(world, "overdue=false")) == ["ana", "cyd", "dan"]
    assert await users(world, "awaiting_review=true") == []
    assert await users(world, f"due_before={day(1)}") == ["bob"]
    assert sorted(await users(world, f"due_before={day(9)}")) == ["bob", "cyd"]
    in_north = [one["user_id"] for one in await listed(world) if one["chapter_name"].startswith("north")]
    assert sorted(await users(world, "region_id=north")) == sorted(in_north)
    assert await users(world, "region_id=nowhere") == await users(world, "user_id=nobody") == []
    assert await users(world, "q=zoe+alund") == await users(world, "q=ALUND+brandschutz") == ["ana"]
    assert len(await listed(world, "q=hauser")) == 4
    assert await users(world, "q=cyd@example.org") == ["cyd"]
    assert await users(world, "q=hauser&overdue=true&region_id=north&sort=due_at&count=true") == ["bob"]


async def test_reach_holds_under_every_filter_and_order(world: World, database: Database) -> None:
    await enter(world, database)
    chapter, north = world.call_as("c", "chapter_admin:n1"), world.call_as("r", "regional_admin:north")
    mine = {one["user_id"] for one in await listed(world, "chapter_id=n1")}
    region = {one["user_id"] for one in await listed(world, "region_id=north")}
    assert mine
    assert mine < region
    for query in ("", "sort=due_at", "sort=-assigned_at", "sort=display_name", "q=hauser"):
        for caller, seen in ((chapter, mine), (north, region)):
            page = await caller.ok("GET", f"/api/enrollments/?{query}&count=true")
            assert {one["user_id"] for one in page["items"]} == seen
            assert page["total"] == len(seen)
    assert await users(world, "region_id=south", north) == []


@pytest.mark.parametrize(
    ("sort", "order"),
    [
        ("due_at", ["bob", "cyd", "ana", "dan"]),
        ("-assigned_at", ["dan", "cyd", "bob", "ana"]),
        ("display_name", ["cyd", "bob", "dan", "ana"]),
    ],
)
async def test_orders_page_by_page(world: World, database: Database, sort: str, order: list[str]) -> None:
    await enter(world, database)
    for n, user in enumerate(("ana", "bob", "cyd", "dan")):
        await database(ENROLLED, world.id, user, datetime(2026, 1, 1 + n, tzinfo=UTC))
    seen, query = [], f"sort={sort}&limit=1"
    page = await world.admin.ok("GET", f"/api/enrollments/?{query}")
    while True:
        seen += [one["user_id"] for one in page["items"]]
        if page["next_cursor"] is None:
            break
        cursor = page["next_cursor"]
        page = await world.admin.ok("GET", f"/api/enrollments/?{query}&cursor={cursor}")
    assert seen == order
    other = "display_name" if sort == "due_at" else "due_at"
    for changed in (f"sort={other}&limit=1", "limit=1", f"{query}&status=assigned"):
        response = await world.admin("GET", f"/api/enrollments/?{changed}&cursor={cursor}")
        assert response.status_code == 422, response.text


async def test_words_outside_the_sets_are_refused_and_searches_are_harmless(
    world: World, database: Database
) -> None:
    await enter(world, database)
    for query in (
        "sort=score",
        "overdue=yes",
        "awaiting_review=1",
        "due_before=soon",
        "count=2",
        "region_id=%20",
    ):
        assert (await world.admin("GET", f"/api/enrollments/?{query}")).status_code == 422, query
    assert await users(world, "q=100%25") == ["bob"]
    for typed in ("%25", "_", "%00", "a'--", "%26%7C!()", "%5C", "x" * 6000):
        for sort in ("", "&sort=display_name&count=true"):
            response = await world.admin("GET", f"/api/enrollments/?q={typed}{sort}")
            assert response.status_code == 200, response.text


async def test_the_count_is_of_all_pages(world: World, database: Database) -> None:
    await enter(world, database)
    page = await world.admin.ok("GET", "/api/enrollments/?count=true&limit=1")
    assert (len(page["items"]), page["total"]) == (1, 4)
    assert "total" not in await world.admin.ok("GET", "/api/enrollments/?limit=1")
    nothing = await world.admin.ok("GET", "/api/enrollments/?count=true&user_id=nobody")
    assert (nothing["items"], nothing["total"]) == ([], 0)


@pytest.mark.parametrize("query", ["", "q=hauser&chapter_id=n1&count=true", "sort=display_name&q=a"])
async def test_it_is_three_statements(app: FastAPI, world: World, database: Database, query: str) -> None:
    await enter(world, database)
    await world.admin.ok("GET", "/api/enrollments/")
    with counted(app) as statements:
        assert await listed(world, query)
    assert len(statements) <= 3, statements

"""The statement of an administrator's list is made once for each shape; its values are each request's own."""

import random
from itertools import product
from typing import Any
from urllib.parse import urlencode

import pytest
from tests.kit.direct import Database, database
from tests.kit.learner import Learner, lesson, quiz, tree
from tests.kit.world import Json, World

from learning_service.domain.completion.queries import found_enrollments

__all__ = ["database"]
PAST = "UPDATE enrollments SET due_at = now() - interval '1 day' WHERE organization_id = $1 AND user_id = $2"
ROUNDS = 60


async def enter(world: World, database: Database) -> tuple[str, list[Json]]:
    """Ana has completed and Bob is late in one course, Cyd has a second one; what the list says of all."""
    ana = await Learner.enter(world, tree(quiz(), lesson(), title="Shared title"), "ana")
    other = await Learner.enter(world, tree(quiz(), title="Second"), "cyd")
    await ana.submit(correct=1)
    await ana.read()
    await (await Learner.join(world.member("bob"), ana.course)).read()
    await world.admin.ok(
        "POST",
        f"/api/courses/{other.course}/assign/",
        {"user_ids": ["bob"], "due_at": "2990-01-01T00:00:00Z"},
    )
    await database(PAST, world.id, "bob")
    everything = (await world.admin.ok("GET", "/api/enrollments/"))["items"]
    assert len(everything) >= 4
    return ana.course, everything


def means(asked: dict[str, str], one: Json) -> bool:
    """Whether an item is what the filters mean, by what it says itself."""
    due_before = asked.get("due_before")
    return (
        all(one[name] == asked[name] for name in ("course_id", "user_id", "status") if name in asked)
        and ("overdue" not in asked or one["overdue"] is (asked["overdue"] == "true"))
        and (due_before is None or (one["due_at"] is not None and one["due_at"] < due_before))
        and ("q" not in asked or asked["q"] in one["course_title"].lower())
    )


async def pages(world: World, asked: dict[str, str]) -> list[Any]:
    """All items, two at a time."""
    found: list[Any] = []
    cursor: str | None = ""
    while cursor is not None:
        query = urlencode({**asked, "limit": "2", **({"cursor": cursor} if cursor else {})})
        page = await world.admin.ok("GET", f"/api/enrollments/?{query}")
        found += page["items"]
        cursor = page["next_cursor"]
    return found


@pytest.mark.long
async def test_each_request_is_answered_by_its_own_values(
    world: World, other_world: World, database: Database
) -> None:
    known = [(place, *await enter(place, database)) for place in (world, other_world)]
    values: dict[str, list[str | None]] = {
        "course_id": [None, *(course for _, course, _ in known)],
        "user_id": [None, None, "ana", "bob"],
        "status": [None, "completed", "in_progress"],
        "overdue": [None, None, "true", "false"],
        "due_before": [None, None, "2100-01-01T00:00:00Z", "2995-01-01T00:00:00Z"],
        "q": [None, None, "shared", "second"],
        "sort": [None, "due_at", "-assigned_at", "display_name"],
    }
    shapes = random.Random(28).sample(list(product(*values.values())), ROUNDS)
    full = 0
    for chosen in shapes:
        asked = {name: value for name, value in zip(values, chosen, strict=True) if value is not None}
        for place, _, everything in known:
            expected = {one["id"] for one in everything if means(asked, one)}
            found = [one["id"] for one in await pages(place, asked)]
            assert sorted(found) == sorted(expected), asked
            full += bool(found)
    assert full > ROUNDS // 4


async def test_values_make_no_new_statement(world: World, other_world: World, database: Database) -> None:
    courses = [(place, (await enter(place, database))[0]) for place in (world, other_world)]
    found_enrollments.listed.cache_clear()
    for place, course in courses:
        for user in ("ana", "bob", "nobody"):
            await place.admin.ok("GET", f"/api/enrollments/?course_id={course}&user_id={user}&q={user}")
    assert found_enrollments.listed.cache_info().misses == 1

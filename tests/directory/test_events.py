"""Membership events from outside: duplicates, stale ones, strangers, and all or nothing."""

import asyncio
import random
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import text
from tests.directory.statements import statements
from tests.kit.directory import PATH, counts, event, send
from tests.kit.world import Json, World


async def row(world: World, user: str = "ana") -> Any:
    async with world.worker.transaction(world.id) as session:
        found = await session.execute(
            text(
                "SELECT status, chapter_id, custom_fields, clocks FROM members"
                " WHERE organization_id = :id AND user_id = :user"
            ),
            {"id": world.id, "user": user},
        )
        return found.one_or_none()


def pointers(response: httpx.Response) -> list[str]:
    assert response.status_code == 422, response.text
    return [error["pointer"] for error in response.json()["errors"]]


async def test_an_event_changes_what_it_is_later_for(world: World) -> None:
    await world.add_member("ana", custom_fields={"kept": 1, "a": 0})
    late = event(5, status="suspended", previous_status="active", custom_fields={"a": 5})
    assert await counts(world, late) == (1, 0, 0, 0)
    assert (await row(world))[:3] == ("suspended", "n1", {"kept": 1, "a": 5})
    assert await counts(world, late) == (0, 1, 0, 0)
    partly = event(3, status="active", chapter_id="s1", custom_fields={"a": 3, "b": None})
    assert await counts(world, partly) == (1, 0, 0, 0)
    assert (await row(world))[:3] == ("suspended", "s1", {"kept": 1, "a": 5, "b": None})
    assert await counts(world, event(2, status="pledge")) == (0, 0, 1, 0)
    assert await counts(world, [event(2), event(6), event(6), event(7, hours=1)]) == (1, 2, 1, 0)


async def test_writes_do_not_move_the_clocks(world: World) -> None:
    assert await counts(world, event(5, status="suspended")) == (1, 0, 0, 0)
    await world.add_member("ana", status="alumna")
    assert (await row(world))[0] == "alumna"
    assert await counts(world, event(4, status="pledge")) == (0, 0, 1, 0)
    assert await counts(world, event(6, status="active")) == (1, 0, 0, 0)
    assert (await row(world))[0] == "active"


async def test_the_id_decides_between_events_of_one_time(world: World) -> None:
    assert await counts(world, [event(9, hours=1, status="nine"), event(10, hours=1, status="ten")]) == (
        1,
        0,
        1,
        0,
    )
    assert (await row(world))[0] == "nine"


@pytest.mark.parametrize("way", ["put", "batch"])
async def test_a_stranger_is_parked_until_they_come(world: World, way: str) -> None:
    early, late = event(1, user="new", status="pledge"), event(2, user="new", chapter_id="s1")
    assert await counts(world, [late, early]) == (0, 0, 0, 2)
    assert await counts(world, [late]) == (0, 1, 0, 0)
    facts = {"chapter_id": "n1", "status": "invited", "display_name": "New", "email": None}
    if way == "put":
        answer = await world.directory("PUT", "/api/directory/members/new/", {**facts, "custom_fields": {}})
        assert (answer.status_code, answer.json()["status"]) == (201, "active")
    else:
        body = {"members": [{**facts, "user_id": "new"}, {**facts, "user_id": "other"}]}
        await world.directory.ok("POST", "/api/directory/members/batch/", body)
    assert (await row(world, "new"))[:2] == ("active", "s1")
    assert await counts(world, [event(0, user="new", status="stale")]) == (0, 0, 1, 0)
    async with world.worker.transaction(world.id) as session:
        waiting = text(
            "SELECT count(*) FROM membership_events WHERE organization_id = :id AND data IS NOT NULL"
        )
        assert await session.scalar(waiting, {"id": world.id}) == 0


async def test_a_member_who_comes_meanwhile_misses_nothing(world: World) -> None:
    for n in range(15):
        user = f"late-{n}"
        facts = {"chapter_id": "n1", "status": "invited", "display_name": "L", "email": None}
        path = f"/api/directory/members/{user}/"
        answers = await asyncio.gather(
            send(world, event(n, user=user)), world.directory("PUT", path, {**facts, "custom_fields": {}})
        )
        assert [answer.status_code for answer in answers] == [202, 201]
        assert (await row(world, user))[0] == "active"


async def test_one_event_sent_by_two_at_once_counts_once(world: World) -> None:
    events = [event(n, user=("ana", "bob", "cyd", "dan", "eve")[n % 5]) for n in range(50)]
    answers = await asyncio.gather(*[send(world, random.Random(n).sample(events, 50)) for n in range(4)])
    assert [answer.status_code for answer in answers] == [202] * 4
    bodies = [answer.json() for answer in answers]
    assert sum(body["accepted"] + body["stale"] for body in bodies) == 50
    assert sum(body["duplicates"] for body in bodies) == 150


async def test_any_order_ends_in_the_same_row(world: World) -> None:
    ends = []
    chance = random.Random(7)
    for run in range(6):
        user = f"shuffled-{run}"
        history = [
            event(
                n,
                user=user,
                hours=n % 7,
                status=("pledge", "active", "alumna")[n % 3],
                **({"chapter_id": ("n1", "s1")[n % 2]} if n % 4 else {}),
                custom_fields={"abc"[n % 3]: n},
            )
            | {"id": f"{n:02}", "source": f"/{user}"}
            for n in range(30)
        ]
        calls = history + chance.choices(history, k=10)
        chance.shuffle(calls)
        arrives = chance.randrange(len(calls))
        await counts(world, calls[:arrives] or calls[:1])
        await world.add_member(user, status="invited", custom_fields={"kept": True})
        for start in range(arrives, len(calls), 7):
            await counts(world, calls[start : start + 7])
        found = await row(world, user)
        ends.append((found[0], found[1], found[2]))
    assert ends == [ends[0]] * 6


async def test_one_bad_among_1000_stops_all(world: World) -> None:
    events = [event(n, status="suspended") for n in range(1000)]
    events[637]["data"]["chapter_id"] = "nowhere"
    assert pointers(await send(world, events)) == ["/637/data/chapter_id"]
    del events[637]["id"]
    assert pointers(await send(world, events)) == ["/637/id"]
    ahead = (datetime.now(UTC) + timedelta(minutes=6)).isoformat()
    events[637] = {**event(637), "time": ahead}
    assert pointers(await send(world, events)) == ["/637/time"]
    assert (await row(world))[0] == "active"
    events[637] = {**event(637), "time": (datetime.now(UTC) + timedelta(minutes=4)).isoformat()}
    assert await counts(world, events) == (1000 - 362, 0, 362, 0)


async def test_1000_take_a_handful_of_statements(world: World, app: FastAPI) -> None:
    members = [
        {"user_id": f"m{n}", "chapter_id": "n1", "status": "a", "display_name": "M", "email": None}
        for n in range(900)
    ]
    await world.directory.ok("POST", "/api/directory/members/batch/", {"members": members})
    with statements(app) as seen:
        assert await counts(world, [event(n, user=f"m{n}", chapter_id="s1") for n in range(1000)]) == (
            900,
            0,
            0,
            100,
        )
    assert len(seen) <= 14, seen


BAD: list[tuple[Json, str]] = [
    ({"specversion": "0.3"}, "/specversion"),
    ({"type": "membership.deleted"}, "/type"),
    ({"id": ""}, "/id"),
    ({"id": 7}, "/id"),
    ({"source": ""}, "/source"),
    ({"source": "two words"}, "/source"),
    ({"time": "2026-01-01T00:00:00"}, "/time"),
    ({"time": "1767225600"}, "/time"),
    ({"time": 1767225600}, "/time"),
    ({"time": "2100-01-01T00:00:00Z"}, "/time"),
    ({"subject": "a b"}, "/subject"),
    ({"subject": None}, "/subject"),
    ({"tpye": "x"}, "/tpye"),
    ({"datacontenttype": "text/xml"}, "/datacontenttype"),
    ({"traceparent": {"a": 1}}, "/traceparent"),
    ({"data": None}, "/data"),
    ({"data": {}}, "/data/status"),
    ({"data": {"status": "x" * 65}}, "/data/status"),
    ({"data": {"status": "a", "user_id": "x"}}, "/data/user_id"),
    ({"data": {"status": "a", "custom_fields": []}}, "/data/custom_fields"),
    ({"data": {"status": "a", "custom_fields": {"a": "x" * 70_000}}}, "/data/custom_fields"),
]


async def test_what_is_wrong_is_named(world: World) -> None:
    for change, pointer in BAD:
        found = pointers(await send(world, {**event(1), **change}))
        assert {p.rsplit("/", 1)[0] if pointer == "/traceparent" and p != pointer else p for p in found} == {
            pointer
        }
        assert all(
            p.startswith("/0" + pointer) for p in pointers(await send(world, [{**event(1), **change}]))
        ), pointer


async def test_lists_have_1_to_1000_events(world: World) -> None:
    assert pointers(await send(world, [])) == [""]
    assert (await send(world, [event(n) for n in range(1001)])).status_code == 422
    for body in ("x", 7, None, [[event(1)]]):
        assert (await send(world, body)).status_code in (415, 422)


async def test_the_cloudevents_types_and_attributes_are_taken(world: World) -> None:
    rich = {
        **event(1),
        "datacontenttype": "application/json; charset=utf-8",
        "dataschema": "https://example.org/s",
        "traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
    }
    assert (await send(world, rich, "application/cloudevents+json")).status_code == 202
    batch = await send(world, [event(2)], "application/cloudevents-batch+json; charset=utf-8")
    assert batch.json()["accepted"] == 1
    assert (await send(world, rich, "text/plain")).status_code == 415


async def test_custom_fields_stay_bounded(world: World) -> None:
    assert await counts(world, event(1, custom_fields={"a": "x" * 40_000})) == (1, 0, 0, 0)
    assert pointers(await send(world, [event(2, custom_fields={"b": "x" * 40_000})])) == [
        "/0/data/custom_fields"
    ]
    assert await counts(world, event(2, custom_fields={"a": "y"})) == (1, 0, 0, 0)


async def test_a_token_speaks_for_its_organization_only(world: World, other_world: World) -> None:
    await other_world.add_member("theirs")
    assert await counts(world, event(1, user="theirs")) == (0, 0, 0, 1)
    assert (await row(other_world, "theirs"))[0] == "active"
    assert await counts(other_world, event(1, status="suspended")) == (1, 0, 0, 0)
    assert (await row(world, "ana"))[0] == "active"
    for caller in (world.member(), world.admin):
        assert (await caller("POST", PATH, event(3))).status_code == 403
    stranger = World(world.http, world.signer, world.worker)
    assert (await send(stranger, event(1))).status_code == 422

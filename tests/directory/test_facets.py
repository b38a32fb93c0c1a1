"""What a rule's editor offers: the statuses and custom fields of the members in reach."""

import time
from typing import Any

import pytest
from fastapi import FastAPI
from sqlalchemy import text
from tests.directory.statements import statements
from tests.kit.directory import counts, event
from tests.kit.fields import refused
from tests.kit.world import Json, World

PATH = "/api/directory/facets/"


async def fields(world: World) -> Json:
    shown: Json = (await world.admin.ok("GET", PATH))["custom_fields"]
    return shown


async def test_a_status_that_nobody_ever_had_is_shown_when_an_event_brings_it(world: World) -> None:
    assert await world.admin.ok("GET", PATH) == {"statuses": ["active"], "custom_fields": {}}
    assert await counts(world, event(1, user="bob", status=" Pledgee ")) == (1, 0, 0, 0)
    await world.add_member("cyd", "n2", status="ACTIVE")
    await world.add_member("eve", "s2", status="émérite")
    shown = await world.admin.ok("GET", PATH)
    assert shown["statuses"] == ["ACTIVE", "active", "Pledgee", "émérite"]
    assert await counts(world, event(2, user="bob", status="active")) == (1, 0, 0, 0)
    assert "Pledgee" not in (await world.admin.ok("GET", PATH))["statuses"], "nobody has it any more"


async def test_fields_tell_their_types_and_their_commonest_values(world: World) -> None:
    for user, unit, given in (
        ("ana", "n1", {"year": 3, "mixed": True, "tags": ["b", "a", ["deep"], {"x": 1}, None], "gone": None}),
        ("bob", "n1", {"year": 3.0, "mixed": "3", "tags": ["a"], "house": {"name": "Oak"}, "gone": None}),
        ("cyd", "n2", {"year": 10, "mixed": None, "tags": [], "long": "x" * 201, "": 1, "n" * 201: 1}),
        ("dan", "s1", {"year": 2.5, "mixed": 3, "long": "ü" * 200, "n" * 200: False}),
        ("eve", "s2", {"year": None, "mixed": [], "__proto__": "odd"}),
    ):
        await world.add_member(user, unit, custom_fields=given)
    shown = await fields(world)
    assert shown == {
        "year": {"types": ["number"], "values": [3, 2.5, 10]},
        "mixed": {"types": ["string", "number", "boolean", "array"], "values": [3, "3", True]},
        "tags": {"types": ["array"], "values": ["a", "b"]},
        "house": {"types": ["object"], "values": []},
        "gone": {"types": [], "values": []},
        "long": {"types": ["string"], "values": ["ü" * 200]},
        "n" * 200: {"types": ["boolean"], "values": [False]},
        "__proto__": {"types": ["string"], "values": ["odd"]},
    }
    assert list(shown) == sorted(shown)
    assert shown["mixed"]["values"][2] is True, "and no 1"


async def test_what_it_offers_an_audience_takes(world: World) -> None:
    given = {"year": 1e300, "text": "ö", "low": -(2**63) + 1, "part": 0.1, "yes": True, "large": 2**53 + 1}
    await world.add_member("ana", custom_fields=given)
    shown = await fields(world)
    assert {name: facet["values"] for name, facet in shown.items()} == {n: [v] for n, v in given.items()}
    course = await world.course()
    body = {"audience_filter": {"custom_fields": {name: f["values"][0] for name, f in shown.items()}}}
    assert (await world.admin.ok("POST", f"/api/courses/{course['id']}/assign/", body))["assigned"] == 1


async def test_at_most_fifty_values_of_at_most_200_fields(world: World) -> None:
    rare = {f"rare-{n:03}": n for n in range(300)}
    await world.add_member("ana", custom_fields={"v": list(range(60)), "common": 1, "z": 1, **rare})
    await world.add_member("bob", custom_fields={"v": [59, 58, 59], "common": 2, "z": 1})
    shown = await fields(world)
    assert shown["v"]["values"] == [59, 58, *range(48)]
    assert shown["common"]["values"] == [1, 2]
    assert list(shown) == ["common", *(f"rare-{n:03}" for n in range(197)), "v", "z"]


async def test_everybody_sees_what_their_own_members_have(world: World, other_world: World) -> None:
    for user, unit in (("ana", "n1"), ("bob", "n1"), ("cyd", "n2"), ("dan", "s1"), ("eve", "s2")):
        await world.add_member(user, unit, status=f"of-{unit}", custom_fields={f"at-{unit}": user})
    await other_world.add_member("ana", status="elsewhere", custom_fields={"secret": "theirs"})
    for roles, units in (
        (["national_admin"], ["n1", "n2", "s1", "s2"]),
        (["regional_admin:north"], ["n1", "n2"]),
        (["regional_admin:south", "chapter_admin:n1"], ["s1", "s2"]),
        (["regional_admin:n1"], []),
    ):
        shown = await world.call_as("somebody", *roles).ok("GET", PATH)
        assert shown["statuses"] == [f"of-{unit}" for unit in units], roles
        assert list(shown["custom_fields"]) == [f"at-{unit}" for unit in units], roles
    assert "secret" in (await other_world.admin.ok("GET", PATH))["custom_fields"]


async def test_who_administers_nobody_is_refused(world: World) -> None:
    for caller in (
        world.member(),
        world.call_as("nobody-here"),
        world.call_as("greg", "grader"),
        world.call_as("chair", "chapter_admin:n1"),
        world.directory,
        world.call_as("bus", scopes=["reports:read", "events:read", "webhooks:manage"]),
    ):
        refused(await caller("GET", PATH), 403, "forbidden")
    refused(await world.http.get(PATH), 401, "unauthenticated")


async def test_the_erased_have_nothing(world: World) -> None:
    await world.add_member("ana", status="Secret", custom_fields={"secret": "hers"})
    assert (await world.directory("DELETE", "/api/directory/members/ana/")).status_code == 204
    assert await world.admin.ok("GET", PATH) == {"statuses": ["active"], "custom_fields": {}}


async def test_two_statements_however_many_members(world: World, app: FastAPI) -> None:
    await world.add_member("ana", custom_fields={"a": 1, "b": [1, 2]})
    with statements(app) as seen:
        await world.admin.ok("GET", PATH)
    assert len([one for one in seen if "set_config" not in one]) == 2, seen


LOAD = """INSERT INTO members (organization_id, user_id, chapter_id, status, display_name, custom_fields, created_at,
    updated_at)
SELECT :o, 'm' || g, 'n' || 1 + g % 2, 'status ' || g % 7, 'M', {}, now(), now() FROM generate_series(1, :n) g"""
ORDINARY = """jsonb_build_object('number', 'A-' || g, 'joined', current_date - g % 3000, 'year', 1 + g % 5,
    'paid', g % 3 = 0, 'house', jsonb_build_object('name', g % 40), 'tags', jsonb_build_array(g % 11, g % 13),
    'gpa', round(g % 401 / 100.0, 2), 'major', md5((g % 90)::text), 'note', md5(g::text), 'city', 'C' || g % 900)"""
MANY = "(SELECT jsonb_object_agg('f' || k, md5((g * k)::text)) FROM generate_series(1, 300) k)"
NAMES = "(SELECT jsonb_object_agg(md5((g * 1700 + k)::text), md5(k::text)) FROM generate_series(1, 900) k)"
"""60 KB for each member, and no name twice."""


@pytest.mark.slow
@pytest.mark.parametrize(
    ("given", "members"),
    [(ORDINARY, 100_000), (MANY, 5_000), (NAMES, 1_000)],
    ids=["members", "values", "names"],
)
async def test_many_members_and_many_values_take_bounded_time(world: World, given: str, members: int) -> None:
    async with world.worker.transaction(world.id) as session:
        await session.execute(text(LOAD.format(given)), {"o": world.id, "n": members})
    taken = []
    shown: dict[str, Any] = {}
    for _ in range(3):
        started = time.perf_counter()
        shown = await world.admin.ok("GET", PATH)
        taken.append(time.perf_counter() - started)
    assert len(shown["statuses"]) == 8
    assert len(shown["custom_fields"]) == (10 if given is ORDINARY else 200)
    assert all(len(facet["values"]) <= 50 for facet in shown["custom_fields"].values())
    assert min(taken) < 4, taken


@pytest.mark.long
async def test_long_lists_do_not_stop_it(world: World) -> None:
    """Two million elements: of each list the first hundred are choices."""
    for start in range(0, 300, 60):
        members = [
            {
                "user_id": f"u{n}",
                "chapter_id": "n1",
                "status": "active",
                "display_name": "U",
                "email": None,
                "custom_fields": {"many": [1, *range(n * 7000 + 1000, n * 7000 + 8000)], "year": n % 3},
            }
            for n in range(start, start + 60)
        ]
        await world.directory.ok("POST", "/api/directory/members/batch/", {"members": members})
    shown = await fields(world)
    assert shown["year"] == {"types": ["number"], "values": [0, 1, 2]}
    assert shown["many"]["types"] == ["array"]
    assert (shown["many"]["values"][0], len(shown["many"]["values"])) == (1, 50)

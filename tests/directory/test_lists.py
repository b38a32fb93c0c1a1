"""Regions, chapters and members as frontends choose and look them up."""

from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from tests.kit.compliance import linked, pursue
from tests.kit.query_counts import counted
from tests.kit.world import Caller, Json, Signer, World

from learning_service.context import Context

REGIONS, CHAPTERS, MEMBERS = (f"/api/directory/{kind}/" for kind in ("regions", "chapters", "members"))
PEOPLE = {
    "zoe": "Zoë Ångström",
    "lukasz": "Łukasz Żółw",
    "iga": "İGA Öztürk",
    "strasse": "Eva Straße",
    "quote": "Conor O'Brien 50%_x",
}


async def found(caller: Caller, path: str, field: str = "user_id", **query: Any) -> list[str]:
    """What all pages of two list, which must be as one page lists it."""
    whole = await caller.ok("GET", path, params=query)
    shown: list[Json] = []
    cursor = None
    while True:
        asked = {**query, "limit": 2} | ({"cursor": cursor} if cursor else {})
        page = await caller.ok("GET", path, params=asked)
        shown += page["items"]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert shown == whole["items"]
    return [item[field] for item in shown]


async def people(world: World) -> World:
    for user, name in PEOPLE.items():
        await world.add_member(user, "s1", display_name=name, email=f"{user}@mail.example")
    return world


@pytest.fixture
async def peopled(world: World) -> World:
    return await people(world)


@pytest.fixture(scope="module")
async def read_only(client: httpx.AsyncClient, signer: Signer, worker_context: Context) -> World:
    """The same, made once for all tests that change nothing."""
    made = World(client, signer, worker_context)
    await made.found()
    return await people(made)


async def test_regions_and_chapters_have_names(world: World, other_world: World) -> None:
    await other_world.directory.ok("PUT", "/api/directory/chapters/x/", {"region_id": "north", "name": "X"})
    for caller in (world.member(), world.admin, world.call_as("chair", "chapter_admin:n1")):
        assert await found(caller, REGIONS, "name") == ["North", "South"]
        assert await found(caller, CHAPTERS, "id") == ["n1", "n2", "s1", "s2"]
        assert await found(caller, CHAPTERS, "id", region_id="south") == ["s1", "s2"]
        assert await found(caller, CHAPTERS, "id", region_id="atlantis") == []
    shown = (await world.admin.ok("GET", f"{CHAPTERS}?limit=1"))["items"]
    assert shown == [{"id": "n1", "name": "north 1", "region_id": "north", "closed": False}]
    assert (await world.call_as("x")("GET", CHAPTERS)).status_code == 403
    assert (await world.admin("GET", f"{CHAPTERS}?closed=maybe")).status_code == 422
    assert (await world.admin("GET", f"{REGIONS}?q=north")).status_code == 422


@pytest.mark.parametrize(
    ("typed", "ids"),
    [
        ("SOUTH", ["s1", "s2"]),
        ("sou", ["s1", "s2"]),
        ("so", ["s1", "s2"]),
        ("1 nor", ["n1"]),
        ("2", ["n2", "s2"]),
        ("out", ["s1", "s2"]),
        ("ou", []),
        ("sóuth", ["s1", "s2"]),
        ("", ["n1", "n2", "s1", "s2"]),
        ("  ", ["n1", "n2", "s1", "s2"]),
    ],
)
async def test_chapters_are_found_by_their_name(read_only: World, typed: str, ids: list[str]) -> None:
    assert await found(read_only.admin, CHAPTERS, "id", q=typed) == ids


@pytest.mark.parametrize(
    ("typed", "ids"),
    [
        ("zoe", ["zoe"]),
        ("ZOË", ["zoe"]),
        ("zoe\u0308", ["zoe"]),
        ("angstrom zoe", ["zoe"]),
        ("A\u030angstro\u0308m", ["zoe"]),
        ("lukasz zolw", ["lukasz"]),
        ("łUKASZ", ["lukasz"]),
        ("iga", ["iga"]),
        ("ozturk", ["iga"]),
        ("strasse", ["strasse"]),
        ("straße", ["strasse"]),
        ("o'brien", ["quote"]),
        ("50%", ["quote"]),
        ("%_x", ["quote"]),
        ("0%x", []),
        ("mail.example", sorted(PEOPLE)),
        ("zoe@mail", ["zoe"]),
        ("an", ["ana", "zoe"]),
        ("nobody", []),
    ],
)
async def test_members_are_found_by_name_and_address(read_only: World, typed: str, ids: list[str]) -> None:
    assert await found(read_only.admin, MEMBERS, q=typed) == ids


@pytest.mark.parametrize(
    "typed",
    ["%", "_", "\\", "a\\", "'", '"', "&|!:*()<->", "\0", "a\0na", "\n\t", "a" * 10_000, "a b " * 2_500, "\u202e",
     "%" * 500, "＼", "＼％", "\ud7ff", "x" * 600, "x" * 601],
)  # fmt: skip
async def test_nothing_that_is_typed_does_harm(read_only: World, typed: str) -> None:
    for path in (MEMBERS, CHAPTERS):
        answer = await read_only.admin("GET", path, params={"q": typed})
        assert answer.status_code == 200, answer.text
    await read_only.admin.ok("GET", MEMBERS, params={"status": typed[:100]})


async def test_what_a_member_is_found_by_follows_the_directory(world: World) -> None:
    await world.add_member("ana", display_name="Berta Blau", email="berta@example.org")
    assert await found(world.admin, MEMBERS, q="ana") == []
    assert await found(world.admin, MEMBERS, q="blau") == ["ana"]
    row = {
        "user_id": "ana",
        "chapter_id": "n1",
        "status": "active",
        "display_name": "Carla Cyan",
        "email": None,
    }
    await world.directory.ok("POST", "/api/directory/members/batch/", {"members": [row]})
    assert await found(world.admin, MEMBERS, q="berta") == []
    assert await found(world.admin, MEMBERS, q="cyan") == ["ana"]
    await world.directory("DELETE", "/api/directory/members/ana/")
    assert await found(world.admin, MEMBERS, q="cyan") == []
    assert await found(world.admin, MEMBERS) == ["bob", "cyd", "dan", "eve"]
    assert (await world.admin("GET", f"{MEMBERS}ana/")).status_code == 404


async def test_the_orders_of_members(peopled: World) -> None:
    await peopled.add_member("dan", "s1", display_name="dan", status="pledge")
    by_name = ["ana", "bob", "quote", "cyd", "dan", "strasse", "eve", "iga", "lukasz", "zoe"]
    assert await found(peopled.admin, MEMBERS, sort="display_name") == by_name
    assert await found(peopled.admin, MEMBERS, sort="-display_name") == by_name[::-1]
    by_status = await found(peopled.admin, MEMBERS, sort="status")
    assert (by_status[-1], by_status[:-1]) == ("dan", sorted(by_status[:-1]))
    first = await peopled.admin.ok("GET", f"{MEMBERS}?limit=1&sort=display_name")
    for other in (
        "sort=-display_name",
        "sort=status",
        "",
        "sort=display_name&q=a",
        "sort=display_name&status=x",
    ):
        refused = await peopled.admin("GET", f"{MEMBERS}?{other}&cursor={first['next_cursor']}")
        assert refused.status_code == 422, other
    assert (await peopled.admin("GET", f"{MEMBERS}?sort=email")).status_code == 422


async def test_filters_and_reach_of_members(peopled: World) -> None:
    world = peopled
    await world.add_member("dan", "s1", status="Pledge")
    assert await found(world.admin, MEMBERS, status="pledge") == ["dan"]
    assert await found(world.admin, MEMBERS, status="no such") == []
    assert await found(world.admin, MEMBERS, chapter_id="n1") == ["ana", "bob"]
    assert await found(world.admin, MEMBERS, region_id="north", sort="display_name") == ["ana", "bob", "cyd"]
    assert await found(world.admin, MEMBERS, chapter_id="n9") == []
    assert await found(world.admin, MEMBERS, region_id="north", chapter_id="s1") == []
    nora = world.call_as("nora", "regional_admin:north")
    assert await found(nora, MEMBERS) == ["ana", "bob", "cyd"]
    assert await found(nora, MEMBERS, q="example") == ["ana", "bob", "cyd"]
    assert await found(nora, MEMBERS, chapter_id="s1") == []
    chair = world.call_as("chair", "chapter_admin:n1")
    for sort in ({}, {"sort": "display_name"}, {"sort": "status"}):
        assert await found(chair, MEMBERS, **sort) == ["ana", "bob"]
    both = world.call_as("both", "chapter_admin:n1", "regional_admin:south")
    assert (await found(both, MEMBERS))[:3] == ["ana", "bob", "dan"]
    assert (await world.member()("GET", MEMBERS)).status_code == 403
    assert (await world.call_as("gil", "grader")("GET", MEMBERS)).status_code == 403


async def test_a_member_in_a_list(world: World) -> None:
    await world.add_member("ana", custom_fields={"pledge_class": 3})
    shown = (await world.admin.ok("GET", f"{MEMBERS}?q=ana"))["items"]
    assert shown == [
        {
            "user_id": "ana",
            "display_name": "Ana",
            "email": "ana@example.org",
            "chapter_id": "n1",
            "chapter_name": "north 1",
            "region_id": "north",
            "status": "active",
            "custom_fields": {"pledge_class": 3},
        }
    ]


async def test_one_member_with_all_they_learned(world: World, other_world: World) -> None:
    course = await linked(world)
    await pursue(world, "ana", course)
    path = f"{MEMBERS}ana/"
    chair = world.call_as("chair", "chapter_admin:n1")
    for caller in (world.admin, world.call_as("nora", "regional_admin:north"), chair):
        shown = await caller.ok("GET", path)
        listed = (await caller.ok("GET", f"{MEMBERS}?q=ana"))["items"][0]
        assert {name: shown[name] for name in listed} == listed
        ana = world.member()
        for name in ("enrollments", "certificates", "skills", "compliance"):
            assert shown[name] == (await ana.ok("GET", f"/api/users/{name}/"))["items"], name
            assert len(shown[name]) == 1
    for caller in (
        world.call_as("sam", "regional_admin:south"),
        world.call_as("chair", "chapter_admin:n2"),
    ):
        assert (await caller("GET", path)).status_code == 404
    assert (await other_world.admin.ok("GET", path))["enrollments"] == []
    assert (await world.admin("GET", f"{MEMBERS}no such/")).status_code == 404
    assert (await world.member()("GET", path)).status_code == 403


async def test_a_page_of_members_is_few_statements(app: FastAPI, peopled: World) -> None:
    for query in ("", "?q=mail&sort=-display_name&status=active&region_id=south&limit=3"):
        await peopled.admin.ok("GET", MEMBERS + query)
        with counted(app) as statements:
            await peopled.admin.ok("GET", MEMBERS + query)
        assert len(statements) <= 3, statements

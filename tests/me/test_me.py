"""What a frontend asks for before its first screen."""

import pytest
from fastapi import FastAPI
from tests.kit import documents as files
from tests.kit.query_counts import counted
from tests.kit.sending import send, settled
from tests.kit.world import Json, World


async def test_a_member_hears_who_they_are_and_where(world: World) -> None:
    await world.admin.ok("PATCH", "/api/organization/", {"locale": "fr-CA", "primary_color": "#224466"})
    row: Json = {
        "chapter_id": "n1",
        "status": "alumna",
        "display_name": "Ana Á.",
        "email": None,
        "custom_fields": {},
        "locale": "es-MX",
        "timezone": "Europe/Vienna",
    }
    await world.directory.ok("PUT", "/api/directory/members/ana/", row)
    me = await world.member("ana").ok("GET", "/api/me/")
    assert me == {
        "user_id": "ana",
        "organization_id": world.id,
        "name": "Ana Á.",
        "roles": [],
        "scopes": [],
        "is_member": True,
        "organization": {
            "name": "Alpha & Co",
            "timezone": "America/New_York",
            "locale": "fr-CA",
            "logo_url": None,
            "primary_color": "#224466",
        },
        "member": {
            "chapter_id": "n1",
            "chapter_name": "north 1",
            "region_id": "north",
            "region_name": "North",
            "status": "alumna",
            "locale": "es-MX",
            "timezone": "Europe/Vienna",
        },
        "may": {"author": [], "administer": [], "grade": False},
    }


async def test_the_token_names_its_holder_before_the_directory(world: World) -> None:
    assert (await world.call_as("ana", name="Queen Ana").ok("GET", "/api/me/"))["name"] == "Queen Ana"
    assert (await world.call_as("boss", "national_admin").ok("GET", "/api/me/"))["name"] is None


async def test_an_organization_that_nobody_has_told_of(world: World) -> None:
    unknown = World(world.http, world.signer, world.worker)
    me = await unknown.admin.ok("GET", "/api/me/")
    assert (me["is_member"], me["organization"], me["member"]) == (False, None, None)
    made = await unknown.admin("POST", "/api/courses/", {"title": "T", "scope": "national"})
    assert (made.status_code, me["may"]["author"]) == (403, [])


async def test_an_erased_member_is_none(world: World) -> None:
    await world.directory.ok("DELETE", "/api/directory/members/ana/")
    me = await world.member("ana").ok("GET", "/api/me/")
    assert (me["is_member"], me["member"], me["name"]) == (False, None, None)


async def test_it_is_two_statements(app: FastAPI, world: World) -> None:
    chair = world.call_as("ana", "chapter_admin:n1", "regional_admin:south")
    await chair.ok("GET", "/api/me/")
    with counted(app) as statements:
        await chair.ok("GET", "/api/me/")
    assert len(statements) <= 2, statements


@pytest.mark.parametrize("who", ["ana", "platform"])
async def test_every_caller_may_fetch_the_logo_that_it_names(
    world: World, other_world: World, who: str
) -> None:
    sent = await send(world.admin, files.picture(300, 100, "PNG", "#c02010"))
    ready = await settled(world, sent.json()["id"])
    caller = world.call_as(who)
    path = f"/api/documents/{ready['id']}/file/"
    assert (await caller("GET", path)).status_code in (403, 404), "any picture"
    await world.admin.ok("PATCH", "/api/organization/", {"logo": f"document:{ready['id']}"})
    assert (await caller.ok("GET", "/api/me/"))["organization"]["logo_url"] == path
    assert (await caller("GET", path)).status_code == 307
    assert (await other_world.member("ana")("GET", path)).status_code == 404

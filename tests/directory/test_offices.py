"""Offices say who gets officers' mails, and nothing more."""

from typing import Any

from tests.kit.batches import member, push
from tests.kit.world import World

NATIONAL = {"role": "national_admin"}
REGIONAL = {"role": "regional_admin", "scope_id": "north"}
LOCAL = {"role": "chapter_admin", "scope_id": "n1"}
BODY = {"chapter_id": "n1", "status": "active", "display_name": "Ana", "email": None}


async def _put(world: World, **facts: Any) -> Any:
    return await world.directory("PUT", "/api/directory/members/ana/", {**BODY, **facts})


async def test_a_put_replaces_them_and_says_them(world: World) -> None:
    first = await _put(world, offices=[NATIONAL, REGIONAL, LOCAL])
    assert first.status_code == 200
    assert first.json()["offices"] == [{**NATIONAL, "scope_id": None}, REGIONAL, LOCAL]
    exported = await world.member("ana").ok("GET", "/api/users/export/")
    assert exported["profile"]["offices"] == first.json()["offices"]
    assert (await _put(world)).json()["offices"] == []


async def test_a_batch_counts_them_as_a_change(world: World) -> None:
    assert (await push(world, [member(0), member(1)])).json()["created"] == 2
    changed = await push(world, [member(0, offices=[LOCAL]), member(1)])
    assert changed.json() == {"created": 0, "updated": 1, "unchanged": 1}
    assert (await push(world, [member(0, offices=[LOCAL])])).json()["unchanged"] == 1


NO_OFFICES: list[tuple[Any, str]] = [
    (None, "/offices"),
    ({}, "/offices"),
    (["national_admin"], "/offices/0"),
    ([{"role": "king"}], "/offices/0/role"),
    ([{"scope_id": "n1"}], "/offices/0/role"),
    ([NATIONAL, NATIONAL], "/offices/1"),
    ([{**NATIONAL, "scope_id": "n1"}], "/offices/0/scope_id"),
    ([{"role": "regional_admin"}], "/offices/0/scope_id"),
    ([{"role": "chapter_admin", "scope_id": None}], "/offices/0/scope_id"),
    ([{"role": "chapter_admin", "scope_id": "north"}], "/offices/0/scope_id"),
    ([REGIONAL, {"role": "regional_admin", "scope_id": "n1"}], "/offices/1/scope_id"),
    ([{"role": "chapter_admin", "scope_id": "n 1"}], "/offices/0/scope_id"),
    ([{**LOCAL, "since": 2020}], "/offices/0/since"),
    ([{"role": "chapter_admin", "scope_id": f"c{n}"} for n in range(51)], "/offices"),
]


async def test_what_is_no_office_is_refused_with_its_place(world: World) -> None:
    for offices, pointer in NO_OFFICES:
        refused = await _put(world, offices=offices)
        assert refused.status_code == 422, (offices, refused.text)
        assert [error["pointer"] for error in refused.json()["errors"]] == [pointer], offices
        batch = await push(world, [member(0), member(1, offices=offices)])
        assert [error["pointer"] for error in batch.json()["errors"]] == [f"/members/1{pointer}"], offices


async def test_a_unit_of_another_organization_is_none(world: World, other_world: World) -> None:
    await other_world.directory.ok(
        "PUT", "/api/directory/regions/theirs/", {"organization_id": other_world.id, "name": "Theirs"}
    )
    refused = await _put(world, offices=[{"role": "regional_admin", "scope_id": "theirs"}])
    assert refused.status_code == 422


async def test_an_office_gives_no_rights(world: World) -> None:
    await _put(world, offices=[NATIONAL])
    refused = await world.member("ana")("GET", "/api/organization/")
    assert (refused.status_code, refused.json()["code"]) == (403, "forbidden")

"""Whose uploads: an author sees them in their export; once erased, the file stays and its name goes."""

import pytest
from tests.kit import documents as files
from tests.kit.sending import seen, send, settled
from tests.kit.world import World

pytestmark = pytest.mark.usefixtures("looks_here")


async def test_the_name_goes_with_whoever_gave_it(world: World) -> None:
    author = world.call_as("ana", "national_admin")
    made = (await send(author, files.pdf(2), "Ana's secret résumé.pdf")).json()
    await settled(world, made["id"])
    exported = (await author.ok("GET", "/api/users/export/"))["documents"]
    assert [(one["id"], one["name"]) for one in exported] == [(made["id"], "Ana's secret résumé.pdf")]
    assert (await world.member("bob").ok("GET", "/api/users/export/"))["documents"] == []
    assert (await world.directory("DELETE", "/api/directory/members/ana/")).status_code == 204
    kept = await seen(world, made["id"])
    assert (kept["status"], kept["name"]) == ("ready", None)
    assert (await world.admin("GET", kept["url"])).status_code == 307

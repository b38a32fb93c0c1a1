"""What nothing refers to goes after 30 days; what anything refers to stays."""

import hashlib
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from tests.kit import documents as files
from tests.kit.sending import send, settled
from tests.kit.world import Json, World, small_tree

from learning_service.worker.jobs.unused_files import collect_files, list_collectable

LATER = timedelta(days=31)


async def ready(world: World, content: bytes) -> Json:
    return await settled(world, (await send(world.admin, content)).json()["id"])


def tree_with(**lesson: Any) -> Json:
    item = {"kind": "lesson", "title": "Read", **lesson}
    return small_tree(modules=[{"title": "M", "items": [item]}])


@pytest.mark.long
async def test_only_what_nothing_refers_to_is_collected(world: World) -> None:
    shown = await ready(world, files.pdf(2))
    pictured = await ready(world, files.picture(20, 20))
    logo = await ready(world, files.picture(60, 20))
    forgotten = await ready(world, files.pdf(3))
    failed = await ready(world, files.pdf(1)[:300])
    body = f'<p>See <img src="document:{pictured["id"]}" alt="exit"></p>'
    await world.course(tree_with(document_url=f"document:{shown['id']}", body_html=body))
    await world.admin.ok("PATCH", "/api/organization/", {"logo": f"document:{logo['id']}"})
    orphans = [f"certificates/{hashlib.sha256(b'x').hexdigest()}.pdf", "documents/0123456789abcdef"]
    for key in orphans:
        await world.worker.store.put(key, b"left behind", content_type="application/pdf")
    soon, later = datetime.now(UTC) + timedelta(days=29), datetime.now(UTC) + LATER

    await collect_files(world.worker, soon)
    for document in (shown, pictured, logo, forgotten, failed):
        assert (await world.admin("GET", f"/api/documents/{document['id']}/")).status_code == 200
    lines = await list_collectable(world.worker, later)
    assert {f"document {one['id']}" for one in (forgotten, failed)} | {
        f"object {key}" for key in orphans
    } <= {*lines}
    assert not any(str(one["id"]) in " ".join(lines) for one in (shown, pictured, logo))
    assert (await world.admin("GET", f"/api/documents/{forgotten['id']}/")).status_code == 200, "a dry run"

    await collect_files(world.worker, later)
    for document in (shown, pictured, logo):
        assert (await world.admin("GET", document["url"])).status_code == 307
    for document in (forgotten, failed):
        assert (await world.admin("GET", f"/api/documents/{document['id']}/")).status_code == 404
    left = {key async for key in world.worker.store.keys("")}
    assert not left & set(orphans)
    assert await list_collectable(world.worker, later) == []
    again = await ready(world, files.pdf(3))
    assert again["status"] == "ready", "it may be uploaded anew"


async def test_sending_it_again_keeps_a_document_for_another_thirty_days(world: World) -> None:
    kept = await ready(world, files.pdf(2))
    await send(world.admin, files.pdf(2))
    assert f"document {kept['id']}" not in await list_collectable(
        world.worker, datetime.now(UTC) + timedelta(days=29, hours=23)
    )

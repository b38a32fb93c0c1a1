"""Cursors are ours: one that somebody made, or that another list gave out, is refused, never an accident."""

import base64
import hashlib
import json
import uuid
from collections.abc import Iterator
from itertools import islice

import pytest
from tests.kit.fields import refused
from tests.kit.world import Caller, World

from learning_service.domain.kernel.errors import Invalid
from learning_service.domain.kernel.paging import Cursors

KEY = b"k" * 32
OF = ("compliance-statuses", "grading-pending", "certificates", "deliveries", "own-certificates", "courses")


def forged(world: World) -> Iterator[str]:
    """Made as the first release made them: by a key that everybody knows, around words of no list's types."""
    for name in OF:
        for key in (["x"], ["x", "y"], ["2026-01-01", "x"], [None], [["a"]], [{"a": 1}, 2]):
            payload = json.dumps(key, separators=(",", ":")).encode()
            scope = f"{name}:{world.id}".encode()[:64]
            for digest in (hashlib.blake2b(payload, digest_size=6, key=scope).digest(), bytes(12), b""):
                yield base64.urlsafe_b64encode(digest + payload).decode().rstrip("=")


def lists(world: World) -> Iterator[tuple[Caller, str]]:
    yield world.admin, "/api/courses/"
    yield world.admin, "/api/compliance/statuses/"
    yield world.admin, "/api/learning/grading/pending/"
    yield world.admin, "/api/certificates/"
    yield world.admin, "/api/enrollments/"
    yield world.admin, "/api/webhooks/"
    yield world.member(), "/api/users/certificates/"


@pytest.mark.parametrize("part", [7, pytest.param(1, marks=pytest.mark.long)])
async def test_a_forged_cursor_is_refused(world: World, part: int) -> None:
    """Every cursor by every list; in the short run each by one of the seven lists."""
    for n, (caller, path) in enumerate(lists(world)):
        for cursor in ["", "x", "%00", "A" * 10_000, "é", *islice(forged(world), n % part, None, part)]:
            answer = await caller("GET", path, params={"cursor": cursor})
            refused(answer, 422)
            assert answer.json()["errors"][0]["pointer"] == "?cursor"
    for cursor in forged(world):
        refused(await world.admin("GET", "/api/events/", params={"after": cursor}), 422)


async def test_a_cursor_is_for_its_list_its_filters_and_its_organization(
    world: World, other_world: World
) -> None:
    for _ in range(2):
        for one in (world, other_world):
            await one.admin.ok("POST", "/api/courses/", {"title": "C", "scope": "national"})
    cursor = (await world.admin.ok("GET", "/api/courses/?limit=1"))["next_cursor"]
    assert (await world.admin("GET", f"/api/courses/?cursor={cursor}")).status_code == 200
    assert (await world.admin("GET", f"/api/courses/?limit=7&cursor={cursor}")).status_code == 200
    refused(await world.admin("GET", f"/api/courses/?status=draft&cursor={cursor}"), 422)
    refused(await world.admin("GET", f"/api/enrollments/?cursor={cursor}"), 422)
    refused(await world.admin("GET", f"/api/assignments/rules/?cursor={cursor}"), 404)
    refused(await other_world.admin("GET", f"/api/courses/?cursor={cursor}"), 422)
    drafts = (await world.admin.ok("GET", "/api/courses/?status=draft&limit=1"))["next_cursor"]
    refused(await world.admin("GET", f"/api/courses/?cursor={drafts}"), 422)
    course = (await world.admin.ok("GET", "/api/courses/"))["items"][0]["id"]
    for path in (f"/api/courses/{course}/versions/", f"/api/courses/{uuid.uuid4()}/versions/"):
        answer = await world.admin("GET", f"{path}?cursor={cursor}")
        assert answer.status_code in (404, 422)


def test_a_retired_key_is_believed_and_another_is_not() -> None:
    old = Cursors((KEY,), "list").encode(["a", 1])
    assert Cursors((b"new", KEY), "list").decode(old, 2) == ("a", "1")
    for cursors in (Cursors((b"new",), "list"), Cursors((KEY,), "lis"), Cursors((KEY,), "listt")):
        with pytest.raises(Invalid):
            cursors.decode(old, 2)
    with pytest.raises(Invalid):
        Cursors((KEY,), "list").decode(old, 1)

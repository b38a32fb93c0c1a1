"""A list of courses that the process has written down before is shown again only while all of it is still so."""

from collections.abc import AsyncIterator

import httpx
import pytest
from tests.kit.both_ways import compare, without_hot_paths
from tests.kit.world import World, small_tree

from learning_service.api.fast.kept_pages import KeptPages
from learning_service.core.settings import Settings

COURSES = "/api/courses/"


@pytest.fixture(scope="module")
async def plain(settings: Settings) -> AsyncIterator[httpx.AsyncClient]:
    async with without_hot_paths(settings) as http:
        yield http


async def test_what_changes_is_seen_at_once(world: World, plain: httpx.AsyncClient) -> None:
    ana = world.member("ana")
    seen = [(await compare(plain, ana, COURSES)).text]
    ids = [(await world.course(small_tree(title=f"Course {n}")))["id"] for n in range(2)]
    changes = (
        ("PATCH", f"/api/courses/{ids[0]}/", {"category": "Law"}),
        ("PUT", f"/api/courses/{ids[1]}/draft/", small_tree(title="Renamed")),
        ("POST", f"/api/courses/{ids[1]}/publish/", None),
        ("POST", f"/api/courses/{ids[0]}/archive/", None),
    )
    for method, path, body in changes:
        answer = await compare(plain, ana, COURSES)
        assert (await compare(plain, ana, COURSES)).text == answer.text
        seen.append(answer.text)
        changed = await world.admin(method, path, body, headers={"If-Match": "*"})
        assert changed.is_success, (path, changed.text)
    seen.append((await compare(plain, ana, COURSES)).text)
    # A draft is nobody's business but its authors'.
    assert seen[2] == seen[3]
    assert len({*seen}) == len(seen) - 1
    assert "Renamed" in seen[-1]
    assert ids[0] not in seen[-1]


async def test_a_member_who_moves_sees_the_other_chapters_courses(
    world: World, plain: httpx.AsyncClient
) -> None:
    for unit in ("n1", "s2"):
        await world.course(small_tree(title=f"Of {unit}"), scope="chapter", scope_id=unit)
    ana = world.member("ana")
    before = (await compare(plain, ana, COURSES)).json()["items"]
    await world.add_member("ana", chapter_id="s2")
    after = (await compare(plain, ana, COURSES)).json()["items"]
    assert [[course["title"] for course in items] for items in (before, after)] == [["Of n1"], ["Of s2"]]


def test_the_longest_unasked_page_makes_room() -> None:
    kept = KeptPages(max_bytes=39)
    for mark in ("a", "b", "c"):
        kept.keep(mark, b"x" * 12)
    assert kept.page("a") is not None
    kept.keep("d", b"x" * 12)
    kept.keep("d", b"x" * 12)
    assert [kept.page(mark) is None for mark in "abcd"] == [False, True, False, False]
    assert kept.bytes == 39
    kept.keep("large", b"x" * 41)
    assert (kept.page("large"), kept.bytes) == (None, 0)

"""Words that survive: what the service has stored it accepts again, whatever its rules for input have become."""

import json
from typing import Any

import pytest
from sqlalchemy import text
from tests.kit.author import Author, changed, rich_tree
from tests.kit.world import World, small_tree

LESSON = "/modules/0/items/0"
DIRECTIONS = "<p>&lrm;a&#x202E;b&#x2066;c&#x2069;\u202ad\u202c&rlm;&#x061C;</p>"


async def round_trips(author: Author) -> None:
    """Whatever can be done with a stored tree without writing anything new."""
    tree, _ = await author.draft()
    assert await author.saved(tree) == tree
    patched = await author.patch({"op": "replace", "path": "/pass_score", "value": 80})
    assert patched.status_code == 200, patched.text
    await author.publish()
    copy = await author.caller("POST", f"{author.path}/duplicate/")
    assert copy.status_code == 201, copy.text
    again = Author(author.caller, copy.json()["id"])
    assert await again.saved((await again.draft())[0])
    number = (await author.caller.ok("GET", author.path + "/"))["published_version"]
    _, etag = await author.draft()
    restore = f"{author.path}/versions/{number}/restore/"
    restored = await author.caller("POST", restore, headers={"If-Match": etag})
    assert restored.status_code == 200, restored.text
    assert (await author.draft())[0] == tree


@pytest.mark.parametrize(
    "pointer",
    [
        "/description_html",
        f"{LESSON}/body_html",
        "/modules/0/items/2/questions/3/rubric_html",
        "/modules/0/items/2/questions/0/prompt_html",
    ],
)
async def test_references_in_rich_text_are_text(world: World, pointer: str) -> None:
    author = await Author.starts(world, rich_tree())
    tree, _ = await author.draft()
    saved = await author.saved(changed(tree, pointer, DIRECTIONS))
    assert saved.pop("removed_html") == [{"pointer": pointer, "removed": ["text direction override"]}]
    assert saved == changed(tree, pointer, "<p>\u200eabcd\u200f\u061c</p>")
    await round_trips(author)


async def test_a_patch_is_judged_by_what_it_becomes_a_part_of(world: World) -> None:
    author = await Author.starts(world)
    patched = await author.patch({"op": "replace", "path": f"{LESSON}/body_html", "value": DIRECTIONS})
    assert patched.status_code == 200, patched.text
    assert patched.json()["modules"][0]["items"][0]["body_html"] == "<p>\u200eabcd\u200f\u061c</p>"
    refused = await author.patch({"op": "replace", "path": "/title", "value": "a\u200eb"})
    assert refused.status_code == 422
    assert [e["pointer"] for e in refused.json()["errors"]] == ["/title"]


async def test_a_title_is_plain_text(world: World) -> None:
    author = await Author.starts(world, small_tree(title="&lrm;&#x202E;"))
    assert (await author.draft())[0]["title"] == "&lrm;&#x202E;"
    await round_trips(author)


OLD = {
    "a title of two lines": ("course_versions", "title", "/title", "one\u2028two"),
    "a module of a filler": ("course_modules", "title", "/modules/0/title", "\u3164"),
    "a lesson of blanks": ("lessons", "title", f"{LESSON}/title", "\u2800"),
    "overrides in a lesson": ("lessons", "body_html", f"{LESSON}/body_html", "<p>a\u200eb</p>"),
    "a deep lesson": ("lessons", "body_html", f"{LESSON}/body_html", "<div>" * 300 + "a" + "</div>" * 300),
    "stacked marks": (
        "quiz_answers",
        "text",
        "/modules/0/items/1/questions/0/answers/1/text",
        "a" + "\u0301" * 40,
    ),
}


@pytest.mark.parametrize("case", OLD)
async def test_what_older_rules_let_in_can_be_sent_back_copied_and_restored(world: World, case: str) -> None:
    table, column, pointer, stored = OLD[case]
    author = await Author.starts(world)
    tree, _ = await author.draft()
    value: Any = tree
    for step in pointer.strip("/").split("/"):
        value = value[int(step)] if isinstance(value, list) else value[step]
    async with world.worker.transaction(world.id) as session:
        await session.execute(
            text(f"UPDATE {table} SET {column} = :new WHERE organization_id = :org AND {column} = :old"),
            {"new": stored, "old": value, "org": world.id},
        )
    tree, _ = await author.draft()
    assert json.dumps(stored) in json.dumps(tree)
    await round_trips(author)
    # To others, and anew, the rules apply.
    other = await Author.starts(world)
    if case != "overrides in a lesson":
        refused = await other.put(changed((await other.draft())[0], pointer, stored))
        assert refused.status_code == 422
        assert [e["pointer"] for e in refused.json()["errors"]] == [pointer]


NOTHING = "\u2800\u3164\uffa0\u115f\u1160\u17b4\u17b5\u180b\u180f\u034f\ufe00\ufe0f\u200b\u2003 "


async def test_titles_and_choices_that_show_nothing_are_empty(world: World) -> None:
    author = await Author.starts(world, rich_tree())
    tree, _ = await author.draft()
    places = [
        "/title",
        "/modules/0/title",
        f"{LESSON}/title",
        "/modules/0/items/1/questions/0/answers/0/text",
        "/modules/0/items/2/questions/2/accepted_answers/0",
        "/mastered_skills/0/name",
    ]
    for nothing in NOTHING:
        for place in places:
            tree = changed(tree, place, nothing * 3)
        refused = await author.put(tree)
        assert refused.status_code == 422, repr(nothing)
        assert sorted(e["pointer"] for e in refused.json()["errors"]) == sorted(places), repr(nothing)
        named = await world.directory(
            "PUT",
            "/api/directory/members/x/",
            {
                "chapter_id": "n1",
                "status": "active",
                "display_name": nothing,
                "email": "x@example.org",
                "custom_fields": {},
            },
        )
        assert [e["pointer"] for e in named.json()["errors"]] == ["/display_name"], repr(nothing)


LATER_LETTERS = ["\U00011f12", "\U0001e4d0", "\U00010d40", "\U00031350", "\U0002ebf0", "\U00033480"]
"""Kawi, Nag Mundari, Garay and Han that Unicode took in after the oldest interpreter that we run on."""


@pytest.mark.parametrize("name", LATER_LETTERS)
async def test_letters_newer_than_the_interpreter_make_a_name(world: World, name: str) -> None:
    await world.add_member("kawi", display_name=name)
    made = await world.admin("POST", "/api/courses/", {"title": name, "scope": "national"})
    assert made.status_code == 201


@pytest.mark.parametrize("name", ["\ufdd0", "\ufdef\ufffe", "\U0010ffff", "\ue000"])
async def test_what_is_no_character_of_any_script_makes_none(world: World, name: str) -> None:
    refused = await world.admin("POST", "/api/courses/", {"title": name, "scope": "national"})
    assert [e["code"] for e in refused.json()["errors"]] == ["empty"]


MANY_LINES: list[str] = ["a\u2028b", "a\u2029b", "a\u200eb", "a\u202eb", "a\u2066b", "a\u061cb"]


async def test_names_are_of_one_line_and_one_direction(world: World) -> None:
    for name in MANY_LINES:
        for path, body in (
            ("/api/directory/chapters/n1/", {"region_id": "north", "name": name}),
            ("/api/directory/regions/north/", {"organization_id": world.id, "name": name}),
            (f"/api/directory/organizations/{world.id}/", {"name": name, "timezone": "UTC"}),
            ("/api/directory/compliance-requirements/hazing/", {"organization_id": world.id, "name": name}),
        ):
            refused = await world.directory("PUT", path, body)
            assert refused.status_code == 422, (repr(name), path)
            assert [e["pointer"] for e in refused.json()["errors"]] == ["/name"], repr(name)
        made = await world.admin("POST", "/api/courses/", {"title": name, "scope": "national"})
        assert [e["pointer"] for e in made.json()["errors"]] == ["/title"], repr(name)


async def test_custom_fields_keep_marks_and_refuse_overrides(world: World) -> None:
    await world.add_member("ana", custom_fields={"motto": "\u200fשלום\u200e"})
    body = {"chapter_id": "n1", "status": "active", "display_name": "A", "email": "a@example.org"}
    refused = await world.directory(
        "PUT", "/api/directory/members/ana/", {**body, "custom_fields": {"m": "\u202e"}}
    )
    assert refused.status_code == 422

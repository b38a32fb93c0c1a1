"""Drafts: saved whole, patched, discarded, and never over what somebody has not seen."""

import asyncio
from typing import Any

import pytest
from tests.kit.author import PATCH_TYPE, Author, changed, rich_tree, without_keys
from tests.kit.world import Json, World, choice, small_tree

from learning_service.domain.courses.actions import drafts
from learning_service.domain.courses.rules.tree import parse_tree


def pointers(problem: Any) -> list[str]:
    assert problem.status_code == 422, problem.text
    return [e["pointer"] for e in problem.json()["errors"]]


async def test_what_is_stored_is_what_was_sent_with_keys_that_stay(world: World) -> None:
    author = await Author.starts(world, rich_tree())
    tree, etag = await author.draft()
    again = await author.put(tree, etag)
    assert again.status_code == 200
    assert again.json() == tree
    assert again.headers["etag"] != etag
    assert (await author.draft()) == (tree, again.headers["etag"])
    sent = rich_tree()["modules"][0]["items"][2]["questions"][1]
    plain = {"html": None, "feedback_html": None, "pinned": False}
    assert without_keys(tree)["modules"][0]["items"][2]["questions"][1] == {
        **sent,
        "answers": [{**plain, **answer} for answer in sent["answers"]],
        "explanation_html": None,
        "scoring": "all_or_nothing",
    }
    await author.publish()
    second = await author.saved(changed(tree, "/modules/0/title", "Renamed"))
    assert second == changed(tree, "/modules/0/title", "Renamed")


async def test_nobody_overwrites_what_they_have_not_seen(world: World) -> None:
    author = await Author.starts(world)
    tree, etag = await author.draft()
    await author.saved(changed(tree, "/title", "By another"))
    now = await author.draft()
    json_patch = [{"op": "replace", "path": "/title", "value": "Mine"}]
    restore = f"{author.path}/versions/1/restore/"
    for method, path, json, kind in (
        ("PUT", f"{author.path}/draft/", tree, "application/json"),
        ("PATCH", f"{author.path}/draft/", json_patch, PATCH_TYPE),
        ("DELETE", f"{author.path}/draft/", None, "application/json"),
        ("POST", restore, None, "application/json"),
    ):
        missing = await author.caller(method, path, json, headers={"Content-Type": kind})
        assert (missing.status_code, missing.json()["code"]) == (428, "precondition-required"), method
        for stale in (etag, f"W/{now[1]}", '"nonsense"', "", now[1].strip('"')):
            headers = {"Content-Type": kind, "If-Match": stale}
            refused = await author.caller(method, path, json, headers=headers)
            assert (refused.status_code, refused.json()["code"]) == (412, "precondition-failed"), method
    stale_publish = await author.caller("POST", f"{author.path}/publish/", headers={"If-Match": etag})
    assert stale_publish.status_code == 412
    assert await author.draft() == now


async def test_ten_authors_at_once_and_none_is_lost_in_silence(world: World) -> None:
    author = await Author.starts(world)
    tree, etag = await author.draft()
    accepted = []
    for round_ in range(3):
        answers = await asyncio.gather(
            *(author.put(changed(tree, "/title", f"{round_}-{n}"), etag) for n in range(10))
        )
        assert sorted(a.status_code for a in answers) == [200] + [412] * 9
        [won] = [a for a in answers if a.status_code == 200]
        tree, etag = await author.draft()
        assert (tree, etag) == (won.json(), won.headers["etag"])
        accepted.append(etag)
    assert len(set(accepted)) == 3


async def test_drafts_are_invisible_to_learners(world: World) -> None:
    author = await Author.starts(world)
    ana = world.member()
    for method, path, json in (
        ("GET", "/", None),
        ("GET", "/draft/", None),
        ("PUT", "/draft/", small_tree()),
        ("GET", "/modules/", None),
        ("GET", "/modules/?preview=draft", None),
        ("GET", "/versions/", None),
        ("GET", "/versions/1/", None),
        ("POST", "/enroll/", None),
        ("POST", "/publish/", None),
    ):
        assert (await ana(method, author.path + path, json)).status_code == 404, path
    assert (await ana.ok("GET", "/api/courses/"))["items"] == []
    await author.publish()
    await author.saved(changed((await author.draft())[0], "/title", "Secret plans"))
    seen = await ana.ok("GET", f"{author.path}/")
    assert (seen["title"], seen["draft_version"]) == ("Hazing prevention", None)
    for method, path, json in (
        ("GET", "/draft/", None),
        ("PUT", "/draft/", {"odd": 1}),
        ("PATCH", "/draft/", None),
        ("DELETE", "/draft/", None),
        ("GET", "/modules/?preview=draft", None),
        ("GET", "/versions/", None),
        ("GET", "/versions/2/", None),
        ("GET", "/versions/2/diff/?against=1", None),
        ("POST", "/versions/1/restore/", None),
        ("POST", "/publish/", None),
        ("POST", "/duplicate/", None),
        ("POST", "/archive/", None),
        ("PUT", "/graders/ana/", None),
    ):
        refused = await ana(method, author.path + path, json)
        assert (refused.status_code, refused.json()["code"]) == (403, "forbidden"), path
        assert "Secret" not in refused.text


async def test_another_organization_finds_nothing(world: World, other_world: World) -> None:
    author = await Author.starts(world)
    await author.publish()
    tree, etag = await author.draft()
    for method, path in (
        ("GET", "/draft/"),
        ("PUT", "/draft/"),
        ("DELETE", "/draft/"),
        ("GET", "/versions/"),
        ("GET", "/versions/1/"),
        ("GET", "/versions/1/diff/?against=1"),
        ("POST", "/versions/1/restore/"),
        ("POST", "/duplicate/"),
        ("POST", "/archive/"),
        ("GET", "/graders/"),
        ("DELETE", "/graders/ana/"),
        ("GET", "/modules/?preview=draft"),
    ):
        body = tree if method == "PUT" else None
        seen = await other_world.admin(method, author.path + path, body, headers={"If-Match": etag})
        assert seen.status_code == 404, path


async def test_a_patch_is_applied_whole_or_not_at_all(world: World) -> None:
    author = await Author.starts(world)
    tree, _ = await author.draft()
    done = await author.patch(
        {"op": "test", "path": "/title", "value": tree["title"]},
        {"op": "replace", "path": "/modules/0/items/1/questions/0/points", "value": 2.5},
        {"op": "add", "path": "/modules/0/items/-", "value": {"kind": "lesson", "title": "More"}},
        {"op": "move", "from": "/modules/0/items/0", "path": "/modules/0/items/1"},
        {"op": "remove", "path": "/assessment"},
        {"op": "add", "path": "/description_html", "value": "<p onclick='x()'>Hi</p>", "comment": "odd"},
    )
    assert done.status_code == 200, done.text
    body = done.json()
    assert body["removed_html"] == [{"pointer": "/description_html", "removed": ["onclick attribute"]}]
    assert body["assessment"] is None
    assert [i["title"] for i in body["modules"][0]["items"]] == ["Check", "What it is", "More"]
    assert body["modules"][0]["items"][0]["questions"][0]["points"] == 2.5
    assert body["modules"][0]["items"][1]["key"] == tree["modules"][0]["items"][0]["key"]
    del body["removed_html"]
    assert await author.draft() == (body, done.headers["etag"])
    assert (await author.patch()).json() == body


NESTED: Any = 0
for _ in range(400):
    NESTED = [NESTED]


NO_PATCHES: list[tuple[Any, str | None]] = [
    ([{"op": "replace", "path": "/title", "value": "x"}, {"op": "remove", "path": "/nothing"}], "/1/path"),
    ([{"op": "test", "path": "/title", "value": "else"}], "/0"),
    ([{"op": "test", "path": "/assessment/shuffle", "value": 0}], "/0"),
    ([{"op": "add", "path": "/modules/7", "value": {"title": "x"}}], "/0/path"),
    ([{"op": "replace", "path": "/modules/-1/title", "value": "x"}], "/0/path"),
    ([{"op": "move", "from": "/modules/0", "path": "/modules/0/items/0"}], "/0"),
    ([{"op": "copy", "from": "/modules/9", "path": "/modules/0"}], "/0"),
    ([{"op": "copy", "from": "/modules/-", "path": "/modules/0"}], "/0"),
    ([{"op": "move", "from": "/modules/-", "path": "/modules/0"}], "/0"),
    ([{"op": "test", "path": "/modules/-", "value": None}], "/0"),
    ([{"op": "add", "path": "/title/0", "value": "x"}], "/0/path"),
    ([{"op": "remove", "path": ""}], "/0/path"),
    ([{"op": "add", "path": "/modules/-", "value": NESTED}], None),
    ([{"op": "copy", "from": "/modules", "path": "/modules/-"}] * 40, None),
    ([{"op": "copy", "from": "/modules/0", "path": "/modules/-"}], None),
    ([{"op": "replace", "path": "", "value": [1]}], ""),
    ([{"op": "replace", "path": "/pass_score", "value": "80"}], "/pass_score"),
    ([{"op": "add", "path": "/modules/0/odd", "value": 1}], "/modules/0/odd"),
    ([{"op": "replace", "path": "/modules/0/key", "value": "foreign"}], "/modules/0/key"),
    ([{"op": "add", "path": "/modules/0/items/0/video_url", "value": "file:///etc/passwd"}],
     "/modules/0/items/0/video_url"),
    ([{"op": "explode", "path": "/title"}], "/0/op"),
    ([{"path": "/title"}], "/0/op"),
    ([{"op": "add", "path": "/title"}], "/0/value"),
    ([{"op": "move", "path": "/title"}], "/0/from"),
    ([{"op": "remove", "path": "title"}], "/0/path"),
    ([{"op": "remove", "path": "/a~2b"}], "/0/path"),
    ([{"op": "remove", "path": 5}], "/0/path"),
    ({"op": "remove", "path": "/title"}, ""),
    ([5], "/0"),
]  # fmt: skip


async def test_a_patch_that_cannot_be_done_changes_nothing(world: World) -> None:
    author = await Author.starts(world)
    before = await author.draft()
    for operations, pointer in NO_PATCHES:
        headers = {"If-Match": before[1], "Content-Type": PATCH_TYPE}
        refused = await author.caller("PATCH", f"{author.path}/draft/", operations, headers=headers)
        found = pointers(refused)
        assert pointer is None or found == [pointer], (operations, refused.text)
        assert await author.draft() == before, operations


async def test_a_patch_is_judged_only_after_its_precondition(world: World) -> None:
    author = await Author.starts(world)
    impossible = [{"op": "remove", "path": "/nothing"}]
    plain = await author.caller("PATCH", f"{author.path}/draft/", impossible)
    assert plain.status_code == 415
    headers = {"Content-Type": PATCH_TYPE}
    malformed = await author.caller("PATCH", f"{author.path}/draft/", [{"op": "odd"}], headers=headers)
    assert malformed.status_code == 422
    missing = await author.caller("PATCH", f"{author.path}/draft/", impossible, headers=headers)
    assert missing.status_code == 428
    stale = await author.patch(*impossible, etag='"old"')
    assert stale.status_code == 412


async def test_discarding_a_draft(world: World) -> None:
    author = await Author.starts(world)
    tree, etag = await author.draft()
    gone = await author.caller("DELETE", f"{author.path}/draft/", headers={"If-Match": etag})
    assert (gone.status_code, gone.content) == (204, b"")
    empty, fresh = await author.draft()
    assert (empty["title"], empty["modules"], empty["assessment"], empty["mastered_skills"]) == (
        tree["title"],
        [],
        None,
        [],
    )
    assert fresh != etag
    await author.saved(tree)
    course = await author.publish()
    published = await author.draft()
    refused = await author.caller("DELETE", f"{author.path}/draft/", headers={"If-Match": published[1]})
    assert (refused.status_code, refused.json()["code"]) == (409, "nothing-to-discard")
    await author.saved(changed(tree, "/title", "Second"))
    assert (await author.caller.ok("GET", f"{author.path}/"))["draft_version"] == 2
    etag = (await author.draft())[1]
    gone = await author.caller("DELETE", f"{author.path}/draft/", headers={"If-Match": etag})
    assert gone.status_code == 204
    assert await author.draft() == published
    seen = await author.caller.ok("GET", f"{author.path}/")
    assert {**seen, "warnings": []} == {**course, "missing_prerequisites": []}


async def test_an_assessment_may_be_replaced_and_questions_may_move(world: World) -> None:
    author = await Author.starts(world, rich_tree())
    tree, _ = await author.draft()
    items = tree["modules"][0]["items"]
    items[1]["questions"].append(items[2]["questions"].pop(0))
    tree["modules"].insert(0, {"title": "First", "items": [items.pop(0)]})
    tree["modules"].append({"title": "Last", "items": [items.pop(1)]})
    tree["assessment"] = {"title": "Another", "pass_score": 90, "questions": tree["assessment"]["questions"]}
    stored = await author.saved(tree)
    assert without_keys(stored)["modules"] == without_keys(tree)["modules"]
    assert stored["assessment"]["questions"] == tree["assessment"]["questions"]
    assert (await author.draft())[0] == stored
    del stored["modules"][1]
    stored["assessment"] = {"title": "Third", "questions": [choice("New?")]}
    again = await author.saved(stored)
    assert (await author.draft())[0] == again
    assert (await author.saved({**again, "assessment": None}))["assessment"] is None
    await author.publish()


async def test_removed_markup_is_reported_and_videos_come_from_the_organizations_hosts(world: World) -> None:
    await world.admin.ok("PATCH", "/api/organization/", {"video_hosts": ["player.example.org"]})
    author = await Author.starts(world)
    tree, _ = await author.draft()
    body = (
        '<h2>Hi</h2><script>alert(1)</script><a href="javascript:x()">l</a>'
        '<iframe src="https://player.example.org/1"></iframe><iframe src="https://evil.example/2"></iframe>'
    )
    answer = await author.put(changed(tree, "/modules/0/items/0/body_html", body))
    stored = answer.json()
    clean = stored["modules"][0]["items"][0]["body_html"]
    assert "player.example.org/1" in clean
    assert "script" not in clean
    assert "evil" not in clean
    [report] = stored.pop("removed_html")
    assert report["pointer"] == "/modules/0/items/0/body_html"
    assert {"<script>", "embed from a host outside video_hosts", "javascript: link"} == set(report["removed"])
    assert (await author.draft())[0] == stored
    assert "removed_html" not in (await author.put(stored)).json()


QUESTION = "/modules/0/items/1/questions/0"


NEVER_RIGHT: list[tuple[str, Any, list[str]]] = [
    ("/modules/0/key", "never-had", ["/modules/0/key"]),
    ("/modules/0/items/0/key", "$quiz", ["/modules/0/items/1/key"]),
    (f"{QUESTION}/answers/1/is_correct", True, [f"{QUESTION}/answers/1/is_correct"]),
    (f"{QUESTION}/points", -1, [f"{QUESTION}/points"]),
    (f"{QUESTION}/points", "1", [f"{QUESTION}/points"]),
    (f"{QUESTION}/type", "riddle", [f"{QUESTION}/type"]),
    ("/modules/0/items/0/kind", "game", ["/modules/0/items/0/kind"]),
    ("/modules/0/items/0/video_url", "javascript:alert(1)", ["/modules/0/items/0/video_url"]),
    ("/modules/0/items/0/document_url", "file:///etc/passwd", ["/modules/0/items/0/document_url"]),
    ("/modules/0/items/0/image_url", "https://169.254.169.254/x", ["/modules/0/items/0/image_url"]),
    ("/modules/0/items/0/body_html", "<b>" * 300, ["/modules/0/items/0/body_html"]),
    ("/pass_score", 101, ["/pass_score"]),
    ("/title", "\u202e", ["/title"]),
    ("/removed_html", [], ["/removed_html"]),
    ("/modules", [{"title": "m"}] * 201, ["/modules"]),
    ("/assessment/max_attempts", 0, ["/assessment/max_attempts"]),
]  # fmt: skip


async def test_what_can_never_be_right_is_refused_with_its_place(world: World) -> None:
    author = await Author.starts(world)
    before = await author.draft()
    for pointer, value, found in NEVER_RIGHT:
        if value == "$quiz":
            value = before[0]["modules"][0]["items"][1]["key"]
        refused = await author.put(changed(before[0], pointer, value))
        assert pointers(refused) == found, pointer
        assert await author.draft() == before, pointer


async def test_keys_of_another_course_are_refused(world: World) -> None:
    author, other = await Author.starts(world), await Author.starts(world)
    theirs, _ = await other.draft()
    assert len(pointers(await author.put(theirs))) == 10


async def test_trees_too_large_are_refused(world: World) -> None:
    author = await Author.starts(world)
    before = await author.draft()
    answers = [{"text": str(n)} for n in range(50)]
    quiz = {"kind": "quiz", "title": "q", "questions": [{"type": "multi_select", "answers": answers}] * 600}
    many: Json = {"title": "Many", "modules": [{"title": "m", "items": [quiz]}]}
    refused = await author.put(many)
    assert pointers(refused) == [""]
    long = {"kind": "lesson", "title": "l", "body_html": "x" * 199_000}
    huge = await author.put({"title": "Huge", "modules": [{"title": "m", "items": [long] * 43}]})
    assert (huge.status_code, huge.json()["code"]) == (413, "body-too-large")
    assert await author.draft() == before


async def test_a_refused_tree_is_judged_once(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    judged: list[int] = []

    def counted(sent: bytes, *arguments: Any) -> Any:
        judged.append(len(sent))
        return parse_tree(sent, *arguments)

    course = await world.course(publish=False)
    monkeypatch.setattr(drafts, "parse_tree", counted)
    path = f"/api/courses/{course['id']}/draft/"
    answer = await world.admin("PUT", path, {"title": "\u3164"}, headers={"If-Match": "*"})
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (422, "empty")
    assert len(judged) == 1

"""Publishing, history, differences, and learners who stay on the edition that they began."""

import asyncio
from typing import Any

import pytest
from tests.kit.author import Author, changed, rich_tree
from tests.kit.courses import passes
from tests.kit.world import World, choice, small_tree


async def test_publishing_lists_every_problem_at_once(world: World) -> None:
    tree = {
        "title": "Bad \U00017000 title",
        "pass_score": 90,
        "modules": [
            {
                "title": "m",
                "items": [
                    {"kind": "quiz", "title": "none"},
                    {
                        "kind": "quiz",
                        "title": "bad",
                        "questions": [
                            {
                                "type": "multiple_choice",
                                "prompt_html": "<p>?</p>",
                                "answers": [{"text": "a"}],
                            },
                            {"type": "true_false", "prompt_html": ""},
                        ],
                    },
                ],
            }
        ],
        "assessment": {"title": "Final", "pass_score": 80, "questions": [choice()]},
    }
    author = await Author.starts(world, tree)
    refused = await author.caller("POST", f"{author.path}/publish/")
    assert (refused.status_code, refused.json()["code"]) == (422, "not-publishable")
    found = {e["pointer"] for e in refused.json()["errors"]}
    bad = "/modules/0/items/1/questions"
    assert found == {
        "/title",
        "/modules/0/items/0/questions",
        f"{bad}/0/answers",
        f"{bad}/1/prompt_html",
        f"{bad}/1/correct",
        "/assessment/pass_score",
    }
    assert (await author.caller.ok("GET", f"{author.path}/"))["published_version"] is None


async def test_publishing_twice_at_once_yields_one_version(world: World) -> None:
    author = await Author.starts(world)
    path = f"{author.path}/publish/"
    answers = await asyncio.gather(*(author.caller("POST", path, {"note": f"n{n}"}) for n in range(5)))
    assert sorted(a.status_code for a in answers) == [200, 409, 409, 409, 409]
    assert {a.json()["code"] for a in answers if a.status_code == 409} == {"nothing-to-publish"}
    [version] = (await author.caller.ok("GET", f"{author.path}/versions/"))["items"]
    assert (version["number"], version["published_by"], version["is_current"]) == (1, "boss", True)
    assert version["published_at"] is not None
    assert version["note"] in {f"n{n}" for n in range(5)}


async def test_history_is_paged_and_each_version_keeps_its_tree(world: World) -> None:
    author = await Author.starts(world)
    trees = [(await author.draft())[0]]
    for n in (2, 3):
        await author.publish(f"Edition {n - 1}")
        trees.append(await author.saved(changed(trees[-1], "/title", f"Edition {n}")))
    first = await author.caller.ok("GET", f"{author.path}/versions/?limit=2")
    rest = await author.caller.ok("GET", f"{author.path}/versions/?cursor={first['next_cursor']}")
    found = first["items"] + rest["items"]
    assert [(v["number"], v["is_published"], v["is_current"], v["note"]) for v in found] == [
        (3, False, False, None),
        (2, True, True, "Edition 2"),
        (1, True, False, "Edition 1"),
    ]
    assert rest["next_cursor"] is None
    for number, tree in enumerate(trees, 1):
        assert await author.caller.ok("GET", f"{author.path}/versions/{number}/") == tree
    for odd in ("4", "0", "-1", "x", "9" * 30, "1.5", "%D9%A1"):
        assert (await author.caller("GET", f"{author.path}/versions/{odd}/")).status_code == 404, odd
    assert (await author.caller("GET", f"{author.path}/versions/?cursor=odd")).status_code == 422
    assert (await author.caller("GET", f"{author.path}/versions/?odd=1")).status_code == 422


async def test_the_difference_names_what_changed_by_key(world: World) -> None:
    author = await Author.starts(world, rich_tree())
    before = (await author.draft())[0]
    await author.publish()
    items = before["modules"][0]["items"]
    lesson, quiz, other = items
    after = changed(before, "/modules/0/items/0/body_html", "<p>Read more.</p>")
    after = changed(
        after, "/modules/0/items/1/questions/0/answers", [*reversed(quiz["questions"][0]["answers"])]
    )
    after = changed(after, "/modules/0/items/1/questions/0/points", 3)
    after = changed(after, "/modules/0/title", "The law")
    after["modules"][0]["items"][1]["questions"].append(after["modules"][0]["items"][2]["questions"].pop(0))
    gone = after["modules"][0]["items"][2]["questions"].pop()
    after["modules"].append({"title": "New", "items": [after["modules"][0]["items"].pop(0)]})
    stored = await author.saved(after)
    diff = await author.caller.ok("GET", f"{author.path}/versions/2/diff/?against=1")
    assert (diff["version"], diff["against"], diff["impact"]) == (2, 1, "scoring")
    found = {(c["change"], c["kind"], c["key"]): c for c in diff["changes"]}
    moved_question = other["questions"][0]["key"]
    # Of two answers that changed places, one is said to have moved.
    [moved_answer] = [key for change, kind, key in found if (change, kind) == ("moved", "answer")]
    assert moved_answer in [a["key"] for a in quiz["questions"][0]["answers"]]
    assert set(found) == {
        ("changed", "module", before["modules"][0]["key"]),
        ("added", "module", stored["modules"][1]["key"]),
        ("moved", "lesson", lesson["key"]),
        ("changed", "lesson", lesson["key"]),
        ("changed", "question", quiz["questions"][0]["key"]),
        ("moved", "question", moved_question),
        ("removed", "question", gone["key"]),
        ("moved", "answer", moved_answer),
    }
    title = found["changed", "module", before["modules"][0]["key"]]
    assert (title["impact"], title["before"], title["after"]) == (
        "cosmetic",
        {"title": "Know the law"},
        {"title": "The law"},
    )
    body = found["changed", "lesson", lesson["key"]]
    assert (body["impact"], body["pointer"], body["pointer_before"]) == (
        "content",
        "/modules/1/items/0",
        "/modules/0/items/0",
    )
    assert body["after"] == {"body_html": "<p>Read more.</p>"}
    points = found["changed", "question", quiz["questions"][0]["key"]]
    assert (points["impact"], points["before"], points["after"]) == ("scoring", {"points": 1}, {"points": 3})
    assert found["moved", "question", moved_question]["impact"] == "scoring"
    removed = found["removed", "question", gone["key"]]
    assert (removed["impact"], removed["pointer"], removed["title"]) == ("scoring", None, "f")
    backwards = await author.caller.ok("GET", f"{author.path}/versions/1/diff/?against=2")
    assert len(backwards["changes"]) == len(diff["changes"])
    same = await author.caller.ok("GET", f"{author.path}/versions/2/diff/?against=2")
    assert (same["changes"], same["impact"]) == ([], None)
    for odd in ("", "?against=", "?against=9", "?against=x"):
        refused = await author.caller("GET", f"{author.path}/versions/2/diff/{odd}")
        assert refused.status_code == 422, odd
        assert refused.json()["errors"][0]["pointer"] == "?against"
    assert (await author.caller("GET", f"{author.path}/versions/9/diff/?against=1")).status_code == 404


async def test_an_old_version_comes_back_as_the_draft(world: World) -> None:
    author = await Author.starts(world)
    first = (await author.draft())[0]
    await author.publish()
    smaller = {**first, "title": "Second", "modules": first["modules"][:0], "mastered_skills": []}
    await author.saved(smaller)
    await author.publish()
    etag = (await author.draft())[1]
    restored = await author.caller("POST", f"{author.path}/versions/1/restore/", headers={"If-Match": etag})
    assert (restored.status_code, restored.json()) == (200, first)
    assert await author.draft() == (first, restored.headers["etag"])
    course = await author.caller.ok("GET", f"{author.path}/")
    assert (course["published_version"], course["draft_version"], course["title"]) == (2, 3, "Second")
    unknown = await author.caller(
        "POST", f"{author.path}/versions/7/restore/", headers={"If-Match": restored.headers["etag"]}
    )
    assert unknown.status_code == 404
    await author.publish()
    assert (await author.caller.ok("GET", f"{author.path}/"))["title"] == "Hazing prevention"


async def test_a_preview_is_what_a_learner_would_see(world: World) -> None:
    author = await Author.starts(world)
    await author.publish()
    tree = await author.saved(changed((await author.draft())[0], "/modules/0/items/1/title", "Check again"))
    preview = await author.caller("GET", f"{author.path}/modules/?preview=draft")
    shown = preview.json()
    assert (shown["version"], shown["enrollment"], shown["next_cursor"]) == (2, None, None)
    assert [i["title"] for i in shown["items"][0]["items"]] == ["What it is", "Check again"]
    assert shown["items"][0]["key"] == tree["modules"][0]["key"]
    assert "is_correct" not in preview.text
    plain = await author.caller.ok("GET", f"{author.path}/modules/")
    assert plain["version"] == 1
    odd = await author.caller("GET", f"{author.path}/modules/?preview=published")
    assert (odd.status_code, odd.json()["errors"][0]["pointer"]) == (422, "?preview")
    empty = await world.admin.ok("POST", "/api/courses/", {"title": "New", "scope": "national"})
    nothing = await world.admin.ok("GET", f"/api/courses/{empty['id']}/modules/?preview=draft")
    assert (nothing["items"], nothing["assessment"], nothing["version"]) == ([], None, 1)


async def test_who_began_the_first_edition_is_certified_by_it(world: World) -> None:
    author = await Author.starts(world, small_tree(title="First edition"))
    await author.publish()
    ana, bob = world.member("ana"), world.member("bob")
    began = await ana.ok("POST", f"{author.path}/enroll/")
    tree, _ = await author.draft()
    tree["title"] = "Second edition"
    tree["modules"][0]["items"] = tree["modules"][0]["items"][1:]
    tree["assessment"]["questions"][0]["answers"] = [
        {"text": "wrong", "is_correct": True},
        {"text": "right", "is_correct": False},
    ]
    await author.saved(tree)
    await author.publish()
    assert (began["version"], began["course_title"]) == (1, "First edition")
    newcomer = await bob.ok("POST", f"{author.path}/enroll/")
    assert (newcomer["version"], newcomer["course_title"]) == (2, "Second edition")
    old, new = [await who.ok("GET", f"{author.path}/modules/") for who in (ana, bob)]
    assert (old["version"], new["version"]) == (1, 2)
    assert old["items"][0]["key"] == new["items"][0]["key"]
    assert old["assessment"]["key"] == new["assessment"]["key"]
    assert old["assessment"]["id"] != new["assessment"]["id"]
    done = await passes(ana, author.course)
    assert done["enrollment"]["status"] == "completed"
    verified = await ana.ok("GET", f"/api/certificates/{done['certificate']['id']}/verify/")
    assert verified["course_title"] == "First edition"
    assert (await passes(bob, author.course))["passed"] is False


@pytest.mark.parametrize("number", ["1", "2"])
async def test_reading_a_version_never_makes_one(world: World, number: str) -> None:
    author = await Author.starts(world)
    await author.publish()
    seen: Any = await author.caller("GET", f"{author.path}/versions/{number}/")
    assert seen.status_code == (200 if number == "1" else 404)
    assert (await author.caller.ok("GET", f"{author.path}/"))["draft_version"] is None

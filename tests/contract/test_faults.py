"""What is wrong with a form is said in a code and parameters that a frontend translates."""

from typing import Any

from tests.kit.author import Author, changed, rich_tree
from tests.kit.fields import refused
from tests.kit.world import Json, World, right

LESSON = "/modules/0/items/0"
QUESTION = "/modules/0/items/1/questions/0"
IN_TREES: dict[str, tuple[Any, str, Json | None]] = {
    "/title": ("x" * 201, "too-long", {"most": 200}),
    "/modules/0/title": ("", "too-short", {"least": 1}),
    f"{LESSON}/title": ("\u3164", "empty", {}),
    "/description_html": ("x" * 200_001, "too-long", {"most": 200_000}),
    f"{LESSON}/body_html": ("&" * 40_001, "too-long", {"most": 200_000}),
    f"{QUESTION}/prompt_html": ("<b>" * 300, "too-complex", {}),
    f"{QUESTION}/answers/0/text": ("x" * 2001, "too-long", {"most": 2000}),
    f"{QUESTION}/answers/1/text": ("a" + "\u0301" * 31, "too-complex", {"most": 30}),
    f"{QUESTION}/points": (-1, "too-small", {"least": 0}),
    "/modules/0/items/2/questions/2/accepted_answers": (["x"] * 51, "too-many", {"most": 50}),
    "/modules/0/items/2/questions/2/review": (
        "never",
        "not-one-of",
        {"values": ["auto", "unmatched", "manual"]},
    ),
    "/modules/0/items/2/questions/1/points": (1.1234567, "too-precise", {"most": 6}),
    "/modules/0/items/2/questions/0/correct": ("yes", "wrong-type", {"expected": "boolean"}),
    "/pass_score": (101, "too-large", {"most": 100}),
    "/assessment/max_attempts": (1.5, "wrong-type", {"expected": "integer"}),
    "/assessment/title": (None, "wrong-type", {"expected": "string"}),
    f"{LESSON}/video_url": ("ftp://a.example/", "wrong-form", {}),
    f"{LESSON}/kind": ("game", "not-one-of", None),
    "/unheard": (1, "unknown-field", {}),
    "/modules/0/key": ("never-had", "not-known", {}),
}


async def test_a_tree(world: World) -> None:
    author = await Author.starts(world, rich_tree())
    tree, _ = await author.draft()
    for pointer, (value, code, params) in IN_TREES.items():
        problem = refused(await author.put(changed(tree, pointer, value)), 422)
        [fault] = problem["errors"]
        assert (fault["pointer"], fault["code"]) == (pointer, code), fault
        assert params is None or fault["params"] == params, fault


async def test_lengths_of_texts_are_told_in_characters_and_of_lists_in_elements(world: World) -> None:
    author = await Author.starts(world)
    tree, _ = await author.draft()
    long = refused(await author.put(changed(tree, "/title", "x" * 201)), 422)
    assert long["errors"][0]["detail"] == "must have at most 200 characters"
    many = refused(await author.put(changed(tree, "/modules", [{"title": "m"}] * 201)), 422)
    [fault] = many["errors"]
    assert (fault["code"], fault["params"]) == ("too-many", {"most": 200})
    assert fault["detail"] == "must have at most 200 elements"


async def test_everything_else(world: World) -> None:
    course = await world.course()
    ana = world.member()
    await ana.ok("POST", f"/api/courses/{course['id']}/enroll/")
    modules = await ana.ok("GET", f"/api/courses/{course['id']}/modules/")
    [quiz] = [i for i in modules["items"][0]["items"] if i["kind"] == "quiz"]
    shown = await ana.ok("GET", f"/api/quizzes/{quiz['id']}/")
    given = right(shown["questions"][0], {"texts": ["right"]})
    cases: list[Any] = [
        (ana, "POST", f"/api/quizzes/{quiz['id']}/submit/", {"responses": [given, given]}, "twice"),
        (
            ana,
            "POST",
            f"/api/quizzes/{quiz['id']}/submit/",
            {"responses": [{**given, "text": "x"}]},
            "conflicting",
        ),
        (ana, "POST", f"/api/quizzes/{quiz['id']}/submit/", {}, "required"),
        (
            ana,
            "POST",
            f"/api/quizzes/{quiz['id']}/submit/",
            {"responses": [{"question_id": given["question_id"], "text": "x" * 20_001}]},
            "too-long",
        ),
        (ana, "GET", "/api/courses/?limit=0", None, "wrong-form"),
        (ana, "GET", "/api/courses/?cursor=x", None, "not-our-cursor"),
        (ana, "GET", "/api/courses/?unheard=1", None, "unknown-field"),
        (
            world.admin,
            "POST",
            "/api/courses/",
            {"title": "a", "scope": "chapter", "scope_id": "zz"},
            "not-known",
        ),
        (
            world.admin,
            "POST",
            "/api/courses/",
            {"title": "a", "scope": "national", "scope_id": "n1"},
            "conflicting",
        ),
        (world.admin, "POST", "/api/courses/", {"title": "a", "scope": "planetary"}, "not-one-of"),
        (
            world.admin,
            "POST",
            f"/api/courses/{course['id']}/assign/",
            {"user_ids": ["ana"], "due_at": "2020-01-01T00:00:00Z"},
            "wrong-time",
        ),
        (world.admin, "POST", f"/api/courses/{course['id']}/assign/", {"user_ids": []}, "empty"),
        (
            world.directory,
            "PUT",
            "/api/directory/chapters/n1/",
            {"region_id": "a b", "name": "n"},
            "wrong-form",
        ),
    ]
    for caller, method, path, body, code in cases:
        problem = refused(await caller(method, path, body), 422)
        assert [fault["code"] for fault in problem["errors"]] == [code], problem
    broken = await world.admin(
        "POST", "/api/courses/", content=b"{", headers={"Content-Type": "application/json"}
    )
    assert [fault["code"] for fault in refused(broken, 422)["errors"]] == ["not-json"]


async def test_what_stops_a_publication(world: World) -> None:
    author = await Author.starts(world, {"title": "Empty"})
    problem = refused(await author.caller("POST", f"{author.path}/publish/"), 422, "not-publishable")
    assert [fault["code"] for fault in problem["errors"]] == ["empty"]


async def test_the_reference_lists_the_codes(world: World) -> None:
    document = await world.admin.ok("GET", "/openapi.json")
    fault = document["components"]["schemas"]["Problem"]["properties"]["errors"]["items"]
    assert set(fault["required"]) == {"pointer", "code", "params", "detail"}
    assert {"too-long", "not-known", "invalid"} < set(fault["properties"]["code"]["enum"])

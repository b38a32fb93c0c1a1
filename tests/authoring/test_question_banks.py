"""Question banks: who authors them, what is found in them, and what publishing takes from them."""

import asyncio
from typing import Any

from tests.kit.quiz_taker import QuizTaker, quiz, quiz_taker, tree
from tests.kit.world import Caller, Json, World, choice, right

BANKS = "/api/question-banks/"
RIGHT = {"texts": ["right"]}
HOSTILE = ["'", '"', "%", "_", "\\", "\0", "& | !", "x" * 10_000, "(:*", "';--"]


async def bank_of(world: World, *questions: Json, **changes: Any) -> str:
    """A bank with these questions; its path."""
    made = await world.admin.ok("POST", BANKS, {"title": "Law", "scope": "national", **changes})
    path = f"{BANKS}{made['id']}/"
    for question in questions:
        await world.admin.ok("POST", f"{path}questions/", question)
    return path


def tagged(prompt: str, *tags: str, **changes: Any) -> Json:
    return {**choice(prompt), "tags": list(tags), **changes}


async def prompts(caller: Caller, path: str, query: str = "") -> list[str]:
    page = await caller.ok("GET", f"{path}questions/{query}")
    return [item["prompt_html"].removeprefix("<p>").removesuffix("</p>") for item in page["items"]]


def drawing(path: str, draw: int = 2, **changes: Any) -> Json:
    return {"type": "pool", "draw": draw, "bank_id": path.split("/")[-2], **changes}


async def draft_with(world: World, *asked: Json, publish: bool = True) -> Json:
    course: Json = await world.course(tree(quiz(*asked, max_attempts=None)), publish=publish)
    return course


async def publish_again(world: World, course: Json, title: str) -> Any:
    path = f"/api/courses/{course['id']}/draft/"
    read = await world.admin("GET", path)
    sent = read.json() | {"title": title}
    await world.admin.ok("PUT", path, sent, headers={"If-Match": read.headers["etag"]})
    return await world.admin("POST", f"/api/courses/{course['id']}/publish/")


async def drawn(taker: QuizTaker) -> list[str]:
    return sorted(question["prompt_html"] for question in (await taker.start())["questions"])


async def test_a_bank_is_made_filled_changed_and_deleted(world: World) -> None:
    path = await bank_of(world, tagged("One?", "a", points=2.5), tagged("Two?", "a", "b"))
    read = await world.admin.ok("GET", path)
    assert (read["title"], read["scope"], read["scope_id"]) == ("Law", "national", None)
    assert (read["question_count"], read["drafts"]) == (2, [])
    [one, two] = (await world.admin.ok("GET", f"{path}questions/"))["items"]
    assert (one["type"], one["points"], one["tags"], one["answers"][0]["is_correct"]) == (
        "multiple_choice",
        2.5,
        ["a"],
        True,
    )
    changed = {**one, "prompt_html": "<p>First?</p><script>x</script>"}
    saved = await world.admin.ok("PUT", f"{path}questions/{one['key']}/", changed)
    assert saved == {**one, "prompt_html": "<p>First?</p>", "drafts": []}
    assert await prompts(world.admin, path) == ["First?", "Two?"]
    assert (await world.admin("DELETE", f"{path}questions/{two['key']}/")).status_code == 204
    for gone in (two["key"], "x" * 65, "%00", "%20"):
        assert (await world.admin("DELETE", f"{path}questions/{gone}/")).status_code == 404
    assert (await world.admin.ok("PATCH", path, {"title": "Better"}))["title"] == "Better"
    assert (await world.admin("DELETE", path)).status_code == 204
    assert (await world.admin("GET", path)).status_code == 404


async def test_questions_are_found_by_words_tag_and_type_page_by_page(world: World) -> None:
    statement = {"type": "true_false", "prompt_html": "<p>Élan <b>vital</b>?</p>", "correct": True}
    path = await bank_of(world, *(tagged(f"Number {n}?", "n") for n in range(3)), statement)
    assert await prompts(world.admin, path, "?q=elan VITAL") == ["Élan <b>vital</b>?"]
    assert await prompts(world.admin, path, "?tag=n&q=2?") == ["Number 2?"]
    assert await prompts(world.admin, path, "?type=true_false") == ["Élan <b>vital</b>?"]
    assert await prompts(world.admin, path, "?tag=none") == []
    first = await world.admin.ok("GET", f"{path}questions/?limit=3")
    rest = await world.admin.ok("GET", f"{path}questions/?limit=3&cursor={first['next_cursor']}")
    assert (len(first["items"]), len(rest["items"]), rest["next_cursor"]) == (3, 1, None)
    assert (await world.admin("GET", f"{path}questions/?type=pool")).status_code == 422
    for phrase in HOSTILE:
        for asked in (f"{path}questions/", BANKS):
            found = await world.admin("GET", asked, params={"q": phrase, "limit": "1"})
            assert found.status_code == 200, found.text
    listed = await world.admin.ok("GET", f"{BANKS}?q=LA")
    assert [bank["question_count"] for bank in listed["items"]] == [4]


async def test_only_authors_of_its_scope_know_of_a_bank(world: World, other_world: World) -> None:
    path = await bank_of(world, choice(), scope="regional", scope_id="north")
    north, south = world.call_as("nora", "regional_admin:north"), world.call_as("sam", "regional_admin:south")
    assert (await north("GET", path)).status_code == 200
    for caller in (south, world.member("ana"), other_world.admin, world.call_as("gil", "grader")):
        assert (await caller("GET", path)).status_code == 404
        assert (await caller("POST", f"{path}questions/", choice())).status_code == 404
    assert (await south.ok("GET", BANKS))["items"] == []
    assert (await world.member("ana")("GET", BANKS)).status_code == 403
    new = {"title": "Ours", "scope": "regional", "scope_id": "north"}
    assert (await south("POST", BANKS, new)).status_code == 403
    for scope in ({"scope_id": None}, {"scope_id": "nowhere"}, {"scope": "galactic"}, {"scope": "national"}):
        assert (await world.admin("POST", BANKS, new | scope)).status_code == 422
    # Nor do they draw from it: what is frozen shows its keys.
    course = await world.course(scope="regional", scope_id="south", publish=False)
    draft = f"/api/courses/{course['id']}/draft/"
    tag = {"If-Match": (await south("GET", draft)).headers["etag"]}
    refused = await south("PUT", draft, tree(quiz(drawing(path))), headers=tag)
    assert refused.json()["errors"][0]["pointer"] == "/modules/0/items/0/questions/0/bank_id"


async def test_publishing_freezes_what_a_bank_gives(world: World) -> None:
    path = await bank_of(world, tagged("Old 0?", "x"), tagged("Old 1?", "x"), tagged("Other?"))
    course = await draft_with(world, choice("Fixed?"), drawing(path, tag="x"))
    ana = await quiz_taker(world, {}, "ana", course)
    assert await drawn(ana) == ["<p>Fixed?</p>", "<p>Old 0?</p>", "<p>Old 1?</p>"]
    items = (await world.admin.ok("GET", f"{path}questions/?tag=x"))["items"]
    for item in items:
        await world.admin.ok(
            "PUT", f"{path}questions/{item['key']}/", tagged("New?", "x", prompt_html=f"<p>{item['key']}</p>")
        )
    await world.admin.ok("POST", f"{path}questions/", tagged("Third?", "x"))
    bob = await quiz_taker(world, {}, "bob", course)
    assert await drawn(bob) == ["<p>Fixed?</p>", "<p>Old 0?</p>", "<p>Old 1?</p>"]
    assert (await publish_again(world, course, "Again")).status_code == 200
    version = await world.admin.ok("GET", f"/api/courses/{course['id']}/versions/2/")
    frozen = version["modules"][0]["items"][0]["questions"][1]
    assert len(frozen["questions"]) == 3
    before = await world.admin.ok("GET", f"/api/courses/{course['id']}/versions/1/")
    olds = [question["key"] for question in before["modules"][0]["items"][0]["questions"][1]["questions"]]
    assert [question["key"] for question in frozen["questions"]][:2] == olds
    diff = await world.admin.ok("GET", f"/api/courses/{course['id']}/versions/2/diff/?against=1")
    kinds = sorted((change["change"], change["kind"]) for change in diff["changes"])
    assert kinds.count(("changed", "question")) == 2
    assert ("added", "question") in kinds


async def test_an_edit_says_which_drafts_it_reaches_and_they_hold_the_bank(world: World) -> None:
    path = await bank_of(world, choice("One?"), choice("Two?"))
    course = await draft_with(world, drawing(path), publish=False)
    shown = await world.admin.ok("GET", f"/api/courses/{course['id']}/draft/")
    assert shown["modules"][0]["items"][0]["questions"][0]["questions"] == []
    reached = [{"course_id": course["id"], "title": "Hazing prevention"}]
    added = await world.admin.ok("POST", f"{path}questions/", choice("Three?"))
    assert added["drafts"] == reached
    assert (await world.admin.ok("GET", path))["drafts"] == reached
    refused = await world.admin("DELETE", path)
    assert (refused.status_code, refused.json()["code"]) == (409, "in-use")
    await world.admin.ok("POST", f"/api/courses/{course['id']}/publish/")
    assert (await world.admin.ok("GET", path))["drafts"] == []
    assert (await world.admin("DELETE", path)).status_code == 204
    assert len(await drawn(await quiz_taker(world, {}, "ana", course))) == 2
    gone = await publish_again(world, course, "Without its bank")
    assert gone.status_code == 422
    assert "too-few" in {fault["code"] for fault in gone.json()["errors"]}


async def test_a_frozen_pool_is_learned_graded_and_sent_back(world: World) -> None:
    path = await bank_of(world, *(choice(f"{n}?") for n in range(3)))
    course = await draft_with(world, drawing(path))
    ana = await quiz_taker(world, {}, "ana", course)
    started = await ana.start()
    given = [right(question, RIGHT) for question in started["questions"]]
    assert (await ana.submit(attempt_id=started["attempt_id"], responses=given)).json()["score"] == 100
    # Published, then edited: a draft draws anew, so that it holds no copies.
    assert (await publish_again(world, course, "Again")).status_code == 200
    await world.admin.ok("POST", f"/api/courses/{course['id']}/duplicate/")
    restored = f"/api/courses/{course['id']}/versions/1/restore/"
    tag = (await world.admin("GET", f"/api/courses/{course['id']}/draft/")).headers["etag"]
    back = await world.admin.ok("POST", restored, headers={"If-Match": tag})
    assert back["modules"][0]["items"][0]["questions"][0]["questions"] == []


NEVER_RIGHT: list[tuple[Json, str]] = [
    ({"key": "mine"}, "/key"),
    ({"answers": [{"key": "mine", "text": "a"}]}, "/answers/0/key"),
    ({"tags": ["a", "a"]}, "/tags"),
    ({"tags": [""]}, "/tags/0"),
    ({"tags": ["x"] * 21}, "/tags"),
    ({"type": "pool", "draw": 1}, "/type"),
    ({"points": "1"}, "/points"),
    ({"color": "red"}, "/color"),
    ({"prompt_html": '<img src="document:01890a5d-ac96-774b-bcce-b302099a8057">'}, "/prompt_html"),
]


async def test_what_can_never_be_right_is_refused_at_its_place(world: World) -> None:
    path = await bank_of(world)
    for question, pointer in NEVER_RIGHT:
        refused = await world.admin("POST", f"{path}questions/", {**choice(), **question})
        assert refused.status_code == 422, (question, refused.text)
        assert refused.json()["errors"][0]["pointer"] == pointer, question
        assert await prompts(world.admin, path) == [], question


async def test_files_come_into_a_bank_once_and_go_out_whole(world: World) -> None:
    path = await bank_of(world)
    file = {"files": {"file": ("q.txt", b"::One::Is it? {T}\n\n::Two::Which? {=a ~b}\n\n::Bad::{")}}
    looked = await world.admin.ok("POST", f"{path}imports/?dry_run=true", **file)
    assert (looked["accepted"], looked["refused"]) == (2, 1)
    assert await prompts(world.admin, path) == []
    done = await world.admin.ok("POST", f"{path}imports/", **file)
    assert [one["status"] for one in done["questions"]] == ["accepted", "accepted", "refused"]
    again = await world.admin.ok("POST", f"{path}imports/", **file)
    assert [(one["status"], one["key"]) for one in again["questions"][:2]] == [
        ("warned", one["key"]) for one in done["questions"][:2]
    ]
    assert len(await prompts(world.admin, path)) == 2
    sent = (await world.admin("GET", f"{path}export/?format=moodle-xml")).content
    other = await bank_of(world)
    back = await world.admin.ok("POST", f"{other}imports/", files={"file": ("q.xml", sent)})
    assert (back["accepted"], back["warned"]) == (2, 0)
    assert (await world.admin("GET", f"{path}export/?format=docx")).status_code == 422


async def test_authors_at_once_lose_nothing(world: World) -> None:
    path = await bank_of(world)
    sent = [world.admin("POST", f"{path}questions/", choice(f"{n}?")) for n in range(8)]
    assert {answer.status_code for answer in await asyncio.gather(*sent)} == {201}
    assert len(set(await prompts(world.admin, path))) == 8
    [one, *_] = (await world.admin.ok("GET", f"{path}questions/"))["items"]
    where = f"{path}questions/{one['key']}/"
    both = await asyncio.gather(world.admin("DELETE", where), world.admin("DELETE", where))
    assert sorted(answer.status_code for answer in both) == [204, 404]
